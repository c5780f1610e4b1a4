"""What a map shows: each place once, of public cases of the search only."""

from __future__ import annotations

import facet_data
import pytest
from sqlalchemy import select

from register.cases import acts, case_places, facet_index, result_lists
from register.cases.data_version import VersionedCache
from register.cases.filters import CaseQuery
from register.cases.vocabulary import current_vocabulary
from register.journal import head
from register.territory.models import Commune


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch):
    monkeypatch.setattr(facet_index, "_cached_indexes", {})
    monkeypatch.setattr(case_places, "_points_cache", VersionedCache())


def _located(session, query=None, hits=None):
    session.rollback()
    return case_places.locate_cases(
        session, query or CaseQuery(), current_vocabulary(session), head(session), hits
    )


def _points(found):
    return sorted((spot.departement, round(spot.lat, 1)) for spot in found.points)


def test_an_empty_register_is_an_empty_map(session):
    found = _located(session)
    assert (list(found.points), list(found.departements), found.off_map_count) == ([], [], 0)


def test_hidden_cases_are_nowhere(session, pen, desk, cast):
    for hidden in (desk.draft, desk.discarded, desk.withdrawn, desk.erased):
        hidden(commune="92062", linked_communes=("13055",))
        hidden(commune="", departement="01")
        hidden(commune="", country="BE")
    found = _located(session)
    assert (list(found.points), list(found.departements), found.off_map_count) == ([], [], 0)
    filed = desk.published()
    assert _points(_located(session)) == [("93", 48.9)]
    with pen() as p:
        acts.withdraw(p, filed.id, by=cast.bruno, restriction="erreur", reason="erreur")
    assert _points(_located(session)) == []


def test_a_commune_is_one_place_however_many_cases_and_codes_it_has(session, desk):
    for code in ("93066", "93059", "93066"):
        desk.published(commune=code, linked_communes=("93066",))
    desk.published(commune="", linked_communes=("93059",), departement="93")
    found = _located(session)
    assert _points(found) == [("93", 48.9)]
    # A case that names a commune is there, and not in the middle of its département as well.
    assert list(found.departements) == []


def test_a_departement_without_a_commune_has_its_own_mark(session, desk):
    desk.published(commune="", departement="01")
    desk.published(commune="", departement="974")
    found = _located(session)
    assert (list(found.points), sorted(found.departements), found.off_map_count) == (
        [],
        ["01", "974"],
        0,
    )


def test_what_has_no_place_on_the_map_is_counted(session, desk):
    desk.published(commune="", country="BE", place_label="Liège")
    desk.published(commune="", region="11")
    desk.published(commune="", place_label="une commune du Nord")
    # Saint-Pierre-et-Miquelon has points, and no outline to show them in.
    desk.published(commune="", departement="975")
    desk.published(commune="97502")
    desk.published(commune="97502", linked_communes=("97411",))
    found = _located(session)
    assert found.off_map_count == 5
    assert _points(found) == [("974", -20.9)]


def test_a_point_that_stands_for_several_communes_is_not_exact(session, desk):
    told = {
        row.precision: row
        for row in session.scalars(
            select(Commune).filter_by(departement_code="01").order_by(Commune.folded, Commune.code)
        )
        if row.lat
    }
    for row in told.values():
        desk.published(commune=row.code)
    found = _located(session)
    assert {"geonames"} < set(told)
    by_point = {(spot.lat, spot.lon): spot.is_exact for spot in found.points}
    for precision, row in told.items():
        assert by_point[row.lat, row.lon] is (precision == "geonames")


def test_each_search_has_the_places_of_its_list(session, desk):
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
        found = _located(session, query)
        cases = result_lists.query_case_page(session, query, words, head(session)).cases
        seen = {case.commune for case in cases if case.commune}
        for code in seen:
            point = session.get(Commune, code)
            assert point is not None
            assert (point.lat, point.lon) in {(spot.lat, spot.lon) for spot in found.points}, code
        placed = sum(1 for case in cases if case.commune or case.departement_name)
        assert found.off_map_count == len(cases) - placed, (name, value)


def test_a_text_search_has_the_places_of_its_results(session, desk):
    first = desk.published(commune="92062")
    desk.published(commune="93032")
    found = _located(session, CaseQuery({"q": ("filmer",)}), hits={first.number: 1.0})
    assert _points(found) == [("92", 48.9)]
    with pytest.raises(ValueError, match="words"):
        _located(session, CaseQuery({"q": ("filmer",)}))
