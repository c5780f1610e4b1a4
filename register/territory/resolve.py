"""What a person may have meant by what they typed for a place: one reading, several or none.

Pure: it asks a :class:`Gazetteer` in memory. A new kind of reading is one more function in
``READERS``; each says every place that the text can mean in its way, and nothing else decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from register.territory.codes import is_commune_code, is_departement_code
from register.territory.gazetteer import Alias, Gazetteer, Place
from register.text.fold import fold_name

# Longer than any place name; what comes after is not read.
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Reading:
    """One place that the text can mean.

    ``kind``: ``commune``, ``departement`` or ``region``. ``code`` and ``name`` are those of the
    present place, ``departement_code`` where it lies (None for a région). ``why`` is a key of
    ``EXACTNESS``; ``through`` is the former or smaller place's name that led there, if any.
    """

    kind: str
    code: str
    name: str
    departement_code: str | None
    why: str
    through: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """The readings of a text, the most likely first."""

    readings: tuple[Reading, ...]

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


@dataclass(frozen=True, slots=True)
class Typed:
    """The text, folded once for all readers; ``name`` and ``within`` when it reads "Name (93)"."""

    folded: str
    name: str
    within: str


# Why a reading was made, and how far it is from the letter of the text: 0 is the nearest.
EXACTNESS = {
    "code_insee": 0,
    "departement_code": 0,
    "nom": 0,
    "ancien_code": 1,
    "departement_nom": 1,
    "region_nom": 2,
    "arrondissement": 3,
    "ancienne_commune": 3,
}


def resolve(gazetteer: Gazetteer, typed: str, known: Mapping[str, int] | None = None) -> Resolution:
    """Every reading of ``typed``, the most exact first, then those with most published cases.

    ``known``: number of published cases by present commune code. Readings that are equal so far
    are in the order of population, then of codes.
    """
    text = _typed(typed)
    found = [reading for reader in READERS for reading in reader(gazetteer, text)]
    return Resolution(tuple(_ordered(gazetteer, _apart(gazetteer, found), known or {})))


def _typed(typed: str) -> Typed:
    text = " ".join(typed[:LONGEST].replace(",", " ").split())
    if text.endswith(")"):
        name, _, within = text[:-1].rpartition("(")
    else:
        name, _, within = text.rpartition(" ")
    return Typed(fold_name(text), fold_name(name), fold_name(within))


def _by_code(gazetteer: Gazetteer, text: Typed) -> Iterator[Reading]:
    code = text.folded.upper()
    if is_commune_code(code) and (place := _commune(gazetteer, code)):
        if place.code == code:
            yield _of_commune(place, "code_insee")
        else:
            yield _of_former_code(gazetteer, code, place)


def _of_former_code(gazetteer: Gazetteer, code: str, place: Place) -> Reading:
    alias = next(iter(gazetteer.aliases.get(code, ())), None)
    if alias is None:
        return _of_commune(place, "ancien_code")
    why = "arrondissement" if alias.kind == "arrondissement" else "ancien_code"
    return _of_commune(place, why, alias.name)


def _by_name(gazetteer: Gazetteer, text: Typed) -> Iterator[Reading]:
    return _communes_named(gazetteer, text.folded)


def _by_name_within(gazetteer: Gazetteer, text: Typed) -> Iterator[Reading]:
    """ "Saint-Denis (93)", "Saint-Denis 974", "Saint-Denis (Seine-Saint-Denis)"."""
    named = gazetteer.departements_named.get(text.within, ())
    codes = {text.within.upper(), *(place.code for place in named)}
    for reading in _communes_named(gazetteer, text.name):
        if reading.departement_code in codes:
            yield reading


def _by_departement_code(gazetteer: Gazetteer, text: Typed) -> Iterator[Reading]:
    code = text.folded.upper().zfill(2)
    if is_departement_code(code) and (place := gazetteer.departements.get(code)):
        yield Reading("departement", code, place.name, code, "departement_code")


def _by_departement_name(gazetteer: Gazetteer, text: Typed) -> Iterator[Reading]:
    for place in gazetteer.departements_named.get(text.folded, ()):
        yield Reading("departement", place.code, place.name, place.code, "departement_nom")


def _by_region_name(gazetteer: Gazetteer, text: Typed) -> Iterator[Reading]:
    for place in gazetteer.regions_named.get(text.folded, ()):
        yield Reading("region", place.code, place.name, None, "region_nom")


Reader = Callable[[Gazetteer, Typed], Iterable[Reading]]
READERS: tuple[Reader, ...] = (
    _by_code,
    _by_name,
    _by_name_within,
    _by_departement_code,
    _by_departement_name,
    _by_region_name,
)


def _communes_named(gazetteer: Gazetteer, folded: str) -> Iterator[Reading]:
    for place in gazetteer.communes_named.get(folded, ()):
        yield _of_commune(place, "nom")
    for alias in gazetteer.aliases_named.get(folded, ()):
        if present := _commune(gazetteer, alias.current):
            yield _of_commune(present, _why(alias), alias.name)


def _why(alias: Alias) -> str:
    return "arrondissement" if alias.kind == "arrondissement" else "ancienne_commune"


def _commune(gazetteer: Gazetteer, code: str) -> Place | None:
    return gazetteer.communes.get(gazetteer.codes.get(code, ""))


def _of_commune(place: Place, why: str, through: str | None = None) -> Reading:
    return Reading("commune", place.code, place.name, place.parent, why, through)


def _apart(gazetteer: Gazetteer, found: list[Reading]) -> list[Reading]:
    """One reading for each land: the most exact for a place, the smallest place for a land.

    Paris is a commune and a département, Guadeloupe a département and a région, and choosing
    between two names of the same ground is no choice.
    """
    best: dict[tuple[str, str], Reading] = {}
    for reading in sorted(found, key=_exactness):
        best.setdefault((reading.kind, reading.code), reading)
    return [
        reading
        for (kind, code), reading in best.items()
        if not (
            (kind == "departement" and ("commune", gazetteer.only_commune.get(code)) in best)
            or (kind == "region" and ("departement", gazetteer.only_departement.get(code)) in best)
        )
    ]


def _exactness(reading: Reading) -> int:
    return EXACTNESS[reading.why]


def _ordered(
    gazetteer: Gazetteer, readings: list[Reading], known: Mapping[str, int]
) -> list[Reading]:
    def order(reading: Reading) -> tuple[int, int, int, str]:
        if reading.kind != "commune":
            return _exactness(reading), 0, 0, reading.code
        people = gazetteer.communes[reading.code].population
        return _exactness(reading), -known.get(reading.code, 0), -people, reading.code

    return sorted(readings, key=order)
