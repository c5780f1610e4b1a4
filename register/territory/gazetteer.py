"""The names and codes of the whole territory in memory, for :mod:`register.territory.resolve`.

About 40,000 entries: half a second to read, less than twenty megabytes. Built once for each
version of the data set and shared by every request, it is never changed afterwards.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.territory import loader
from register.territory.models import (
    Commune,
    CommuneAlias,
    CommuneCode,
    CommunePostal,
    Departement,
    Region,
)
from register.territory.name_index import Spellings
from register.territory.name_normalisation import initials, skeleton

ARRONDISSEMENT = "arrondissement"
_NUMBER = re.compile(r"[0-9]+")


class Place(NamedTuple):
    """A commune, a département or a région.

    ``parent``: the département of a commune, the région of a département, if any. A gazetteer
    counts the ``population`` of lands itself.
    """

    code: str
    name: str
    folded: str
    parent: str | None = None
    population: int = 0


class Alias(NamedTuple):
    """Another name of the commune ``current``; ``kind`` is that of ``CommuneAlias``."""

    code: str
    kind: str
    name: str
    folded: str
    current: str


E = TypeVar("E", Place, Alias)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Gazetteer:
    """Every place, by code and by folded name.

    ``former`` leads from a code that is no present commune's to the present commune's;
    ``postals`` from a postal code to the codes of its communes; ``arrondissements`` from a number
    to those of all cities; ``skeletons`` from a name without its small words to names with some;
    ``initials`` from those of a département or région to its name.
    ``only_commune`` and ``only_departement`` name the one commune of a département, the one
    département of a région: Paris is both, Guadeloupe too.
    """

    def __init__(
        self,
        version: str,
        communes: Iterable[Place],
        departements: Iterable[Place],
        regions: Iterable[Place],
        aliases: Iterable[Alias],
        codes: Mapping[str, str],
        postals: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Index plain rows; nothing here knows a database.

        :param codes: each code, present or former, and the present commune's.
        :param postals: postal codes, each with the code of a commune.
        """
        self.version = version
        self.communes = {place.code: place for place in communes}
        self.departements = _peopled(departements, self.communes.values())
        self.regions = _peopled(regions, self.departements.values())
        self.former = {old: current for old, current in codes.items() if old != current}
        self.postals = _together(postals)
        every_alias = [alias for alias in aliases if self.commune(alias.current)]
        self.aliases = _grouped(every_alias, lambda alias: alias.code)
        self.communes_named = _grouped(self.communes.values(), _folded)
        self.departements_named = _grouped(self.departements.values(), _folded)
        self.regions_named = _grouped(self.regions.values(), _folded)
        self.aliases_named = _grouped(every_alias, _folded)
        self.only_commune = _only_child(self.communes.values())
        self.only_departement = _only_child(self.departements.values())
        self.arrondissements = _together(_numbered(every_alias))
        names = self._names()
        self.skeletons = _together(_thinned(names))
        areas = (*self.departements_named, *self.regions_named)
        self.initials = _together((short, name) for name in areas for short in initials(name))
        self.spellings = Spellings(names)

    def _names(self) -> list[str]:
        """Every folded name once, present before former ones, those of most people first."""
        people: dict[str, int] = {}
        for places in (self.communes, self.departements, self.regions):
            for place in places.values():
                people[place.folded] = max(people.get(place.folded, 0), place.population)
        former = [name for name in self.aliases_named if name not in people]
        return sorted(people, key=lambda name: -people[name]) + former

    def commune(self, code: str) -> Place | None:
        """The present commune that a code leads to."""
        return self.communes.get(code) or self.communes.get(self.former.get(code, ""))

    def arrondissement(self, city: str, number: int) -> Alias | None:
        """An arrondissement of the commune with the code ``city``."""
        found = (alias for alias in self.arrondissements.get(number, ()) if alias.current == city)
        return next(found, None)


def gazetteer(session: Session) -> Gazetteer:
    """Read the whole territory; the caller keeps it for as long as its ``version`` is loaded.

    A commune that gave way to another is left out, one that vanished without a successor is not.
    """
    led = select(CommuneCode.code, CommuneCode.current_code)
    communes = select(
        Commune.code, Commune.name, Commune.folded, Commune.departement_code, Commune.population
    ).join(CommuneCode, CommuneCode.code == Commune.code)
    departements = select(
        Departement.code, Departement.name, Departement.folded, Departement.region_code
    )
    aliases = select(
        CommuneAlias.code,
        CommuneAlias.kind,
        CommuneAlias.name,
        CommuneAlias.folded,
        CommuneAlias.current_code,
    )
    postals = select(CommunePostal.postal, CommunePostal.commune_code)
    # Each row brings strings of its own; a code is met in up to four tables, and kept once.
    kept = sys.intern
    return Gazetteer(
        version=loader.version(session) or "",
        communes=(
            Place(kept(code), name, folded, kept(parent), population or 0)
            for code, name, folded, parent, population in session.execute(
                communes.where(CommuneCode.current_code == Commune.code)
            )
        ),
        departements=(Place(*row) for row in session.execute(departements)),
        regions=(
            Place(*row) for row in session.execute(select(Region.code, Region.name, Region.folded))
        ),
        aliases=(
            Alias(kept(code), kept(kind), name, folded, kept(current))
            for code, kind, name, folded, current in session.execute(aliases)
        ),
        codes={kept(code): kept(current) for code, current in session.execute(led)},
        postals=((kept(postal), kept(code)) for postal, code in session.execute(postals)),
    )


def _folded(entry: Place | Alias) -> str:
    return entry.folded


def _grouped(entries: Iterable[E], key: Callable[[E], str]) -> dict[str, tuple[E, ...]]:
    return _together((key(entry), entry) for entry in entries)


def _together(pairs: Iterable[tuple[K, V]]) -> dict[K, tuple[V, ...]]:
    # A plain dictionary: asking a shared one for a name it lacks must not make it grow.
    groups: dict[K, tuple[V, ...]] = {}
    for key, value in pairs:
        # Nearly all groups have one member, and most others two.
        groups[key] = (*groups[key], value) if key in groups else (value,)
    return groups


def _only_child(places: Iterable[Place]) -> dict[str, str]:
    children = [(place.parent or "", place.code) for place in places]
    many = Counter(parent for parent, _code in children)
    return {parent: code for parent, code in children if many[parent] == 1}


def _peopled(lands: Iterable[Place], parts: Iterable[Place]) -> dict[str, Place]:
    people: Counter[str] = Counter()
    for part in parts:
        people[part.parent or ""] += part.population
    return {land.code: land._replace(population=people[land.code]) for land in lands}


def _numbered(aliases: Iterable[Alias]) -> Iterator[tuple[int, Alias]]:
    for alias in aliases:
        number = _NUMBER.search(alias.folded)
        if alias.kind == ARRONDISSEMENT and number:
            yield int(number.group()), alias


def _thinned(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        bare = skeleton(name)
        if bare != name:
            yield bare, name
