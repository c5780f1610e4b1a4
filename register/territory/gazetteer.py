"""The names and codes of the whole territory in memory, for :mod:`register.territory.resolve`.

About 40,000 entries: half a second to read, a few tens of megabytes. Built once for each version
of the data set and shared by every request, it is never changed afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.territory import loader
from register.territory.models import Commune, CommuneAlias, CommuneCode, Departement, Region


class Place(NamedTuple):
    """A commune, a département or a région.

    ``parent``: the département of a commune, the région of a département, if any.
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


class Gazetteer:
    """Every place, by code and by folded name.

    ``codes`` leads from any code, present or former, to the present commune's. ``only_commune``
    and ``only_departement`` name the one commune of a département, the one département of a
    région: Paris is both, Guadeloupe too.
    """

    def __init__(
        self,
        version: str,
        communes: Iterable[Place],
        departements: Iterable[Place],
        regions: Iterable[Place],
        aliases: Iterable[Alias],
        codes: Mapping[str, str],
    ) -> None:
        """Index plain rows; nothing here knows a database."""
        self.version = version
        self.communes = {place.code: place for place in communes}
        self.departements = {place.code: place for place in departements}
        self.regions = {place.code: place for place in regions}
        self.codes = dict(codes)
        every_alias = list(aliases)
        self.aliases = _grouped(every_alias, lambda alias: alias.code)
        self.communes_named = _grouped(self.communes.values(), _folded)
        self.departements_named = _grouped(self.departements.values(), _folded)
        self.regions_named = _grouped(self.regions.values(), _folded)
        self.aliases_named = _grouped(every_alias, _folded)
        self.only_commune = _only_child(self.communes.values())
        self.only_departement = _only_child(self.departements.values())


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
    return Gazetteer(
        version=loader.version(session) or "",
        communes=(
            Place(code, name, folded, parent, population or 0)
            for code, name, folded, parent, population in session.execute(
                communes.where(CommuneCode.current_code == Commune.code)
            )
        ),
        departements=(Place(*row) for row in session.execute(departements)),
        regions=(
            Place(*row) for row in session.execute(select(Region.code, Region.name, Region.folded))
        ),
        aliases=(Alias(*row) for row in session.execute(aliases)),
        codes=dict(session.execute(led).all()),
    )


def _folded(entry: Place | Alias) -> str:
    return entry.folded


def _grouped(entries: Iterable[E], key: Callable[[E], str]) -> dict[str, list[E]]:
    groups: defaultdict[str, list[E]] = defaultdict(list)
    for entry in entries:
        groups[key(entry)].append(entry)
    # A plain dictionary: asking a shared one for a name it lacks must not make it grow.
    return dict(groups)


def _only_child(places: Iterable[Place]) -> dict[str, str]:
    families = _grouped(places, lambda place: place.parent or "")
    return {parent: found[0].code for parent, found in families.items() if len(found) == 1}
