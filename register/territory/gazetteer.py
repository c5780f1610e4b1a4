"""The names and codes of the whole territory, indexed for :mod:`register.territory.resolve`.

About 45,000 names, indexed once in a process and never changed afterwards.
"""

from __future__ import annotations

import re
import tomllib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from register.territory.name_normalisation import SMALL_WORDS, initials, skeleton
from register.territory.packed_names import PackedMapping, PackedNames
from register.territory.places import (
    Alias,
    Area,
    Commune,
    CommuneGroup,
    Territory,
    group_by,
    territory,
)
from register.text.normalisation import fold_name

MIN_FUZZY_LENGTH = 4
# A mark in the index is the number of a name and, in its last bits, where in it a word begins.
_OFFSET_BITS = 8
_OFFSET_MASK = (1 << _OFFSET_BITS) - 1
# Sorts after every character that a folded name holds.
_MAX_CHARACTER = "\U0010ffff"


class NameIndex:
    """The names, each once; nothing here knows what they name."""

    def __init__(self, names: Iterable[str]) -> None:
        """Index the names by length, and by each word but small ones such as "sur" and "la".

        :param names: the most likely first; lists of them keep this order.
        """
        listed = tuple(names)
        self.names = PackedNames(listed)
        same_length = group_by((len(name), name) for name in listed)
        self._by_length = {length: "".join(same) for length, same in same_length.items()}
        marks = (
            number << _OFFSET_BITS | start
            for number, name in enumerate(listed)
            for start in _word_starts(name)
        )
        self._marks = array("I", sorted(marks, key=self._suffix_at))
        self.max_words = max((name.count(" ") + 1 for name in listed), default=0)

    def similar_names(self, name: str, distance: int) -> list[tuple[str, int]]:
        """Names at most so many typing errors away, with their number, the likest first.

        An error is a letter too many, too few or another, or two that changed places
        (optimal string alignment). Names of less than :data:`MIN_FUZZY_LENGTH` letters are like
        nothing: with one error they are any of a hundred others.
        """
        if len(name) < MIN_FUZZY_LENGTH:
            return []
        candidates = [
            same[start : start + length]
            for length in range(
                max(MIN_FUZZY_LENGTH, len(name) - distance), len(name) + distance + 1
            )
            for same in [self._by_length.get(length, "")]
            for start in range(0, len(same), length)
        ]
        similar = process.extract(
            name, candidates, scorer=OSA.distance, score_cutoff=distance, limit=None
        )
        return [(match, int(errors)) for match, errors, _index in similar]

    def positions_of_word_prefix(self, prefix: str) -> tuple[list[int], list[int]]:
        """Positions of names that begin with a prefix, and of those of which a later word does."""
        first = bisect_left(self._marks, prefix, key=self._suffix_at)
        last = bisect_left(self._marks, prefix + _MAX_CHARACTER, lo=first, key=self._suffix_at)
        marks = self._marks[first:last]
        starting = sorted(mark >> _OFFSET_BITS for mark in marks if not mark & _OFFSET_MASK)
        containing = {mark >> _OFFSET_BITS for mark in marks if mark & _OFFSET_MASK}
        return starting, sorted(containing.difference(starting))

    def _suffix_at(self, mark: int) -> str:
        return self.names[mark >> _OFFSET_BITS][mark & _OFFSET_MASK :]


def _word_starts(name: str) -> Iterator[int]:
    yield 0
    start = name.find(" ") + 1
    while 0 < start <= _OFFSET_MASK:
        end = name.find(" ", start)
        if name[start : end if end > 0 else None] not in SMALL_WORDS:
            yield start
        start = end + 1


class FormerArea(NamedTuple):
    """A département or région that is no more, and the départements that it became.

    ``kind``: ``departement`` or ``region``.
    """

    name: str
    kind: str
    departements: tuple[str, ...]


NamedPlace = Commune | Alias | Area | CommuneGroup | FormerArea


ARRONDISSEMENT = "arrondissement"
_NUMBER = re.compile(r"[0-9]+")
# What stands in official names before the name that people use: "CU du Grand Poitiers".
_GROUP_PREFIX = re.compile(r"(?:cc|ca|cu|metropole) (?:de l |de la |de |du |des |d )?")


