"""Places that a text can mean, why, and their order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from register.territory.gazetteer import ARRONDISSEMENT, Gazetteer, NamedPlace
from register.territory.name_normalisation import COMMUNE, DEPARTEMENT, GROUP, REGION
from register.territory.places import Alias, Area, Commune, CommuneGroup
from register.text.normalisation import fold_name

# Why a reading was made, and how far it is from the letter of the text: 0 is the nearest. A number
# that is both is rather a postal code: few people know an INSEE code.
EXACTNESS = {
    "code_postal": 0,
    "departement_code": 0,
    "nom": 0,
    "code_insee": 1,
    "ancien_code": 2,
    "departement_nom": 2,
    "region_nom": 3,
    "arrondissement": 4,
    "ancienne_commune": 4,
    "ancien_nom": 4,
    "epci_nom": 4,
    "ancien_departement": 4,
    "ancienne_region": 4,
    "dans_la_phrase": 4,
    "debut_du_nom": 5,
    "fin_du_nom": 6,
    "orthographe_proche": 6,
}
# What the whole text is not, as it was typed.
INEXACT = frozenset({"dans_la_phrase", "debut_du_nom", "fin_du_nom", "orthographe_proche"})
PRESENT_NAMES = frozenset({"nom", "departement_nom", "region_nom"})
# Read only where nothing of today bears the name: nobody means an "Avignon" of before 1973, and
# hundreds of intercommunalités have the name of their town.
SECONDARY_NAMES = frozenset({"ancien_nom", "epci_nom", "ancien_departement", "ancienne_region"})

# Published cases and people, both negative, and a code.
SortWeight = tuple[int, int, str]
# Present commune code → number of published cases.
CaseCounts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PlaceReading:
    """One place that the text can mean.

    ``kind``: ``commune``, ``departement``, ``region`` or ``epci``. ``code`` and ``name`` are those
    of the present place, ``departement_code`` where it lies (None for a région or an
    intercommunalité). ``why`` is a key of ``EXACTNESS``. ``alias_name`` and ``alias_code`` are the
    name and INSEE code of the former or smaller place that led there, if any; of some of the former
    codes nobody kept the name.
    """

    kind: str
    code: str
    name: str
    departement_code: str | None
    why: str
    alias_name: str | None = None
    alias_code: str | None = None

    @property
    def named_kind(self) -> str:
        """The kind of what bears the name: the départements of a former région were one."""
        return REGION if self.why == "ancienne_region" else self.kind


@dataclass(frozen=True, slots=True)
class PlaceResolution:
    """The readings of a text, the most likely first, and places whose name is nearly that."""

    readings: tuple[PlaceReading, ...]
    near_readings: tuple[PlaceReading, ...] = ()

    @property
    def sole_reading(self) -> PlaceReading | None:
        """The only place that can be meant; None when somebody has to choose.

        A corrected spelling is always a choice: "Genève" is not Renève.
        """
        return self.readings[0] if len(self.readings) == 1 and not self.near_readings else None

    def of_kinds(self, kinds: Collection[str]) -> PlaceResolution:
        """The same, of places of some kinds."""
        return PlaceResolution(
            *(
                tuple(reading for reading in readings if reading.kind in kinds)
                for readings in (self.readings, self.near_readings)
            )
        )


def commune_reading(place: Commune, match_kind: str, alias: Alias | None = None) -> PlaceReading:
    """A reading of a commune, by itself or through another place."""
    alias_name, alias_code = (alias.name or None, alias.code) if alias else (None, None)
    return PlaceReading(
        COMMUNE, place.code, place.name, place.departement_code, match_kind, alias_name, alias_code
    )


_ALIAS_REASONS = {ARRONDISSEMENT: "arrondissement", "ancienne": "ancien_nom"}


def alias_reading(gazetteer: Gazetteer, alias: Alias) -> PlaceReading:
    """A reading of the commune that another name leads to."""
    match_kind = _ALIAS_REASONS.get(alias.kind, "ancienne_commune")
    return commune_reading(gazetteer.communes[alias.current_code], match_kind, alias)


def area_reading(
    gazetteer: Gazetteer, kind: str, code: str, match_kind: str, former_name: str | None = None
) -> PlaceReading:
    """A reading of a département or région, by its own name or that of a former one."""
    areas = gazetteer.departements if kind == DEPARTEMENT else gazetteer.regions
    departement_code = code if kind == DEPARTEMENT else None
    return PlaceReading(kind, code, areas[code].name, departement_code, match_kind, former_name)


def readings_of_name(gazetteer: Gazetteer, name: str) -> list[PlaceReading]:
    """What bears this very folded name, or bore it."""
    places = gazetteer.places_by_name.get(name, ())
    return [reading for place in places for reading in _readings_of_place(gazetteer, place)]


def _readings_of_place(gazetteer: Gazetteer, place: NamedPlace) -> Iterator[PlaceReading]:
    if isinstance(place, Commune):
        yield commune_reading(place, "nom")
    elif isinstance(place, Alias):
        yield alias_reading(gazetteer, place)
    elif isinstance(place, CommuneGroup):
        yield PlaceReading(GROUP, place.code, place.name, None, "epci_nom")
    elif isinstance(place, Area):
        kind = REGION if gazetteer.regions.get(place.code) == place else DEPARTEMENT
        yield area_reading(gazetteer, kind, place.code, f"{kind}_nom")
    else:
        why = "ancien_departement" if place.kind == DEPARTEMENT else "ancienne_region"
        for code in place.departements:
            yield area_reading(gazetteer, DEPARTEMENT, code, why, place.name)
        region_code = gazetteer.departements[place.departements[0]].region_code
        if place.kind == REGION and region_code:
            yield area_reading(gazetteer, REGION, region_code, why, place.name)


def primary_readings(readings: Iterable[PlaceReading]) -> list[PlaceReading]:
    """The readings, without those by secondary names where there is one of today.

    "Boulay" was a commune, and is short for Le Boulay: both are read.
    """
    all_readings = list(readings)
    present = {fold_name(r.name) for r in all_readings if r.why in PRESENT_NAMES}
    return [
        reading
        for reading in all_readings
        if not present
        or reading.why not in SECONDARY_NAMES
        or (reading.why == "ancien_nom" and fold_name(reading.alias_name or "") not in present)
    ]


def distinct_readings(gazetteer: Gazetteer, readings: Iterable[PlaceReading]) -> list[PlaceReading]:
    """One reading for each land: the most exact for a place, the smallest place for a land.

    Paris is a commune and a département, Guadeloupe a département and a région, and choosing
    between two names of the same ground is no choice.
    """
    best: dict[tuple[str, str], PlaceReading] = {}
    for reading in sorted(readings, key=lambda reading: EXACTNESS[reading.why]):
        best.setdefault((reading.kind, reading.code), reading)
    return [
        reading for place, reading in best.items() if gazetteer.same_ground.get(place) not in best
    ]


def sort_weight(gazetteer: Gazetteer, reading: PlaceReading, case_counts: CaseCounts) -> SortWeight:
    """What orders readings that are equally exact: published cases, then people, then the code."""
    if reading.kind == COMMUNE:
        population = gazetteer.communes[reading.code].population or 0
        return -case_counts.get(reading.code, 0), -population, reading.code
    if reading.kind == GROUP:
        return 0, 0, reading.code
    areas = gazetteer.departements if reading.kind == DEPARTEMENT else gazetteer.regions
    return 0, -areas[reading.code].population, reading.code


def rank_readings(
    gazetteer: Gazetteer, readings: Iterable[PlaceReading], case_counts: CaseCounts
) -> tuple[PlaceReading, ...]:
    """One reading for each land, the most likely first."""

    def sort_key(reading: PlaceReading) -> tuple[int, SortWeight]:
        return EXACTNESS[reading.why], sort_weight(gazetteer, reading, case_counts)

    return tuple(sorted(distinct_readings(gazetteer, readings), key=sort_key))
