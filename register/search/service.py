"""The cases that a search by words finds, right at the moment of the page that asks.

The index proposes. What has moved in the public ledger since the index last followed it is judged
from the database, so that an index that lags neither shows a word that was taken back nor misses
what was just published. Without an index, words are looked for in the titles and summaries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases.core_tables import ENTRY
from register.cases.vocabulary import Book
from register.journal import Ledger, Position
from register.search import fallback, indexer, query_parser
from register.search.document import documents
from register.search.engine import Engine, Unready
from register.search.matcher import strength
from register.search.query_model import Asked, Cursor

# Cases judged one by one for a page: a few milliseconds each time the index is so far behind.
JUDGED = 200


class Reach(StrEnum):
    """How far the words were looked for."""

    WHOLE = "whole"  # everywhere, in the register as it now is
    BEHIND = "behind"  # the index lags so far that some of the newest texts were not read
    TITLES = "titles"  # there is no index: titles, summaries, outlets and places only


@dataclass(frozen=True)
class Hits:
    """Case numbers with their strength: how many of the words title, outlet or place say."""

    strength: Mapping[int, int]
    reach: Reach

    @property
    def state(self) -> str:
        """The reach as a plain word."""
        return self.reach.value


def find(session: Session, index: Engine, text: str, book: Book, head: Position) -> Hits:
    """The cases that answer what a person typed.

    :param session: the page's; everything is of its moment.
    :param head: where the public ledger stands, read first on that session.
    :raises Invalid: the text cannot be searched for; see ``language``.
    """
    return find_asked(session, index, query_parser.parse(text), book, head)


def find_asked(session: Session, index: Engine, asked: Asked, book: Book, head: Position) -> Hits:
    """The same for a search that was read already."""
    found = proposed(session, index, asked, book, head)
    return found or Hits(fallback.find(session, asked, book), Reach.TITLES)


def proposed(
    session: Session, index: Engine, asked: Asked, book: Book, head: Position
) -> Hits | None:
    """What the index finds, put right where the register has moved since; None without an index.

    An index of another ledger is none, and so is one whose tokens another analysis made: it would
    find nothing by words that cases have.
    """
    try:
        found = index.find(session, asked)
    except Unready:
        return None
    if not (indexer.is_readable(found.cursor) and _is_ours(session, found.cursor, head)):
        return None
    moved = _moved(session, found.cursor) if found.cursor.seq < head.seq else {}
    told = {number: value for number, value in found.strength.items() if number not in moved}
    newest = sorted(moved, key=lambda number: moved[number], reverse=True)
    told |= judged(session, asked, newest[:JUDGED], book)
    return Hits(told, Reach.WHOLE if len(moved) <= JUDGED else Reach.BEHIND)


def judged(session: Session, asked: Asked, numbers: Iterable[int], book: Book) -> dict[int, int]:
    """Those of some cases that answer and are public, by their present texts."""
    wanted = list(numbers)
    if not wanted:
        return {}
    found = ((one.number, strength(asked, one)) for one in documents(session, wanted, book))
    return {number: value for number, value in found if value is not None}


def _is_ours(session: Session, cursor: Cursor, head: Position) -> bool:
    if (cursor.seq, cursor.digest) == (head.seq, head.digest):
        return True
    if cursor.seq <= head.seq:
        return indexer.is_on_chain(session, cursor)
    # The index has read lines that were written since this page began: another connection sees
    # them. What they took back is no longer proposed, and what they brought is not yet public here.
    with Session(session.get_bind()) as later:
        return indexer.is_on_chain(later, cursor)


def _moved(session: Session, cursor: Cursor) -> Mapping[int, int]:
    """The cases with a public line after the cursor, and the last such line of each."""
    rows: Sequence[tuple[int, int]] = session.execute(
        select(ENTRY.c.case_number, func.max(ENTRY.c.seq))
        .where(
            ENTRY.c.ledger == Ledger.PUBLIC.value,
            ENTRY.c.seq > cursor.seq,
            ENTRY.c.case_number.is_not(None),
        )
        .group_by(ENTRY.c.case_number)
    ).all()
    return dict(rows)
