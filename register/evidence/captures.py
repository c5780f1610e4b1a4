"""Captures of the pages of sources that people bring: files of evidence, and web archives."""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from datetime import date
from typing import BinaryIO

from register.errors import CopyError, Invalid
from register.evidence.clean_copy import copies
from register.evidence.file_kinds import recognise

WARC = "application/warc"
# Endings by which a browser's dialogue offers them; the content decides.
EXTENSIONS = ".warc,.gz"
_FIRST_LINE = re.compile(rb"WARC/(?:0\.1[78]|1\.[01])\r\n")
_LIMIT_ERRORS = ("copy_source", "copy_pages", "copy_size", "copy_time", "copy_memory")


def recognise_capture(head: bytes, size: int) -> str:
    """The media type of a capture, gzipped or not.

    :param head: its first bytes, and ``size`` its length, as for ``file_kinds.recognise``.
    :raises Invalid: ``evidence_empty``, ``evidence_kind``.
    """
    start = head
    if head.startswith(b"\x1f\x8b"):
        with suppress(zlib.error):
            start = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, 16)
    return WARC if _FIRST_LINE.match(start) else recognise(head, size)


def archived_day(source: BinaryIO, address: str, today: date) -> date:
    """The day on which a web archive has the page of an address.

    :param source: seekable.
    :raises Invalid: ``capture_archive``, it is damaged; ``capture_archive_large``;
        ``capture_no_page``; ``capture_other_page``, it has others only; ``capture_future``.
    """
    try:
        answer = copies.find_archived_page(source, address)
    except CopyError as error:
        if error.key in _LIMIT_ERRORS:
            raise Invalid("capture_archive_large") from error
        raise Invalid("capture_archive") from error
    if not answer.get("first"):
        raise Invalid("capture_no_page")
    if not answer.get("day"):
        raise Invalid("capture_other_page", address=str(answer["first"]))
    try:
        day = date.fromisoformat(str(answer["day"]))
    except ValueError as error:
        raise Invalid("capture_archive") from error
    return require_past(day, today)


def require_past(day: date, today: date) -> date:
    """The day of a capture.

    :raises Invalid: ``capture_future``.
    """
    if day > today:
        raise Invalid("capture_future")
    return day
