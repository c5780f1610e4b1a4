"""Answers compressed with gzip, for those who take it.

Only what every stranger is shown is compressed. A page that holds a form's token or a member's
words never is: from the length of a compressed page that also shows words of the address, somebody
who can make a browser ask again and again would guess what stands beside them.
"""

from __future__ import annotations

import gzip
from typing import Any

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

# A smaller body goes in one packet either way.
MIN_SIZE = 1024
# Beyond this, more time buys hardly any bytes of a page.
COMPRESSION_LEVEL = 6


def takes_gzip(environ: dict[str, Any]) -> bool:
    """Whether a request takes gzip; an encoding may be named to refuse it (RFC 9110 §12.5.3)."""
    accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
    return bool(accepted) and bool(parse_accept_header(accepted, Accept)["gzip"])


def gzip_body(body: bytes) -> bytes:
    """A body as gzip, the same bytes each time; empty where that is not worth it."""
    if len(body) < MIN_SIZE:
        return b""
    compressed = gzip.compress(body, COMPRESSION_LEVEL, mtime=0)
    return compressed if len(compressed) < len(body) else b""
