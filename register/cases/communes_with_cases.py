"""Communes with public cases, counts of cases by area, and dates of places and cases.

The communes and counts are cached for each ledger position. No list is ordered by count or
distance: the register ranks no commune.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from itertools import product
from math import cos, floor, hypot, radians
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Select, and_, bindparam, case, func, select, union
from sqlalchemy.orm import Session

from register.cases.core_tables import (
    CASE,
    COMMUNE,
    COMMUNE_CODE,
    DEPARTEMENT,
    FORMER_CODE,
    IS_PUBLIC,
    IS_PUBLIC_LINE,
    JOURNAL_ENTRY,
    PLACE,
)
from register.cases.data_version import VersionedCache
from register.journal import LedgerPosition

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


def load_communes(
    session: Session, case_counts: Mapping[str, int], head: LedgerPosition, territory: str
) -> CommunesWithCases:
    """Communes with cases at a position of the public ledger.

    :param case_counts: number of public cases of each commune, at the same position.
    :param head: read first on the same session, like the version of the ``territory``.
    """
    return _communes_cache.get_or_make(
        (head.digest, territory), lambda: _query_communes(session, case_counts)
    )


def _query_communes(session: Session, case_counts: Mapping[str, int]) -> CommunesWithCases:
    public_codes = (
        select(COMMUNE_CODE.c.current_code)
        .join(PLACE, PLACE.c.code == COMMUNE_CODE.c.code)
        .join(CASE, CASE.c.id == PLACE.c.incident_id)
        .where(IS_PUBLIC)
    )
    communes = sorted(
        CommuneWithCases(
            row.folded,
            row.code,
            row.name,
            row.departement_code,
            row.region_code,
            row.intercommunalite_code,
            None if row.lat is None or row.lon is None else (row.lat, row.lon),
            case_counts[row.code],
        )
        for row in session.execute(select(COMMUNE).where(COMMUNE.c.code.in_(public_codes)))
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


# (filter name, value) → number of cases.
AreaCounts = Mapping[tuple[str, str], int]

_area_counts_cache: VersionedCache[AreaCounts] = VersionedCache()


def count_by_area(session: Session, head: LedgerPosition, territory: str) -> AreaCounts:
    """Number of cases of each département and région at a position of the public ledger.

    A case is counted as the filters ``departement`` and ``region`` select it: by the communes it
    names, or by the area itself. Areas without a case are missing.

    :param head: read first on the same session, like the version of the ``territory``.
    """
    return _area_counts_cache.get_or_make(
        (head.digest, territory),
        lambda: {**_count_areas(session, "departement"), **_count_areas(session, "region")},
    )


_COMMUNE_PAIRS = (
    select(PLACE.c.incident_id)
    .join(COMMUNE_CODE, COMMUNE_CODE.c.code == PLACE.c.code)
    .join(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
)
# Filter name → pairs of a case and an area. A union is distinct: a case with two communes of one
# area counts once in it.
_AREA_PAIRS = {
    "departement": union(
        _COMMUNE_PAIRS.add_columns(COMMUNE.c.departement_code),
        select(CASE.c.id, CASE.c.departement),
    ),
    "region": union(
        _COMMUNE_PAIRS.add_columns(COMMUNE.c.region_code),
        select(CASE.c.id, DEPARTEMENT.c.region_code).join(
            DEPARTEMENT, DEPARTEMENT.c.code == CASE.c.departement
        ),
        select(CASE.c.id, CASE.c.region),
    ),
}


def _count_areas(session: Session, kind: str) -> AreaCounts:
    case_id, area = _AREA_PAIRS[kind].subquery().c
    stmt = (
        select(area, func.count())
        .join(CASE, CASE.c.id == case_id)
        .where(IS_PUBLIC, area != "")
        .group_by(area)
    )
    return {(kind, code): count for code, count in session.execute(stmt)}


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
    current = _latest_dates(session, _CURRENT_PLACES)
    former = _latest_dates(session, _FORMER_PLACES)
    dates: dict[str, dict[str, datetime]] = {"commune": {}, "departement": {}, "region": {}}
    for kind, code in sorted(current):
        moved_at = current[kind, code]
        dates[kind][code] = max(moved_at, former.get((kind, code), moved_at))
    return dates


def _latest_dates(
    session: Session, places: Iterable[tuple[Sequence[str], Select[Any]]]
) -> dict[tuple[str, str], datetime]:
    """(kind of place, code) → latest date.

    :param places: the kinds of places whose codes a statement selects, before a date.
    """
    latest: dict[tuple[str, str], datetime] = {}
    for kinds, stmt in places:
        for *codes, at in session.execute(stmt):
            for kind, code in zip(kinds, codes, strict=True):
                if code:
                    latest[kind, code] = max(at, latest.get((kind, code), at))
    return latest


_COMMUNE_KINDS = ("commune", "departement", "region")
_COMMUNE_COLUMNS = (COMMUNE.c.code, COMMUNE.c.departement_code, COMMUNE.c.region_code)
# A case without a commune names a département, or a région, or neither.
_AREA_KINDS = ("departement", "region", "region")
_CASE_AREA_COLUMNS = (CASE.c.departement, DEPARTEMENT.c.region_code, CASE.c.region)
# The places of the public cases and the areas around them, as the filters find them.
_CURRENT_PLACES = (
    (
        _COMMUNE_KINDS,
        select(*_COMMUNE_COLUMNS, func.max(CASE.c.moved_at))
        .select_from(CASE)
        .join(PLACE, PLACE.c.incident_id == CASE.c.id)
        .join(COMMUNE_CODE, COMMUNE_CODE.c.code == PLACE.c.code)
        .join(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
        .where(IS_PUBLIC)
        .group_by(*_COMMUNE_COLUMNS),
    ),
    (
        _AREA_KINDS,
        select(*_CASE_AREA_COLUMNS, func.max(CASE.c.moved_at))
        .outerjoin(DEPARTEMENT, DEPARTEMENT.c.code == CASE.c.departement)
        .where(IS_PUBLIC)
        .group_by(*_CASE_AREA_COLUMNS),
    ),
)
_IS_LINE_OF_LOSS = and_(IS_PUBLIC_LINE, JOURNAL_ENTRY.c.seq == FORMER_CODE.c.seq)
# The places that cases have lost and the areas around them, with the time of loss.
_FORMER_PLACES = (
    (
        _COMMUNE_KINDS,
        select(*_COMMUNE_COLUMNS, func.max(JOURNAL_ENTRY.c.at))
        .select_from(FORMER_CODE)
        .join(JOURNAL_ENTRY, _IS_LINE_OF_LOSS)
        .join(COMMUNE_CODE, COMMUNE_CODE.c.code == FORMER_CODE.c.code)
        .join(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
        .where(FORMER_CODE.c.axis == "commune")
        .group_by(*_COMMUNE_COLUMNS),
    ),
    (
        _AREA_KINDS,
        select(
            case((FORMER_CODE.c.axis == "departement", FORMER_CODE.c.code)),
            DEPARTEMENT.c.region_code,
            case((FORMER_CODE.c.axis == "region", FORMER_CODE.c.code)),
            func.max(JOURNAL_ENTRY.c.at),
        )
        .select_from(FORMER_CODE)
        .join(JOURNAL_ENTRY, _IS_LINE_OF_LOSS)
        .outerjoin(
            DEPARTEMENT,
            and_(DEPARTEMENT.c.code == FORMER_CODE.c.code, FORMER_CODE.c.axis == "departement"),
        )
        .where(FORMER_CODE.c.axis.in_(("departement", "region")))
        .group_by(FORMER_CODE.c.axis, FORMER_CODE.c.code, DEPARTEMENT.c.region_code),
    ),
)
