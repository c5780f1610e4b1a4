"""Places as pages name them: a commune of today, and the code a case was filed under."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from register.territory import places
from register.territory.models import Commune, Departement, Region


@dataclass(frozen=True)
class Whereabouts:
    """A commune and what surrounds it. ``former``: the name it was filed under, if another."""

    commune: Commune
    departement: Departement | None
    region: Region | None
    former: str = ""


def of_commune(session: Session, filed: str) -> Whereabouts | None:
    """The commune of today behind a code, present or former; None for an unknown code."""
    found = places.surroundings(session, filed)
    if found is None:
        return None
    commune, departement, region = found
    former = ""
    if filed != commune.code:
        former = places.former_name(session, filed) or filed
    return Whereabouts(commune, departement, region, former)


def name_of(session: Session, kind: str, code: str) -> str:
    """The name of a place, or its code when the territory does not know it.

    :param kind: ``commune``, ``departement`` or ``region``.
    """
    found: Commune | Departement | Region | None
    if kind == "commune":
        here = of_commune(session, code)
        found = here.commune if here else None
    elif kind == "departement":
        found = places.departement(session, code)
    else:
        found = places.region(session, code)
    return found.name if found else code
