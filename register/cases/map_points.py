"""Map points of public cases: the communes that they name, and départements without a commune.

The points of the whole register are cached for each ledger position; those of a search are
selected with the sets of the facet index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from register.cases import facet_index, facets
from register.cases.core_tables import CASE, COMMUNE, COMMUNE_CODE, PLACE
from register.cases.data_version import VersionedCache
from register.cases.facet_index import CaseSet, FacetReader
from register.cases.filters import CaseQuery, HitStrengths
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition
from register.territory.boundaries import departement_outlines
from register.territory.place_queries import EXACT_PRECISION


@dataclass(frozen=True)
class CommunePoint:
    """Commune of a case, as authority or linked; latitude and longitude in degrees (WGS 84)."""

    departement: str
    lat: float
    lon: float
    is_exact: bool


@dataclass(frozen=True)
class MapPoints:
    """Places of a search on the map.

    ``departements``: codes of the cases that name no commune. ``off_map_count``: number of cases
    abroad, in a collectivity without an outline, or without a place.
    """

    points: Sequence[CommunePoint]
    departements: Sequence[str]
    off_map_count: int


@dataclass(frozen=True)
class _RegisterPoints:
    """Places of the whole register with their cases; ``placed_cases`` is the set of all these."""

    points: Sequence[tuple[CommunePoint, CaseSet]]
    departements: Mapping[str, CaseSet]
    placed_cases: int


_points_cache: VersionedCache[_RegisterPoints] = VersionedCache()


def locate_cases(
    session: Session,
    query: CaseQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
    hits: HitStrengths | None = None,
) -> MapPoints:
    """Places of the cases of a search, each once.

    :param head: position of the public ledger, read first on the same session.
    :param hits: result of the word search; unused without words.
    :raises ValueError: the search has words and ``hits`` is None.
    """
    index = facet_index.load_index(session, vocabulary, head)
    matches = facets.match_cases(session, index, query, vocabulary, hits)
    flags = facet_index.to_flags(matches, index.max_number)
    register_points = _points_cache.get_or_make(
        index.version, lambda: _read_points(session, vocabulary, index.max_number)
    )
    return MapPoints(
        points=[
            point
            for point, case_set in register_points.points
            if facet_index.count_selected(case_set, matches, flags)
        ],
        departements=[
            code
            for code, case_set in register_points.departements.items()
            if facet_index.count_selected(case_set, matches, flags)
        ],
        off_map_count=(matches & ~register_points.placed_cases).bit_count(),
    )


_COMMUNES_STMT = (
    select(CASE.c.number, COMMUNE_CODE.c.current_code)
    .join_from(CASE, PLACE)
    .join(COMMUNE_CODE, COMMUNE_CODE.c.code == PLACE.c.code)
)
_DEPARTEMENTS_STMT = select(CASE.c.number, CASE.c.departement).where(
    CASE.c.departement != "", ~exists().where(PLACE.c.incident_id == CASE.c.id)
)
_POINTS_STMT = select(
    COMMUNE.c.code, COMMUNE.c.departement_code, COMMUNE.c.lat, COMMUNE.c.lon, COMMUNE.c.precision
).where(
    COMMUNE.c.code.in_(
        select(COMMUNE_CODE.c.current_code).join(PLACE, PLACE.c.code == COMMUNE_CODE.c.code)
    ),
    COMMUNE.c.lat.is_not(None),
    COMMUNE.c.lon.is_not(None),
)


def _read_points(session: Session, vocabulary: Vocabulary, max_number: int) -> _RegisterPoints:
    reader = FacetReader(session, vocabulary)
    outlines = departement_outlines()
    placed_cases: set[int] = set()
    points = []
    cases_by_commune = reader.cases_by_column(_COMMUNES_STMT)
    for commune_row in session.execute(_POINTS_STMT):
        case_numbers = cases_by_commune.get(commune_row.code)
        if case_numbers and commune_row.departement_code in outlines:
            point = CommunePoint(
                commune_row.departement_code,
                commune_row.lat,
                commune_row.lon,
                commune_row.precision == EXACT_PRECISION,
            )
            points.append((point, facet_index.compact(case_numbers, max_number)))
            placed_cases.update(case_numbers)
    departements = {}
    for code, case_numbers in reader.cases_by_column(_DEPARTEMENTS_STMT).items():
        if code in outlines:
            departements[code] = facet_index.compact(case_numbers, max_number)
            placed_cases.update(case_numbers)
    return _RegisterPoints(points, departements, facet_index.from_numbers(placed_cases))
