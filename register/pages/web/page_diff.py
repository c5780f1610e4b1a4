"""What differs between two texts of a page: a page is long, so that what stayed is cut short."""

from __future__ import annotations

from dataclasses import replace

from register.cases.web.desk import content_words
from register.cases.web.desk.content_words import Changed
from register.text.worddiff import Difference, Piece

CUT = "[…]"
NEAR = 160  # characters that are shown of what did not change, on either side of what did


def changes(before: content_words.Told, after: content_words.Told) -> list[Changed]:
    """The fields that differ, each with its differences and a few words around them."""
    found = content_words.changes(before, after)
    return [replace(one, difference=_near(one.difference)) for one in found]


def _near(difference: Difference) -> Difference:
    last = len(difference.pieces) - 1
    pieces = (
        _cut(piece, first=place == 0, last=place == last)
        for place, piece in enumerate(difference.pieces)
    )
    return replace(difference, pieces=tuple(pieces))


def _cut(piece: Piece, *, first: bool, last: bool) -> Piece:
    """What did not change, without its middle, or without what leads up to it or follows it."""
    if piece.kind != "same" or len(piece.text) <= 3 * NEAR:
        return piece
    before = "" if first else piece.text[:NEAR].rpartition(" ")[0] + " "
    after = "" if last else " " + piece.text[-NEAR:].partition(" ")[2]
    return replace(piece, text=f"{before}{CUT}{after}")
