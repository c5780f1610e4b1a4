"""How many public cases each département and région has, once for each position of the ledger."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import CompoundSelect, func, select, union
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, CODE, COMMUNE, DEPARTEMENT, PLACE
from register.cases.models import State
from register.cases.versioned_cache import Once
from register.journal import Position

# By the name of a filter and one of its values.
Counts = Mapping[tuple[str, str], int]

_kept: Once[Counts] = Once()


def counts(session: Session, head: Position, territory: str) -> Counts:
    """The counts at a position of the public ledger; places without a case have none.

    A case is counted as the filters ``departement`` and ``region`` select it: by the communes it
    names, or by the area itself.

    :param head: read first, on the same session, and the version of the ``territory`` with it.
    """
    return _kept.of(
        (head.digest, territory),
        lambda: {**_of(session, "departement"), **_of(session, "region")},
    )


def _of(session: Session, kind: str) -> Counts:
    # A union holds each pair of a case and an area once, whichever way led to it.
    pairs = (_departements() if kind == "departement" else _regions()).subquery()
    case, area = pairs.c
    asked = (
        select(area, func.count())
        .join(CASE, CASE.c.id == case)
        .where(CASE.c.state == State.PUBLISHED, area != "")
        .group_by(area)
    )
    return {(kind, code): count for code, count in session.execute(asked)}


def _departements() -> CompoundSelect[tuple[int, str]]:
    by_commune = (
        select(PLACE.c.incident_id, COMMUNE.c.departement_code)
        .join(CODE, CODE.c.code == PLACE.c.code)
        .join(COMMUNE, COMMUNE.c.code == CODE.c.current_code)
    )
    return union(by_commune, select(CASE.c.id, CASE.c.departement))


def _regions() -> CompoundSelect[tuple[int, str]]:
    by_commune = (
        select(PLACE.c.incident_id, COMMUNE.c.region_code)
        .join(CODE, CODE.c.code == PLACE.c.code)
        .join(COMMUNE, COMMUNE.c.code == CODE.c.current_code)
    )
    by_departement = select(CASE.c.id, DEPARTEMENT.c.region_code).join(
        DEPARTEMENT, DEPARTEMENT.c.code == CASE.c.departement
    )
    return union(by_commune, by_departement, select(CASE.c.id, CASE.c.region))
