"""Statistics of the register; counts and latest events of its home page.

Each figure of the statistics page is a search and the size of its list, so that a reader can
check it. Places are never compared: the register knows only what was reported to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from register.cases.case_codes import DURATIONS, UNKNOWN, proceeding_code
from register.cases.case_places import HOME_COUNTRY
from register.cases.events import EventQuery, list_events
from register.cases.facet_index import FacetIndex
from register.cases.filters import CaseQuery
from register.cases.public_journal import ListedEvent, add_summaries
from register.cases.selection import Selection
from register.cases.vocabulary import Vocabulary
from register.territory import place_queries

# Years with a figure of their own; older ones share one figure.
YEAR_LIMIT = 40
# Filters with a table of their own, in which a case is in one line.
COUNTED_FILTERS = ("cible", "niveau", "preuve", "issue", "duree")


@dataclass(frozen=True)
class Figure:
    """Number of cases of a search. ``code``: its value, empty for a figure of several values."""

    code: str
    count: int
    query: CaseQuery


@dataclass(frozen=True)
class FigureGroup:
    """Figure and the figures of its parts."""

    total: Figure
    parts: Sequence[Figure]


@dataclass(frozen=True)
class Statistics:
    """All figures of one ledger position; the sequences have no zeros.

    ``years`` are in order, ``earlier`` counts the years before them. ``by_filter``: a figure for
    each value of :data:`COUNTED_FILTERS`. ``types`` are grouped by family and ``proceedings`` by
    direction; a case may be in several groups.
    ``with_proceedings``: cases with any proceeding. ``unknown``: cases with an unknown outcome.
    ``with_known_duration``: cases with a known duration.
    """

    total: Figure
    earlier: Figure | None
    years: Sequence[Figure]
    undated: Figure
    types: Sequence[FigureGroup]
    by_filter: Mapping[str, Sequence[Figure]]
    unknown: Figure
    with_proceedings: Figure
    proceedings: Sequence[FigureGroup]
    with_known_duration: Figure


def count_figures(index: FacetIndex, vocabulary: Vocabulary) -> Statistics:
    """All figures of an index."""
    earlier, years = _year_figures(index)

    def make_figure(**values: Iterable[str]) -> Figure:
        query = CaseQuery({name: tuple(sorted(codes)) for name, codes in values.items()})
        return Figure("", Selection(index, query).total, query)

    return Statistics(
        total=make_figure(),
        earlier=earlier,
        years=years,
        undated=make_figure(sans_date=["1"]),
        types=[
            FigureGroup(family, _make_figures(index, "type", vocabulary.types_of(family.code)))
            for family in _make_figures(index, "famille", vocabulary.lists["famille"])
        ],
        by_filter={
            name: _make_figures(index, name, vocabulary.lists.get(name, DURATIONS))
            for name in COUNTED_FILTERS
        },
        unknown=make_figure(issue=[UNKNOWN]),
        with_proceedings=make_figure(sens=vocabulary.lists["sens"]),
        proceedings=list(_proceeding_groups(vocabulary, index)),
        with_known_duration=make_figure(duree={*DURATIONS} - {UNKNOWN}),
    )


def _make_figures(index: FacetIndex, filter_name: str, codes: Iterable[str]) -> list[Figure]:
    """Figures of the values that have cases, in the order of the codes, not of the counts."""
    value_counts = index.axes[filter_name].counts
    return [
        Figure(code, value_counts[code], CaseQuery({filter_name: (code,)}))
        for code in codes
        if value_counts.get(code)
    ]


def _year_figures(index: FacetIndex) -> tuple[Figure | None, list[Figure]]:
    """Figure of the years before the last forty that have a case, and the figures of those."""
    year_counts = index.axes["annee"].counts
    if not year_counts:
        return None, []
    first = max(map(int, year_counts)) - YEAR_LIMIT + 1
    recent_years = [year for year in sorted(year_counts) if int(year) >= first]
    earlier_count = sum(count for year, count in year_counts.items() if int(year) < first)
    last = str(first - 1)
    earlier = Figure(last, earlier_count, CaseQuery({"au": (last,)})) if earlier_count else None
    return earlier, _make_figures(index, "annee", recent_years)


def _proceeding_groups(vocabulary: Vocabulary, index: FacetIndex) -> Iterator[FigureGroup]:
    for direction in _make_figures(index, "sens", vocabulary.lists["sens"]):
        codes = [proceeding_code(direction.code, outcome) for outcome in vocabulary.lists["issue"]]
        yield FigureGroup(direction, _make_figures(index, "procedure", codes))


@dataclass(frozen=True)
class RegisterSummary:
    """Counts of the home page.

    ``departements``: code, name and size of its list, in the order of the names; a case with linked
    communes may be in several. ``abroad``: ISO country codes other than FR, and their counts.
    ``unplaced``: French cases without a département.
    """

    total: int
    first_year: int | None
    last_year: int | None
    families: Mapping[str, int]
    departements: Sequence[tuple[str, str, int]]
    abroad: Sequence[tuple[str, int]]
    unplaced: int


def summarise(index: FacetIndex, vocabulary: Vocabulary) -> RegisterSummary:
    """Counts of the home page."""
    axes, years = index.axes, [int(year) for year in index.axes["annee"].counts]
    departements = [
        (departement, size)
        for code, size in axes["departement"].counts.items()
        if (departement := place_queries.departement(code))
    ]
    departements.sort(key=lambda counted: counted[0].folded)
    abroad = {code: size for code, size in axes["pays"].counts.items() if code != HOME_COUNTRY}
    placed_cases = axes["departement"].members | axes["pays"].union(abroad)
    return RegisterSummary(
        total=index.total,
        first_year=min(years, default=None),
        last_year=max(years, default=None),
        families={
            name: axes["famille"].counts.get(name, 0) for name in vocabulary.lists["famille"]
        },
        departements=[(place.code, place.name, size) for place, size in departements],
        abroad=sorted(abroad.items()),
        unplaced=(index.public_cases & ~placed_cases).bit_count(),
    )


def latest_events(session: Session, limit: int = 5) -> Sequence[ListedEvent]:
    """The newest public events for the home page, newest first."""
    return add_summaries(session, list_events(session, EventQuery(), limit=limit))
