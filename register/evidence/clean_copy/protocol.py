"""Pages of a clean copy and their frames, from the child process to the register over one pipe.

A frame is its sort (one byte), the length of its content (four bytes, big endian) and the content,
in JSON; after that of a page come the bytes of the page. The register reads all as the words of a
stranger: the child has decoded hostile files.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, BinaryIO

# The formats of copies: every browser shows them.
COPY_MIMES = ("image/jpeg", "image/png", "text/plain", "audio/mp4", "video/mp4", "video/webm")
# What a member is told about a page, by code (messages.evidence.copy_notes).
COPY_NOTES = ("first_frame", "characters_removed", "sound_missing", "picture_missing")
CHUNK_BYTES = 256 * 1024
_HEADER = struct.Struct(">cI")


@dataclass(frozen=True)
class MadePage:
    """A page of a copy as the child makes it, its content in memory."""

    index: int
    mime: str
    content: BinaryIO
    width: int = 0
    height: int = 0
    duration: float = 0.0
    notes: tuple[str, ...] = ()


class FrameSort(Enum):
    """What a frame holds."""

    PAGE = b"P"  # what a page is, and its length; its bytes follow
    REPORT = b"R"  # the answer to a question
    ERROR = b"E"  # key and values of a CopyError; nothing follows
    END = b"Z"  # all was sent


class ProtocolError(Exception):
    """The child said something else than a frame, or ended inside one."""


def write_frame(output: BinaryIO, sort: FrameSort, fields: Mapping[str, Any] | None = None) -> None:
    content = json.dumps(fields or {}).encode()
    output.write(_HEADER.pack(sort.value, len(content)) + content)


def read_frame(read: Callable[[int], bytes]) -> tuple[FrameSort, dict[str, Any]]:
    """The next frame.

    :param read: reads exactly so many bytes, less only at the end.
    :raises ProtocolError: there is none.
    """
    header = read(_HEADER.size)
    if len(header) < _HEADER.size:
        raise ProtocolError("the child ended early")
    sort, length = _HEADER.unpack(header)
    if length > CHUNK_BYTES:
        raise ProtocolError("the frame is too long")
    content = read(length)
    if len(content) < length:
        raise ProtocolError("the child ended inside a frame")
    try:
        frame_sort, fields = FrameSort(sort), json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("the frame is unreadable") from error
    if not isinstance(fields, dict):
        raise ProtocolError("the frame holds no object")
    return frame_sort, fields
