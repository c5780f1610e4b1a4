"""Statistics of the register, and the counts of its home page.

Each figure of the statistics page is a search and the size of its list, so that a reader can
check it. Places are never compared: the register knows only what was reported to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases import facets, former_codes
from register.cases.data_version import VersionedCache
from register.cases.facet_index import FacetReader
from register.cases.facets import FacetCounts
from register.cases.filter_clauses import DIRECTIONS, DURATION_PAIRS, PROCEEDINGS, ValuePairs
from register.cases.filters import CaseQuery
from register.cases.former_codes import DURATIONS, UNKNOWN
from register.cases.models import CaseState, Incident, IncidentPlace, IncidentType, Scope
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition
from register.territory import dataset
from register.territory.models import Commune, CommuneCode, Departement
from register.text.normalisation import fold_name

# Years with a figure of their own; older ones share one figure.
YEAR_LIMIT = 40


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

    ``years`` are in order, ``earlier`` counts the years before them. ``types`` are grouped by
    family and ``proceedings`` by direction; a case may be in several groups.
    ``with_proceedings``: cases with any proceeding. ``unknown``: cases with an unknown outcome.
    ``with_known_duration``: cases with a known duration.
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
    """Statistics at a position of the public ledger.

    :param head: read first, on the same session.
    """
    cache_key = (head.digest, vocabulary.version, dataset.loaded_version(session))
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

    def make_figure(query: CaseQuery) -> Figure:
        return Figure("", facets.count_matches(session, query, vocabulary, head), query)

    def make_filter_figure(name: str, values: Iterable[str]) -> Figure:
        return make_figure(CaseQuery({name: tuple(sorted(values))}))

    return Statistics(
        total=make_figure(CaseQuery()),
        earlier=earlier,
        years=years,
        undated=make_filter_figure("sans_date", ["1"]),
        types=_type_groups(vocabulary, facet_counts),
        targets=_make_figures("cible", vocabulary.lists["cible"], facet_counts["cible"]),
        levels=_make_figures("niveau", vocabulary.lists["niveau"], facet_counts["niveau"]),
        evidence=_make_figures("preuve", vocabulary.lists["preuve"], facet_counts["preuve"]),
        outcomes=_make_figures("issue", vocabulary.lists["issue"], facet_counts["issue"]),
        unknown=make_filter_figure("issue", [UNKNOWN]),
        with_proceedings=make_filter_figure("sens", vocabulary.lists["sens"]),
        proceedings=list(_proceeding_groups(vocabulary, direction_counts, proceeding_counts)),
        with_known_duration=make_filter_figure("duree", DURATIONS.keys() - {UNKNOWN}),
        durations=_make_figures("duree", DURATIONS, duration_counts),
    )


def _make_figures(
    filter_name: str, codes: Iterable[str], value_counts: Mapping[str, int]
) -> list[Figure]:
    """Figures of the values that have cases, in the order of the codes, not of the counts."""
    return [
        Figure(code, value_counts[code], CaseQuery({filter_name: (code,)}))
        for code in codes
        if value_counts.get(code)
    ]


def _year_figures(year_counts: Mapping[str, int]) -> tuple[Figure | None, list[Figure]]:
    """Figure of the years before the last forty that have a case, and the figures of those."""
    if not year_counts:
        return None, []
    first = max(map(int, year_counts)) - YEAR_LIMIT + 1
    recent_years = _make_figures(
        "annee", (year for year in sorted(year_counts) if int(year) >= first), year_counts
    )
    earlier_count = sum(count for year, count in year_counts.items() if int(year) < first)
    last = str(first - 1)
    earlier = Figure(last, earlier_count, CaseQuery({"au": (last,)})) if earlier_count else None
    return earlier, recent_years


def _type_groups(vocabulary: Vocabulary, facet_counts: FacetCounts) -> list[FigureGroup]:
    families = _make_figures("famille", vocabulary.lists["famille"], facet_counts["famille"])
    return [
        FigureGroup(
            family, _make_figures("type", vocabulary.types_of([family.code]), facet_counts["type"])
        )
        for family in families
    ]


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
    """Value → number of cases; a case with the same value twice counts once."""
    return {value: len(set(numbers)) for value, numbers in reader.cases_by_value(pairs).items()}


@dataclass(frozen=True)
class RegisterSummary:
    """Counts of the home page.

    ``departements``: code, name and count, in the order of the names. ``abroad``: ISO country
    codes other than FR, and their counts. ``unplaced``: French cases without a département.
    """

    total: int
    first_year: int | None
    last_year: int | None
    families: Mapping[str, int]
    departements: Sequence[tuple[str, str, int]]
    abroad: Sequence[tuple[str, int]]
    unplaced: int


# Counting takes a second on a hundred thousand cases.
_summary_cache: VersionedCache[RegisterSummary] = VersionedCache()


def load_register_summary(
    session: Session, vocabulary: Vocabulary, head: LedgerPosition
) -> RegisterSummary:
    """Counts of the home page at a position of the public ledger.

    :param head: read first, on the same session.
    """
    cache_key = (head.digest, vocabulary.version, dataset.loaded_version(session))
    return _summary_cache.get_or_make(cache_key, lambda: _count_register(session, vocabulary))


def _count_register(session: Session, vocabulary: Vocabulary) -> RegisterSummary:
    is_public = Incident.state == CaseState.PUBLISHED
    total = session.scalar(select(func.count()).select_from(Incident).where(is_public)) or 0
    years = date_span(session)
    departements = _count_departements(session)
    abroad = session.execute(
        select(Incident.country, func.count())
        .where(is_public, Incident.country != "FR")
        .group_by(Incident.country)
        .order_by(Incident.country)
    ).all()
    placed = sum(count for _, _, count in departements)
    return RegisterSummary(
        total=total,
        first_year=years[0].year if years else None,
        last_year=years[1].year if years else None,
        families={
            name: _count_family(session, vocabulary, name) for name in vocabulary.lists["famille"]
        },
        departements=departements,
        abroad=[(code, count) for code, count in abroad],
        unplaced=total - placed - sum(count for _, count in abroad),
    )


def _count_family(session: Session, vocabulary: Vocabulary, family: str) -> int:
    stmt = (
        select(func.count(IncidentType.incident_id.distinct()))
        .join(Incident, Incident.id == IncidentType.incident_id)
        .where(
            Incident.state == CaseState.PUBLISHED,
            IncidentType.code.in_(vocabulary.types_of([family])),
        )
    )
    return session.scalar(stmt) or 0


_IS_AUTHORITY_PLACE = (IncidentPlace.incident_id == Incident.id) & (
    IncidentPlace.scope == Scope.AUTHORITY.value
)


def _count_departements(session: Session) -> list[tuple[str, str, int]]:
    departement_rows = session.execute(
        select(Departement.code, Departement.name, func.count())
        .select_from(Incident)
        .outerjoin(IncidentPlace, _IS_AUTHORITY_PLACE)
        .outerjoin(CommuneCode, CommuneCode.code == IncidentPlace.code)
        .outerjoin(Commune, Commune.code == CommuneCode.current_code)
        .join(
            Departement,
            Departement.code == func.coalesce(Commune.departement_code, Incident.departement),
        )
        .where(Incident.state == CaseState.PUBLISHED, Incident.country == "FR")
        .group_by(Departement.code, Departement.name)
    ).all()
    return sorted(
        ((code, name, count) for code, name, count in departement_rows),
        key=lambda departement_row: fold_name(departement_row[1]),
    )


def count_by_commune(session: Session) -> Mapping[str, int]:
    """Code of a commune → number of its public cases, to rank the readings of a typed place."""
    commune_rows = session.execute(
        select(CommuneCode.current_code, func.count(Incident.id.distinct()))
        .join(IncidentPlace, IncidentPlace.code == CommuneCode.code)
        .join(Incident, Incident.id == IncidentPlace.incident_id)
        .where(Incident.state == CaseState.PUBLISHED)
        .group_by(CommuneCode.current_code)
    )
    return dict(commune_rows.all())


def date_span(session: Session) -> tuple[date, date] | None:
    """Earliest and latest first day of the dated public cases; None without one."""
    first, last = session.execute(
        select(func.min(Incident.date_first), func.max(Incident.date_first)).where(
            Incident.state == CaseState.PUBLISHED
        )
    ).one()
    return (first, last) if first and last else None
