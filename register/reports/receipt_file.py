"""Receipt files: ``recu.json``, and the page to read, ``recu.html``, that holds the document."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from register.reports import report_content
from register.reports.report_content import ReportContent

# The page's element with the document, as it is written and as a browser may save it again.
_DOCUMENT = re.compile(rb'<pre\b[^>]*\bid="recu-json"[^>]*>(.*?)</pre>', re.DOTALL)
_PAGE = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<", re.DOTALL)


def is_page(file: bytes) -> bool:
    """Whether a receipt file is the page, of which only the document in it is proved."""
    return _PAGE.match(file) is not None


def receipt_document(file: bytes) -> bytes:
    """The document of a receipt file; the file itself where it is no page."""
    if not is_page(file):
        return file
    document = _DOCUMENT.search(file)
    if document is None:
        return b""
    return html.unescape(document[1].decode("utf-8", "replace")).encode("utf-8")


def sent_content(document: bytes) -> ReportContent:
    """The content that a document proves: the register wrote it, as its digest has shown."""
    return report_content.parse_content(_sent_fields(document))


def sent_files(document: bytes) -> Sequence[Mapping[str, Any]]:
    """The files that such a document lists, each with what it says of it."""
    files: Sequence[Mapping[str, Any]] = _sent_fields(document).get("fichiers", ())
    return files


def _sent_fields(document: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(json.loads(document)["contenu"])["envoi"]
    return fields
