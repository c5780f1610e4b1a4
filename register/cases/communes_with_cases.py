"""The communes that have public cases: where they lie, and which lie together.

Read once for each position of the ledger: a page then takes what is around it from memory. Nothing
here is in the order of a count or a distance, for the register ranks no commune.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from math import cos, floor, hypot, radians
from typing import NamedTuple, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, COMMUNE, COMMUNE_CODE, PLACE
from register.cases.models import CaseState
from register.cases.versioned_cache import VersionedCache
from register.journal import LedgerPosition

# How far a commune is still near, in kilometres as the crow flies, and how many of them are told.
REACH_KM = 40
NEAREST_LIMIT = 6

_KM_PER_DEGREE = 111.32  # of a degree of latitude
# Degrees of latitude and longitude of a cell. North of Dunkirk it would be narrower than the reach,
# which would then go past the cells around one.
_CELL_HEIGHT, _CELL_WIDTH = 0.4, 0.6

Point = tuple[float, float]
GroupKey = TypeVar("GroupKey", bound=Hashable)


class CommuneWithCases(NamedTuple):
    """A commune of today with public cases.

    ``intercommunalite``: the SIREN number of its intercommunalité; ``point``: degrees of latitude and
    longitude, WGS 84.
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
    """Those of one moment, all of them and together, each time in the order of their names."""

    communes: tuple[CommuneWithCases, ...]
    by_departement: Mapping[str, tuple[CommuneWithCases, ...]]
    by_region: Mapping[str, tuple[CommuneWithCases, ...]]
    by_intercommunalite: Mapping[str, tuple[CommuneWithCases, ...]]
    by_cell: Mapping[tuple[int, int], tuple[CommuneWithCases, ...]]

    def nearest_to(self, code: str, point: Point) -> tuple[CommuneWithCases, ...]:
        """The few nearest to a commune within reach, itself left out, in the order of names."""
        nearest = nsmallest(NEAREST_LIMIT, self._neighbours(code, point))
        return tuple(sorted(commune for _distance, commune in nearest))

    def _neighbours(self, code: str, point: Point) -> Iterator[tuple[float, CommuneWithCases]]:
        """Those within reach with their distance in kilometres, as on a plane."""
        north, east = point
        km_per_degree_east = _KM_PER_DEGREE * cos(radians(north))
        row, column = _cell(point)
        for cell_row in (row - 1, row, row + 1):
            for cell_column in (column - 1, column, column + 1):
                for commune in self.by_cell.get((cell_row, cell_column), ()):
                    lat, lon = commune.point or point
                    distance = hypot(
                        (lat - north) * _KM_PER_DEGREE, (lon - east) * km_per_degree_east
                    )
                    if distance <= REACH_KM and commune.code != code:
                        yield distance, commune


_communes_cache: VersionedCache[CommunesWithCases] = VersionedCache()


def load_communes(
    session: Session, case_counts: Mapping[str, int], head: LedgerPosition, territory: str
) -> CommunesWithCases:
    """The communes with cases at a position of the public ledger.

    :param case_counts: how many public cases each commune has, counted at the same position.
    :param head: read first, on the same session, and the version of the ``territory`` with it.
    """
    return _communes_cache.get_or_make(
        (head.digest, territory), lambda: _index_communes(_query_communes(session, case_counts))
    )


def _query_communes(session: Session, case_counts: Mapping[str, int]) -> list[CommuneWithCases]:
    public_codes = (
        select(COMMUNE_CODE.c.current_code)
        .join(PLACE, PLACE.c.code == COMMUNE_CODE.c.code)
        .join(CASE, CASE.c.id == PLACE.c.incident_id)
        .where(CASE.c.state == CaseState.PUBLISHED)
    )
    columns = COMMUNE.c
    stmt = select(
        columns.folded,
        columns.code,
        columns.name,
        columns.departement_code,
        columns.region_code,
        columns.intercommunalite_code,
        columns.lat,
        columns.lon,
    ).where(columns.code.in_(public_codes))
    communes = [
        CommuneWithCases(
            folded,
            code,
            name,
            departement,
            region,
            intercommunalite,
            _make_point(lat, lon),
            case_counts[code],
        )
        for folded, code, name, departement, region, intercommunalite, lat, lon in session.execute(
            stmt
        )
    ]
    return sorted(communes)


def _make_point(lat: float | None, lon: float | None) -> Point | None:
    return None if lat is None or lon is None else (lat, lon)


def _index_communes(communes: Sequence[CommuneWithCases]) -> CommunesWithCases:
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
