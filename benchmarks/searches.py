"""What a search costs beside SQLite's own: the same words of the same cases, on both engines.

No search is asked for twice, so that nothing is answered from what was kept of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from benchmarks import texts
from benchmarks.fts5 import Fts5
from benchmarks.table import Bar, Table
from register.cases import facet_index, facets, ordering, public_lists
from register.cases.core_tables import CASE
from register.cases.filters import WORDS, Query
from register.cases.models import State
from register.cases.vocabulary import book
from register.journal import head
from register.search import analyzer, indexer, service
from register.search.document import documents
from register.search.engine import Engine as Index
from register.search.query_model import Document

# Where the generator puts the most cases.
COMMUNE = "75056"
CHUNK = 200
REBUILT = Bar(300)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Kind:
    """Searches of one kind, as typed and as FTS5 is asked for the same."""

    name: str
    typed: Sequence[str]
    matches: Sequence[str]
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faceted: bool = False


def _kind(name: str, typed: Sequence[str], *, faceted: bool = False, **values: str) -> Kind:
    matches = [_matched(one) for one in typed]
    return Kind(name, typed, matches, {key: (one,) for key, one in values.items()}, faceted)


def _matched(typed: str) -> str:
    stems = " ".join(analyzer.tokens(typed))
    return f'"{stems}"' if typed.startswith('"') else stems


RARE, COMMON, TWO, PHRASE = "rare word", "common word", "two common words", "phrase"
KINDS = (
    _kind(RARE, texts.rare[:40]),
    _kind(COMMON, texts.common),
    _kind(TWO, [f"{one} {other}" for one, other in pairwise(texts.common)]),
    _kind(PHRASE, [f'"{phrase}"' for phrase in texts.phrases]),
    _kind("common word × commune", texts.common, commune=COMMUNE),
    _kind("common word, with facets", texts.common, faceted=True),
)
# By engine, number of cases and kind: most times of FTS5's, or most milliseconds.
TIMES: Mapping[tuple[str, int, str], Bar] = {
    ("whoosh", 10_000, RARE): Bar(7, most=True, unit=" × FTS5"),
    ("whoosh", 10_000, COMMON): Bar(7, most=True, unit=" × FTS5"),
    ("whoosh", 10_000, TWO): Bar(7, most=True, unit=" × FTS5"),
    ("whoosh", 10_000, PHRASE): Bar(20, most=True, unit=" × FTS5"),
}
MILLISECONDS: Mapping[tuple[str, int, str], Bar] = {
    ("postgresql", 100_000, COMMON): Bar(50, most=True, unit=" ms"),
    ("postgresql", 100_000, PHRASE): Bar(150, most=True, unit=" ms"),
}
# Whatever is typed is answered in less.
WORST = Bar(2_000, most=True, unit=" ms")
HOSTILE = (
    " ".join(texts.common[:24]),
    " ".join(f"{word[:3]}*" for word in texts.common[:24]),
    " ".join(f'"{one} {other}"' for one, other in list(pairwise(texts.common))[:11]),
    " ".join(f"-{word}" for word in texts.common[:20]),
    "-" + " -".join(f"{word[:3]}*" for word in texts.common[:20]),
)
FACETS = {
    10_000: Bar(30, most=True, unit=" ms"),
    100_000: Bar(300, most=True, unit=" ms"),
}


@dataclass
class Times:
    """Milliseconds of some runs."""

    spent: list[float] = field(default_factory=list)

    def run(self, what: Callable[[], int]) -> int:
        """Run and time it; what it gives."""
        begun = time.perf_counter()
        given = what()
        self.spent.append(1e3 * (time.perf_counter() - begun))
        return given

    def at(self, part: float) -> float:
        """The time within which a part of the runs ended."""
        return sorted(self.spent)[min(len(self.spent) - 1, int(part * len(self.spent)))]


@dataclass
class Spent:
    """What is timed of a search: twenty numbers and a total; these read; the facets."""

    numbers: Times = field(default_factory=Times)
    listing: Times = field(default_factory=Times)
    facets: Times = field(default_factory=Times)


class Searcher:
    """A reader of one register by one engine."""

    def __init__(self, database: Engine, index: Index) -> None:
        self.database, self.index = database, index

    def rebuild(self) -> float:
        """Make the index anew; cases a second."""
        begun = time.perf_counter()
        indexer.catch_up(self.database, self.index, anew=True)
        spent = time.perf_counter() - begun
        with Session(self.database) as session:
            return len(_public(session)) / spent

    def documents(self) -> Iterator[Document]:
        """What the index was made of."""
        with Session(self.database) as session:
            numbers = _public(session)
            for start in range(0, len(numbers), CHUNK):
                yield from documents(session, numbers[start : start + CHUNK], book(session))

    def asks(self, kind: Kind, typed: str, spent: Spent) -> int:
        """Search as a page does, in a session of its own; how many cases were found."""
        with Session(self.database) as session:
            around = book(session), head(session)
            query = Query({WORDS: (typed,), **kind.values})
            hits: dict[int, int] = {}
            first: list[int] = []

            def numbers() -> int:
                hits.update(service.find(session, self.index, typed, *around).strength)
                here = facet_index.at(session, *around)
                match = facets.match(session, here, query, around[0], hits)
                first.extend(ordering.stretch(session, here, match, query.order, hits, 0))
                return match.bit_count()

            total = spent.numbers.run(numbers)
            spent.listing.run(lambda: len(public_lists.listed(session, first)))
            if kind.faceted:
                spent.facets.run(lambda: len(facets.counts(session, query, *around, hits)))
            return total


def _public(session: Session) -> list[int]:
    asked = select(CASE.c.number).where(CASE.c.state == State.PUBLISHED).order_by(CASE.c.number)
    return [number for number in session.scalars(asked) if number]


def measured(
    database: Engine, index: Index, size: int, folder: Path, say: Say, rest: Table
) -> Table:
    """Rebuild the index, then search: a line for each kind."""
    searcher = Searcher(database, index)
    say(f"  {index.name}: rebuilding the index")
    rate = searcher.rebuild()
    rest.add(
        f"{index.name}, rebuild at {size:,} cases, cases/s", f"{rate:.0f}", value=rate, bar=REBUILT
    )
    say(f"    {rate:.0f} cases/s; filling FTS5")
    beside = Fts5(folder / f"fts5-{index.name}-{size}.sqlite3")
    beside.fill(searcher.documents())
    table = Table(
        f"Searches of {size:,} cases, {index.name}, milliseconds",
        (
            *("search", "found", "p50", "p95", "FTS5 p50", "FTS5 p95", "times FTS5"),
            *("then the list", "then facets"),
        ),
    )
    for kind in KINDS:
        _line(table, searcher, beside, kind, size)
        say(f"    {' '.join(table.lines[-1])}")
    beside.close()
    _hostile(table, searcher)
    return table


def _line(table: Table, searcher: Searcher, beside: Fts5, kind: Kind, size: int) -> None:
    ours, theirs = Spent(), Times()
    # The first one opens files and compiles statements.
    searcher.asks(kind, f"{kind.typed[0]} {texts.middle[0]}", Spent())
    found = []
    for typed, match in zip(kind.typed, kind.matches, strict=True):
        total = theirs.run(partial(beside.count, match))
        found.append(searcher.asks(kind, typed, ours))
        if not kind.values and found[-1] != total:
            raise RuntimeError(f"{typed}: {found[-1]} cases, but {total} by FTS5")
    ratio = ours.numbers.at(0.5) / theirs.at(0.5)
    cells = [kind.name, f"{sorted(found)[len(found) // 2]:,}"]
    cells += [_ms(times.at(part)) for times in (ours.numbers, theirs) for part in (0.5, 0.95)]
    cells += [f"{ratio:.1f}", _ms(ours.listing.at(0.5)), ""]
    value, bar = bar_of((searcher.index.name, size, kind.name), ratio, ours.numbers.at(0.5))
    if kind.faceted:
        value, bar = ours.facets.at(0.5), FACETS.get(size)
        cells[-1] = _ms(value)
    table.add(*cells, value=value, bar=bar)


def bar_of(place: tuple[str, int, str], ratio: float, spent: float) -> tuple[float, Bar | None]:
    """What of a search has a bar: its times of FTS5's, or its milliseconds; and the bar.

    :param place: the engine, the number of cases, the kind of search.
    """
    if place in MILLISECONDS:
        return spent, MILLISECONDS[place]
    return ratio, TIMES.get(place)


def _ms(spent: float) -> str:
    return f"{spent:.2f}"


def _hostile(table: Table, searcher: Searcher) -> None:
    """The longest that one of the hostile searches takes."""
    spent = Spent()
    for typed in HOSTILE:
        searcher.asks(KINDS[0], typed, spent)
    worst = max(spent.numbers.spent)
    told = ["the worst of many parts", "", "", _ms(worst)]
    table.add(*told, *[""] * 5, value=worst, bar=WORST)
