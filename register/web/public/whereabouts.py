"""Places as pages name them: a commune of today, and the code a case was filed under."""

from __future__ import annotations

from dataclasses import dataclass

from register.db import db
from register.territory import sheets
from register.territory.sheets import Named, Sheet
from register.web import context


@dataclass(frozen=True)
class Whereabouts:
    """A commune of today, from the code that a case was filed under."""

    sheet: Sheet

    @property
    def former(self) -> str:
        """The name the case was filed under, if another."""
        return self.sheet.filed_as

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
    return Whereabouts(sheet)


def name_of(kind: str, code: str) -> str:
    """The name of a place, or its code when the territory does not know it.

    :param kind: ``commune``, ``departement`` or ``region``.
    """
    if kind == "commune":
        here = of_commune(code)
        return here.commune.name if here else code
    return sheets.area(db.session(), context.standing().territory, kind, code)
