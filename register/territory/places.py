"""The territory in memory: communes with their other names and codes, départements, régions.

About 37,000 rows, read once in a process from the committed files and never changed afterwards.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar

from register.territory.dataset import DATA, FORMER, PRESENT, RETIRED, read_rows
from register.territory.packed_names import PackedMapping, PackedNames, PackedRows
from register.text.normalisation import fold_name

# The precision of a commune's point that is a real place; any other stands for several communes.
EXACT_PRECISION = "geonames"

ALIAS_KINDS = {
    "commune-deleguee": "deleguee",
    "commune-associee": "associee",
    "arrondissement-municipal": "arrondissement",
    FORMER: "ancienne",
}

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Area(NamedTuple):
    """A département, an overseas collectivity (without a région), or one of the 18 régions.

    ``retired``: gone from the present division. ``population`` and ``commune_count`` are those of
    its present communes.
    """

    code: str
    name: str
    region_code: str | None = None
    retired: bool = False
    population: int = 0
    commune_count: int = 0

    @property
    def folded(self) -> str:
        """The name for comparison and sorting."""
        return fold_name(self.name)


class CommuneGroup(NamedTuple):
    """An intercommunalité: its SIREN number, official name, kind, and the codes of its communes.

    ``kind`` is the DGCL's: ``CC``, ``CA``, ``CU``, ``METRO``, ``MET69``, or ``EPT`` for a territory
    of the métropole du Grand Paris. ``listed``: the codes, separated by spaces.
    """

    code: str
    name: str
    kind: str
    listed: str

    @property
    def members(self) -> tuple[str, ...]:
        """The codes of its communes."""
        return tuple(self.listed.split())


class Commune(NamedTuple):
    """A commune by its INSEE code. ``lat`` and ``lon`` are degrees (WGS 84).

    ``precision`` says what the point is worth: ``geonames`` a real place, ``code_postal`` the mean
    of those that share the postal code, ``arrondissement`` the mean of the arrondissement, empty
    when there is no point. ``postal``: postal codes, separated by spaces; ``on_map``: numbers, see
    :attr:`map_points`. ``retired``: gone without a successor.
    """

    code: str
    name: str
    departement_code: str
    region_code: str | None = None
    group_code: str | None = None
    population: int | None = None
    lat: float | None = None
    lon: float | None = None
    precision: str = ""
    on_map: str = ""
    postal: str = ""
    retired: bool = False

    @property
    def folded(self) -> str:
        """The name for comparison and sorting."""
        return fold_name(self.name)

    @property
    def postal_codes(self) -> list[str]:
        """Postal codes, in order; some communes have none."""
        return sorted({*self.postal.split()})

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude, if known."""
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)

    @property
    def map_points(self) -> list[tuple[int, int]]:
        """Where it is on the map of France, and the frame of Paris; empty outside of the map."""
        numbers = list(map(int, self.on_map.split()))
        return list(zip(numbers[::2], numbers[1::2], strict=True))

    @property
    def is_exact(self) -> bool:
        """Whether the point is that of the commune, not of several around it."""
        return self.precision == EXACT_PRECISION


class Communes(Mapping[str, Commune]):
    """Communes by code, packed as names are; ``codes`` are in order.

    :param communes: in the order of their codes.
    """

    def __init__(self, communes: Iterable[Commune]) -> None:
        self.codes, self._rows = PackedNames(), PackedRows()
        for commune in communes:
            self.codes.append(commune.code)
            self._rows.append(tuple(commune))

    def __getitem__(self, code: str) -> Commune:
        return self.at(self.codes.find(code))

    def at(self, position: int) -> Commune:
        """The commune at a position in the order of codes."""
        return Commune._make(self._rows[position])

    def all(self) -> Iterator[Commune]:
        """Each commune in order, without a search for its code."""
        return map(self.at, range(len(self)))

    def __iter__(self) -> Iterator[str]:
        return iter(self.codes)

    def __len__(self) -> int:
        return len(self.codes)


class Alias(NamedTuple):
    """Another name that leads to a commune of today.

    ``kind``: ``deleguee``, ``associee``, ``arrondissement`` (of Paris, Lyon or Marseille), or
    ``ancienne``: a name or a commune that an earlier data set had and the present one lost.
    The code alone is not unique, and may be that of the present commune itself.
    """

    code: str
    kind: str
    name: str
    current_code: str

    @property
    def folded(self) -> str:
        """The name for comparison and sorting."""
        return fold_name(self.name)


