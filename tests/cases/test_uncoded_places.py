"""Places without a code: labels of public cases, matched with the words that people type."""

from __future__ import annotations

import itertools
from array import array
from urllib.parse import parse_qs

import facet_data
import pytest

from register.cases import acts, case_places, facet_index
from register.cases.case_sets import from_numbers
from register.cases.facet_index import FacetIndex, FacetVersion
from register.cases.filters import CaseQuery, parse
from register.cases.vocabulary import current_vocabulary
from register.journal import LedgerPosition, head


def _current_index(session):
    session.rollback()
    return facet_index.load_index(session, current_vocabulary(session), head(session))


def _places(session):
    """Code, countries and number of cases of each place."""
    places = case_places.load_places(_current_index(session), "fr")
    return [(place.code, place.countries, place.count) for place in places]


_positions = itertools.count(1)


def _index(*cases: tuple[str, str]) -> FacetIndex:
    """An index of cases by their labels and their countries, without codes of the territory."""
    having: dict[str, dict[str, array[int]]] = {"endroit": {}, "pays": {}}
    for number, codes in enumerate(cases, start=1):
        for axis, code in zip(having, codes, strict=True):
            if code:
                having[axis].setdefault(code, array("I")).append(number)
    numbers = set(range(1, len(cases) + 1))
    axes = {
        name: axis_class().updated(numbers, having.get(name, {}), len(cases) + 1)
        for name, axis_class in facet_index._AXES.items()
    }
    version = FacetVersion(LedgerPosition(next(_positions), ""), "test")
    return FacetIndex(version, from_numbers(numbers), axes, {})


SUBLIGNY = "Subligny (la source ne dit pas laquelle)"
INDEX = _index(
    *[("", "CH")] * 2,
    *[("Bernissart", "BE")] * 3,
    ("Waterloo", "BE"),
    ("Waterloo", "CA"),
    ("commune non nommée (TA Dijon)", "FR"),
    ("L’Île-des-Sœurs", "CA"),
    *[(SUBLIGNY, "FR")] * 2,
)


def _match(typed, index=INDEX, *, is_partial=False):
    return case_places.match_places(index, typed, "fr", is_partial=is_partial)


# --- counted labels -----------------------------------------------------------------------------


def test_an_empty_register_has_no_uncoded_place(session):
    assert _places(session) == []


def test_only_public_cases_count(session, desk):
    for hidden in (desk.draft, desk.ready, desk.discarded, desk.withdrawn, desk.erased):
        hidden(commune="", country="BE", place_label="Liège")
    desk.merged(commune="", country="BE", place_label="Liège")
    assert _places(session) == []
    desk.published(commune="", country="BE", place_label="Liège")
    assert _places(session) == [("BE", "", 1), ("Liège", "Belgique", 1)]


def test_a_label_beside_a_code_is_no_place_of_its_own(session, desk):
    desk.published(place_label="l’hôtel de ville")
    desk.published(commune="", departement="93", place_label="une commune du nord")
    desk.published(commune="", linked_communes=("93032",), place_label="un parc")
    assert _places(session) == []


def test_a_label_that_alone_places_a_case_counts_as_its_filter_does(session, desk):
    desk.published(place_label="une place")
    desk.published(commune="", place_label="une place")
    assert _places(session) == [("une place", "", 2)]


def test_a_case_abroad_counts_without_a_label(session, desk):
    desk.published(commune="", country="CH", departement="", place_label="")
    assert _places(session) == [("CH", "", 1)]


def test_the_label_of_a_withdrawn_case_is_gone_at_once(session, pen, desk, cast):
    case = desk.published(commune="", country="BE", place_label="Liège")
    assert len(_places(session)) == 2
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="erreur")
    assert _places(session) == []


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
    matches = [f"{place.kind}:{place.code}" for place in _match(typed)]
    assert matches == expected, why


def test_counts_and_countries_are_those_of_the_filter():
    (waterloo,) = _match("waterloo")
    assert (waterloo.kind, waterloo.code, waterloo.name) == ("endroit", "Waterloo", "Waterloo")
    assert (waterloo.countries, waterloo.count) == ("Belgique, Canada", 2)
    (belgium,) = _match("belgique")
    assert (belgium.kind, belgium.code, belgium.name) == ("pays", "BE", "Belgique")
    assert (belgium.countries, belgium.count) == ("", 4)


def test_labels_that_begin_with_the_words_come_first():
    index = _index(("un lieu près de Dol", "FR"), ("Dol (la source ne dit pas laquelle)", "FR"))
    places = _match("dol", index)
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
        ("dij", ["commune non nommée (TA Dijon)"]),
        ("be", []),
    ],
)
def test_the_last_word_may_be_half_typed(typed, expected):
    assert [place.name for place in _match(typed, is_partial=True)] == expected


def test_suggestions_of_places_are_bounded():
    index = _index(*((f"commune non nommée {rank}", "FR") for rank in range(50)))
    assert len(_match("commune", index)) == case_places.MATCH_LIMIT


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
    index = _current_index(session)
    places = [
        place
        for typed in ("Liège", "Belgique", "Canada", "Waterloo", "un lieu", "à l’angle")
        for place in _match(typed, index)
    ]
    assert [place.count for place in places] == [2, 4, 1, 2, 1], "the paragraph is not offered"
    for place in places:
        query = CaseQuery({place.kind: (place.code,)})
        assert parse(parse_qs(query.query_string()), current_vocabulary(session)) == query
        page = facet_data.list_page(session, query, current_vocabulary(session), head(session))
        assert page.total == place.count, place
