"""Points of the map: one for each place of the public cases of a search."""

from __future__ import annotations

import facet_data
import pytest

from register.cases import acts, facet_index
from register.cases.filters import CaseQuery
from register.cases.vocabulary import current_vocabulary
from register.journal import head
from register.territory import place_queries
from register.territory.places import territory

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True)
def _empty_caches(monkeypatch):
    monkeypatch.setattr(facet_index, "_cached_indexes", {})


def _located(session, query=None, hits=None):
    session.rollback()
    return facet_data.select_cases(
        session, query or CaseQuery(), current_vocabulary(session), head(session), hits
    ).map_points


def _points(places):
    return sorted((spot.departement_code, round(spot.lat, 1)) for spot in places.communes)


def test_an_empty_register_is_an_empty_map(session):
    places = _located(session)
    assert (places.commune_codes, places.departements, places.off_map_count) == (set(), set(), 0)


def test_hidden_cases_have_no_point(session, pen, desk, cast):
    for hidden in (desk.draft, desk.discarded, desk.withdrawn, desk.erased):
        hidden(commune="92062", linked_communes=("13055",))
        hidden(commune="", departement="01")
        hidden(commune="", country="BE")
    places = _located(session)
    assert (places.commune_codes, places.departements, places.off_map_count) == (set(), set(), 0)
    case = desk.published()
    assert _points(_located(session)) == [("93", 48.9)]
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="erreur")
    assert _points(_located(session)) == []


def test_a_commune_has_one_point_whatever_its_number_of_cases_and_codes(session, desk):
    for code in ("93066", "93059", "93066"):
        desk.published(commune=code, linked_communes=("93066",))
    desk.published(commune="", linked_communes=("93059",), departement="93")
    places = _located(session)
    assert _points(places) == [("93", 48.9)]
    # A case with a commune has no second point in the centre of its département.
    assert not places.departements


def test_cases_with_a_departement_only_share_its_mark(session, desk):
    desk.published(commune="", departement="01")
    desk.published(commune="", departement="974")
    places = _located(session)
    assert (list(places.communes), sorted(places.departements), places.off_map_count) == (
        [],
        ["01", "974"],
        0,
    )


def test_cases_without_a_point_are_counted_as_off_the_map(session, desk):
    desk.published(commune="", country="BE", place_label="Liège")
    desk.published(commune="", region="11")
    desk.published(commune="", place_label="une commune du Nord")
    # Saint-Pierre-et-Miquelon has points, and no outline to show them in.
    desk.published(commune="", departement="975")
    desk.published(commune="97502")
    desk.published(commune="97502", linked_communes=("97411",))
    places = _located(session)
    assert places.off_map_count == 5
    assert _points(places) == [("974", -20.9)]


def test_a_point_that_stands_for_several_communes_is_not_exact(session, desk):
    by_precision = {
        place.precision: place
        for place in territory().communes.values()
        if place.departement_code == "01" and place.lat
    }
    for row in by_precision.values():
        desk.published(commune=row.code)
    places = _located(session)
    assert {"geonames"} < set(by_precision)
    by_point = {(spot.lat, spot.lon): spot.is_exact for spot in places.communes}
    for precision, row in by_precision.items():
        assert by_point[row.lat, row.lon] is (precision == "geonames")


def test_the_points_of_a_search_are_those_of_its_list(session, desk):
    facet_data.publish_all(desk)
    words = current_vocabulary(session)
    for name, value in (
        ("type", "expulsion"),
        ("departement", "93"),
        ("commune", "13055"),
        ("pays", "BE"),
        ("annee", "2012"),
    ):
        query = CaseQuery({name: (value,)})
        places = _located(session, query)
        cases = facet_data.list_page(session, query, words, head(session)).cases
        codes = {case.commune for case in cases if case.commune}
        for code in codes:
            point = place_queries.commune(code)
            assert point is not None
            assert (point.lat, point.lon) in {(spot.lat, spot.lon) for spot in places.communes}, (
                code
            )
        with_point = sum(1 for case in cases if case.commune or case.departement_name)
        assert places.off_map_count == len(cases) - with_point, (name, value)


def test_the_points_of_a_text_search_are_those_of_its_results(session, desk):
    first = desk.published(commune="92062")
    desk.published(commune="93032")
    places = _located(session, CaseQuery({"q": ("filmer",)}), hits={first.number: 1.0})
    assert _points(places) == [("92", 48.9)]
    with pytest.raises(ValueError, match="words"):
        _located(session, CaseQuery({"q": ("filmer",)}))
