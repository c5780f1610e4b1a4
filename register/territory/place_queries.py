"""What the pages ask of the territory: one place by its code, and what surrounds it."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from functools import cache

from register.territory.dataset import ABROAD, DATA
from register.territory.name_normalisation import name_candidates
from register.territory.places import Alias, Area, Commune, CommuneGroup, territory
from register.text.normalisation import fold_name
from register.text.typography import french

# A well-formed code may still belong to no place.
_COMMUNE = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}")
_DEPARTEMENT = re.compile(r"0[1-9]|[1-8][0-9]|9[0-5]|2[AB]|97[1-8]|98[46-9]")


def is_commune_code(text: str) -> bool:
    """Five characters, as INSEE writes them: digits, ``2A`` and ``2B`` in upper case."""
    return _COMMUNE.fullmatch(text) is not None


def is_departement_code(text: str) -> bool:
    """``01`` to ``95``, ``2A``, ``2B``, ``971`` to ``978``, ``984`` and ``986`` to ``989``."""
    return text != "20" and _DEPARTEMENT.fullmatch(text) is not None


def departement_prefix(code: str) -> str:
    """The first digits of a postal or INSEE code, which are those of its département."""
    return code[:3] if code[:2] in ("97", "98") else code[:2]


def commune(code: str) -> Commune | None:
    """The commune of today that ``code`` leads to; None for an unknown code."""
    return territory().commune(code)


def current_code(code: str) -> str | None:
    """The code of the commune that ``code`` leads to, itself included; None when unknown."""
    place = commune(code)
    return place.code if place else None


def former_name(code: str) -> str | None:
    """The name that a former code had; None for a present commune, or when nobody kept it.

    The sources give names to delegated and associated communes and to arrondissements only: about
    half of the former codes have none.
    """
    current = current_code(code)
    aliases = commune_aliases(current) if current not in (None, code) else ()
    return next((alias.name for alias in reversed(aliases) if alias.code == code), None)


def filed_name(code: str) -> str | None:
    """What a commune was called when it had this code, or is called today; None when unknown."""
    place = commune(code)
    return former_name(code) or (place.name if place else None)


def commune_aliases(code: str) -> tuple[Alias, ...]:
    """Delegated, associated and former communes and arrondissements of a commune, by code."""
    return territory().aliases.get(code, ())


def departement(code: str) -> Area | None:
    """The département or overseas collectivity with this code."""
    return territory().departements.get(code)


def departements(region: str | None = None) -> list[Area]:
    """Every present département and overseas collectivity, or those of a région, by code."""
    return [
        area
        for area in territory().departements.values()
        if not area.retired and region in (None, area.region_code)
    ]


def region(code: str) -> Area | None:
    """The région with this code."""
    return territory().regions.get(code)


def regions() -> list[Area]:
    """Every present région, in the order of names as people sort them, accents aside."""
    present = (area for area in territory().regions.values() if not area.retired)
    return sorted(present, key=lambda area: area.folded)


def group(code: str) -> CommuneGroup | None:
    """The intercommunalité with this SIREN number."""
    return territory().groups.get(code)


def group_members(code: str) -> tuple[str, ...]:
    """The codes of the communes of an intercommunalité; empty for an unknown one."""
    commune_group = group(code)
    return commune_group.members if commune_group else ()


def area_name(kind: str, code: str) -> str:
    """The name of a ``departement`` or a ``region``; its code when there is none."""
    area = departement(code) if kind == "departement" else region(code)
    return area.name if area else code


_DIGITS = re.compile("[0-9]+")


@dataclass(frozen=True)
class CommuneDetails:
    """The commune of today and what surrounds it.

    ``former_name``: what the place was called under the code that was asked for, when that is
    another than the commune's.
    """

    commune: Commune
    departement: Area | None
    region: Area | None
    group: CommuneGroup | None
    aliases: tuple[Alias, ...]
    former_codes: tuple[str, ...]
    former_name: str = ""

    @property
    def qualified_name(self) -> str:
        """The commune of today with its département."""
        return qualified_name(self.commune.name, self.departement.name if self.departement else "")

    def other_names(self, *kinds: str) -> list[Alias]:
        """Other names of some kinds (see :class:`Alias`), its own left out.

        They come in the order of names, and a second arrondissement before a tenth.
        """
        matches = [
            alias
            for alias in self.aliases
            if alias.kind in kinds and alias.name != self.commune.name
        ]
        return sorted(
            matches,
            key=lambda alias: _DIGITS.sub(lambda number: number[0].zfill(5), fold_name(alias.name)),
        )

    @property
    def unnamed_codes(self) -> list[str]:
        """Former codes that nobody kept a name for."""
        named_codes = {alias.code for alias in self.aliases}
        return [code for code in self.former_codes if code not in named_codes]

    def name_at_code(self, text: str) -> Alias | None:
        """The place that a code or a name stands for beside the commune: a former one, or a part.

        The alias of a code that nobody kept a name for has neither name nor kind. A commune that
        keeps the code of one of those it was made of may be asked for by that one's name.
        """
        # Names of before today's division come first, and are meant least.
        for alias in reversed(self.aliases):
            if text in (alias.code, alias.name) and alias.name != self.commune.name:
                return alias
        return Alias(text, "", "", self.commune.code) if text in self.former_codes else None


def qualified_name(name: str, area_name: str | None) -> str:
    """ "Gagny (Seine-Saint-Denis)": a place and what is around it, unless that is called so too."""
    return french(f"{name} ({area_name})" if area_name and area_name != name else name)


def find_commune(code: str) -> CommuneDetails | None:
    """The commune behind a code, present or former, with what surrounds it; None if unknown."""
    place = commune(code)
    if place is None:
        return None
    return CommuneDetails(
        commune=place,
        departement=departement(place.departement_code),
        region=region(place.region_code or ""),
        group=group(place.group_code or ""),
        aliases=commune_aliases(place.code),
        former_codes=territory().former_codes.get(place.code, ()),
        former_name=(former_name(code) or code) if code != place.code else "",
    )


def countries_of_town(typed: str) -> tuple[str, ...]:
    """ISO codes of the countries that have this name or a town of it; none for an unknown one.

    "Genève" is no misspelt Renève. Countries, towns of the neighbours that speak French, capitals
    and large cities of the world; no name of a commune of France is among them.
    """
    names = _names_abroad()
    for candidate in name_candidates(typed):
        key = f"\n{' '.join(candidate.words)},"
        if (start := names.find(key)) >= 0:
            return tuple(names[start + len(key) :].split("\n", 1)[0].split())
    return ()


@cache
def _names_abroad() -> str:
    # One text: a dictionary of these names would take ten times the memory.
    return "\n" + gzip.decompress((DATA / ABROAD).read_bytes()).decode()
