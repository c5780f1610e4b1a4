"""What a person may have meant by what they typed for a place: one reading, several or none.

Pure: it asks a :class:`Gazetteer` in memory. What is read to the letter is in
:mod:`register.territory.readers`; only where that reads nothing, names that begin as typed are
looked at, and after them names with one typing error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from register.territory import near, readers
from register.territory.gazetteer import Gazetteer
from register.territory.reading import EXACTNESS, Reading, Resolution, ordered
from register.territory.wording import Statement, statements

__all__ = ["EXACTNESS", "LONGEST", "READERS", "Reading", "Resolution", "resolve"]

# Longer than any place name; what comes after is not read.
LONGEST = 200


def resolve(gazetteer: Gazetteer, typed: str, known: Mapping[str, int] | None = None) -> Resolution:
    """Every reading of ``typed``, the most exact first, then those with most published cases.

    ``known``: number of published cases by present commune code. Readings that are equal so far
    are in the order of population, then of codes.
    """
    counts = known or {}
    said = list(statements(typed[:LONGEST]))
    for reader in READERS:
        for statement in said:
            if found := reader(gazetteer, statement):
                return Resolution(ordered(gazetteer, found, counts))
    # The last statement is the barest: "mairie de" belongs to no name.
    return Resolution((), near.near(gazetteer, said[-1], counts) if said else ())


def _to_the_letter(gazetteer: Gazetteer, statement: Statement) -> list[Reading]:
    """What the words are; an old name leaves room for the places that are called so for short.

    Boulogne was a commune of Vendée, and is what people call Boulogne-Billancourt.
    """
    found = readers.read(gazetteer, statement)
    if found and all(reading.why == "ancienne_commune" for reading in found):
        found += near.longer(gazetteer, statement)
    return found


Reader = Callable[[Gazetteer, Statement], list[Reading]]
# From the letter to the guess; the first that reads anything has said all.
READERS: tuple[Reader, ...] = (_to_the_letter, near.begun, near.mistyped)
