"""The public cases and the places that have some, each with when its page last changed.

For a map of the site's addresses. Of a place counts also what it has lost: an engine that is not
told of a withdrawal goes on showing the title.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, CODE, COMMUNE, DEPARTEMENT, ENTRY, FORMER, PLACE
from register.cases.models import State
from register.journal import Ledger

# Kind of place → code → when its page last changed.
Places = Mapping[str, Mapping[str, datetime]]

_PUBLIC = CASE.c.state == State.PUBLISHED
_CASES = (
    select(CASE.c.number, CASE.c.moved_at)
    .where(_PUBLIC, CASE.c.number.between(bindparam("first"), bindparam("last")))
    .order_by(CASE.c.number)
)


def cases(session: Session, first: int, last: int) -> Sequence[tuple[int, datetime]]:
    """The public cases from one number to another, both included, and when each last moved."""
    rows = session.execute(_CASES, {"first": first, "last": last})
    return [(number, moved_at) for number, moved_at in rows]


def stretches(session: Session, size: int) -> Sequence[tuple[int, int, datetime]]:
    """The public cases by numbers, ``size`` of them at a time: rank, count, when one last moved.

    Numbers are for ever, so that what is withdrawn moves no case to another stretch.
    """
    rank = ((CASE.c.number - 1) // size).label("rank")
    asked = select(rank, func.count(), func.max(CASE.c.moved_at)).where(_PUBLIC)
    rows = session.execute(asked.group_by(rank).order_by(rank))
    return [(at, count, moved_at) for at, count, moved_at in rows]


def places(session: Session) -> Places:
    """The communes, départements and régions that have a public case, in the order of their codes.

    A commune is that of today; it has the cases that name it as the scene or the target's too.
    """
    now: dict[str, dict[str, datetime]] = {"commune": {}, "departement": {}, "region": {}}
    for kind, code, moved_at in _held(session):
        _note(now[kind], code, moved_at)
    for kind, code, moved_at in _lost(session):
        if code in now[kind]:
            _note(now[kind], code, moved_at)
    return {kind: dict(sorted(found.items())) for kind, found in now.items()}


def _note(found: dict[str, datetime], code: str, moved_at: datetime) -> None:
    found[code] = max(moved_at, found.get(code, moved_at))


Row = tuple[str, str, datetime]

_COMMUNE = (COMMUNE.c.code, COMMUNE.c.departement_code, COMMUNE.c.region_code)
_OWN = (CASE.c.departement, DEPARTEMENT.c.region_code, CASE.c.region)


def _held(session: Session) -> Iterator[Row]:
    """Each place of the public cases, and those around it, as the filters find them."""
    named = (
        select(*_COMMUNE, func.max(CASE.c.moved_at))
        .select_from(CASE)
        .join(PLACE, PLACE.c.incident_id == CASE.c.id)
        .join(CODE, CODE.c.code == PLACE.c.code)
        .join(COMMUNE, COMMUNE.c.code == CODE.c.current_code)
        .where(_PUBLIC)
        .group_by(*_COMMUNE)
    )
    for commune, departement, region, moved_at in session.execute(named):
        yield from _rows(moved_at, commune=commune, departement=departement, region=region)
    # A case without a commune names a département, or a région, or neither.
    own = (
        select(*_OWN, func.max(CASE.c.moved_at))
        .outerjoin(DEPARTEMENT, DEPARTEMENT.c.code == CASE.c.departement)
        .where(_PUBLIC)
        .group_by(*_OWN)
    )
    for departement, around, region, moved_at in session.execute(own):
        yield from _rows(moved_at, departement=departement, region=around)
        yield from _rows(moved_at, region=region)


def _lost(session: Session) -> Iterator[Row]:
    """Each place that cases once had, those around it, and when one last ceased to have it."""
    line = and_(ENTRY.c.ledger == Ledger.PUBLIC.value, ENTRY.c.seq == FORMER.c.seq)
    named = (
        select(*_COMMUNE, func.max(ENTRY.c.at))
        .select_from(FORMER)
        .join(ENTRY, line)
        .join(CODE, CODE.c.code == FORMER.c.code)
        .join(COMMUNE, COMMUNE.c.code == CODE.c.current_code)
        .where(FORMER.c.axis == "commune")
        .group_by(*_COMMUNE)
    )
    for commune, departement, region, at in session.execute(named):
        yield from _rows(at, commune=commune, departement=departement, region=region)
    own = (FORMER.c.axis, FORMER.c.code, DEPARTEMENT.c.region_code)
    areas = (
        select(*own, func.max(ENTRY.c.at))
        .select_from(FORMER)
        .join(ENTRY, line)
        .outerjoin(
            DEPARTEMENT,
            and_(DEPARTEMENT.c.code == FORMER.c.code, FORMER.c.axis == "departement"),
        )
        .where(FORMER.c.axis.in_(("departement", "region")))
        .group_by(*own)
    )
    for axis, code, around, at in session.execute(areas):
        yield from _rows(at, **{axis: code})
        yield from _rows(at, region=around)


def _rows(moved_at: datetime, **codes: str | None) -> Iterator[Row]:
    for kind, code in codes.items():
        if code:
            yield kind, code, moved_at
