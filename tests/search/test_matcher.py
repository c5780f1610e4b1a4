"""The strength of a document for each kind of query, which both engines must return."""

from __future__ import annotations

import pytest

from register.search.engine_interface import Document, QueryAlternative, QueryPart, SearchQuery
from register.search.reference_matcher import strength

DOCUMENT = Document(
    number=1,
    strong=(("interdict", "film"), ("gagny",), ("§an:2008",)),
    weak=(("mair", "interd", "film", "seanc"), ("conseil", "municipal")),
    strong_forms=(("interdiction", "filmer"), ("gagny",)),
    weak_forms=(("maire", "interdit", "film", "seance"), ("conseil", "municipal")),
)


def part(*alternatives: QueryAlternative, excluded: bool = False) -> QueryPart:
    return QueryPart("typed", alternatives, excluded)


FILM, MAYOR, GAGNY = (
    QueryAlternative(("film",)),
    QueryAlternative(("mair",)),
    QueryAlternative(("gagny",)),
)


@pytest.mark.parametrize(
    ("parts", "expected", "why"),
    [
        ([], 0, "nothing asked: every case, none stronger"),
        ([part(FILM)], 1, "in the title"),
        ([part(MAYOR)], 0, "in the account"),
        ([part(FILM), part(GAGNY), part(MAYOR)], 2, "two of three in strong fields"),
        ([part(QueryAlternative(("absent",)))], None, "nowhere"),
        ([part(FILM), part(QueryAlternative(("absent",)))], None, "all are wanted"),
        ([part(QueryAlternative(("absent",)), FILM)], 1, "by another way"),
        ([part(QueryAlternative(("interdict", "film")))], 1, "a phrase in the title"),
        ([part(QueryAlternative(("interd", "film")))], 0, "a phrase in the account only"),
        ([part(QueryAlternative(("film", "interdict")))], None, "the other way round"),
        ([part(QueryAlternative(("film", "gagny")))], None, "from one field to the next"),
        (
            [part(QueryAlternative(("film", "gagny"), is_phrase=False))],
            1,
            "apart, both in strong fields",
        ),
        (
            [part(QueryAlternative(("gagny", "mair"), is_phrase=False))],
            0,
            "apart, one in the account",
        ),
        ([part(QueryAlternative(("interdi",), prefix=True))], 1, "a beginning"),
        ([part(QueryAlternative(("sean",), prefix=True))], 0, "a beginning in the account"),
        ([part(QueryAlternative(("lm",), prefix=True))], None, "no beginning"),
        ([part(QueryAlternative(("§an:2008",)))], 1, "a code"),
        ([part(QueryAlternative(("filmer",), literal=True))], 1, "by the letter, in the title"),
        ([part(QueryAlternative(("film",), literal=True))], 0, "by the letter, in the account"),
        ([part(QueryAlternative(("mair",), literal=True))], None, "a stem is no letter"),
        (
            [part(QueryAlternative(("maire", "interdit"), literal=True))],
            0,
            "a phrase by the letter",
        ),
        (
            [part(QueryAlternative(("maire", "interdire"), literal=True))],
            None,
            "another form of it",
        ),
        ([part(FILM, excluded=True)], None, "left out"),
        ([part(QueryAlternative(("absent",)), excluded=True)], 0, "nothing to leave out"),
        ([part(FILM), part(MAYOR, excluded=True)], None, "wanted and left out"),
    ],
)
def test_the_strength_of_a_document_for_a_query(
    parts: list[QueryPart], expected: int | None, why: str
) -> None:
    assert strength(SearchQuery(tuple(parts)), DOCUMENT) == expected, why
