"""Pieces of evidence in the editor: their words and order, and the copies that may become one.

A form names a piece by the digest of its original only: which copy is shown is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField
from wtforms.validators import Length

from register.cases.copies import ready_copies
from register.cases.member_view import DeskCase
from register.cases.piece_content import PieceContent
from register.cases.pieces import is_same_copy, piece_of
from register.cases.web.desk.act_forms import parse_id
from register.cases.web.public.piece_view import desk_folder
from register.db import db
from register.errors import SealError
from register.text.normalisation import clean, one_line
from register.web.form_fields import (
    FieldGroup,
    FieldGroupList,
    MultilineField,
    line_field,
    text_field,
)
from register.web.request_context import key_store

_GONE = _("Cette pièce n’a plus de copie à montrer : retirez-la.")
_LAST = 10**6  # rank of a piece without a number
_WORDS = ("caption", "warning", "transcript", "no_transcript")


class PieceRow(FieldGroup):
    """A piece: its words, and its place among the others."""

    prefilled_fields = frozenset({"rank", "renewed"})

    original = HiddenField()
    caption = line_field(_("Légende"))
    # One line a page: an empty first line is one, too.
    alts = MultilineField(
        _("Texte de remplacement"),
        filters=[lambda typed: clean(typed or "")],
        validators=[Length(max=50_000)],
    )
    transcript = text_field(_("Transcription"))
    no_transcript = line_field(_("Sans transcription : pourquoi"))
    warning = line_field(_("Avertissement"))
    rank = line_field(_("Place"), limit=4)
    renewed = BooleanField(_("Prendre la nouvelle copie"))

    def with_words(self, piece: PieceContent) -> PieceContent:
        """The piece with the words of the row."""
        lines = [one_line(line) for line in self.alts.data.split("\n")]
        if len(piece.pages) == 1:
            lines = [" ".join(filter(None, lines))]
        lines += [""] * len(piece.pages)
        pages = tuple(
            replace(page, alt=line) for page, line in zip(piece.pages, lines, strict=False)
        )
        return replace(piece, pages=pages, **{name: self[name].data for name in _WORDS})


def row_values(piece: PieceContent, rank: int) -> dict[str, Any]:
    """The values of a row for a piece."""
    alts = "\n".join(page.alt for page in piece.pages).rstrip("\n")
    words = {name: getattr(piece, name) for name in _WORDS}
    return {"original": piece.original, "rank": str(rank), "alts": alts, **words}


class PieceShelf:
    """The pieces that the present content of a case has, and those that its copies can become.

    ``waiting`` is the number of copies that nobody has looked at whole, ``folder`` the address of
    all of them, for members.
    """

    def __init__(self, desk_case: DeskCase | None) -> None:
        self.folder = desk_folder(desk_case.id) if desk_case else ""
        copies = _ready(desk_case) if desk_case else []
        looked = [piece_of(file_copy) for file_copy in copies if file_copy.is_looked]
        self.waiting = len(copies) - len(looked)
        self.looked: Mapping[str, PieceContent] = {piece.original: piece for piece in looked}
        stored = desk_case.content.pieces if desk_case else ()
        self._stored = {piece.original: piece for piece in stored}

    def find(self, original: str) -> PieceContent | None:
        """The piece of an original as it is stored, else as its copy is."""
        return self._stored.get(original) or self.looked.get(original)

    def newer(self, piece: PieceContent) -> PieceContent | None:
        """The piece of a newer copy of the same file; None where there is none."""
        looked = self.looked.get(piece.original)
        return looked if looked is not None and not is_same_copy(looked, piece) else None

    def offered(self, rows: FieldGroupList) -> list[PieceContent]:
        """The pieces of looked-at copies that no row has."""
        present = {entry.form.original.data for entry in rows.entries}
        return [
            self._stored.get(original, piece)
            for original, piece in self.looked.items()
            if original not in present
        ]

    def pieces(
        self, rows: FieldGroupList, stored: Sequence[PieceContent]
    ) -> tuple[PieceContent, ...]:
        """The pieces of the rows in their order; rows of unknown originals are left out."""
        bases = {**self.looked, **{piece.original: piece for piece in stored}}
        ranked = []
        for position, row in enumerate(rows.filled_rows):
            piece = bases.get(row.original.data)
            if piece is None:
                continue
            if row.renewed.data:
                piece = self.newer(piece) or piece
            ranked.append((parse_id(row.rank.data) or _LAST, position, row.with_words(piece)))
        return tuple(piece for _rank, _position, piece in sorted(ranked, key=lambda row: row[:2]))

    def check(self, rows: FieldGroupList) -> bool:
        """Whether every row is of a piece that there is; a fault at those that are not."""
        is_valid = True
        for row in rows.filled_rows:
            if self.find(row.original.data) is None:
                row.caption.errors = [*row.caption.errors, str(_GONE)]
                is_valid = False
        return is_valid

    def tick_newer(self, rows: FieldGroupList) -> None:
        """Propose the newer copies."""
        for entry in rows.entries:
            piece = self.find(entry.form.original.data)
            entry.form.renewed.data = piece is not None and self.newer(piece) is not None


def _ready(desk_case: DeskCase) -> list[Any]:
    """The last copies of the files of a case; none while the key store is away."""
    try:
        return list(ready_copies(db.session(), key_store(), desk_case.id))
    except SealError:
        return []