class Gazetteer:
    """Every place by code and by folded name.

    ``names_by_skeleton`` leads from a name without its small words to names with some;
    ``names_by_initials`` from those of a département or région to its name. ``same_ground`` leads
    from the kind and code of an area to those of the one smaller place that is all of it: Paris,
    Guadeloupe. ``arrondissements``: of each city that has some, by number. ``commune_codes``: in
    one text, of the communes with the name at the same position of ``name_index``.
    """

    def __init__(self, territory: Territory, former_areas: Iterable[FormerArea] = ()) -> None:
        """Index the names and codes of a territory."""
        self.communes = territory.communes
        self.departements = territory.departements
        self.regions = territory.regions
        self.groups = territory.groups
        self.commune = territory.commune
        self._territory = territory
        self.arrondissements: dict[str, dict[int, Alias]] = {}
        for alias in self._aliases():
            if alias.kind == ARRONDISSEMENT and (number := _NUMBER.search(alias.name)):
                city = self.arrondissements.setdefault(alias.current_code, {})
                city[int(number.group())] = alias
        self.aliases_by_code = PackedMapping(
            ((alias.code, number) for number, alias in enumerate(self._aliases())),
            territory.alias_at,
        )
        self.names_by_initials = group_by(
            (abbreviation, area.folded)
            for area in (*self.departements.values(), *self.regions.values())
            for abbreviation in initials(area.folded)
        )
        towns = ((place.departement_code, place.code) for place in self.communes.all())
        areas = ((area.region_code, area.code) for area in self.departements.values())
        self.same_ground = {
            ("departement", code): ("commune", town) for code, town in _sole_children(towns)
        } | {("region", code): ("departement", area) for code, area in _sole_children(areas)}
        self.communes_by_postal_code = PackedMapping(
            (
                (postal_code, number)
                for number, commune in enumerate(self.communes.all())
                for postal_code in commune.postal_codes
            ),
            self.communes.codes.__getitem__,
        )
        self._other_places: list[NamedPlace] = [
            *self.departements.values(),
            *self.regions.values(),
            *self.groups.values(),
            *former_areas,
        ]
        self._index_names()

    def _aliases(self) -> Iterator[Alias]:
        return map(self._territory.alias_at, range(self._territory.alias_count))

    def _index_names(self) -> None:
        populations: dict[str, int] = {}
        codes: dict[str, str] = {}

        def numbers() -> Iterator[tuple[str, int]]:
            for number, place in enumerate(
                chain(self.communes.all(), self._aliases(), self._other_places)
            ):
                population = place.population or 0 if isinstance(place, Commune | Area) else -1
                for name in _folded_names(place):
                    populations[name] = max(populations.get(name, -1), population)
                    if isinstance(place, Commune):
                        codes[name] = f"{codes.get(name, '')} {place.code}"
                    yield name, number

        self.places_by_name = PackedMapping(numbers(), self._place)
        # Present names before former ones, those of most people first.
        self.name_index = NameIndex(sorted(populations, key=lambda name: -populations[name]))
        self.commune_codes = PackedNames(codes.get(name, "") for name in self.name_index.names)
        self.names_by_skeleton = PackedMapping(
            (
                (short_name, number)
                for number, name in enumerate(self.name_index.names)
                if (short_name := skeleton(name)) != name
            ),
            self.name_index.names.__getitem__,
        )

    def _place(self, number: int) -> NamedPlace:
        if number < len(self.communes):
            return self.communes.at(number)
        number -= len(self.communes)
        if number < self._territory.alias_count:
            return self._territory.alias_at(number)
        return self._other_places[number - self._territory.alias_count]


def _sole_children(pairs: Iterable[tuple[str | None, str]]) -> Iterator[tuple[str, str]]:
    """The parents that have one child, with it."""
    children: dict[str, str] = {}
    for parent, child in pairs:
        if parent:
            children[parent] = "" if parent in children else child
    return ((parent, child) for parent, child in children.items() if child)


def _folded_names(place: NamedPlace) -> Iterable[str]:
    name = fold_name(place.name)
    if isinstance(place, CommuneGroup):
        everyday_names = map(fold_name, _EVERYDAY_NAMES.get(place.code, ()))
        return {name, _GROUP_PREFIX.sub("", name, count=1), *everyday_names}
    return (name,)


_build_lock = Lock()


def gazetteer() -> Gazetteer:
    """The gazetteer of the territory, built by the first who needs it while others wait."""
    with _build_lock:
        return _build()


def _read_toml(file_name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(file_name).read_text("utf-8"))


# Read at the start, so that a server goes on answering while its program is being replaced.
_FORMER_AREAS = [
    FormerArea(name, kind, tuple(codes.split()))
    for kind, areas in _read_toml("former_areas.toml").items()
    for name, codes in areas.items()
]
_EVERYDAY_NAMES: Mapping[str, list[str]] = _read_toml("group_names.toml")


@cache
def _build() -> Gazetteer:
    return Gazetteer(territory(), _FORMER_AREAS)
