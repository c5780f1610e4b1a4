"""Published pieces of evidence, as the document of a case holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from register.cases.field_rules import Digest, FieldKind, FieldRule, Line, Lines
from register.evidence.file_kinds import FileKind

# The media types of clean copies: what the register serves, and nothing else.
COPY_MIMES = ("image/jpeg", "image/png", "text/plain", "audio/mp4", "video/mp4", "video/webm")
# What members took out of a copy, in the order in which readers are told.
EDITS = ("pages", "recadrage", "masque", "coupure", "passage")


@dataclass(frozen=True)
class PiecePage:
    """A file of a clean copy: a picture, a page, a text, a sound or a video.

    ``size`` is in bytes, ``width`` and ``height`` in pixels, ``duration`` in whole seconds; 0 where
    it has none.
    """

    copy: Digest = ""
    mime: Annotated[str, FieldRule(FieldKind.CODE, choices=COPY_MIMES)] = COPY_MIMES[0]
    size: int = 0
    width: int = 0
    height: int = 0
    duration: int = 0
    alt: Line = ""


@dataclass(frozen=True)
class PieceContent:
    """A piece of evidence: the words about it, and the digests of its original and of its copy.

    ``warning`` folds it until a reader opens it; ``no_transcript`` says why it has none.
    """

    kind: Annotated[str, FieldRule(FieldKind.CODE, choices=tuple(FileKind))] = FileKind.IMAGE.value
    caption: Line = ""
    warning: Line = ""
    transcript: Lines = ""
    no_transcript: Line = ""
    original: Digest = ""
    edits: Annotated[tuple[str, ...], FieldRule(FieldKind.CODE, choices=EDITS)] = ()
    pages: tuple[PiecePage, ...] = ()
