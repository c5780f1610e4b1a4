"""How many public cases each département and région has, once for each position of the ledger."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import CompoundSelect, func, select, union
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, COMMUNE, COMMUNE_CODE, DEPARTEMENT, PLACE
from register.cases.models import CaseState
from register.cases.versioned_cache import VersionedCache
from register.journal import LedgerPosition

# By the name of a filter and one of its values.
AreaCounts = Mapping[tuple[str, str], int]

_area_counts_cache: VersionedCache[AreaCounts] = VersionedCache()


def count_by_area(session: Session, head: LedgerPosition, territory: str) -> AreaCounts:
    """The counts at a position of the public ledger; places without a case have none.

    A case is counted as the filters ``departement`` and ``region`` select it: by the communes it
    names, or by the area itself.

    :param head: read first, on the same session, and the version of the ``territory`` with it.
    """
    return _area_counts_cache.get_or_make(
        (head.digest, territory),
        lambda: {**_count_areas(session, "departement"), **_count_areas(session, "region")},
    )


def _count_areas(session: Session, kind: str) -> AreaCounts:
    # A union holds each pair of a case and an area once, whichever way led to it.
    pairs = (_departement_pairs() if kind == "departement" else _region_pairs()).subquery()
    case_id, area = pairs.c
    stmt = (
        select(area, func.count())
        .join(CASE, CASE.c.id == case_id)
        .where(CASE.c.state == CaseState.PUBLISHED, area != "")
        .group_by(area)
    )
    return {(kind, code): count for code, count in session.execute(stmt)}


def _departement_pairs() -> CompoundSelect[tuple[int, str]]:
    by_commune = (
        select(PLACE.c.incident_id, COMMUNE.c.departement_code)
        .join(COMMUNE_CODE, COMMUNE_CODE.c.code == PLACE.c.code)
        .join(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
    )
    return union(by_commune, select(CASE.c.id, CASE.c.departement))


def _region_pairs() -> CompoundSelect[tuple[int, str]]:
    by_commune = (
        select(PLACE.c.incident_id, COMMUNE.c.region_code)
        .join(COMMUNE_CODE, COMMUNE_CODE.c.code == PLACE.c.code)
        .join(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
    )
    by_departement = select(CASE.c.id, DEPARTEMENT.c.region_code).join(
        DEPARTEMENT, DEPARTEMENT.c.code == CASE.c.departement
    )
    return union(by_commune, by_departement, select(CASE.c.id, CASE.c.region))
