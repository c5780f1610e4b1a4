"""Places without a code: labels of public cases, matched with the words that people type."""

from __future__ import annotations

from urllib.parse import parse_qs

import facet_data
import pytest

from register.cases import acts, case_places, facet_index
from register.cases.case_places import PlaceLabel, UncodedPlace
from register.cases.filters import CaseQuery, parse
from register.cases.vocabulary import current_vocabulary
from register.journal import head
from register.text.normalisation import fold_name


def _labels(session):
    session.rollback()
    index = facet_index.load_index(session, current_vocabulary(session), head(session))
    return case_places.load_place_labels(index)


def _row(label: str, country: str = "FR", count: int = 1) -> PlaceLabel:
    return PlaceLabel(tuple(fold_name(label).split()), label, country, count)


SUBLIGNY = "Subligny (la source ne dit pas laquelle)"
ROWS = (
    _row("", "CH", 2),
    _row("Bernissart", "BE", 3),
    _row("Waterloo", "BE"),
    _row("Waterloo", "CA"),
    _row("commune non nommée (TA Dijon)"),
    _row("L’Île-des-Sœurs", "CA"),
    _row(SUBLIGNY, count=2),
)


# --- counted labels -----------------------------------------------------------------------------


def test_an_empty_register_has_no_uncoded_place(session):
    assert list(_labels(session)) == []


def test_only_public_cases_count(session, desk):
    for hidden in (desk.draft, desk.ready, desk.discarded, desk.withdrawn, desk.erased):
        hidden(commune="", country="BE", place_label="Liège")
    desk.merged(commune="", country="BE", place_label="Liège")
    assert list(_labels(session)) == []
    desk.published(commune="", country="BE", place_label="Liège")
    (row,) = _labels(session)
    assert (row.label, row.country, row.case_count) == ("Liège", "BE", 1)


def test_a_label_beside_a_code_is_no_place_of_its_own(session, desk):
    desk.published(place_label="l’hôtel de ville")
    desk.published(commune="", departement="93", place_label="une commune du nord")
    desk.published(commune="", linked_communes=("93032",), place_label="un parc")
    assert list(_labels(session)) == []


def test_a_label_that_alone_places_a_case_counts_as_its_filter_does(session, desk):
    desk.published(place_label="une place")
    desk.published(commune="", place_label="une place")
    (row,) = _labels(session)
    assert row.case_count == 2


def test_a_case_abroad_counts_without_a_label(session, desk):
    desk.published(commune="", country="CH", departement="", place_label="")
    assert [(row.label, row.country) for row in _labels(session)] == [("", "CH")]


def test_the_label_of_a_withdrawn_case_is_gone_at_once(session, pen, desk, cast):
    case = desk.published(commune="", country="BE", place_label="Liège")
    assert len(_labels(session)) == 1
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="erreur")
    assert list(_labels(session)) == []


# --- matching -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "expected", "why"),
    [
        ("Bernissart", ["endroit:Bernissart"], "a name"),
        ("  BERNISSART, ", ["endroit:Bernissart"], "in any case, with a comma"),
        ("Bernissart Belgique", ["endroit:Bernissart"], "with its country"),
        ("bernissart (belgique)", ["endroit:Bernissart"], "as the page writes it"),
        ("waterloo", ["endroit:Waterloo"], "one label, whatever the country"),
        ("Belgique", ["pays:BE"], "a country, and not each of its places"),
        ("suisse", ["pays:CH"], "a country whose cases name no place"),
        ("Subligny", [f"endroit:{SUBLIGNY}"], "the beginning of a label"),
        ("ile des soeurs", ["endroit:L’Île-des-Sœurs"], "without its article"),
        ("l'ile des soeurs", ["endroit:L’Île-des-Sœurs"], "folded like any name"),
        ("dijon", ["endroit:commune non nommée (TA Dijon)"], "a word inside"),
        ("Dijon nommée", ["endroit:commune non nommée (TA Dijon)"], "words in any order"),
        ("Bernissart France", [], "a word that is nowhere"),
        ("Berni", [], "half a word"),
        ("ta", [], "too short to mean anything"),
        ("la de", [], "so are two of them"),
        ("France", [], "at home is no country abroad"),
        ("", [], "nothing"),
        ("»«", [], "no word"),
    ],
)
def test_a_place_is_found_by_its_words(typed, expected, why):
    matches = [f"{place.kind}:{place.code}" for place in case_places.match_places(ROWS, typed)]
    assert matches == expected, why


def test_counts_and_countries_are_those_of_the_filter():
    (waterloo,) = case_places.match_places(ROWS, "waterloo")
    assert waterloo == UncodedPlace("endroit", "Waterloo", "Waterloo", "Belgique, Canada", 2, True)
    (belgium,) = case_places.match_places(ROWS, "belgique")
    assert belgium == UncodedPlace("pays", "BE", "Belgique", "", 4, True)


def test_labels_that_begin_with_the_words_come_first():
    rows = [_row("un lieu près de Dol"), _row("Dol (la source ne dit pas laquelle)")]
    places = case_places.match_places(rows, "dol")
    assert [(place.name[:3], place.is_prefix_match) for place in places] == [
        ("Dol", True),
        ("un ", False),
    ]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("berni", ["Bernissart"]),
        ("belg", ["Belgique"]),
        ("bernissart bel", []),
        ("water", ["Waterloo"]),
        ("commune non nom", ["commune non nommée (TA Dijon)"]),
        ("be", []),
    ],
)
def test_the_last_word_may_be_half_typed(typed, expected):
    assert [
        place.name for place in case_places.match_places(ROWS, typed, is_partial=True)
    ] == expected


def test_suggestions_of_places_are_bounded():
    rows = [_row(f"commune non nommée {index}") for index in range(50)]
    assert len(case_places.match_places(rows, "commune")) == case_places.MATCH_LIMIT


# --- values of the filter -----------------------------------------------------------------------


def test_each_place_has_the_count_of_its_filter(session, desk):
    long = "un lieu que la source décrit " * 5
    for label, country in (
        ("Liège", "BE"),
        ("Liège", "BE"),
        ("", "BE"),
        ("Waterloo", "CA"),
        ("Waterloo", "BE"),
        (long.strip(), "FR"),
        ("à l’angle & au bord ; 100 % public", "FR"),
    ):
        desk.published(commune="", country=country, place_label=label)
    rows = _labels(session)
    places = [
        place
        for typed in ("Liège", "Belgique", "Canada", "Waterloo", "un lieu", "à l’angle")
        for place in case_places.match_places(rows, typed)
    ]
    assert [place.count for place in places] == [2, 4, 1, 2, 1], "the paragraph is not offered"
    for place in places:
        query = CaseQuery({place.kind: (place.code,)})
        assert parse(parse_qs(query.query_string()), current_vocabulary(session)) == query
        page = facet_data.list_page(session, query, current_vocabulary(session), head(session))
        assert page.total == place.count, place
