"""Small web archives for tests."""

from __future__ import annotations

import io

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

ADDRESS, OTHER = "https://presse.test/article", "https://presse.test/autre"


def a_warc(
    *pages: tuple[str, str, int], is_gzip: bool = True, body: bytes = b"<html>un-mot"
) -> bytes:
    """An archive of pages, each by its address, day and status."""
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=is_gzip)
    for address, day, status in pages:
        writer.write_record(
            writer.create_warc_record(
                address,
                "response",
                payload=io.BytesIO(body),
                length=len(body),
                warc_headers_dict={"WARC-Date": f"{day}T10:00:00Z"},
                http_headers=StatusAndHeaders(f"{status} X", [("A", "b")], protocol="HTTP/1.1"),
            )
        )
    return buffer.getvalue()
