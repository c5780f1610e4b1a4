"""A place that a text can mean, why, and what puts one before another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from register.territory.gazetteer import ARRONDISSEMENT, Alias, Gazetteer, Place
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
Weight = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """One place that the text can mean.

    ``kind``: ``commune``, ``departement`` or ``region``. ``code`` and ``name`` are those of the
    present place, ``departement_code`` where it lies (None for a région). ``why`` is a key of
    ``EXACTNESS``. ``through`` and ``through_code`` are the name and INSEE code of the former or
    smaller place that led there, if any; of half of the former codes nobody kept the name.
    """

    kind: str
    code: str
    name: str
    departement_code: str | None
    why: str
    through: str | None = None
    through_code: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """The readings of a text, the most likely first; close names when it has none."""

    readings: tuple[Reading, ...]
    near: tuple[Reading, ...] = ()

    @property
    def one(self) -> Reading | None:
        """The reading, when there is exactly one."""
        return self.readings[0] if len(self.readings) == 1 else None

    @property
    def several(self) -> bool:
        """Whether a person has to choose."""
        return len(self.readings) > 1

    @property
    def none(self) -> bool:
        """Whether the text means no known place."""
        return not self.readings


def of_commune(place: Place, why: str, through: Alias | None = None) -> Reading:
    """A reading of a commune, by itself or through another place."""
    name, code = (through.name, through.code) if through else (None, None)
    return Reading(COMMUNE, place.code, place.name, place.parent, why, name, code)


def of_alias(gazetteer: Gazetteer, alias: Alias) -> Reading:
    """A reading of the commune that another name leads to."""
    why = "arrondissement" if alias.kind == ARRONDISSEMENT else "ancienne_commune"
    return of_commune(gazetteer.communes[alias.current], why, alias)


def of_departement(place: Place, why: str) -> Reading:
    """A reading of a département."""
    return Reading(DEPARTEMENT, place.code, place.name, place.code, why)


def of_region(place: Place) -> Reading:
    """A reading of a région; it has no code that people know."""
    return Reading(REGION, place.code, place.name, None, "region_nom")


def apart(gazetteer: Gazetteer, found: Iterable[Reading]) -> list[Reading]:
    """One reading for each land: the most exact for a place, the smallest place for a land.

    Paris is a commune and a département, Guadeloupe a département and a région, and choosing
    between two names of the same ground is no choice.
    """
    best: dict[tuple[str, str], Reading] = {}
    for reading in sorted(found, key=exactness):
        best.setdefault((reading.kind, reading.code), reading)
    return [
        reading
        for (kind, code), reading in best.items()
        if not (
            (kind == DEPARTEMENT and (COMMUNE, gazetteer.only_commune.get(code)) in best)
            or (kind == REGION and (DEPARTEMENT, gazetteer.only_departement.get(code)) in best)
        )
    ]


def exactness(reading: Reading) -> int:
    """How far a reading is from the letter of the text."""
    return EXACTNESS[reading.why]


def weight(gazetteer: Gazetteer, reading: Reading, known: Mapping[str, int]) -> Weight:
    """What orders readings that are equally exact: published cases, then people, then the code."""
    if reading.kind == COMMUNE:
        people = gazetteer.communes[reading.code].population
        return -known.get(reading.code, 0), -people, reading.code
    lands = gazetteer.departements if reading.kind == DEPARTEMENT else gazetteer.regions
    return 0, -lands[reading.code].population, reading.code


def ordered(
    gazetteer: Gazetteer, readings: Iterable[Reading], known: Mapping[str, int]
) -> tuple[Reading, ...]:
    """One reading for each land, the most likely first."""

    def order(reading: Reading) -> tuple[int, Weight]:
        return exactness(reading), weight(gazetteer, reading, known)

    return tuple(sorted(apart(gazetteer, readings), key=order))
