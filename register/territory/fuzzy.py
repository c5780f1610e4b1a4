"""Places whose name is not quite what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from register.territory.area_hints import Area, narrowed, splits
from register.territory.codes import is_departement_code
from register.territory.exact_matchers import bearing
from register.territory.gazetteer import Gazetteer
from register.territory.interpretations import (
    Reading,
    Weight,
    apart,
    of_alias,
    of_departement,
    weight,
)
from register.territory.name_index import SHORTEST
from register.territory.name_normalisation import ARTICLES, Statement, Words, numbered

MISTYPED, BEGUN, ENDED = "orthographe_proche", "debut_du_nom", "fin_du_nom"
# So many places can be offered for a choice; "Saint" begins the names of thousands.
CHOICE = 30
NEAR = 6
# Errors, whether it is a former name, and what orders the rest.
Rank = tuple[int, bool, Weight]
# Names with the same beginning that are looked at, those of most people first.
_LOOKED_AT = 400
_FARTHEST = 3
_FIVE = re.compile(r"[0-9]{5}")


def begun(gazetteer: Gazetteer, statement: Statement) -> list[Reading]:
    """What has the words as the beginning of its name, "Levallois"; none when too many have."""
    found = [
        reading
        for words, areas in _ways(gazetteer, statement.words)
        if len(names := beginning(gazetteer, words)) < _LOOKED_AT
        for name in names
        for reading in _there(gazetteer, statement, name, areas, BEGUN)
    ]
    return found if len(apart(gazetteer, found)) <= CHOICE else []


def mistyped(gazetteer: Gazetteer, statement: Statement) -> list[Reading]:
    """What has a name one typing error away; none when the words begin a name as they are."""
    found = [
        reading
        for words, areas in _ways(gazetteer, statement.words)
        if not beginning(gazetteer, words)
        for name, _errors in _like(gazetteer, " ".join(words), 1)
        for reading in _there(gazetteer, statement, name, areas, MISTYPED)
    ]
    return found + list(_mistyped_city(gazetteer, statement.words))


def near(
    gazetteer: Gazetteer, statement: Statement, known: Mapping[str, int]
) -> tuple[Reading, ...]:
    """Names that are close to what was typed, the closest first.

    The very name somewhere else ("Gagny 75") comes before any other name. A code that nothing has
    ("75000") is close to the département that its first digits say.
    """
    if coded := _coded(gazetteer, statement):
        return coded
    ranked: dict[tuple[str, str], tuple[Rank, Reading]] = {}
    for distance, reading in _around(gazetteer, statement):
        rank = (distance, reading.through is not None, weight(gazetteer, reading, known))
        key = (reading.kind, reading.code)
        if key not in ranked or rank < ranked[key][0]:
            ranked[key] = (rank, reading)
    best = sorted(ranked.values(), key=lambda pair: pair[0])
    return tuple(apart(gazetteer, [reading for _rank, reading in best]))[:NEAR]


def _coded(gazetteer: Gazetteer, statement: Statement) -> tuple[Reading, ...]:
    """The départements of a code; Corsica was 20 until 1976, and is for the post."""
    code = statement.words[0] if len(statement.words) == 1 else ""
    if code != "20" and not _FIVE.fullmatch(code):
        return ()
    start = code[:3] if code[:2] in ("97", "98") else code[:2]
    codes = ("2A", "2B") if start == "20" else (start,)
    known = (gazetteer.departements.get(one) for one in codes if is_departement_code(one))
    return tuple(of_departement(place, "departement_code") for place in known if place)


def _around(gazetteer: Gazetteer, statement: Statement) -> Iterator[tuple[int, Reading]]:
    for words, areas in _ways(gazetteer, statement.words):
        typed = " ".join(words)
        if areas:
            for reading in bearing(gazetteer, typed):
                if reading.kind in statement.kinds:
                    yield 0, reading
        for name in beginning(gazetteer, words):
            for reading in _there(gazetteer, statement, name, areas, BEGUN):
                yield 1, reading
        for name in _ending(gazetteer, typed):
            for reading in _there(gazetteer, statement, name, areas, ENDED):
                yield 1, reading
        for name, errors in _like(gazetteer, typed, min(_FARTHEST, (len(typed) + 1) // 3)):
            for reading in _there(gazetteer, statement, name, areas, MISTYPED):
                yield errors + 1, reading


def _ways(gazetteer: Gazetteer, words: Words) -> Iterator[tuple[Words, tuple[Area, ...]]]:
    yield words, ()
    yield from splits(gazetteer, words)


def beginning(gazetteer: Gazetteer, words: Words) -> list[str]:
    """Names that begin with these words and go on, an article before them aside."""
    typed = " ".join(words)
    articles = ("", *(f"{article} " for article in sorted(ARTICLES)))
    begin = gazetteer.spellings.beginning
    found = [name for article in articles for name in begin(f"{article}{typed} ")]
    return found[:_LOOKED_AT]


def _ending(gazetteer: Gazetteer, typed: str) -> list[str]:
    """Names of which these are the last words: Évry-Courcouronnes for "Courcouronnes"."""
    later = gazetteer.spellings.holding(typed)[1] if len(typed) >= SHORTEST else []
    return [name for name in later if name.endswith(f" {typed}")][:_LOOKED_AT]


def _like(gazetteer: Gazetteer, typed: str, distance: int) -> list[tuple[str, int]]:
    if not SHORTEST <= len(typed) <= gazetteer.spellings.longest + distance:
        return []
    return gazetteer.spellings.like(typed, distance)


def _there(
    gazetteer: Gazetteer, statement: Statement, name: str, areas: tuple[Area, ...], why: str
) -> Iterator[Reading]:
    for reading in bearing(gazetteer, name):
        within = narrowed(gazetteer, reading, areas)
        if within and within.kind in statement.kinds:
            yield replace(within, why=why)


def _mistyped_city(gazetteer: Gazetteer, words: Words) -> Iterator[Reading]:
    """ "Marseile 3e"."""
    found = numbered(words)
    if found is None:
        return
    for name, _errors in _like(gazetteer, " ".join(found[0]), 1):
        for alias in gazetteer.arrondissements.get(found[1], ()):
            if gazetteer.communes[alias.current].folded == name:
                yield replace(of_alias(gazetteer, alias), why=MISTYPED)
