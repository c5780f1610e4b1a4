"""The communes that have public cases: which lie together, which are near, in no order of merit."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

import pytest
from sqlalchemy import select

from register.cases import acts, communes_with_cases, statistics
from register.journal import head
from register.territory import dataset
from register.territory.models import Commune

GAGNY, MONTREUIL, PUTEAUX, AJACCIO = "93032", "93048", "92062", "2A004"


def _towns(session):
    session.rollback()
    known = statistics.count_by_commune(session)
    return communes_with_cases.load_communes(
        session, known, head(session), dataset.loaded_version(session)
    )


def _near(session, code):
    commune = session.get(Commune, code)
    return [town.code for town in _towns(session).nearest_to(code, (commune.lat, commune.lon))]


def test_an_empty_register_has_none(session):
    told = _towns(session)
    assert (told.communes, told.by_intercommunalite, told.by_cell) == ((), {}, {})
    assert _near(session, GAGNY) == []


def test_only_public_cases_make_a_commune_one_of_them(session, pen, desk, cast):
    for hidden in (desk.draft, desk.discarded, desk.withdrawn, desk.erased):
        hidden()
    assert _towns(session).communes == ()
    filed = desk.published()
    (town,) = _towns(session).communes
    assert (town.code, town.name, town.departement, town.case_count) == (GAGNY, "Gagny", "93", 1)
    with pen() as p:
        acts.withdraw(p, filed.id, by=cast.bruno, restriction="erreur", reason="r")
    assert _towns(session).communes == ()


def test_a_former_code_is_counted_under_the_commune_of_today(session, desk):
    desk.published(commune="93059", linked_communes=("93066",))
    desk.published(commune="93066")
    assert [(town.code, town.case_count) for town in _towns(session).communes] == [("93066", 2)]


def test_communes_with_cases_are_sorted_by_name(session, desk):
    for code in (PUTEAUX, MONTREUIL, AJACCIO, GAGNY, GAGNY, GAGNY):
        desk.published(commune=code)
    told = _towns(session)
    assert [town.name for town in told.communes] == ["Ajaccio", "Gagny", "Montreuil", "Puteaux"]
    assert [town.code for town in told.by_departement["93"]] == [GAGNY, MONTREUIL]
    assert [town.code for town in told.by_region["11"]] == [GAGNY, MONTREUIL, PUTEAUX]
    grand_paris = session.get(Commune, GAGNY).intercommunalite_code
    assert [town.code for town in told.by_intercommunalite[grand_paris]] == [
        GAGNY,
        MONTREUIL,
        PUTEAUX,
    ]


def test_near_communes_are_sorted_by_distance_not_by_number_of_cases(session, desk):
    near = ["93048", "93053", "93013", "92062", "92044", "92025", "77288"]
    for code in (*near, GAGNY, "21231"):
        desk.published(commune=code)
    for _ in range(3):
        desk.published(commune="77288")
    found = _near(session, GAGNY)
    assert len(found) == communes_with_cases.NEAREST_LIMIT
    assert GAGNY not in found
    # Melun has the most cases of all, and is the farthest.
    assert "77288" not in found
    names = [session.get(Commune, code).name for code in found]
    assert names == sorted(names)
    # Beyond the reach there is nobody, whichever commune is asked for.
    assert _near(session, "29019") == []


def test_near_communes_are_those_of_the_great_circle_distance(session, desk):
    by_name = select(Commune.code).order_by(Commune.folded, Commune.code)
    chosen = list(session.scalars(by_name.where(Commune.departement_code == "93")))[::4]
    chosen += list(session.scalars(by_name.where(Commune.departement_code == "77")))[::40]
    for code in chosen:
        desk.published(commune=code)
    for asked in (GAGNY, "77243", "93066"):
        here = session.get(Commune, asked)
        others = [session.get(Commune, code) for code in chosen if code != asked]
        apart = sorted((_globe(here, one), one.code) for one in others if one.lat is not None)
        wanted = [code for distance, code in apart if distance < communes_with_cases.REACH_KM][
            : communes_with_cases.NEAREST_LIMIT
        ]
        assert sorted(_near(session, asked)) == sorted(wanted)


def _globe(one, other):
    """Kilometres between two communes on a sphere (haversine)."""
    lat, lon = radians(one.lat), radians(one.lon)
    north, east = radians(other.lat), radians(other.lon)
    half = sin((north - lat) / 2) ** 2 + cos(lat) * cos(north) * sin((east - lon) / 2) ** 2
    return 2 * 6371 * asin(sqrt(half))


@pytest.mark.parametrize("code", ["59183", "2A041", "97411", "93032"])
def test_a_cell_is_no_narrower_than_the_reach(session, code):
    """From Dunkirk to Bonifacio and overseas, who is within reach is in a cell around."""
    lat = session.get(Commune, code).lat
    assert communes_with_cases._CELL_HEIGHT * 111.32 >= communes_with_cases.REACH_KM
    assert (
        communes_with_cases._CELL_WIDTH * 111.32 * cos(radians(lat)) >= communes_with_cases.REACH_KM
    )


def test_communes_with_cases_are_read_once_for_each_journal_head(session, desk):
    desk.published()
    first = _towns(session)
    desk.draft(commune=PUTEAUX)
    assert _towns(session) is first
    desk.published(commune=PUTEAUX)
    assert _towns(session) is not first
