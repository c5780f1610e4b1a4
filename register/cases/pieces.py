"""Published pieces of evidence of a case: their files, and which of their copies may be published.

What is public is decided by the present public document alone: a file that it does not name is not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy.orm import Session

from register.cases.copies import FileCopy, ready_copies
from register.cases.piece_content import PieceContent, PiecePage
from register.errors import SealError
from register.evidence.file_kinds import extension
from register.key_store import KeyStore


def piece_of(file_copy: FileCopy) -> PieceContent:
    """The piece that a copy makes, without words."""
    return PieceContent(
        kind=file_copy.kind.value,
        original=file_copy.order.original,
        edits=file_copy.edit_words,
        pages=tuple(
            PiecePage(
                copy=page.sha256,
                mime=page.file.mime,
                size=page.file.size,
                width=page.width,
                height=page.height,
                duration=math.ceil(page.duration),
            )
            for page in file_copy.pages
        ),
    )


def document_digests(document: Mapping[str, Any]) -> frozenset[str]:
    """The digests of all copies that a document names."""
    return frozenset(page["copy"] for _name, page in named_pages(document))


def unready_pieces(
    session: Session,
    store: KeyStore | None,
    incident_id: int,
    pieces: Sequence[PieceContent],
    published: Sequence[PieceContent] = (),
) -> list[int]:
    """The numbers of the pieces that no act may make public, from 1.

    A piece may be published as the last copy of its file has it, once a member looked at all of
    that copy; or as readers have it now.

    :param published: the pieces that readers see now.
    :param store: None where the acting program has no key store: nothing new is then ready.
    """
    if not pieces:
        return []
    copies: Sequence[FileCopy] = ()
    if store is not None:
        with suppress(SealError):
            copies = ready_copies(session, store, incident_id)
    looked = [piece_of(file_copy) for file_copy in copies if file_copy.is_looked]
    publishable = [_without_words(piece) for piece in (*published, *looked)]
    return [
        number
        for number, piece in enumerate(pieces, start=1)
        if _without_words(piece) not in publishable
    ]


def _without_words(piece: PieceContent) -> tuple[Any, ...]:
    """What readers see of a piece but its words."""
    pages = [(row.copy, row.mime, row.size, row.width, row.height) for row in piece.pages]
    return (piece.kind, piece.original, piece.edits, tuple(pages))


def is_same_copy(piece: PieceContent, other: PieceContent) -> bool:
    """Whether two pieces show the same files."""
    return _without_words(piece) == _without_words(other)


def file_name(piece_number: int, page_number: int, page: Mapping[str, Any]) -> str:
    """The name of a copy for people: ``piece-2-page-3.png``; numbers are from 1."""
    page_words = f"-page-{page_number}" if page_number else ""
    return f"piece-{piece_number}{page_words}.{extension(page['mime'])}"


def named_pages(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each copy of a document with its name; a piece of one page has no page in its name."""
    for piece_number, piece in enumerate(document.get("pieces", ()), start=1):
        is_single = len(piece["pages"]) == 1
        for page_number, page in enumerate(piece["pages"], start=1):
            yield file_name(piece_number, 0 if is_single else page_number, page), page
