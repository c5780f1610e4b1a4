"""Places as pages name them: a commune of today, and the code a case was filed under."""

from __future__ import annotations

from dataclasses import dataclass

from register.db import db
from register.territory import places
from register.territory.models import Departement, Region
from register.territory.sheets import Named, Sheet
from register.web import context


@dataclass(frozen=True)
class Whereabouts:
    """A commune's sheet. ``former``: the name the case was filed under, if another."""

    sheet: Sheet
    former: str = ""

    @property
    def commune(self) -> Named:
        """The commune of today."""
        return self.sheet.commune

    @property
    def departement(self) -> Named | None:
        """Its département or overseas collectivity."""
        return self.sheet.departement

    @property
    def region(self) -> Named | None:
        """Its région; overseas collectivities have none."""
        return self.sheet.region


def of_commune(filed: str) -> Whereabouts | None:
    """The commune of today behind a code, present or former; None for an unknown code."""
    sheet = context.sheet(filed)
    if sheet is None:
        return None
    former = ""
    if filed != sheet.commune.code:
        former = places.former_name(db.session(), filed) or filed
    return Whereabouts(sheet, former)


def name_of(kind: str, code: str) -> str:
    """The name of a place, or its code when the territory does not know it.

    :param kind: ``commune``, ``departement`` or ``region``.
    """
    found: Named | Departement | Region | None
    if kind == "commune":
        here = of_commune(code)
        found = here.commune if here else None
    elif kind == "departement":
        found = places.departement(db.session(), code)
    else:
        found = places.region(db.session(), code)
    return found.name if found else code
