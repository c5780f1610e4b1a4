"""What differs between two texts of a page: a page is long, so that what stayed is cut short."""

from __future__ import annotations

from dataclasses import replace

from register.cases.web.desk import content_words
from register.cases.web.desk.content_words import FieldChange
from register.text.worddiff import DiffPiece, TextDiff

ELLIPSIS = "[…]"
CONTEXT_LENGTH = 160  # characters that are shown of what did not change, on either side of what did


def page_changes(
    before: content_words.FieldTexts, after: content_words.FieldTexts
) -> list[FieldChange]:
    """The fields that differ, each with its differences and a few words around them."""
    field_changes = content_words.field_changes(before, after)
    return [
        replace(change, difference=_trim_difference(change.difference)) for change in field_changes
    ]


def _trim_difference(difference: TextDiff) -> TextDiff:
    last = len(difference.pieces) - 1
    pieces = (
        _trim_piece(piece, first=index == 0, last=index == last)
        for index, piece in enumerate(difference.pieces)
    )
    return replace(difference, pieces=tuple(pieces))


def _trim_piece(piece: DiffPiece, *, first: bool, last: bool) -> DiffPiece:
    """What did not change, without its middle, or without what leads up to it or follows it."""
    if piece.kind != "same" or len(piece.text) <= 3 * CONTEXT_LENGTH:
        return piece
    before = "" if first else piece.text[:CONTEXT_LENGTH].rpartition(" ")[0] + " "
    after = "" if last else " " + piece.text[-CONTEXT_LENGTH:].partition(" ")[2]
    return replace(piece, text=f"{before}{ELLIPSIS}{after}")
