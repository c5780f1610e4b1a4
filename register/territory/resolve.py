"""What a person may have meant by what they typed for a place: one reading, several or none.

Pure: it asks a :class:`Gazetteer` in memory. What is read to the letter is in
:mod:`register.territory.exact_matchers`; only where that reads nothing, names that begin as typed are
looked at, after them names with one typing error, and last the places that a phrase names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from register.territory import exact_matchers, fuzzy
from register.territory.gazetteer import Gazetteer
from register.territory.interpretations import EXACTNESS, INEXACT, Reading, Resolution, ordered
from register.territory.name_normalisation import LONGEST, Statement, statements
from register.territory.place_extraction import Placed, placed
from register.territory.short_names import longer

__all__ = ["EXACTNESS", "INEXACT", "LONGEST", "READERS", "Reading", "Resolution", "resolve"]

PHRASE = "dans_la_phrase"
NUMBERS = frozenset({"code_insee", "code_postal", "ancien_code", "departement_code"})


def resolve(gazetteer: Gazetteer, typed: str, known: Mapping[str, int] | None = None) -> Resolution:
    """Every reading of ``typed``, the most exact first, then those with most published cases.

    ``known``: number of published cases by present commune code. Readings that are equal so far
    are in the order of population, then of codes; those of a phrase are in the order of
    :func:`register.territory.place_extraction.placed`.
    """
    counts = known or {}
    said = list(statements(typed[:LONGEST]))
    for reader in READERS:
        for statement in said:
            if found := reader(gazetteer, statement, counts):
                named = ordered(gazetteer, found, counts)
                if reader is _mistyped and len(named) > 1:
                    # Whoever has to choose finds what they wrote well too: "gagny la ville" is
                    # nearly Magny-la-Ville and Pagny-la-Ville.
                    named = (*_in_phrase(gazetteer, typed[:LONGEST], counts), *named)
                return Resolution(named)
    if named := tuple(_in_phrase(gazetteer, typed[:LONGEST], counts)):
        return Resolution(named)
    # The last statement is the barest: "mairie de" belongs to no name.
    return Resolution((), fuzzy.near(gazetteer, said[-1], counts) if said else ())


def _to_the_letter(
    gazetteer: Gazetteer, statement: Statement, known: Mapping[str, int]
) -> list[Reading]:
    """What the words are, and what they are short for."""
    found = exact_matchers.read(gazetteer, statement)
    return found + longer(gazetteer, statement.words, found, known, statement.kinds)


def _begun(gazetteer: Gazetteer, statement: Statement, _known: Mapping[str, int]) -> list[Reading]:
    return fuzzy.begun(gazetteer, statement)


def _mistyped(
    gazetteer: Gazetteer, statement: Statement, _known: Mapping[str, int]
) -> list[Reading]:
    return fuzzy.mistyped(gazetteer, statement)


def _in_phrase(gazetteer: Gazetteer, typed: str, known: Mapping[str, int]) -> Iterator[Reading]:
    """The places among other words, each once."""
    met = set()
    for place in placed(gazetteer, typed, known):
        for reading in place.resolution.readings if _is_phrase(gazetteer, place) else ():
            if (reading.kind, reading.code) not in met:
                met.add((reading.kind, reading.code))
                yield replace(reading, why=PHRASE)


def _is_phrase(gazetteer: Gazetteer, place: Placed) -> bool:
    """Whether the rest has words of its own: "Gagny 75" and "Paris 21e" contradict themselves."""
    if not any(word.isalpha() and len(word) > 1 for word in place.rest.split()):
        return False
    by_number = place.resolution.readings[0].why in NUMBERS
    return not (
        by_number and any(exact_matchers.read(gazetteer, one) for one in statements(place.rest))
    )


Reader = Callable[[Gazetteer, Statement, Mapping[str, int]], list[Reading]]
# From the letter to the guess; the first that reads anything has said all.
READERS: tuple[Reader, ...] = (_to_the_letter, _begun, _mistyped)
