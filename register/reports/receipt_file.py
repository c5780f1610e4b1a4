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


def sent_content(document: bytes) -> ReportContent | None:
    """The content that a document proves; None for one that cannot be read."""
    try:
        return report_content.parse_content(_sent_fields(document))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def sent_files(document: bytes) -> Sequence[Mapping[str, Any]]:
    """The files that a document lists, each with what it says of it."""
    try:
        files = _sent_fields(document).get("fichiers") or ()
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()
    return [file for file in files if isinstance(file, dict)]


def _sent_fields(document: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(json.loads(document)["contenu"])["envoi"]
    return fields