class Territory:
    """Every place by its code.

    ``communes`` are those of today and the retired ones, ``off_map`` the codes of those that the
    map of France does not show; ``current_codes`` leads from every other code that ever led to a
    commune to the one it leads to now. ``aliases`` and ``former_codes`` are those of a commune, in
    the order of codes.
    """

    def __init__(
        self,
        communes: Communes,
        departements: Iterable[Area],
        regions: Iterable[Area],
        aliases: Iterable[Alias] = (),
        codes: Mapping[str, str] | None = None,
        groups: Iterable[tuple[str, str, str, str]] = (),
    ) -> None:
        """Index plain rows.

        :param codes: former codes, each with a present one; a present code leads to itself anyhow.
        :param groups: SIREN number, name and kind of each intercommunalité, and the codes of its
            communes, separated by spaces, where they are not the communes that name it.
        """
        self.communes, present_codes = communes, frozenset(communes)
        self.current_codes = {
            code: current
            for code, current in sorted((codes or {}).items())
            if current in present_codes and code not in present_codes
        }
        populations: Counter[str | None] = Counter()
        counts: Counter[str | None] = Counter()
        members: defaultdict[str | None, str] = defaultdict(str)
        off_map: set[str] = set()
        for place in communes.all():
            # A département and a région may have the same number.
            for area_code in (place.departement_code, f"R{place.region_code}"):
                populations[area_code] += place.population or 0
                counts[area_code] += not place.retired
            if not place.retired:
                members[place.group_code] += f" {place.code}"
            if not place.on_map:
                off_map.add(place.code)
        self.off_map = frozenset(off_map)

        def with_totals(areas: Iterable[Area], prefix: str) -> dict[str, Area]:
            return {
                area.code: area._replace(
                    population=populations[prefix + area.code],
                    commune_count=counts[prefix + area.code],
                )
                for area in sorted(areas)
            }

        self.departements = with_totals(departements, "")
        self.regions = with_totals(regions, "R")
        self._alias_rows = PackedRows()
        for alias in sorted(aliases):
            if alias.current_code in present_codes:
                self._alias_rows.append(tuple(alias))
        self.alias_count = len(self._alias_rows)
        self.aliases: Mapping[str, tuple[Alias, ...]] = PackedMapping(
            ((self.alias_at(at).current_code, at) for at in range(self.alias_count)), self.alias_at
        )
        self.former_codes = group_by(
            (current, code) for code, current in self.current_codes.items()
        )
        self.groups = {
            code: CommuneGroup(code, name, kind, listed or members[code].strip())
            for code, name, kind, listed in groups
        }

    def alias_at(self, position: int) -> Alias:
        """The alias at a position in their order, of :attr:`alias_count`."""
        return Alias._make(self._alias_rows[position])

    def commune(self, code: str) -> Commune | None:
        """The commune that a code leads to, present or former; None for an unknown code."""
        return self.communes.get(self.current_codes.get(code, code))


def group_by(pairs: Iterable[tuple[K, V]]) -> dict[K, tuple[V, ...]]:
    """The values of each key, in their order."""
    groups: defaultdict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    # A plain dictionary: asking a shared one for a key it lacks must not make it grow.
    return {key: tuple(values) for key, values in groups.items()}


@cache
def territory(source: Path = DATA) -> Territory:
    """The territory of a data set, read once; by default that of this version of the code."""
    regions = [
        Area(row.code, row.nom, None, bool(row.disparu)) for row in read_rows("regions.csv", source)
    ]
    # The source gives an overseas collectivity its own code as a région.
    region_codes = {region.code for region in regions}
    aliases: list[Alias] = []
    former_codes: dict[str, str] = {}

    def read_communes() -> Iterator[Commune]:
        for row in read_rows("communes.csv.gz", source):
            if row.type not in (PRESENT, RETIRED):
                aliases.append(Alias(row.code, ALIAS_KINDS[row.type], row.nom, row.parent))
                continue
            former_codes.update(dict.fromkeys(row.anciens_codes.split(), row.code))
            yield Commune(
                row.code,
                row.nom,
                row.departement,
                row.region if row.region in region_codes else None,
                row.epci or None,
                int(row.population) if row.population else None,
                float(row.lat) if row.lat else None,
                float(row.lon) if row.lon else None,
                row.precision,
                row.carte,
                row.codes_postaux,
                row.type == RETIRED,
            )

    communes = Communes(read_communes())
    # A former code gives way to the present division (two delegated communes changed parents
    # since), and everything to a present commune, whether its code is also its delegated
    # commune's, was reused, or came back when a merger was undone.
    former_codes.update((alias.code, alias.current_code) for alias in aliases)
    return Territory(
        communes,
        [
            Area(row.code, row.nom, row.region or None, bool(row.disparu))
            for row in read_rows("departements.csv", source)
        ],
        regions,
        aliases,
        former_codes,
        [(row.code, row.nom, row.type, row.membres) for row in read_rows("epci.csv", source)],
    )
