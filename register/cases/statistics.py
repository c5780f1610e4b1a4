"""The figures of the register: each is a search, and the number of cases that its list has.

A figure that no list could show is not told. Cases are counted, and never compared by place: the
register knows only what was reported to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from register.cases import facets, former_codes
from register.cases.facet_queries import FacetReader
from register.cases.facets import FacetCounts
from register.cases.filter_clauses import DIRECTIONS, DURATION_PAIRS, PROCEEDINGS, ValuePairs
from register.cases.filters import CaseQuery
from register.cases.former_codes import DURATIONS, UNKNOWN
from register.cases.versioned_cache import VersionedCache
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition
from register.territory import loader

# Years that are told one by one; what is older is told in one figure.
YEAR_LIMIT = 40


@dataclass(frozen=True)
class Figure:
    """How many cases a search has. ``code``: the value that it is about; empty for the whole."""

    code: str
    count: int
    query: CaseQuery


@dataclass(frozen=True)
class FigureGroup:
    """A figure, and the figures of which its cases are made up."""

    total: Figure
    parts: Sequence[Figure]


@dataclass(frozen=True)
class Statistics:
    """All figures of one moment; none of those that come in a row is zero.

    ``years`` come in order, ``earlier`` is what came before them. ``types`` go by family and
    ``proceedings`` by direction, where a case may be in several. ``with_proceedings``: cases that had any
    proceeding. ``unknown``: cases of which nobody knows how they ended; ``with_known_duration``: those that
    lasted a known time.
    """

    total: Figure
    earlier: Figure | None
    years: Sequence[Figure]
    undated: Figure
    types: Sequence[FigureGroup]
    targets: Sequence[Figure]
    levels: Sequence[Figure]
    evidence: Sequence[Figure]
    outcomes: Sequence[Figure]
    unknown: Figure
    with_proceedings: Figure
    proceedings: Sequence[FigureGroup]
    with_known_duration: Figure
    durations: Sequence[Figure]


_statistics_cache: VersionedCache[Statistics] = VersionedCache()


def load_statistics(session: Session, vocabulary: Vocabulary, head: LedgerPosition) -> Statistics:
    """The figures at a position of the public ledger.

    :param head: read first, on the same session.
    """
    cache_key = (head.digest, vocabulary.version, loader.version(session))
    return _statistics_cache.get_or_make(
        cache_key, lambda: _count_statistics(session, vocabulary, head)
    )


def _count_statistics(session: Session, vocabulary: Vocabulary, head: LedgerPosition) -> Statistics:
    facet_counts = facets.count_facets(session, CaseQuery(), vocabulary, head)
    earlier, years = _year_figures(facet_counts["annee"])
    reader = FacetReader(session, vocabulary)
    direction_counts = _count_distinct(reader, DIRECTIONS)
    proceeding_counts = _count_distinct(reader, PROCEEDINGS)
    duration_counts = _count_distinct(reader, DURATION_PAIRS)

    def make_figure(name: str, *values: str) -> Figure:
        query = CaseQuery({name: tuple(sorted(values))}) if name else CaseQuery()
        return Figure("", facets.count_matches(session, query, vocabulary, head), query)

    return Statistics(
        total=make_figure(""),
        earlier=earlier,
        years=years,
        undated=make_figure("sans_date", "1"),
        types=list(_type_groups(vocabulary, facet_counts)),
        targets=_make_figures("cible", vocabulary.lists["cible"], facet_counts["cible"]),
        levels=_make_figures("niveau", vocabulary.lists["niveau"], facet_counts["niveau"]),
        evidence=_make_figures("preuve", vocabulary.lists["preuve"], facet_counts["preuve"]),
        outcomes=_make_figures("issue", vocabulary.lists["issue"], facet_counts["issue"]),
        unknown=make_figure("issue", UNKNOWN),
        with_proceedings=make_figure("sens", *vocabulary.lists["sens"]),
        proceedings=list(_proceeding_groups(vocabulary, direction_counts, proceeding_counts)),
        with_known_duration=make_figure("duree", *(code for code in DURATIONS if code != UNKNOWN)),
        durations=_make_figures("duree", DURATIONS, duration_counts),
    )


def _make_figures(
    filter_name: str, codes: Iterable[str], value_counts: Mapping[str, int]
) -> list[Figure]:
    """The values of a filter that have cases, in their own order: a count is never a rank."""
    return [
        Figure(code, value_counts[code], CaseQuery({filter_name: (code,)}))
        for code in codes
        if value_counts.get(code)
    ]


def _year_figures(year_counts: Mapping[str, int]) -> tuple[Figure | None, list[Figure]]:
    """What came before the last forty years that have a case, and those years."""
    if not year_counts:
        return None, []
    first = max(map(int, year_counts)) - YEAR_LIMIT + 1
    recent_years = _make_figures(
        "annee", (year for year in sorted(year_counts) if int(year) >= first), year_counts
    )
    earlier_count = sum(count for year, count in year_counts.items() if int(year) < first)
    last = str(first - 1)
    return (
        Figure(last, earlier_count, CaseQuery({"au": (last,)})) if earlier_count else None
    ), recent_years


def _type_groups(vocabulary: Vocabulary, facet_counts: FacetCounts) -> Iterator[FigureGroup]:
    for family in _make_figures("famille", vocabulary.lists["famille"], facet_counts["famille"]):
        yield FigureGroup(
            family, _make_figures("type", vocabulary.types_of([family.code]), facet_counts["type"])
        )


def _proceeding_groups(
    vocabulary: Vocabulary,
    direction_counts: Mapping[str, int],
    proceeding_counts: Mapping[str, int],
) -> Iterator[FigureGroup]:
    for direction in _make_figures("sens", vocabulary.lists["sens"], direction_counts):
        codes = [
            former_codes.proceeding_code(direction.code, outcome)
            for outcome in vocabulary.lists["issue"]
        ]
        yield FigureGroup(direction, _make_figures("procedure", codes, proceeding_counts))


def _count_distinct(reader: FacetReader, pairs: ValuePairs) -> dict[str, int]:
    """How many cases each value has; one that has a value twice is one case."""
    return {value: len(set(numbers)) for value, numbers in reader.cases_by_value(pairs).items()}
