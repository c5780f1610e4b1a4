"""The cost of a search compared with SQLite's FTS5: the same words and cases, on both engines.

No search is repeated, so that none is answered from a cache.
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
from register.cases import facet_index, result_lists
from register.cases.core_tables import CASE
from register.cases.filters import WORDS, CaseQuery
from register.cases.models import CaseState
from register.cases.selection import Selection
from register.cases.vocabulary import current_vocabulary
from register.journal import head
from register.search import analyzer, indexer, query_parser, service
from register.search.document import documents
from register.search.engine_interface import Document
from register.search.engine_interface import SearchEngine as Index

# Where the generator puts the most cases.
COMMUNE = "75056"
CHUNK = 200
REBUILD_BARS = {"whoosh": Bar(100), "postgresql": Bar(300)}

LogLine = Callable[[str], None]


@dataclass(frozen=True)
class SearchKind:
    """Searches of one kind, as typed and as parts in the syntax of FTS5."""

    name: str
    typed: Sequence[str]
    fts5_parts: Sequence[Sequence[str]]
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faceted: bool = False


def _search_kind(
    name: str, typed: Sequence[str], *, faceted: bool = False, **values: str
) -> SearchKind:
    parts = [_fts5_parts(term) for term in typed]
    return SearchKind(name, typed, parts, {key: (term,) for key, term in values.items()}, faceted)


def _fts5_parts(typed: str) -> list[str]:
    stems = analyzer.tokens(typed)
    return [f'"{" ".join(stems)}"'] if typed.startswith('"') else [f'"{stem}"' for stem in stems]


RARE, COMMON, TWO, PHRASE = "rare word", "common word", "two common words", "phrase"
KINDS = (
    _search_kind(RARE, texts.rare[:40]),
    _search_kind(COMMON, texts.common),
    _search_kind(TWO, [f"{first} {second}" for first, second in pairwise(texts.common)]),
    _search_kind(PHRASE, [f'"{phrase}"' for phrase in texts.phrases]),
    _search_kind("common word × commune", texts.common, commune=COMMUNE),
    _search_kind("common word, with facets", texts.common, faceted=True),
)
# By engine, number of cases and kind: most times of FTS5's, or most milliseconds.
RATIO_BARS: Mapping[tuple[str, int, str], Bar] = {
    ("whoosh", 10_000, RARE): Bar(15, most=True, unit=" × FTS5"),
    ("whoosh", 10_000, COMMON): Bar(7, most=True, unit=" × FTS5"),
    ("whoosh", 10_000, TWO): Bar(12, most=True, unit=" × FTS5"),
    ("whoosh", 10_000, PHRASE): Bar(25, most=True, unit=" × FTS5"),
}
MILLISECOND_BARS: Mapping[tuple[str, int, str], Bar] = {
    ("postgresql", 100_000, COMMON): Bar(50, most=True, unit=" ms"),
    ("postgresql", 100_000, PHRASE): Bar(150, most=True, unit=" ms"),
}
# Whatever is typed is answered in less.
WORST_BAR = Bar(2_000, most=True, unit=" ms")
HOSTILE_SEARCHES = (
    " ".join(texts.common[:24]),
    " ".join(f"{word[:3]}*" for word in texts.common[:24]),
    " ".join(f'"{first} {second}"' for first, second in list(pairwise(texts.common))[:11]),
    " ".join(f"-{word}" for word in texts.common[:20]),
    "-" + " -".join(f"{word[:3]}*" for word in texts.common[:20]),
)
FACET_BARS = {10_000: Bar(30, most=True, unit=" ms"), 100_000: Bar(300, most=True, unit=" ms")}


@dataclass
class Times:
    """Milliseconds of some runs."""

    spent: list[float] = field(default_factory=list)

    def run(self, action: Callable[[], int]) -> int:
        """Run and time it; what it gives."""
        begun = time.perf_counter()
        outcome = action()
        self.spent.append(1e3 * (time.perf_counter() - begun))
        return outcome

    def at(self, part: float) -> float:
        """The time within which a part of the runs ended."""
        return sorted(self.spent)[min(len(self.spent) - 1, int(part * len(self.spent)))]


@dataclass
class SearchTimes:
    """The timed parts of a search: twenty numbers and a total; their cases; the facets."""

    numbers: Times = field(default_factory=Times)
    listing: Times = field(default_factory=Times)
    facets: Times = field(default_factory=Times)


class Searcher:
    """A reader of one register by one engine."""

    def __init__(self, database: Engine, index: Index) -> None:
        self.database, self.index = database, index

    def rebuild(self) -> float:
        """Rebuild the index; cases a second."""
        begun = time.perf_counter()
        indexer.catch_up(self.database, self.index, force_rebuild=True)
        spent = time.perf_counter() - begun
        with Session(self.database) as session:
            return len(_public_numbers(session)) / spent

    def documents(self) -> Iterator[Document]:
        """The documents of the index."""
        with Session(self.database) as session:
            numbers = _public_numbers(session)
            for start in range(0, len(numbers), CHUNK):
                yield from documents(
                    session, numbers[start : start + CHUNK], current_vocabulary(session)
                )

    def measure_search(self, kind: SearchKind, typed: str, spent: SearchTimes) -> int:
        """Search as a page does, in a session of its own; how many cases were found."""
        with Session(self.database) as session:
            vocabulary_and_head = current_vocabulary(session), head(session)
            query = CaseQuery({WORDS: (typed,), **kind.values})
            page_numbers: list[int] = []
            selections: list[Selection] = []

            def numbers() -> int:
                search = service.CaseSearch(session, self.index, *vocabulary_and_head)
                hits = search.find(query_parser.parse(typed)).strength
                index = facet_index.load_index(session, *vocabulary_and_head)
                selections.append(Selection(index, query, hits))
                page_numbers.extend(selections[0].page_numbers())
                return selections[0].total

            total = spent.numbers.run(numbers)
            spent.listing.run(lambda: len(result_lists.load_case_summaries(session, page_numbers)))
            if kind.faceted:
                spent.facets.run(lambda: len(selections[0].facet_counts))
            return total


def _public_numbers(session: Session) -> list[int]:
    stmt = select(CASE.c.number).where(CASE.c.state == CaseState.PUBLISHED).order_by(CASE.c.number)
    return [number for number in session.scalars(stmt) if number]


def measure_searches(
    database: Engine, index: Index, size: int, folder: Path, log: LogLine, summary: Table
) -> Table:
    """Rebuild the index, then search: a line for each kind."""
    searcher = Searcher(database, index)
    log(f"  {index.name}: rebuilding the index")
    rate = searcher.rebuild()
    summary.add(
        f"{index.name}, rebuild at {size:,} cases, cases/s",
        f"{rate:.0f}",
        value=rate,
        bar=REBUILD_BARS[index.name],
    )
    log(f"    {rate:.0f} cases/s; filling FTS5")
    fts5 = Fts5(folder / f"fts5-{index.name}-{size}.sqlite3")
    fts5.fill(searcher.documents())
    table = Table(
        f"Searches of {size:,} cases, {index.name}, milliseconds",
        (
            *("search", "found", "p50", "p95", "FTS5 p50", "FTS5 p95", "times FTS5"),
            *("then the list", "then facets"),
        ),
    )
    for kind in KINDS:
        _measure_kind(table, searcher, fts5, kind, size)
        log(f"    {' '.join(table.lines[-1])}")
    fts5.close()
    _measure_hostile(table, searcher)
    return table


def _measure_kind(
    table: Table, searcher: Searcher, fts5: Fts5, kind: SearchKind, size: int
) -> None:
    engine_times, fts5_times = SearchTimes(), Times()
    # The first one opens files and compiles statements.
    searcher.measure_search(kind, f"{kind.typed[0]} {texts.middle[0]}", SearchTimes())
    totals = []
    for typed, parts in zip(kind.typed, kind.fts5_parts, strict=True):
        total = fts5_times.run(partial(_fts5_total, fts5, parts))
        totals.append(searcher.measure_search(kind, typed, engine_times))
        if not kind.values and totals[-1] != total:
            raise RuntimeError(f"{typed}: {totals[-1]} cases, but {total} by FTS5")
    ratio = engine_times.numbers.at(0.5) / fts5_times.at(0.5)
    cells = [kind.name, f"{sorted(totals)[len(totals) // 2]:,}"]
    cells += [
        _ms(times.at(part)) for times in (engine_times.numbers, fts5_times) for part in (0.5, 0.95)
    ]
    cells += [f"{ratio:.1f}", _ms(engine_times.listing.at(0.5)), ""]
    value, bar = bar_of((searcher.index.name, size, kind.name), ratio, engine_times.numbers.at(0.5))
    if kind.faceted:
        value, bar = engine_times.facets.at(0.5), FACET_BARS.get(size)
        cells[-1] = _ms(value)
    table.add(*cells, value=value, bar=bar)


def _fts5_total(fts5: Fts5, parts: Sequence[str]) -> int:
    return len(fts5.find(parts))


def bar_of(place: tuple[str, int, str], ratio: float, spent: float) -> tuple[float, Bar | None]:
    """What of a search has a bar: its times of FTS5's, or its milliseconds; and the bar.

    :param place: the engine, the number of cases, the kind of search.
    """
    if place in MILLISECOND_BARS:
        return spent, MILLISECOND_BARS[place]
    return ratio, RATIO_BARS.get(place)


def _ms(spent: float) -> str:
    return f"{spent:.2f}"


def _measure_hostile(table: Table, searcher: Searcher) -> None:
    """The longest that one of the hostile searches takes."""
    spent = SearchTimes()
    for typed in HOSTILE_SEARCHES:
        searcher.measure_search(KINDS[0], typed, spent)
    worst = max(spent.numbers.spent)
    cells = ["the worst of many parts", "", "", _ms(worst)]
    table.add(*cells, *[""] * 5, value=worst, bar=WORST_BAR)
