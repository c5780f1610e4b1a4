"""The names of the whole territory, indexed for :mod:`register.territory.resolve`.

About 40,000 names, indexed once in a process and never changed afterwards.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from threading import Lock
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from register.territory.name_normalisation import (
    SEATS,
    SMALL_WORDS,
    Words,
    after_preposition,
    initials,
    skeleton,
)
from register.territory.place_queries import (
    departement_prefix,
    is_commune_code,
    is_departement_code,
)
from register.territory.places import Alias, Area, Commune, Territory, group_by, territory

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
        lengths: defaultdict[int, list[str]] = defaultdict(list)
        for name in self._names:
            lengths[len(name)].append(name)
        self._by_length = dict(lengths)
        marks = (
            number << _OFFSET_BITS | start
            for number, name in enumerate(self._names)
            for start in _word_starts(name)
        )
        self._marks = array("I", sorted(marks, key=self._suffix_at))
        self.max_length = max(self._by_length, default=0)
        self.max_words = max((name.count(" ") + 1 for name in self._names), default=0)

    def similar_names(self, name: str, distance: int) -> list[tuple[str, int]]:
        """Names at most so many typing errors away, with their number, the likest first.

        An error is a letter too many, too few or another, or two that changed places
        (optimal string alignment). Names of less than :data:`MIN_FUZZY_LENGTH` letters are like
        nothing: with one error they are any of a hundred others.
        """
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


ARRONDISSEMENT = "arrondissement"
_NUMBER = re.compile(r"[0-9]+")


class Gazetteer:
    """Every place by code and by folded name.

    ``names_by_skeleton`` leads from a name without its small words to names with some;
    ``names_by_initials`` from those of a département or région to its name.
    ``sole_commune`` and ``sole_departement`` name the one commune of a département, the one
    département of a région: Paris is both, Guadeloupe too.
    """

    def __init__(self, territory: Territory) -> None:
        """Index the names and codes of a territory."""
        self.communes = territory.communes
        self.departements = territory.departements
        self.regions = territory.regions
        self.commune = territory.commune
        communes = self.communes.values()
        self.communes_by_postal_code = group_by(
            (postal_code, place.code) for place in communes for postal_code in place.postal_codes
        )
        aliases = sorted(alias for group in territory.aliases.values() for alias in group)
        self.aliases_by_code = group_by((alias.code, alias) for alias in aliases)
        self.aliases_by_name = group_by((alias.folded, alias) for alias in aliases)
        self.communes_by_name = group_by((place.folded, place) for place in communes)
        self.departements_by_name = group_by(
            (place.folded, place) for place in self.departements.values()
        )
        self.regions_by_name = group_by((place.folded, place) for place in self.regions.values())
        self.sole_commune = _sole_children(
            (place.departement_code, place.code) for place in communes
        )
        self.sole_departement = _sole_children(
            (place.region_code or "", place.code) for place in self.departements.values()
        )
        self.arrondissements_by_number = group_by(
            (int(number.group()), alias)
            for alias in aliases
            if alias.kind == ARRONDISSEMENT and (number := _NUMBER.search(alias.name))
        )
        names = self._ranked_names()
        self.names_by_skeleton = group_by(
            (short_name, name) for name in names if (short_name := skeleton(name)) != name
        )
        areas = (*self.departements_by_name, *self.regions_by_name)
        self.names_by_initials = group_by(
            (abbreviation, name) for name in areas for abbreviation in initials(name)
        )
        self.name_index = NameIndex(names)

    def _ranked_names(self) -> list[str]:
        """Every folded name once, present before former ones, those of most people first."""
        populations: dict[str, int] = {}
        by_name: tuple[Mapping[str, tuple[Area | Commune, ...]], ...] = (
            self.communes_by_name,
            self.departements_by_name,
            self.regions_by_name,
        )
        for places_by_name in by_name:
            for name, places in places_by_name.items():
                population = max(place.population or 0 for place in places)
                populations[name] = max(populations.get(name, 0), population)
        former_names = [name for name in self.aliases_by_name if name not in populations]
        return sorted(populations, key=lambda name: -populations[name]) + former_names


_build_lock = Lock()


def gazetteer() -> Gazetteer:
    """The gazetteer of the territory, built by the first who needs it while others wait."""
    with _build_lock:
        return _build()


@cache
def _build() -> Gazetteer:
    return Gazetteer(territory())


def _sole_children(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    children = group_by(pairs)
    return {parent: codes[0] for parent, codes in children.items() if len(codes) == 1}


class AreaHint(NamedTuple):
    """Codes of places: what is meant is one of them or lies in one of them.

    ``arrondissement``: the arrondissement, when a code of one was said.
    """

    codes: frozenset[str]
    arrondissement: Alias | None = None


def parse_area(gazetteer: Gazetteer, words: Words) -> AreaHint | None:
    """What words beside a name mean; None when they are no code or name of a land."""
    if words[0] == "sur":
        # The Sarthe of Chemiré-sur-Sarthe is the river.
        return None
    bare_words = after_preposition(words)
    if len(bare_words) > 1 and bare_words[0] in SEATS:
        bare_words = after_preposition(bare_words[1:])
    if len(bare_words) == 1 and bare_words[0][0].isdecimal():
        return _area_of_code(gazetteer, bare_words[0].upper())
    name = " ".join(bare_words)
    bare_skeleton = skeleton(name)
    spellings = (
        name,
        bare_skeleton,
        *gazetteer.names_by_skeleton.get(bare_skeleton, ()),
        *gazetteer.names_by_initials.get(name, ()),
    )
    codes: set[str] = set()
    for spelling in spellings:
        codes |= {place.code for place in gazetteer.departements_by_name.get(spelling, ())}
        if regions := {place.code for place in gazetteer.regions_by_name.get(spelling, ())}:
            departements = gazetteer.departements.values()
            codes |= {place.code for place in departements if place.region_code in regions}
    return AreaHint(frozenset(codes)) if codes else None


def _area_of_code(gazetteer: Gazetteer, code: str) -> AreaHint | None:
    """The land behind a département's number, a postal code or an INSEE code.

    A large receiver of mail has a postal code of its own (CEDEX), which begins like its
    département's.
    """
    departement = code.zfill(2)
    if is_departement_code(departement):
        return AreaHint(frozenset({departement}))
    if not is_commune_code(code):
        return None
    codes = set(gazetteer.communes_by_postal_code.get(code, ()))
    arrondissements = [arrondissement_of_postal_code(gazetteer, city, code) for city in codes]
    if place := gazetteer.commune(code):
        codes.add(place.code)
        aliases = gazetteer.aliases_by_code.get(code, ())
        arrondissements += [alias for alias in aliases if alias.kind == ARRONDISSEMENT]
    return AreaHint(
        frozenset(codes or {departement_prefix(code)}),
        next((arrondissement for arrondissement in arrondissements if arrondissement), None),
    )


def arrondissement_of_postal_code(
    gazetteer: Gazetteer, city_code: str, postal_code: str
) -> Alias | None:
    """The arrondissement of a city behind a postal code: its last two digits are its number."""
    aliases = gazetteer.arrondissements_by_number.get(int(postal_code[-2:]), ())
    return next((alias for alias in aliases if alias.current_code == city_code), None)
