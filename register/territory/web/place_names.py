"""Places as pages name them: a commune of today, and the code that led to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from flask_babel import gettext as _

from register.db import db
from register.territory import commune_details
from register.territory.commune_details import Alias, Group, Named, Sheet
from register.text.fold import fold_name
from register.text.typography import french
from register.web import context, urls

# The parameter by which a commune's page knows under which other code it was asked for.
THROUGH = "nom"

# Collectivities with the number of a département and another status (Constitution, articles 72-3,
# 74 and 76).
_COLLECTIVITIES = frozenset({"975", "977", "978", "986", "987", "988", "989"})
_TERRITORIES = frozenset({"984"})

_NUMBER = re.compile("[0-9]+")


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
    def named(self) -> str:
        """The commune of today with its département."""
        return named(self.commune.name, self.departement.name if self.departement else "")

    @property
    def region(self) -> Named | None:
        """Its région; overseas collectivities have none."""
        return self.sheet.region

    def parts(self, *kinds: str) -> list[Alias]:
        """Other names of some kinds (see ``CommuneAlias``), its own left out.

        They come in the order of names, and a second arrondissement before a tenth.
        """
        aliases = self.sheet.aliases
        found = [one for one in aliases if one.kind in kinds and one.name != self.commune.name]
        return sorted(found, key=lambda one: _NUMBER.sub(_padded, fold_name(one.name)))

    @property
    def codes_alone(self) -> list[str]:
        """Former codes that nobody kept a name for."""
        named = {alias.code for alias in self.sheet.aliases}
        return [code for code in self.sheet.former_codes if code not in named]

    def through(self, code: str) -> Alias | None:
        """The place that a code names beside the commune: one that it was made of, or a part.

        The alias of a code that nobody kept a name for has neither name nor kind. A commune that
        keeps the code of one of those it was made of may be asked for by that one's name.
        """
        for alias in self.sheet.aliases:
            if alias.code == code and alias.name != self.commune.name:
                return alias
        return Alias(code, "", "") if code in self.sheet.former_codes else None


def group_named(group: Group) -> str:
    """An intercommunalité with its kind in words: data sets shorten it before the name.

    A métropole says in its name that it is one.
    """
    kinds = {
        "CC": _("Communauté de communes"),
        "CA": _("Communauté d’agglomération"),
        "CU": _("Communauté urbaine"),
    }
    if group.kind not in kinds:
        return french(group.name)
    return french(f"{kinds[group.kind]} {group.name.removeprefix(group.kind).lstrip()}")


def of_commune(filed: str) -> Whereabouts | None:
    """The commune of today behind a code, present or former; None for an unknown code."""
    sheet = context.sheet(filed)
    if sheet is None:
        return None
    return Whereabouts(sheet)


def page_of_commune(code: str, through: str) -> str:
    """The page of a commune of today, which says that it was asked for under another code."""
    return f"{urls.commune(code)}?{urlencode({THROUGH: through})}"


def kind_of(kind: str, code: str) -> str:
    """What a place is, in words; many lands beyond the sea are no départements.

    :param kind: ``commune``, ``departement``, ``region``, ``endroit`` or ``pays``.
    """
    if kind == "departement" and is_overseas(code):
        territory = code in _TERRITORIES
        return str(_("territoire d’outre-mer") if territory else _("collectivité d’outre-mer"))
    kinds = {
        "commune": _("commune"),
        "departement": _("département"),
        "region": _("région"),
        "endroit": _("lieu"),
        "pays": _("pays"),
    }
    return str(kinds[kind])


def is_overseas(code: str) -> bool:
    """Whether the code has the form of a département's and is that of another land."""
    return code in _COLLECTIVITIES or code in _TERRITORIES


def named(name: str, around: str | None) -> str:
    """ "Gagny (Seine-Saint-Denis)": a place and what is around it, unless that is called so too."""
    return french(f"{name} ({around})" if around and around != name else name)


def name_of(kind: str, code: str) -> str:
    """The name of a place, or its code when the territory does not know it.

    A former code asks for the whole commune of today: both are named.

    :param kind: ``commune``, ``departement`` or ``region``.
    """
    if kind == "commune":
        here = of_commune(code)
        return _name_for(here, code) if here else code
    return commune_details.area(db.session(), context.standing().territory, kind, code)


def _name_for(here: Whereabouts, code: str) -> str:
    name = here.commune.name
    if here.commune.code == code or here.former == name:
        return name
    return str(_("%(name)s (pour %(former)s)", name=name, former=here.former))


def _padded(number: re.Match[str]) -> str:
    return number[0].zfill(5)
