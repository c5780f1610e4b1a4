"""What a typed place may mean, as a page offers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from register.incidents.filters import Query
from register.territory.gazetteer import Place
from register.territory.resolve import LONGEST, Reading, resolve
from register.text.clean import one_line
from register.web.context import gazetteer, known_places

_PLACES = ("commune", "departement", "region")


@dataclass(frozen=True)
class Choice:
    """One reading, where it leads, the département around it, and its published cases."""

    reading: Reading
    address: str
    within: str
    cases: int


@dataclass(frozen=True)
class Found:
    """The text that was typed and everything it may mean, the most likely first."""

    typed: str
    choices: Sequence[Choice]

    @property
    def one(self) -> Choice | None:
        """The reading, when nobody has to choose."""
        return self.choices[0] if len(self.choices) == 1 else None


def typed(values: Sequence[str]) -> str:
    """The place a person typed, on one line and bounded; empty when there is none."""
    return one_line(values[-1])[:LONGEST] if values else ""


def read(text: str, address: Callable[[Reading], str]) -> Found:
    """The readings of a text.

    :param address: where a reading leads.
    """
    known = known_places()
    places = gazetteer()
    choices = [
        Choice(
            reading=reading,
            address=address(reading),
            within=_within(reading, places.departements),
            cases=known.get(reading.code, 0) if reading.kind == "commune" else 0,
        )
        for reading in resolve(places, text, known).readings
    ]
    return Found(text, choices)


def narrowed(query: Query, reading: Reading) -> Query:
    """The same search at a place; a place typed anew takes the place of the former ones."""
    rest = {name: kept for name, kept in query.values.items() if name not in _PLACES}
    return replace(query, values={**rest, reading.kind: (reading.code,)}, page=1)


def _within(reading: Reading, departements: Mapping[str, Place]) -> str:
    place = departements.get(reading.departement_code or "")
    if reading.kind != "commune" or place is None or place.name == reading.name:
        return ""
    return place.name
