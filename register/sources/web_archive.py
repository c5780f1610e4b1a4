"""A fetched page as a web archive: WARC 1.1 (ISO 28500), gzipped record by record.

It has, for the page and each redirect that led to it, the response and the request. The body is
byte for byte what the server sent, in the encoding that its headers name. Only the transfer
encoding is not kept: its header is renamed, as other archives do, so that readers do not look for
chunks that are no longer there.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from warcio.statusandheaders import StatusAndHeaders
from warcio.timeutils import datetime_to_iso_date
from warcio.warcwriter import WARCWriter

from register.sources.page_fetch import Exchange

_RENAMED = "X-Archive-Orig-Transfer-Encoding"


def write_warc(exchanges: Sequence[Exchange], software: str) -> bytes:
    """The web archive of a page.

    :param exchanges: the page's, after those of the redirects to it.
    """
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=True, warc_version="1.1")
    info = {"software": software, "format": "WARC File Format 1.1"}
    writer.write_record(writer.create_warcinfo_record("", info))
    for exchange in exchanges:
        date = datetime_to_iso_date(exchange.at.replace(tzinfo=None), use_micros=True)
        common = {"WARC-Date": date, "WARC-IP-Address": exchange.address}
        status_line = f"{exchange.status} {_ascii(exchange.reason)}"
        response = writer.create_warc_record(
            exchange.url,
            "response",
            payload=io.BytesIO(exchange.body),
            length=len(exchange.body),
            warc_headers_dict=dict(common),
            http_headers=StatusAndHeaders(
                status_line,
                [(_header_name(name), value) for name, value in exchange.headers],
                protocol=exchange.version,
            ),
        )
        request = writer.create_warc_record(
            exchange.url,
            "request",
            warc_headers_dict=dict(common),
            http_headers=StatusAndHeaders(
                f"{exchange.method} {exchange.target} HTTP/1.1",
                list(exchange.request_headers),
                is_http_request=True,
            ),
        )
        writer.write_request_response_pair(request, response)
    return buffer.getvalue()


def _header_name(name: str) -> str:
    return _RENAMED if name.lower() == "transfer-encoding" else name


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
