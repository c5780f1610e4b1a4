"""Receipt files: the document in a page, as it was written and as a browser saved it."""

from __future__ import annotations

import html
import json

import pytest

from register.reports import receipt_file, report_content

DOCUMENT = json.dumps({"v": 1, "sel": "00", "contenu": 'a "<b>" & \u00a0é'}).encode()


def page_of(document: bytes, attributes: str = ' id="recu-json"') -> bytes:
    return f"<!doctype html><pre{attributes}>{html.escape(document.decode())}</pre>".encode()


@pytest.mark.parametrize(
    "file",
    [
        DOCUMENT,
        page_of(DOCUMENT),
        b"\xef\xbb\xbf" + page_of(DOCUMENT),
        b"\r\n " + page_of(DOCUMENT),
        # Saved again: other attributes, quotation marks left as they are, spaces by their name.
        page_of(DOCUMENT, ' class="x" id="recu-json" translate="no"'),
        page_of(DOCUMENT).replace(b"&#34;", b'"').replace(b"&quot;", b'"'),
        page_of(DOCUMENT).replace("\u00a0".encode(), b"&nbsp;"),
    ],
)
def test_the_document_is_found(file: bytes) -> None:
    assert json.loads(receipt_file.receipt_document(file)) == json.loads(DOCUMENT)


@pytest.mark.parametrize("file", [b"<html></html>", b"<pre>{}</pre>", b"<", b"< pre id="])
def test_a_page_without_a_document_is_no_receipt(file: bytes) -> None:
    document = receipt_file.receipt_document(file)
    assert document == b""
    assert report_content.receipt_digest(document) is None
