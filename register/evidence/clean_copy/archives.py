"""Web archives (WARC, ISO 28500) in the child process: whether one is whole, and has a page."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from warcio.archiveiterator import ArchiveIterator

from register.errors import CopyError
from register.evidence.clean_copy.limits import CopyLimits

_CHUNK = 65_536


def find_page(source: BinaryIO, address: str, limits: CopyLimits) -> dict[str, Any]:
    """The last day of a page in an archive (ISO 8601; empty for none), and the first page of all.

    :param limits: ``pages`` bounds its records, ``copy_bytes`` what they hold, inflated.
    :raises CopyError: ``copy_pages``, ``copy_size``; ``copy_broken``, it is cut, or a digest wrong.
    """
    key, day, first, length = _page_key(address), "", "", 0
    records = ArchiveIterator(source, check_digests="raise")
    number = 0
    for number, record in enumerate(records, start=1):
        if number > limits.pages:
            raise CopyError("copy_pages", count=number, limit=limits.pages)
        while chunk := record.raw_stream.read(_CHUNK):
            length += len(chunk)
            if length > limits.copy_bytes:
                raise CopyError("copy_size")
        # warcio takes an end inside a record for the end of the record.
        if record.length is None or record.raw_stream.tell() != record.length:
            raise CopyError("copy_broken")
        if _has_content(record):
            page = record.rec_headers.get_header("WARC-Target-URI") or ""
            first = first or page
            if _page_key(page) == key:
                day = max(day, (record.rec_headers.get_header("WARC-Date") or "")[:10])
    if not number or records.err_count:
        raise CopyError("copy_broken")
    return {"day": day, "first": first[:500]}


def _has_content(record: Any) -> bool:
    """Whether a record holds a page, or the redirect to it."""
    if record.rec_type == "response" and record.http_headers:
        return str(record.http_headers.get_statuscode())[:1] in ("2", "3")
    return bool(record.rec_type == "resource")


def _page_key(address: str) -> tuple[object, ...]:
    """What two addresses of one page have in common, whatever the scheme and the spelling."""
    with suppress(ValueError):  # UnicodeError is one
        parts = urlsplit(address.strip())
        host = (parts.hostname or "").encode("idna").decode().removeprefix("www.")
        port = None if parts.port in (80, 443) else parts.port
        return host, port, unquote(parts.path) or "/", unquote(parts.query)
    return (address,)
