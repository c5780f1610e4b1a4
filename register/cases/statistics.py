"""The figures of the register: each is a search, and the number of cases that its list has.

A figure that no list could show is not told. Cases are counted, and never compared by place: the
register knows only what was reported to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from register.cases import facets, former_codes
from register.cases.facet_queries import Reading
from register.cases.facets import Counts
from register.cases.filter_clauses import DIRECTIONS, LENGTHS, PROCEEDINGS, Pairs
from register.cases.filters import Query
from register.cases.former_codes import DURATIONS, UNKNOWN
from register.cases.versioned_cache import Once
from register.cases.vocabulary import Book
from register.journal import Position
from register.territory import loader

# Years that are told one by one; what is older is told in one figure.
YEARS = 40


@dataclass(frozen=True)
class Figure:
    """How many cases a search has. ``code``: the value that it is about; empty for the whole."""

    code: str
    count: int
    query: Query


@dataclass(frozen=True)
class Group:
    """A figure, and the figures of which its cases are made up."""

    whole: Figure
    parts: Sequence[Figure]


@dataclass(frozen=True)
class Statistics:
    """All figures of one moment; none of those that come in a row is zero.

    ``years`` come in order, ``earlier`` is what came before them. ``types`` go by family and
    ``proceedings`` by direction, where a case may be in several. ``proceeded``: cases that had any
    proceeding. ``unknown``: cases of which nobody knows how they ended; ``measured``: those that
    lasted a known time.
    """

    total: Figure
    earlier: Figure | None
    years: Sequence[Figure]
    undated: Figure
    types: Sequence[Group]
    targets: Sequence[Figure]
    levels: Sequence[Figure]
    evidence: Sequence[Figure]
    outcomes: Sequence[Figure]
    unknown: Figure
    proceeded: Figure
    proceedings: Sequence[Group]
    measured: Figure
    durations: Sequence[Figure]


_kept: Once[Statistics] = Once()


def statistics(session: Session, book: Book, head: Position) -> Statistics:
    """The figures at a position of the public ledger.

    :param head: read first, on the same session.
    """
    moment = (head.digest, book.version, loader.version(session))
    return _kept.of(moment, lambda: _counted(session, book, head))


def _counted(session: Session, book: Book, head: Position) -> Statistics:
    found = facets.counts(session, Query(), book, head)
    earlier, years = _years(found["annee"])
    read = Reading(session, book)
    directions = _sizes(read, DIRECTIONS)
    ended = _sizes(read, PROCEEDINGS)
    lengths = _sizes(read, LENGTHS)

    def matching(name: str, *values: str) -> Figure:
        query = Query({name: tuple(sorted(values))}) if name else Query()
        return Figure("", facets.matching(session, query, book, head), query)

    return Statistics(
        total=matching(""),
        earlier=earlier,
        years=years,
        undated=matching("sans_date", "1"),
        types=list(_types(book, found)),
        targets=_figures("cible", book.lists["cible"], found["cible"]),
        levels=_figures("niveau", book.lists["niveau"], found["niveau"]),
        evidence=_figures("preuve", book.lists["preuve"], found["preuve"]),
        outcomes=_figures("issue", book.lists["issue"], found["issue"]),
        unknown=matching("issue", UNKNOWN),
        proceeded=matching("sens", *book.lists["sens"]),
        proceedings=list(_proceedings(book, directions, ended)),
        measured=matching("duree", *(code for code in DURATIONS if code != UNKNOWN)),
        durations=_figures("duree", DURATIONS, lengths),
    )


def _figures(name: str, codes: Iterable[str], counted: Mapping[str, int]) -> list[Figure]:
    """The values of a filter that have cases, in their own order: a count is never a rank."""
    return [
        Figure(code, counted[code], Query({name: (code,)})) for code in codes if counted.get(code)
    ]


def _years(counted: Mapping[str, int]) -> tuple[Figure | None, list[Figure]]:
    """What came before the last forty years that have a case, and those years."""
    if not counted:
        return None, []
    first = max(map(int, counted)) - YEARS + 1
    told = _figures("annee", (year for year in sorted(counted) if int(year) >= first), counted)
    before = sum(count for year, count in counted.items() if int(year) < first)
    last = str(first - 1)
    return (Figure(last, before, Query({"au": (last,)})) if before else None), told


def _types(book: Book, found: Counts) -> Iterator[Group]:
    for whole in _figures("famille", book.lists["famille"], found["famille"]):
        yield Group(whole, _figures("type", book.types_of([whole.code]), found["type"]))


def _proceedings(
    book: Book, directions: Mapping[str, int], ended: Mapping[str, int]
) -> Iterator[Group]:
    for whole in _figures("sens", book.lists["sens"], directions):
        codes = [former_codes.ended(whole.code, outcome) for outcome in book.lists["issue"]]
        yield Group(whole, _figures("procedure", codes, ended))


def _sizes(read: Reading, pairs: Pairs) -> dict[str, int]:
    """How many cases each value has; one that has a value twice is one case."""
    return {value: len(set(numbers)) for value, numbers in read.values(pairs).items()}
