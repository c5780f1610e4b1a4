"""What stands beside a name and says which one is meant: "(93)", "93200", "La Réunion"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from register.territory.codes import is_commune_code, is_departement_code
from register.territory.gazetteer import ARRONDISSEMENT, Alias, Gazetteer
from register.territory.interpretations import Reading, of_alias
from register.territory.name_normalisation import COMMUNE, SEATS, Words, after_preposition, skeleton

# "Provence-Alpes-Côte d'Azur" has five words, "Terres australes et antarctiques françaises" too,
# which leaves two for "en région".
_LONGEST = 7


class Area(NamedTuple):
    """Codes of places: what is meant is one of them or lies in one of them.

    ``part``: the arrondissement, when a code of one was said.
    """

    codes: frozenset[str]
    part: Alias | None = None


def splits(gazetteer: Gazetteer, words: Words) -> Iterator[tuple[Words, tuple[Area, ...]]]:
    """Each way to take the words as a name and an area before it, after it, or both."""
    sizes = range(1, min(_LONGEST, len(words) - 1) + 1)
    before = [(size, area(gazetteer, words[:size])) for size in sizes]
    after = [(size, area(gazetteer, words[-size:])) for size in sizes]
    for start, first in ((0, None), *before):
        for end, last in ((0, None), *after):
            name = words[start : len(words) - end]
            areas = tuple(one for one in (first, last) if one)
            if name and areas and len(areas) == (start > 0) + (end > 0):
                yield name, areas


def area(gazetteer: Gazetteer, words: Words) -> Area | None:
    """What words beside a name mean; None when they are no code or name of a land."""
    if words[0] == "sur":
        # The Sarthe of Chemiré-sur-Sarthe is the river.
        return None
    bare = after_preposition(words)
    if len(bare) > 1 and bare[0] in SEATS:
        bare = after_preposition(bare[1:])
    if len(bare) == 1 and bare[0][0].isdecimal():
        return _coded(gazetteer, bare[0].upper())
    name = " ".join(bare)
    thin = skeleton(name)
    spelled = (name, thin, *gazetteer.skeletons.get(thin, ()), *gazetteer.initials.get(name, ()))
    codes = {code for one in spelled for code in _lands(gazetteer, one)}
    return Area(frozenset(codes)) if codes else None


def narrowed(gazetteer: Gazetteer, reading: Reading, areas: Iterable[Area]) -> Reading | None:
    """The reading, if it is in all the areas; through an arrondissement if one was said."""
    for said in areas:
        if reading.code not in said.codes and reading.departement_code not in said.codes:
            return None
        if said.part and (reading.kind, reading.code) == (COMMUNE, said.part.current):
            reading = of_alias(gazetteer, said.part)
    return reading


def posted(gazetteer: Gazetteer, city: str, postal: str) -> Alias | None:
    """The arrondissement of a city behind a postal code: its last two digits are its number."""
    return gazetteer.arrondissement(city, int(postal[-2:]))


def _coded(gazetteer: Gazetteer, code: str) -> Area | None:
    """The land behind a département's number, a postal code or an INSEE code.

    A large receiver of mail has a postal code of its own (CEDEX), which begins like its
    département's.
    """
    departement = code.zfill(2)
    if is_departement_code(departement):
        return Area(frozenset({departement}))
    if not is_commune_code(code):
        return None
    there = set(gazetteer.postals.get(code, ()))
    parts = [posted(gazetteer, city, code) for city in there]
    if place := gazetteer.commune(code):
        there.add(place.code)
        parts += [alias for alias in gazetteer.aliases.get(code, ()) if _is_part(alias)]
    start = code[:3] if code[:2] in ("97", "98") else code[:2]
    return Area(frozenset(there or {start}), next((part for part in parts if part), None))


def _is_part(alias: Alias) -> bool:
    return alias.kind == ARRONDISSEMENT


def _lands(gazetteer: Gazetteer, name: str) -> Iterator[str]:
    """The codes of the départements that a folded name covers."""
    for place in gazetteer.departements_named.get(name, ()):
        yield place.code
    for region in gazetteer.regions_named.get(name, ()):
        yield from (
            place.code for place in gazetteer.departements.values() if place.parent == region.code
        )
