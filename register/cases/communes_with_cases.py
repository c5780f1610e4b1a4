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

from register.cases.core_tables import CASE, CODE, COMMUNE, PLACE
from register.cases.models import State
from register.cases.versioned_cache import Once
from register.journal import Position

# How far a commune is still near, in kilometres as the crow flies, and how many of them are told.
REACH = 40
NEAREST = 6

_KM = 111.32  # of a degree of latitude
# Degrees of latitude and longitude of a cell. North of Dunkirk it would be narrower than the reach,
# which would then go past the cells around one.
_TALL, _WIDE = 0.4, 0.6

Point = tuple[float, float]
K = TypeVar("K", bound=Hashable)


class Town(NamedTuple):
    """A commune of today with public cases.

    ``group``: the SIREN number of its intercommunalité; ``point``: degrees of latitude and
    longitude, WGS 84.
    """

    folded: str
    code: str
    name: str
    departement: str
    region: str | None
    group: str | None
    point: Point | None
    cases: int


@dataclass(frozen=True)
class Towns:
    """Those of one moment, all of them and together, each time in the order of their names."""

    every: tuple[Town, ...]
    by_departement: Mapping[str, tuple[Town, ...]]
    by_region: Mapping[str, tuple[Town, ...]]
    by_group: Mapping[str, tuple[Town, ...]]
    by_cell: Mapping[tuple[int, int], tuple[Town, ...]]

    def near(self, code: str, point: Point) -> tuple[Town, ...]:
        """The few nearest to a commune within reach, itself left out, in the order of names."""
        nearest = nsmallest(NEAREST, self._within(code, point))
        return tuple(sorted(town for _distance, town in nearest))

    def _within(self, code: str, point: Point) -> Iterator[tuple[float, Town]]:
        """Those within reach with their distance in kilometres, as on a plane."""
        north, east = point
        wide = _KM * cos(radians(north))
        row, column = _cell(point)
        for across in (row - 1, row, row + 1):
            for along in (column - 1, column, column + 1):
                for town in self.by_cell.get((across, along), ()):
                    lat, lon = town.point or point
                    distance = hypot((lat - north) * _KM, (lon - east) * wide)
                    if distance <= REACH and town.code != code:
                        yield distance, town


_kept: Once[Towns] = Once()


def at(session: Session, known: Mapping[str, int], head: Position, territory: str) -> Towns:
    """The communes with cases at a position of the public ledger.

    :param known: how many public cases each commune has, counted at the same position.
    :param head: read first, on the same session, and the version of the ``territory`` with it.
    """
    return _kept.of((head.digest, territory), lambda: _together(_read(session, known)))


def _read(session: Session, known: Mapping[str, int]) -> list[Town]:
    public = (
        select(CODE.c.current_code)
        .join(PLACE, PLACE.c.code == CODE.c.code)
        .join(CASE, CASE.c.id == PLACE.c.incident_id)
        .where(CASE.c.state == State.PUBLISHED)
    )
    c = COMMUNE.c
    asked = select(
        c.folded,
        c.code,
        c.name,
        c.departement_code,
        c.region_code,
        c.intercommunalite_code,
        c.lat,
        c.lon,
    ).where(c.code.in_(public))
    found = [
        Town(folded, code, name, departement, region, group, _point(lat, lon), known[code])
        for folded, code, name, departement, region, group, lat, lon in session.execute(asked)
    ]
    return sorted(found)


def _point(lat: float | None, lon: float | None) -> Point | None:
    return None if lat is None or lon is None else (lat, lon)


def _together(every: Sequence[Town]) -> Towns:
    return Towns(
        every=tuple(every),
        by_departement=_grouped(every, lambda town: town.departement),
        by_region=_grouped(every, lambda town: town.region),
        by_group=_grouped(every, lambda town: town.group),
        by_cell=_grouped(every, lambda town: _cell(town.point) if town.point else None),
    )


def _grouped(towns: Iterable[Town], key: Callable[[Town], K | None]) -> dict[K, tuple[Town, ...]]:
    groups: dict[K, list[Town]] = {}
    for town in towns:
        found = key(town)
        if found is not None:
            groups.setdefault(found, []).append(town)
    return {found: tuple(group) for found, group in groups.items()}


def _cell(point: Point) -> tuple[int, int]:
    return floor(point[0] / _TALL), floor(point[1] / _WIDE)
