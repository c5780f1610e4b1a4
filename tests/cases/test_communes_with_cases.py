"""The communes with public cases: their areas and their neighbours, never ranked."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

import pytest

from register.cases import acts, communes_with_cases, facet_index
from register.cases.communes_with_cases import (
    BY_DEPARTEMENT,
    BY_GROUP,
    BY_REGION,
    communes_by,
    list_communes,
)
from register.cases.vocabulary import current_vocabulary
from register.journal import head
from register.territory import place_queries
from register.territory.places import territory

pytestmark = pytest.mark.one_database

GAGNY, MONTREUIL, PUTEAUX, AJACCIO = "93032", "93048", "92062", "2A004"


def _index(session):
    session.rollback()
    return facet_index.load_index(session, current_vocabulary(session), head(session))


def _listed_communes(session, codes=None, limit=None):
    return list_communes(_index(session), territory().communes if codes is None else codes, limit)


def _neighbour_codes(session, code):
    nearest = communes_with_cases.nearest_communes(_index(session), place_queries.commune(code))
    return [neighbour.code for neighbour in nearest]


def test_an_empty_register_lists_no_commune(session):
    assert _listed_communes(session) == ()
    assert _neighbour_codes(session, GAGNY) == []


def test_only_communes_of_public_cases_are_listed(session, pen, desk, cast):
    for hidden in (desk.draft, desk.discarded, desk.withdrawn, desk.erased):
        hidden()
    assert _listed_communes(session) == ()
    case = desk.published()
    (commune,) = _listed_communes(session)
    assert (commune.code, commune.name, commune.departement, commune.case_count) == (
        GAGNY,
        "Gagny",
        "93",
        1,
    )
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    assert _listed_communes(session) == ()


def test_a_former_code_is_counted_under_the_commune_of_today(session, desk):
    desk.published(commune="93059", linked_communes=("93066",))
    desk.published(commune="93066")
    assert [(commune.code, commune.case_count) for commune in _listed_communes(session)] == [
        ("93066", 2)
    ]


def test_communes_with_cases_are_sorted_by_name(session, desk):
    for code in (PUTEAUX, MONTREUIL, AJACCIO, GAGNY, GAGNY, GAGNY):
        desk.published(commune=code)
    listed = _listed_communes(session)
    assert [commune.name for commune in listed] == ["Ajaccio", "Gagny", "Montreuil", "Puteaux"]
    assert [
        commune.code for commune in _listed_communes(session, communes_by(BY_DEPARTEMENT)["93"])
    ] == [GAGNY, MONTREUIL]
    assert [
        commune.code for commune in _listed_communes(session, communes_by(BY_REGION)["11"])
    ] == [GAGNY, MONTREUIL, PUTEAUX]
    grand_paris = place_queries.commune(GAGNY).group_code
    assert [
        commune.code for commune in _listed_communes(session, communes_by(BY_GROUP)[grand_paris])
    ] == [GAGNY, MONTREUIL, PUTEAUX]


def test_near_communes_are_sorted_by_distance_not_by_number_of_cases(session, desk):
    near = ["93048", "93053", "93013", "92062", "92044", "92025", "77288"]
    for code in (*near, GAGNY, "21231"):
        desk.published(commune=code)
    for _ in range(3):
        desk.published(commune="77288")
    codes = _neighbour_codes(session, GAGNY)
    assert len(codes) == communes_with_cases.NEAREST_LIMIT
    assert GAGNY not in codes
    # Melun has the most cases of all, and is the farthest.
    assert "77288" not in codes
    names = [place_queries.commune(code).name for code in codes]
    assert names == sorted(names)
    # A remote commune has no neighbour within reach.
    assert _neighbour_codes(session, "29019") == []


def test_near_communes_are_those_of_the_great_circle_distance(session, desk):
    communes = sorted(territory().communes.values(), key=lambda place: (place.folded, place.code))
    chosen = [place.code for place in communes if place.departement_code == "93"][::4]
    chosen += [place.code for place in communes if place.departement_code == "77"][::40]
    for code in chosen:
        desk.published(commune=code)
    for origin_code in (GAGNY, "77243", "93066"):
        origin = place_queries.commune(origin_code)
        others = [place_queries.commune(code) for code in chosen if code != origin_code]
        distances = sorted(
            (_great_circle_km(origin, other), other.code)
            for other in others
            if other.lat is not None
        )
        expected = [
            code for distance, code in distances if distance < communes_with_cases.REACH_KM
        ][: communes_with_cases.NEAREST_LIMIT]
        assert sorted(_neighbour_codes(session, origin_code)) == sorted(expected)


def _great_circle_km(first, second):
    """Kilometres between two communes on a sphere (haversine)."""
    lat, lon = radians(first.lat), radians(first.lon)
    other_lat, other_lon = radians(second.lat), radians(second.lon)
    half = (
        sin((other_lat - lat) / 2) ** 2
        + cos(lat) * cos(other_lat) * sin((other_lon - lon) / 2) ** 2
    )
    return 2 * 6371 * asin(sqrt(half))


@pytest.mark.parametrize("code", ["59183", "2A041", "97411", "93032"])
def test_a_cell_is_no_narrower_than_the_reach(session, code):
    """In France and overseas, a commune within reach lies in the same cell or next to it."""
    lat = place_queries.commune(code).lat
    assert communes_with_cases._CELL_HEIGHT * 111.32 >= communes_with_cases.REACH_KM
    assert (
        communes_with_cases._CELL_WIDTH * 111.32 * cos(radians(lat)) >= communes_with_cases.REACH_KM
    )


def test_too_many_communes_are_not_listed(session, desk):
    desk.published()
    desk.published(commune=PUTEAUX)
    assert len(_listed_communes(session, limit=2)) == 2
    assert _listed_communes(session, limit=1) == ()
