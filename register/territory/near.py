"""Places whose name is not quite what was typed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from register.territory.areas import Area, narrowed, splits
from register.territory.gazetteer import Gazetteer
from register.territory.readers import bearing
from register.territory.reading import Reading, Weight, apart, of_alias, weight
from register.territory.spellings import SHORTEST
from register.territory.wording import ARTICLES, Statement, Words, numbered

WHY = "orthographe_proche"
# So many places can be offered for a choice; "Saint" begins the names of thousands.
_CHOICE = 30
NEAR = 6
# Errors, whether it is a former name, and what orders the rest.
Rank = tuple[int, bool, Weight]
# Names with the same beginning that are looked at, those of most people first.
_LOOKED_AT = 400
_FARTHEST = 3


def begun(gazetteer: Gazetteer, statement: Statement) -> list[Reading]:
    """What has the words as the beginning of its name, "Levallois"; none when too many have."""
    return _begun(gazetteer, statement, _ways(gazetteer, statement.words))


def longer(gazetteer: Gazetteer, statement: Statement) -> list[Reading]:
    """The same for words that are all of them a name."""
    return _begun(gazetteer, statement, [(statement.words, ())])


def mistyped(gazetteer: Gazetteer, statement: Statement) -> list[Reading]:
    """What has a name one typing error away; none when the words begin a name as they are."""
    found = [
        reading
        for words, areas in _ways(gazetteer, statement.words)
        if not _beginning(gazetteer, words)
        for name, _errors in _like(gazetteer, " ".join(words), 1)
        for reading in _there(gazetteer, statement, name, areas)
    ]
    return found + list(_mistyped_city(gazetteer, statement.words))


def near(
    gazetteer: Gazetteer, statement: Statement, known: Mapping[str, int]
) -> tuple[Reading, ...]:
    """Names that are close to what was typed, the closest first.

    The very name somewhere else ("Gagny 75") comes before any other name.
    """
    ranked: dict[tuple[str, str], tuple[Rank, Reading]] = {}
    for distance, reading in _around(gazetteer, statement):
        rank = (distance, reading.through is not None, weight(gazetteer, reading, known))
        key = (reading.kind, reading.code)
        if key not in ranked or rank < ranked[key][0]:
            ranked[key] = (rank, reading)
    best = sorted(ranked.values(), key=lambda pair: pair[0])
    return tuple(apart(gazetteer, [reading for _rank, reading in best]))[:NEAR]


def _begun(
    gazetteer: Gazetteer, statement: Statement, ways: Iterable[tuple[Words, tuple[Area, ...]]]
) -> list[Reading]:
    found = [
        reading
        for words, areas in ways
        if len(names := _beginning(gazetteer, words)) < _LOOKED_AT
        for name in names
        for reading in _there(gazetteer, statement, name, areas)
    ]
    return found if len(apart(gazetteer, found)) <= _CHOICE else []


def _around(gazetteer: Gazetteer, statement: Statement) -> Iterator[tuple[int, Reading]]:
    for words, areas in _ways(gazetteer, statement.words):
        typed = " ".join(words)
        if areas:
            for reading in bearing(gazetteer, typed):
                if reading.kind in statement.kinds:
                    yield 0, reading
        for name in _beginning(gazetteer, words):
            for reading in _there(gazetteer, statement, name, areas):
                yield 1, reading
        for name, errors in _like(gazetteer, typed, min(_FARTHEST, (len(typed) + 1) // 3)):
            for reading in _there(gazetteer, statement, name, areas):
                yield errors + 1, reading


def _ways(gazetteer: Gazetteer, words: Words) -> Iterator[tuple[Words, tuple[Area, ...]]]:
    yield words, ()
    yield from splits(gazetteer, words)


def _beginning(gazetteer: Gazetteer, words: Words) -> list[str]:
    """Names that begin with these words and go on, an article before them aside."""
    typed = " ".join(words)
    articles = ("", *(f"{article} " for article in sorted(ARTICLES)))
    begin = gazetteer.spellings.beginning
    found = [name for article in articles for name in begin(f"{article}{typed} ")]
    return found[:_LOOKED_AT]


def _like(gazetteer: Gazetteer, typed: str, distance: int) -> list[tuple[str, int]]:
    if not SHORTEST <= len(typed) <= gazetteer.spellings.longest + distance:
        return []
    return gazetteer.spellings.like(typed, distance)


def _there(
    gazetteer: Gazetteer, statement: Statement, name: str, areas: tuple[Area, ...]
) -> Iterator[Reading]:
    for reading in bearing(gazetteer, name):
        within = narrowed(gazetteer, reading, areas)
        if within and within.kind in statement.kinds:
            yield replace(within, why=WHY)


def _mistyped_city(gazetteer: Gazetteer, words: Words) -> Iterator[Reading]:
    """ "Marseile 3e"."""
    found = numbered(words)
    if found is None:
        return
    for name, _errors in _like(gazetteer, " ".join(found[0]), 1):
        for alias in gazetteer.arrondissements.get(found[1], ()):
            if gazetteer.communes[alias.current].folded == name:
                yield replace(of_alias(gazetteer, alias), why=WHY)
