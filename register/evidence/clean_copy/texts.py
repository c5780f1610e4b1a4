"""Clean copies of plain text: words in UTF-8, without what a reader cannot see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from register.errors import CopyError
from register.evidence.clean_copy.edits import Edits, Passage
from register.evidence.clean_copy.limits import CopyLimits
from register.evidence.clean_copy.protocol import MadePage

# Control characters; marks that turn the direction of writing (UAX 9); characters without width
# that may hide words or name their writer: tags, supplementary variation selectors, annotations.
# The joiners U+200C and U+200D stay: Persian and emoji need them.
_INVISIBLE = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_OMISSION = "[…]"


def copy_text(source: BinaryIO, edits: Edits, limits: CopyLimits) -> Iterator[MadePage]:
    """The one page of a text."""
    words, is_changed = clean_text(source.read(limits.text_bytes + 1), limits)
    words = _without(words, edits.passages)
    if 0 in edits.dropped_pages or not words.strip():
        raise CopyError("copy_nothing_left")
    notes = ("characters_removed",) if is_changed else ()
    yield MadePage(0, "text/plain", BytesIO(words.encode()), notes=notes)


def clean_text(content: bytes, limits: CopyLimits) -> tuple[str, bool]:
    """The words of a text, and whether invisible characters were taken out.

    :raises CopyError: ``copy_text``, it is too long; ``copy_broken``, it is no text.
    """
    if len(content) > limits.text_bytes:
        raise CopyError("copy_text", limit=limits.text_bytes // 1_000_000)
    if b"\0" in content:
        raise CopyError("copy_broken")
    try:
        words = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            words = content.decode("cp1252")
        except UnicodeDecodeError as error:
            raise CopyError("copy_broken") from error
    words = words.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    visible = _INVISIBLE.sub("", words)
    return visible, visible != words


def _without(words: str, passages: tuple[Passage, ...]) -> str:
    parts, position = [], 0
    for passage in sorted(passages, key=lambda passage: passage.start):
        if passage.start >= position:
            parts += [words[position : passage.start], _OMISSION]
        position = max(position, passage.end)
    return "".join([*parts, words[position:]])
