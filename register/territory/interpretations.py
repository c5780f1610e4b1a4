"""A place that a text can mean, why, and what puts one before another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from register.territory.gazetteer import ARRONDISSEMENT, Gazetteer, GazetteerAlias, GazetteerPlace
from register.territory.name_normalisation import COMMUNE, DEPARTEMENT, REGION

# Why a reading was made, and how far it is from the letter of the text: 0 is the nearest.
EXACTNESS = {
    "code_insee": 0,
    "departement_code": 0,
    "nom": 0,
    "code_postal": 1,
    "ancien_code": 2,
    "departement_nom": 2,
    "region_nom": 3,
    "arrondissement": 4,
    "ancienne_commune": 4,
    "dans_la_phrase": 4,
    "debut_du_nom": 5,
    "fin_du_nom": 6,
    "orthographe_proche": 6,
}
# What the whole text is not, as it was typed.
INEXACT = frozenset({"dans_la_phrase", "debut_du_nom", "fin_du_nom", "orthographe_proche"})


# Published cases and people, both negative, and a code.
SortWeight = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class PlaceReading:
    """One place that the text can mean.

    ``kind``: ``commune``, ``departement`` or ``region``. ``code`` and ``name`` are those of the
    present place, ``departement_code`` where it lies (None for a région). ``why`` is a key of
    ``EXACTNESS``. ``alias_name`` and ``alias_code`` are the name and INSEE code of the former or
    smaller place that led there, if any; of half of the former codes nobody kept the name.
    """

    kind: str
    code: str
    name: str
    departement_code: str | None
    why: str
    alias_name: str | None = None
    alias_code: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceResolution:
    """The readings of a text, the most likely first; close names when it has none."""

    readings: tuple[PlaceReading, ...]
    near_readings: tuple[PlaceReading, ...] = ()

    @property
    def sole_reading(self) -> PlaceReading | None:
        """The reading, when there is exactly one."""
        return self.readings[0] if len(self.readings) == 1 else None

    @property
    def is_ambiguous(self) -> bool:
        """Whether a person has to choose."""
        return len(self.readings) > 1

    @property
    def is_empty(self) -> bool:
        """Whether the text means no known place."""
        return not self.readings


def commune_reading(
    place: GazetteerPlace, match_kind: str, alias: GazetteerAlias | None = None
) -> PlaceReading:
    """A reading of a commune, by itself or through another place."""
    alias_name, alias_code = (alias.name, alias.code) if alias else (None, None)
    return PlaceReading(
        COMMUNE, place.code, place.name, place.parent_code, match_kind, alias_name, alias_code
    )


def alias_reading(gazetteer: Gazetteer, alias: GazetteerAlias) -> PlaceReading:
    """A reading of the commune that another name leads to."""
    match_kind = "arrondissement" if alias.kind == ARRONDISSEMENT else "ancienne_commune"
    return commune_reading(gazetteer.communes[alias.current_code], match_kind, alias)


def departement_reading(place: GazetteerPlace, match_kind: str) -> PlaceReading:
    """A reading of a département."""
    return PlaceReading(DEPARTEMENT, place.code, place.name, place.code, match_kind)


def region_reading(place: GazetteerPlace) -> PlaceReading:
    """A reading of a région; it has no code that people know."""
    return PlaceReading(REGION, place.code, place.name, None, "region_nom")


def distinct_readings(gazetteer: Gazetteer, readings: Iterable[PlaceReading]) -> list[PlaceReading]:
    """One reading for each land: the most exact for a place, the smallest place for a land.

    Paris is a commune and a département, Guadeloupe a département and a région, and choosing
    between two names of the same ground is no choice.
    """
    best: dict[tuple[str, str], PlaceReading] = {}
    for reading in sorted(readings, key=exactness):
        best.setdefault((reading.kind, reading.code), reading)
    return [
        reading
        for (kind, code), reading in best.items()
        if not (
            (kind == DEPARTEMENT and (COMMUNE, gazetteer.sole_commune.get(code)) in best)
            or (kind == REGION and (DEPARTEMENT, gazetteer.sole_departement.get(code)) in best)
        )
    ]


def exactness(reading: PlaceReading) -> int:
    """How far a reading is from the letter of the text."""
    return EXACTNESS[reading.why]


def sort_weight(
    gazetteer: Gazetteer, reading: PlaceReading, case_counts: Mapping[str, int]
) -> SortWeight:
    """What orders readings that are equally exact: published cases, then people, then the code."""
    if reading.kind == COMMUNE:
        population = gazetteer.communes[reading.code].population
        return -case_counts.get(reading.code, 0), -population, reading.code
    areas = gazetteer.departements if reading.kind == DEPARTEMENT else gazetteer.regions
    return 0, -areas[reading.code].population, reading.code


def rank_readings(
    gazetteer: Gazetteer, readings: Iterable[PlaceReading], case_counts: Mapping[str, int]
) -> tuple[PlaceReading, ...]:
    """One reading for each land, the most likely first."""

    def sort_key(reading: PlaceReading) -> tuple[int, SortWeight]:
        return exactness(reading), sort_weight(gazetteer, reading, case_counts)

    return tuple(sorted(distinct_readings(gazetteer, readings), key=sort_key))
