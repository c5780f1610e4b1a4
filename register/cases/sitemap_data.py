"""The public cases and the places that have some, each with when its page last changed.

For a map of the site's addresses. Of a place counts also what it has lost: an engine that is not
told of a withdrawal goes on showing the title.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session

from register.cases.core_tables import (
    CASE,
    COMMUNE,
    COMMUNE_CODE,
    DEPARTEMENT,
    FORMER_CODE,
    JOURNAL_ENTRY,
    PLACE,
)
from register.cases.models import CaseState
from register.journal import Ledger

# Kind of place → code → when its page last changed.
PlaceDates = Mapping[str, Mapping[str, datetime]]

_PUBLIC = CASE.c.state == CaseState.PUBLISHED
_CASES_STMT = (
    select(CASE.c.number, CASE.c.moved_at)
    .where(_PUBLIC, CASE.c.number.between(bindparam("first"), bindparam("last")))
    .order_by(CASE.c.number)
)


def list_case_dates(session: Session, first: int, last: int) -> Sequence[tuple[int, datetime]]:
    """The public cases from one number to another, both included, and when each last moved."""
    case_rows = session.execute(_CASES_STMT, {"first": first, "last": last})
    return [(number, moved_at) for number, moved_at in case_rows]


def list_case_ranges(session: Session, size: int) -> Sequence[tuple[int, int, datetime]]:
    """The public cases by numbers, ``size`` of them at a time: rank, count, when one last moved.

    Numbers are for ever, so that what is withdrawn moves no case to another stretch.
    """
    rank = ((CASE.c.number - 1) // size).label("rank")
    stmt = select(rank, func.count(), func.max(CASE.c.moved_at)).where(_PUBLIC)
    range_rows = session.execute(stmt.group_by(rank).order_by(rank))
    return [(range_number, count, moved_at) for range_number, count, moved_at in range_rows]


def list_place_dates(session: Session) -> PlaceDates:
    """The communes, départements and régions that have a public case, in the order of their codes.

    A commune is that of today; it has the cases that name it as the scene or the target's too.
    """
    latest_dates: dict[str, dict[str, datetime]] = {"commune": {}, "departement": {}, "region": {}}
    for kind, code, moved_at in _current_places(session):
        _update_latest(latest_dates[kind], code, moved_at)
    for kind, code, moved_at in _former_places(session):
        if code in latest_dates[kind]:
            _update_latest(latest_dates[kind], code, moved_at)
    return {kind: dict(sorted(dates.items())) for kind, dates in latest_dates.items()}


def _update_latest(dates: dict[str, datetime], code: str, moved_at: datetime) -> None:
    dates[code] = max(moved_at, dates.get(code, moved_at))


PlaceDate = tuple[str, str, datetime]

_COMMUNE_COLUMNS = (COMMUNE.c.code, COMMUNE.c.departement_code, COMMUNE.c.region_code)
_CASE_AREA_COLUMNS = (CASE.c.departement, DEPARTEMENT.c.region_code, CASE.c.region)


def _current_places(session: Session) -> Iterator[PlaceDate]:
    """Each place of the public cases, and those around it, as the filters find them."""
    communes_stmt = (
        select(*_COMMUNE_COLUMNS, func.max(CASE.c.moved_at))
        .select_from(CASE)
        .join(PLACE, PLACE.c.incident_id == CASE.c.id)
        .join(COMMUNE_CODE, COMMUNE_CODE.c.code == PLACE.c.code)
        .join(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
        .where(_PUBLIC)
        .group_by(*_COMMUNE_COLUMNS)
    )
    for commune, departement, region, moved_at in session.execute(communes_stmt):
        yield from _place_rows(moved_at, commune=commune, departement=departement, region=region)
    # A case without a commune names a département, or a région, or neither.
    areas_stmt = (
        select(*_CASE_AREA_COLUMNS, func.max(CASE.c.moved_at))
        .outerjoin(DEPARTEMENT, DEPARTEMENT.c.code == CASE.c.departement)
        .where(_PUBLIC)
        .group_by(*_CASE_AREA_COLUMNS)
    )
    for departement, departement_region, region, moved_at in session.execute(areas_stmt):
        yield from _place_rows(moved_at, departement=departement, region=departement_region)
        yield from _place_rows(moved_at, region=region)


def _former_places(session: Session) -> Iterator[PlaceDate]:
    """Each place that cases once had, those around it, and when one last ceased to have it."""
    is_public_line = and_(
        JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value, JOURNAL_ENTRY.c.seq == FORMER_CODE.c.seq
    )
    communes_stmt = (
        select(*_COMMUNE_COLUMNS, func.max(JOURNAL_ENTRY.c.at))
        .select_from(FORMER_CODE)
        .join(JOURNAL_ENTRY, is_public_line)
        .join(COMMUNE_CODE, COMMUNE_CODE.c.code == FORMER_CODE.c.code)
        .join(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
        .where(FORMER_CODE.c.axis == "commune")
        .group_by(*_COMMUNE_COLUMNS)
    )
    for commune, departement, region, at in session.execute(communes_stmt):
        yield from _place_rows(at, commune=commune, departement=departement, region=region)
    area_columns = (FORMER_CODE.c.axis, FORMER_CODE.c.code, DEPARTEMENT.c.region_code)
    areas_stmt = (
        select(*area_columns, func.max(JOURNAL_ENTRY.c.at))
        .select_from(FORMER_CODE)
        .join(JOURNAL_ENTRY, is_public_line)
        .outerjoin(
            DEPARTEMENT,
            and_(DEPARTEMENT.c.code == FORMER_CODE.c.code, FORMER_CODE.c.axis == "departement"),
        )
        .where(FORMER_CODE.c.axis.in_(("departement", "region")))
        .group_by(*area_columns)
    )
    for axis, code, departement_region, at in session.execute(areas_stmt):
        yield from _place_rows(at, **{axis: code})
        yield from _place_rows(at, region=departement_region)


def _place_rows(moved_at: datetime, **codes: str | None) -> Iterator[PlaceDate]:
    for kind, code in codes.items():
        if code:
            yield kind, code, moved_at
