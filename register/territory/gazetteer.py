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
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from register.territory.name_normalisation import SMALL_WORDS, initials, skeleton
from register.territory.places import (
    Alias,
    Area,
    Commune,
    CommuneGroup,
    Communes,
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
        self._names = tuple(names)
        self._by_length = group_by((len(name), name) for name in self._names)
        marks = (
            number << _OFFSET_BITS | start
            for number, name in enumerate(self._names)
            for start in _word_starts(name)
        )
        self._marks = array("I", sorted(marks, key=self._suffix_at))
        self.max_words = max((name.count(" ") + 1 for name in self._names), default=0)

    def similar_names(self, name: str, distance: int) -> list[tuple[str, int]]:
        """Names at most so many typing errors away, with their number, the likest first.

        An error is a letter too many, too few or another, or two that changed places
        (optimal string alignment). Names of less than :data:`MIN_FUZZY_LENGTH` letters are like
        nothing: with one error they are any of a hundred others.
        """
        if len(name) < MIN_FUZZY_LENGTH:
            return []
        lengths = range(max(MIN_FUZZY_LENGTH, len(name) - distance), len(name) + distance + 1)
        candidates = [match for length in lengths for match in self._by_length.get(length, ())]
        similar = process.extract(
            name, candidates, scorer=OSA.distance, score_cutoff=distance, limit=None
        )
        return [(match, int(errors)) for match, errors, _index in similar]

    def names_with_word_prefix(self, prefix: str) -> tuple[list[str], list[str]]:
        """Names that begin with ``prefix``, and names of which a later word does."""
        first = bisect_left(self._marks, prefix, key=self._suffix_at)
        last = bisect_left(self._marks, prefix + _MAX_CHARACTER, lo=first, key=self._suffix_at)
        marks = self._marks[first:last]
        starting = sorted(mark >> _OFFSET_BITS for mark in marks if not mark & _OFFSET_MASK)
        containing = {mark >> _OFFSET_BITS for mark in marks if mark & _OFFSET_MASK}
        later = sorted(containing.difference(starting))
        return [self._names[at] for at in starting], [self._names[at] for at in later]

    def _suffix_at(self, mark: int) -> str:
        return self._names[mark >> _OFFSET_BITS][mark & _OFFSET_MASK :]


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


class PlacesByName(Mapping[str, tuple[NamedPlace, ...]]):
    """Folded name → the places that have it; communes are stored by their codes."""

    def __init__(
        self, communes: Communes, named_places: Iterable[tuple[str, NamedPlace | str]]
    ) -> None:
        self._communes, self._places = communes, group_by(named_places)

    def __getitem__(self, name: str) -> tuple[NamedPlace, ...]:
        return tuple(
            self._communes[place] if isinstance(place, str) else place
            for place in self._places[name]
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


ARRONDISSEMENT = "arrondissement"
_NUMBER = re.compile(r"[0-9]+")
# What stands in official names before the name that people use: "CU du Grand Poitiers".
_GROUP_PREFIX = re.compile(r"(?:cc|ca|cu|metropole) (?:de l |de la |de |du |des |d )?")


class Gazetteer:
    """Every place by code and by folded name.

    ``names_by_skeleton`` leads from a name without its small words to names with some;
    ``names_by_initials`` from those of a département or région to its name. ``same_ground`` leads
    from the kind and code of an area to those of the one smaller place that is all of it: Paris,
    Guadeloupe. ``arrondissements``: of each city that has some, by number.
    """

    def __init__(self, territory: Territory, former_areas: Iterable[FormerArea] = ()) -> None:
        """Index the names and codes of a territory."""
        self.communes = territory.communes
        self.departements = territory.departements
        self.regions = territory.regions
        self.groups = territory.groups
        self.commune = territory.commune
        aliases = sorted(alias for group in territory.aliases.values() for alias in group)
        self.aliases_by_code = group_by((alias.code, alias) for alias in aliases)
        self.arrondissements: dict[str, dict[int, Alias]] = {}
        for alias in aliases:
            if alias.kind == ARRONDISSEMENT and (number := _NUMBER.search(alias.name)):
                city = self.arrondissements.setdefault(alias.current_code, {})
                city[int(number.group())] = alias
        places: list[NamedPlace] = [
            *aliases,
            *self.departements.values(),
            *self.regions.values(),
            *self.groups.values(),
            *former_areas,
        ]
        self.communes_by_postal_code = group_by(
            (postal_code, code)
            for code, commune in self.communes.items()
            for postal_code in commune.postal_codes
        )
        populations: dict[str, int] = {}

        def named_places() -> Iterator[tuple[str, NamedPlace | str]]:
            for place in chain(self.communes.values(), places):
                population = place.population or 0 if isinstance(place, Commune | Area) else -1
                for name in _folded_names(place):
                    populations[name] = max(populations.get(name, -1), population)
                    yield name, place.code if isinstance(place, Commune) else place

        self.places_by_name = PlacesByName(self.communes, named_places())
        # Present names before former ones, those of most people first.
        names = sorted(self.places_by_name, key=lambda name: -populations[name])
        self.name_index = NameIndex(names)
        self.names_by_skeleton = group_by(
            (short_name, name) for name in names if (short_name := skeleton(name)) != name
        )
        self.names_by_initials = group_by(
            (abbreviation, area.folded)
            for area in (*self.departements.values(), *self.regions.values())
            for abbreviation in initials(area.folded)
        )
        in_region = group_by(
            (area.region_code or "", area.code) for area in self.departements.values()
        )
        in_departement = group_by(
            (commune.departement_code, code) for code, commune in self.communes.items()
        )
        self.same_ground = {
            (kind, code): (smaller_kind, smaller_codes[0])
            for kind, smaller_kind, children in (
                ("departement", "commune", in_departement),
                ("region", "departement", in_region),
            )
            for code, smaller_codes in children.items()
            if len(smaller_codes) == 1
        }


def _folded_names(place: NamedPlace) -> Iterable[str]:
    name = fold_name(place.name)
    if isinstance(place, CommuneGroup):
        return {name, _GROUP_PREFIX.sub("", name, count=1)}
    return (name,)


_build_lock = Lock()


def gazetteer() -> Gazetteer:
    """The gazetteer of the territory, built by the first who needs it while others wait."""
    with _build_lock:
        return _build()


@cache
def former_areas() -> list[FormerArea]:
    """Former regions and départements, from their file."""
    path = Path(__file__).with_name("former_areas.toml")
    tables: Mapping[str, Mapping[str, str]] = tomllib.loads(path.read_text("utf-8"))
    return [
        FormerArea(name, kind, tuple(codes.split()))
        for kind, areas in tables.items()
        for name, codes in areas.items()
    ]


@cache
def _build() -> Gazetteer:
    return Gazetteer(territory(), former_areas())
