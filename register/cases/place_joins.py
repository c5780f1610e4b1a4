"""Where cases are, in the names of today: one join for the public's lists and for the desk's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func

from register.cases.core_tables import CASE, COMMUNE, COMMUNE_CODE, DEPARTEMENT, PLACE, REGION
from register.cases.models import Scope

# What the join gives, under the names that rows have them.
PLACE_NAME_COLUMNS = (
    COMMUNE.c.name.label("commune_name"),
    DEPARTEMENT.c.name.label("departement_name"),
    REGION.c.name.label("region_name"),
)


def join_places(stmt: Select[Any]) -> Select[Any]:
    """A question about cases, joined with the commune of their authority, département and région.

    A former commune's code is read as the commune of today; the département is that commune's, or
    the case's own when it names no commune.
    """
    is_authority_place = (PLACE.c.incident_id == CASE.c.id) & (
        PLACE.c.scope == Scope.AUTHORITY.value
    )
    departement_code = func.coalesce(COMMUNE.c.departement_code, CASE.c.departement)
    return (
        stmt.outerjoin(PLACE, is_authority_place)
        .outerjoin(COMMUNE_CODE, COMMUNE_CODE.c.code == PLACE.c.code)
        .outerjoin(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
        .outerjoin(DEPARTEMENT, DEPARTEMENT.c.code == departement_code)
        .outerjoin(REGION, REGION.c.code == CASE.c.region)
    )
