"""A page of a clean copy as the child makes it, and what may be said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

# The formats of copies: every browser shows them.
COPY_MIMES = ("image/jpeg", "image/png", "text/plain", "audio/mp4", "video/mp4", "video/webm")
# What a member is told about a page, by code (messages.evidence.copy_notes).
COPY_NOTES = ("first_frame", "characters_removed", "sound_missing", "picture_missing")


@dataclass(frozen=True)
class MadePage:
    """One page, its content in memory."""

    index: int
    mime: str
    content: BinaryIO
    width: int = 0
    height: int = 0
    duration: float = 0.0
    notes: tuple[str, ...] = ()
