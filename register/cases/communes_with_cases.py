"""Communes with public cases, and dates of places and cases.

No list is ordered by count or distance: the register ranks no commune.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from heapq import nsmallest
from itertools import chain, product
from math import cos, floor, hypot, radians
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session

from register.cases.case_codes import CASE_CODE, IS_PUBLIC_CODE
from register.cases.core_tables import CASE, IS_PUBLIC, IS_PUBLIC_LINE, JOURNAL_ENTRY
from register.cases.facet_index import FacetIndex
from register.territory.packed_names import PackedMapping
from register.territory.places import Commune, territory

REACH_KM = 40  # kilometres as the crow flies within which a commune is near
NEAREST_LIMIT = 6

_KM_PER_DEGREE = 111.32  # kilometres of a degree of latitude
# Degrees of latitude and longitude of a cell. Neighbours are looked for in the eight cells around:
# a cell has to be wider than the reach, which holds as far north as Dunkirk.
_CELL_HEIGHT, _CELL_WIDTH = 0.4, 0.6


class CommuneWithCases(NamedTuple):
    """Present commune with public cases."""

    folded: str
    code: str
    name: str
    departement: str
    case_count: int


def list_communes(
    index: FacetIndex, codes: Iterable[str], limit: int | None = None
) -> tuple[CommuneWithCases, ...]:
    """Those of some communes that have public cases, in the order of names.

    :param codes: of the communes.
    :param limit: with more communes, none is listed.
    """
    counts = index.axes["commune"].counts
    listed = [code for code in codes if code in counts]
    if limit is not None and len(listed) > limit:
        return ()
    return tuple(
        sorted(
            CommuneWithCases(
                place.folded, place.code, place.name, place.departement_code, counts[place.code]
            )
            for place in map(territory().communes.__getitem__, listed)
        )
    )


def nearest_communes(index: FacetIndex, centre: Commune) -> tuple[CommuneWithCases, ...]:
    """The nearest communes with public cases within reach of a commune, in name order."""
    if centre.point is None:
        return ()
    north, east = centre.point
    km_per_degree_east = _KM_PER_DEGREE * cos(radians(north))
    row, column = _cell(centre)
    cells = product((row - 1, row, row + 1), (column - 1, column, column + 1))
    counts, neighbours = index.axes["commune"].counts, []
    for code in chain.from_iterable(communes_by(_cell).get(str(cell), ()) for cell in cells):
        point = territory().communes[code].point if code in counts and code != centre.code else None
        if point:
            lat, lon = point
            # On a plane, which is exact enough within the reach.
            distance = hypot((lat - north) * _KM_PER_DEGREE, (lon - east) * km_per_degree_east)
            if distance <= REACH_KM:
                neighbours.append((distance, code))
    nearest = nsmallest(NEAREST_LIMIT, neighbours)
    return list_communes(index, [code for _distance, code in nearest])


BY_DEPARTEMENT, BY_REGION, BY_GROUP = map(
    attrgetter, ("departement_code", "region_code", "group_code")
)


def _cell(commune: Commune) -> tuple[int, int]:
    lat, lon = commune.point or (0, 0)
    return floor(lat / _CELL_HEIGHT), floor(lon / _CELL_WIDTH)


@cache
def communes_by(group: Callable[[Commune], Hashable]) -> Mapping[str, Sequence[str]]:
    """Codes of the communes by what a function says of them; grouped once in a process."""
    communes = territory().communes
    groups = ((str(group(place)), number) for number, place in enumerate(communes.all()))
    return PackedMapping(groups, communes.codes.__getitem__)


# Kind of place → code → time of the last change of its page.
PlaceDates = Mapping[str, Mapping[str, datetime]]

_CASES_STMT = (
    select(CASE.c.number, CASE.c.moved_at)
    .where(IS_PUBLIC, CASE.c.number.between(bindparam("first"), bindparam("last")))
    .order_by(CASE.c.number)
)


def list_case_dates(session: Session, first: int, last: int) -> Sequence[tuple[int, datetime]]:
    """(number, time of the last public change) of the public cases from ``first`` to ``last``."""
    return session.execute(_CASES_STMT, {"first": first, "last": last}).all()


def list_case_ranges(session: Session, size: int) -> Sequence[tuple[int, int, datetime]]:
    """Ranges of ``size`` case numbers with public cases: (rank, count, time of the last change).

    Numbers never change, so a withdrawal moves no case to another range.
    """
    rank = ((CASE.c.number - 1) // size).label("rank")
    stmt = select(rank, func.count(), func.max(CASE.c.moved_at)).where(IS_PUBLIC)
    return session.execute(stmt.group_by(rank).order_by(rank)).all()


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
