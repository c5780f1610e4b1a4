"""Completions of a place that is being typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import nlargest, nsmallest

from register.territory.exact_matchers import bearing, read
from register.territory.gazetteer import Gazetteer
from register.territory.interpretations import Reading, Weight, apart, ordered, weight
from register.territory.name_normalisation import LONGEST, Statement, statements


def suggest(
    gazetteer: Gazetteer, typed: str, known: Mapping[str, int] | None = None, limit: int = 8
) -> tuple[Reading, ...]:
    """What the text is to the letter, then names that begin with it, then those with a later word.

    In each group names of today come before former ones, and among these published cases
    (``known``, by commune code) count first, then people.
    """
    counts = known or {}
    found: dict[tuple[str, str], Reading] = {}
    for statement in statements(typed[:LONGEST]):
        letter = ordered(gazetteer, read(gazetteer, statement), counts)
        for reading in (*letter, *_completions(gazetteer, statement, counts, limit)):
            found.setdefault((reading.kind, reading.code), reading)
        if found:
            break
    # Paris is a commune and a département, and offered once.
    offered = {(reading.kind, reading.code) for reading in apart(gazetteer, found.values())}
    return tuple(reading for key, reading in found.items() if key in offered)[:limit]


def _completions(
    gazetteer: Gazetteer, statement: Statement, known: Mapping[str, int], limit: int
) -> Iterator[Reading]:
    def order(reading: Reading) -> tuple[bool, Weight]:
        return reading.why == "ancienne_commune", weight(gazetteer, reading, known)

    # Some may be offered already, or be a smaller name of the same ground.
    most = 2 * limit
    for names in gazetteer.spellings.holding(" ".join(statement.words)):
        readings = (
            reading
            for name in _likely(gazetteer, names, known, most)
            for reading in bearing(gazetteer, name)
            if reading.kind in statement.kinds
        )
        yield from nsmallest(most, readings, key=order)


def _likely(
    gazetteer: Gazetteer, names: list[str], known: Mapping[str, int], most: int
) -> list[str]:
    """The names that can be among the first: thousands begin with "s", too many to read each."""

    def cases(name: str) -> int:
        return max(
            (known.get(place.code, 0) for place in gazetteer.communes_named.get(name, ())),
            default=0,
        )

    with_cases = nlargest(most, names, key=cases) if known else []
    return list(dict.fromkeys(names[:most] + with_cases))
