"""Words looked for in what no index holds: drafts, withdrawn and merged cases, for members.

The search is the public one, by the same language and the same judge. What is private is in no
file of an index, so that its documents are made in memory, some at each search, the newest change
first; how many are still unread is told. They are kept by id and revision: a case that changes is
another document, and one whose texts were destroyed is gone at the next search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from sys import intern
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, and_, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases.case_content import opened
from register.cases.core_tables import CASE, REVISION
from register.cases.models import State
from register.cases.vocabulary import Book
from register.search.document import of_snapshots
from register.search.matcher import strength
from register.search.query_model import Asked, Document

# Documents that one search makes: half a second.
READ_EACH = 300
# Tokens in memory, about forty bytes each with what is around them: five thousand drafts of a page.
KEPT = 1_500_000

Key = tuple[int, int]
_PRIVATE = (State.DRAFT, State.WITHDRAWN, State.MERGED)


@dataclass(frozen=True)
class Hits:
    """The ids of the cases that answer, and how many that might were not read yet."""

    ids: frozenset[int]
    unread: int


@dataclass
class _Shelf:
    """The documents of one database, by id and revision, made with one version of the words."""

    words: str = ""
    documents: dict[Key, Document] = field(default_factory=dict)
    size: int = 0
    using: Lock = field(default_factory=Lock)

    def keep(self, key: Key, document: Document) -> None:
        self.documents[key] = document
        self.size += _size(document)

    def drop(self, key: Key) -> None:
        self.size -= _size(self.documents.pop(key))

    @property
    def is_full(self) -> bool:
        return self.size > KEPT


_shelves: WeakKeyDictionary[Engine, _Shelf] = WeakKeyDictionary()


def find(
    session: Session,
    viewer: Member,
    asked: Asked,
    book: Book,
    within: Sequence[ColumnElement[bool]] = (),
) -> Hits:
    """The private cases that answer a search, for an active member; for anybody else, none.

    :param within: what they satisfy besides.
    """
    if not viewer.is_active:
        return Hits(frozenset(), 0)
    shelf = _shelves.setdefault(session.get_bind().engine, _Shelf())
    with shelf.using:
        _tidy(session, shelf, book)
        wanted = _keys(session, within)
        unread = _fill(session, shelf, book, wanted)
        known = [(key, shelf.documents[key]) for key in wanted if key in shelf.documents]
    found = (key[0] for key, document in known if strength(asked, document) is not None)
    return Hits(frozenset(found), unread)


def _keys(session: Session, within: Sequence[ColumnElement[bool]] = ()) -> list[Key]:
    asked = (
        select(CASE.c.id, CASE.c.revision_id)
        # The texts of a revision may be destroyed while its case stays.
        .join(REVISION, and_(REVISION.c.id == CASE.c.revision_id, REVISION.c.content.is_not(None)))
        .where(CASE.c.state.in_(_PRIVATE), *within)
    )
    rows = session.execute(asked.order_by(CASE.c.revision_id.desc()))
    return [(one, revision) for one, revision in rows if revision is not None]


def _tidy(session: Session, shelf: _Shelf, book: Book) -> None:
    """Forget what no case says any more."""
    if shelf.words != book.version:
        shelf.words, shelf.size = book.version, 0
        shelf.documents.clear()
    if shelf.documents:
        for key in shelf.documents.keys() - set(_keys(session)):
            shelf.drop(key)


def _fill(session: Session, shelf: _Shelf, book: Book, wanted: Sequence[Key]) -> int:
    """Make the documents that are missing, as many as one search may; how many still are."""
    missing = [key for key in wanted if key not in shelf.documents]
    if shelf.is_full and missing:
        # What is asked for now comes before what was asked for once.
        for key in shelf.documents.keys() - set(wanted):
            shelf.drop(key)
    now = [] if shelf.is_full else missing[:READ_EACH]
    of_case = dict(now)
    for document in _documents(session, [revision for _one, revision in now], book):
        shelf.keep((document.number, of_case[document.number]), _interned(document))
    return len(missing) - len(now)


def _documents(session: Session, revisions: Sequence[int], book: Book) -> list[Document]:
    rows = session.execute(
        select(REVISION.c.incident_id, REVISION.c.content, REVISION.c.html).where(
            REVISION.c.id.in_(revisions), REVISION.c.content.is_not(None)
        )
    )
    return of_snapshots(session, {row[0]: opened(row[1], row[2]) for row in rows}, book)


def _interned(document: Document) -> Document:
    """The same document, its words shared with those of the others: most are in many."""
    return Document(
        document.number,
        tuple(tuple(map(intern, run)) for run in document.strong),
        tuple(tuple(map(intern, run)) for run in document.weak),
        frozenset(map(intern, document.forms)),
        frozenset(map(intern, document.strong_forms)),
    )


def _size(document: Document) -> int:
    runs = (*document.strong, *document.weak)
    return sum(map(len, runs)) + len(document.forms) + len(document.strong_forms)
