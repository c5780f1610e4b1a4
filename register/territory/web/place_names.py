"""Places as pages name them: a commune of today, and the code that led to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from flask_babel import gettext as _

from register.db import db
from register.territory import place_queries
from register.territory.place_queries import (
    AlternativeName,
    CommuneDetails,
    CommuneGroup,
    PlaceName,
)
from register.text.normalisation import fold_name
from register.text.typography import french
from register.web import request_context, urls

# Query parameter of a commune's page: the former code in the address that led there.
ALIAS_PARAMETER = "nom"

# Collectivities with the number of a département and another status (Constitution, articles 72-3,
# 74 and 76).
_COLLECTIVITIES = frozenset({"975", "977", "978", "986", "987", "988", "989"})
_TERRITORIES = frozenset({"984"})

_DIGITS = re.compile("[0-9]+")


@dataclass(frozen=True)
class CommuneView:
    """A commune of today, from the code that a case was filed under."""

    details: CommuneDetails

    @property
    def former_name(self) -> str:
        """The name the case was filed under, if another."""
        return self.details.former_name

    @property
    def commune(self) -> PlaceName:
        """The commune of today."""
        return self.details.commune

    @property
    def departement(self) -> PlaceName | None:
        """Its département or overseas collectivity."""
        return self.details.departement

    @property
    def qualified_name(self) -> str:
        """The commune of today with its département."""
        return qualified_name(self.commune.name, self.departement.name if self.departement else "")

    @property
    def region(self) -> PlaceName | None:
        """Its région; overseas collectivities have none."""
        return self.details.region

    def other_names(self, *kinds: str) -> list[AlternativeName]:
        """Other names of some kinds (see ``CommuneAlias``), its own left out.

        They come in the order of names, and a second arrondissement before a tenth.
        """
        aliases = self.details.aliases
        matches = [
            alias for alias in aliases if alias.kind in kinds and alias.name != self.commune.name
        ]
        return sorted(matches, key=lambda alias: _DIGITS.sub(_padded_number, fold_name(alias.name)))

    @property
    def unnamed_codes(self) -> list[str]:
        """Former codes that nobody kept a name for."""
        named_codes = {alias.code for alias in self.details.aliases}
        return [code for code in self.details.former_codes if code not in named_codes]

    def name_at_code(self, code: str) -> AlternativeName | None:
        """The place that a code names beside the commune: one that it was made of, or a part.

        The alias of a code that nobody kept a name for has neither name nor kind. A commune that
        keeps the code of one of those it was made of may be asked for by that one's name.
        """
        for alias in self.details.aliases:
            if alias.code == code and alias.name != self.commune.name:
                return alias
        return AlternativeName(code, "", "") if code in self.details.former_codes else None


def group_label(group: CommuneGroup) -> str:
    """An intercommunalité with its kind in words: data sets shorten it before the name.

    A métropole says in its name that it is one.
    """
    kind_labels = {
        "CC": _("Communauté de communes"),
        "CA": _("Communauté d’agglomération"),
        "CU": _("Communauté urbaine"),
    }
    if group.kind not in kind_labels:
        return french(group.name)
    return french(f"{kind_labels[group.kind]} {group.name.removeprefix(group.kind).lstrip()}")


def find_commune_view(code: str) -> CommuneView | None:
    """The commune of today behind a code, present or former; None for an unknown code."""
    details = request_context.find_commune(code)
    if details is None:
        return None
    return CommuneView(details)


def commune_url(code: str, alias_code: str) -> str:
    """The page of a commune of today, which says that it was asked for under another code."""
    return f"{urls.commune(code)}?{urlencode({ALIAS_PARAMETER: alias_code})}"


def kind_label(kind: str, code: str) -> str:
    """What a place is, in words; many lands beyond the sea are no départements.

    :param kind: ``commune``, ``departement``, ``region``, ``endroit`` or ``pays``.
    """
    if kind == "departement" and is_overseas(code):
        is_territory = code in _TERRITORIES
        return str(_("territoire d’outre-mer") if is_territory else _("collectivité d’outre-mer"))
    kind_labels = {
        "commune": _("commune"),
        "departement": _("département"),
        "region": _("région"),
        "endroit": _("lieu"),
        "pays": _("pays"),
    }
    return str(kind_labels[kind])


def is_overseas(code: str) -> bool:
    """Whether the code has the form of a département's and is that of another land."""
    return code in _COLLECTIVITIES or code in _TERRITORIES


def qualified_name(name: str, area_name: str | None) -> str:
    """ "Gagny (Seine-Saint-Denis)": a place and what is around it, unless that is called so too."""
    return french(f"{name} ({area_name})" if area_name and area_name != name else name)


def place_name(kind: str, code: str) -> str:
    """The name of a place, or its code when the territory does not know it.

    A former code asks for the whole commune of today: both are named.

    :param kind: ``commune``, ``departement`` or ``region``.
    """
    if kind == "commune":
        view = find_commune_view(code)
        return _name_with_former(view, code) if view else code
    return place_queries.area_name(
        db.session(), request_context.current_data_version().territory, kind, code
    )


def _name_with_former(view: CommuneView, code: str) -> str:
    name = view.commune.name
    if view.commune.code == code or view.former_name == name:
        return name
    return str(_("%(name)s (pour %(former)s)", name=name, former=view.former_name))


def _padded_number(number: re.Match[str]) -> str:
    return number[0].zfill(5)
