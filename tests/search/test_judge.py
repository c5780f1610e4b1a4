"""What a search means for a document, case by case: the table that engines are held to."""

from __future__ import annotations

import pytest

from register.search.matcher import strength
from register.search.query_model import Asked, Document, Part, Way

DOCUMENT = Document(
    number=1,
    strong=(("interdict", "film"), ("gagny",), ("§an:2008",)),
    weak=(("mair", "interd", "film", "seanc"), ("conseil", "municipal")),
    forms=frozenset({"interdiction", "filmer", "gagny", "maire", "seance", "conseil"}),
    strong_forms=frozenset({"interdiction", "filmer", "gagny"}),
)


def part(*ways: Way, excluded: bool = False) -> Part:
    return Part("typed", ways, excluded)


FILM, MAYOR, GAGNY = Way(("film",)), Way(("mair",)), Way(("gagny",))


@pytest.mark.parametrize(
    ("parts", "told", "why"),
    [
        ([], 0, "nothing asked: every case, none stronger"),
        ([part(FILM)], 1, "in the title"),
        ([part(MAYOR)], 0, "in the account"),
        ([part(FILM), part(GAGNY), part(MAYOR)], 2, "two of three in strong fields"),
        ([part(Way(("absent",)))], None, "nowhere"),
        ([part(FILM), part(Way(("absent",)))], None, "all are wanted"),
        ([part(Way(("absent",)), FILM)], 1, "by another way"),
        ([part(Way(("interdict", "film")))], 1, "a phrase in the title"),
        ([part(Way(("interd", "film")))], 0, "a phrase in the account only"),
        ([part(Way(("film", "interdict")))], None, "the other way round"),
        ([part(Way(("film", "gagny")))], None, "from one field to the next"),
        ([part(Way(("film", "gagny"), together=False))], 1, "apart, both in strong fields"),
        ([part(Way(("gagny", "mair"), together=False))], 0, "apart, one in the account"),
        ([part(Way(("interdi",), prefix=True))], 1, "a beginning"),
        ([part(Way(("sean",), prefix=True))], 0, "a beginning in the account"),
        ([part(Way(("lm",), prefix=True))], None, "no beginning"),
        ([part(Way(("§an:2008",)))], 1, "a code"),
        ([part(FILM, excluded=True)], None, "left out"),
        ([part(Way(("absent",)), excluded=True)], 0, "nothing to leave out"),
        ([part(FILM), part(MAYOR, excluded=True)], None, "wanted and left out"),
    ],
)
def test_strength(parts: list[Part], told: int | None, why: str) -> None:
    assert strength(Asked(tuple(parts)), DOCUMENT) == told, why
