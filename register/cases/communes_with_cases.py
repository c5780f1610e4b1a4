"""Communes with public cases, and dates of places and cases.

The communes are cached for each version of the facet index. No list is ordered by count or
distance: the register ranks no commune.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from itertools import product
from math import cos, floor, hypot, radians
from typing import NamedTuple, TypeVar

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session

from register.cases.case_codes import CASE_CODE, IS_PUBLIC_CODE
from register.cases.core_tables import CASE, IS_PUBLIC, IS_PUBLIC_LINE, JOURNAL_ENTRY
from register.cases.data_version import VersionedCache
from register.cases.facet_index import FacetIndex
from register.territory import place_queries

REACH_KM = 40  # kilometres as the crow flies within which a commune is near
NEAREST_LIMIT = 6

_KM_PER_DEGREE = 111.32  # kilometres of a degree of latitude
# Degrees of latitude and longitude of a cell. Neighbours are looked for in the eight cells around:
# a cell has to be wider than the reach, which holds as far north as Dunkirk.
_CELL_HEIGHT, _CELL_WIDTH = 0.4, 0.6

Point = tuple[float, float]
GroupKey = TypeVar("GroupKey", bound=Hashable)


class CommuneWithCases(NamedTuple):
    """Present commune with public cases.

    ``intercommunalite``: SIREN number of its intercommunalité; ``point``: latitude and longitude
    in degrees (WGS 84).
    """

    folded: str
    code: str
    name: str
    departement: str
    region: str | None
    intercommunalite: str | None
    point: Point | None
    case_count: int


@dataclass(frozen=True)
class CommunesWithCases:
    """Communes with cases at one ledger position, whole and grouped, in the order of names."""

    communes: tuple[CommuneWithCases, ...]
    by_departement: Mapping[str, tuple[CommuneWithCases, ...]]
    by_region: Mapping[str, tuple[CommuneWithCases, ...]]
    by_intercommunalite: Mapping[str, tuple[CommuneWithCases, ...]]
    by_cell: Mapping[tuple[int, int], tuple[CommuneWithCases, ...]]

    def nearest_to(self, code: str, point: Point) -> tuple[CommuneWithCases, ...]:
        """The nearest communes within reach of a commune, without itself, in name order."""
        north, east = point
        km_per_degree_east = _KM_PER_DEGREE * cos(radians(north))
        row, column = _cell(point)
        neighbours = []
        for cell in product((row - 1, row, row + 1), (column - 1, column, column + 1)):
            for commune in self.by_cell.get(cell, ()):
                lat, lon = commune.point or point
                # On a plane, which is exact enough within the reach.
                distance = hypot((lat - north) * _KM_PER_DEGREE, (lon - east) * km_per_degree_east)
                if distance <= REACH_KM and commune.code != code:
                    neighbours.append((distance, commune))
        nearest = nsmallest(NEAREST_LIMIT, neighbours)
        return tuple(sorted(commune for _distance, commune in nearest))


_communes_cache: VersionedCache[CommunesWithCases] = VersionedCache()


def load_communes(index: FacetIndex) -> CommunesWithCases:
    """Communes with cases, at the ledger position of the index."""
    return _communes_cache.get_or_make(index.version, lambda: _find_communes(index))


def _find_communes(index: FacetIndex) -> CommunesWithCases:
    communes = sorted(
        CommuneWithCases(
            commune.folded,
            code,
            commune.name,
            commune.departement_code,
            commune.region_code,
            commune.group_code,
            commune.point,
            size,
        )
        for code, size in index.counts["commune"].items()
        if (commune := place_queries.commune(code))
    )
    return CommunesWithCases(
        communes=tuple(communes),
        by_departement=_group_by(communes, lambda commune: commune.departement),
        by_region=_group_by(communes, lambda commune: commune.region),
        by_intercommunalite=_group_by(communes, lambda commune: commune.intercommunalite),
        by_cell=_group_by(
            communes, lambda commune: _cell(commune.point) if commune.point else None
        ),
    )


def _group_by(
    communes: Iterable[CommuneWithCases], key: Callable[[CommuneWithCases], GroupKey | None]
) -> dict[GroupKey, tuple[CommuneWithCases, ...]]:
    groups: dict[GroupKey, list[CommuneWithCases]] = {}
    for commune in communes:
        group_key = key(commune)
        if group_key is not None:
            groups.setdefault(group_key, []).append(commune)
    return {group_key: tuple(group) for group_key, group in groups.items()}


def _cell(point: Point) -> tuple[int, int]:
    return floor(point[0] / _CELL_HEIGHT), floor(point[1] / _CELL_WIDTH)


# Kind of place → code → time of the last change of its page.
PlaceDates = Mapping[str, Mapping[str, datetime]]

_CASES_STMT = (
    select(CASE.c.number, CASE.c.moved_at)
    .where(IS_PUBLIC, CASE.c.number.between(bindparam("first"), bindparam("last")))
    .order_by(CASE.c.number)
)


def list_case_dates(session: Session, first: int, last: int) -> Sequence[tuple[int, datetime]]:
    """(number, time of the last public change) of the public cases from ``first`` to ``last``."""
    case_rows = session.execute(_CASES_STMT, {"first": first, "last": last})
    return [(number, moved_at) for number, moved_at in case_rows]


def list_case_ranges(session: Session, size: int) -> Sequence[tuple[int, int, datetime]]:
    """Ranges of ``size`` case numbers with public cases: (rank, count, time of the last change).

    Numbers never change, so a withdrawal moves no case to another range.
    """
    rank = ((CASE.c.number - 1) // size).label("rank")
    stmt = select(rank, func.count(), func.max(CASE.c.moved_at)).where(IS_PUBLIC)
    range_rows = session.execute(stmt.group_by(rank).order_by(rank))
    return [(range_number, count, moved_at) for range_number, count, moved_at in range_rows]


def list_place_dates(session: Session) -> PlaceDates:
    """Date of the last change of each present commune, département and région with public cases.

    Codes are in order. A commune also has the cases that name it as linked. A case that left a
    place counts too, because its departure changed the page of the place.
    """
    place = (CASE_CODE.c.axis, CASE_CODE.c.code)
    current_stmt = (
        select(*place, func.max(CASE.c.moved_at))
        .join(CASE, CASE.c.id == CASE_CODE.c.incident_id)
        .where(IS_PUBLIC_CODE)
    )
    is_line_of_loss = and_(IS_PUBLIC_LINE, JOURNAL_ENTRY.c.seq == CASE_CODE.c.until_line)
    former_stmt = select(*place, func.max(JOURNAL_ENTRY.c.at)).join(JOURNAL_ENTRY, is_line_of_loss)
    dates: dict[str, dict[str, datetime]] = {"commune": {}, "departement": {}, "region": {}}
    current, former = (
        {(kind, code): at for kind, code, at in session.execute(stmt)}
        for stmt in (
            stmt.where(CASE_CODE.c.axis.in_(dates)).group_by(*place)
            for stmt in (current_stmt, former_stmt)
        )
    )
    for kind, code in sorted(current):
        moved_at = current[kind, code]
        dates[kind][code] = max(moved_at, former.get((kind, code), moved_at))
    return dates
