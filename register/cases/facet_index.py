"""Which public case has which value of each facet, held in memory for one head of the ledger.

The database would count ten facets in seconds; sets of case numbers meet in microseconds. They are
made in one go at first need, and then carried from head to head: of the public lines that came
since, only the cases they name are read again. A set is never changed: pages that began before go
on with the marks of their own moment.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases import bitset
from register.cases.bitset import Cases
from register.cases.core_tables import ENTRY
from register.cases.facet_queries import Reading
from register.cases.filter_clauses import DAYS, Pairs
from register.cases.filters import FILTERS
from register.cases.sql_in import FEW
from register.cases.vocabulary import Book
from register.journal import Ledger, Position
from register.territory import loader

# Of more changed cases than this, all are read: it takes no longer.
MANY = FEW
# The newest, and the one before it: pages that began before an act go on while it is done.
KEPT = 2

FACETS: Mapping[str, Pairs] = {
    name: spec.pairs for name, spec in FILTERS.items() if spec.pairs is not None
}
Facet = Mapping[str, Cases]


@dataclass(frozen=True)
class Place:
    """What marks are true of: a line of the public ledger, the vocabularies, the territory."""

    head: Position
    words: str
    territory: str


@dataclass(frozen=True)
class Marks:
    """The public cases of one moment, by their numbers.

    ``facets``: facet → value → cases that a filter by the value finds; no value is without a case.
    ``days``: the day by which lists are in order, as an ordinal, at each case's number; what stands
    at other numbers means nothing. ``selected``: what other filters select at this moment, once
    they were asked for.
    """

    place: Place
    public: int
    facets: Mapping[str, Facet]
    days: array[int]
    selected: dict[tuple[str, tuple[str, ...]], int] = field(default_factory=dict, compare=False)

    @property
    def top(self) -> int:
        """The highest number that a case had when these were made."""
        return len(self.days) - 1

    def among(self, numbers: Collection[int]) -> int:
        """The set of the public cases among some numbers; an index may propose any number."""
        top = self.top
        return self.public & bitset.of([number for number in numbers if 0 < number <= top])


# By the place that they are true of, the newest last.
_kept: dict[Place, Marks] = {}
# Of the readers who come first, one makes the marks and the others wait for them.
_making = Lock()


def at(session: Session, book: Book, head: Position, territory: str = "") -> Marks:
    """The marks of a position of the public ledger.

    :param head: read first, on the same session: what is read then is of that moment.
    :param territory: the version of the territory, from whoever has read it then.
    """
    place = Place(head, book.version, territory or loader.version(session) or "")
    found = _kept.get(place)
    if found is not None:
        return found
    with _making:
        found = _kept.get(place) or _carried(session, book, place) or _made(session, book, place)
        if not _is_late(place):
            _kept[place] = found
        for former in list(_kept)[:-KEPT]:
            del _kept[former]
    return found


def _is_late(place: Place) -> bool:
    """Whether a page began before the oldest marks that are kept: its own are for it alone."""
    seqs = [kept.head.seq for kept in _kept]
    return len(seqs) >= KEPT and place.head.seq < min(seqs)


# --- made anew, or carried on -------------------------------------------------------------------


def _made(session: Session, book: Book, place: Place) -> Marks:
    read = Reading(session, book)
    top = max((max(numbers) for numbers in read.held(DAYS).values()), default=0)
    facets = {
        name: {value: bitset.packed(numbers, top) for value, numbers in read.values(pairs).items()}
        for name, pairs in FACETS.items()
    }
    days = array("I", bytes(4 * (top + 1)))
    return Marks(place, _dated(read, days), facets, days)


def _carried(session: Session, book: Book, place: Place) -> Marks | None:
    """The marks of an earlier moment, with the cases that have changed since read again."""
    for before in reversed(list(_kept.values())):
        if _leads(session, before.place, place):
            changed = _changed(session, before.place.head, place.head)
            return _again(session, book, before, place, changed) if changed is not None else None
    return None


def _leads(session: Session, before: Place, place: Place) -> bool:
    """Whether the register of now was once at ``before``; after a restore it may not have been."""
    same = (before.words, before.territory) == (place.words, place.territory)
    if not same or before.head.seq >= place.head.seq:
        return False
    line = (ENTRY.c.ledger == Ledger.PUBLIC.value) & (ENTRY.c.seq == before.head.seq)
    digest = session.scalar(select(ENTRY.c.digest).where(line))
    return digest is not None and digest.hex() == before.head.digest


def _changed(session: Session, after: Position, until: Position) -> set[int] | None:
    """The cases that public lines name; None for too many of them."""
    asked = select(ENTRY.c.case_number).distinct()
    asked = asked.where(
        ENTRY.c.ledger == Ledger.PUBLIC.value,
        ENTRY.c.seq > after.seq,
        ENTRY.c.seq <= until.seq,
        ENTRY.c.case_number.is_not(None),
    )
    found = {number for number in session.scalars(asked.limit(MANY + 1)) if number is not None}
    return found if len(found) <= MANY else None


def _again(session: Session, book: Book, before: Marks, place: Place, changed: set[int]) -> Marks:
    read = Reading(session, book, changed)
    top = max(before.top, *changed) if changed else before.top
    rest = ~bitset.of(changed)
    facets = {
        name: _moved(before.facets[name], read.values(pairs), changed, rest, top)
        for name, pairs in FACETS.items()
    }
    days = before.days + array("I", bytes(4 * (top - before.top)))
    return Marks(place, (before.public & rest) | _dated(read, days), facets, days)


def _moved(
    facet: Facet, found: Mapping[str, Sequence[int]], changed: set[int], rest: int, top: int
) -> Facet:
    """A facet without the changed cases, but for the values that they have now."""
    left = {value: bitset.less(cases, changed, rest) for value, cases in facet.items()}
    now = {value: cases for value, cases in left.items() if cases}
    for value, numbers in found.items():
        now[value] = bitset.more(now.get(value, 0), numbers, top)
    return now


def _dated(read: Reading, days: array[int]) -> int:
    """The set of the cases that were read, whose days are noted."""
    found = read.held(DAYS)
    for day, numbers in found.items():
        for number in numbers:
            days[number] = day.toordinal()
    return bitset.of([number for numbers in found.values() for number in numbers])
