"""The cases and places that sitemaps list, with the time of their last change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import attested_acts as acts
import pytest
from case_contents import a_case

from register.cases import communes_with_cases

pytestmark = pytest.mark.one_database

FIRST = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = FIRST + timedelta(days=40)
GAGNY = {"commune": "93032"}
ELSEWHERE = {"commune": "", "departement": "", "region": "", "place_label": "Bernissart"}


def place_dates(session) -> dict[str, dict[str, datetime]]:
    session.rollback()
    return {
        kind: dict(dates) for kind, dates in communes_with_cases.list_place_dates(session).items()
    }


def test_an_empty_register_lists_no_case_and_no_place(session):
    assert place_dates(session) == {"commune": {}, "departement": {}, "region": {}}
    assert communes_with_cases.list_case_ranges(session, 10) == []
    assert communes_with_cases.list_case_dates(session, 1, 10) == []


def test_a_case_lists_its_commune_departement_and_region(session, desk):
    desk.published(**GAGNY)
    assert place_dates(session) == {
        "commune": {"93032": FIRST},
        "departement": {"93": FIRST},
        "region": {"11": FIRST},
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # A former commune is that of today.
        ({"commune": "93059"}, ({"93066"}, {"93"}, {"11"})),
        ({"commune": "93032", "linked_communes": ("92062",)}, ({"92062", "93032"}, {"92", "93"})),
        ({"commune": "", "departement": "59"}, (set(), {"59"}, {"32"})),
        ({"commune": "", "region": "84"}, (set(), set(), {"84"})),
        ({"commune": "", "departement": "975"}, (set(), {"975"}, set())),
        ({**ELSEWHERE, "country": "BE"}, (set(), set(), set())),
    ],
    ids=["former", "linked", "departement", "region", "overseas", "abroad"],
)
def test_a_case_lists_the_places_whose_filters_select_it(session, desk, changes, expected):
    desk.published(**changes)
    dates = place_dates(session)
    communes, departements, regions = (*expected, {"11"})[:3]
    assert set(dates["commune"]) == communes
    assert set(dates["departement"]) == departements
    assert set(dates["region"]) == regions


def test_drafts_and_withdrawn_cases_list_no_place(session, desk):
    desk.draft(commune="92062")
    desk.discarded(commune="92062")
    desk.withdrawn(commune="92062")
    desk.erased(commune="92062")
    assert not any(place_dates(session).values())
    assert communes_with_cases.list_case_dates(session, 1, 10) == []
    assert communes_with_cases.list_case_ranges(session, 10) == []


@pytest.mark.parametrize("end", ["withdrawn", "erased"])
def test_a_place_that_lost_a_case_has_a_new_date(session, desk, pen, end):
    desk.published(**GAGNY)
    desk.published(commune="92062")
    assert place_dates(session)["commune"] == {"92062": FIRST, "93032": FIRST}
    desk.pen = lambda: pen(LATER)
    getattr(desk, end)(**GAGNY)
    dates = place_dates(session)
    assert dates["commune"] == {"92062": FIRST, "93032": LATER}
    assert dates["departement"] == {"92": FIRST, "93": LATER}
    assert dates["region"] == {"11": LATER}


def test_a_correction_of_the_place_changes_the_dates_of_both_places(session, desk, pen, cast):
    moved = desk.published(commune="59350")
    desk.published(commune="59350")
    with pen(LATER) as p:
        acts.correct(
            p,
            moved.id,
            replace(a_case(), commune="92062"),
            by=cast.bruno,
            reason="erreur de lieu",
            public_note="Le fait a eu lieu à Puteaux.",
        )
    dates = place_dates(session)
    assert dates["commune"] == {"59350": LATER, "92062": LATER}
    assert dates["departement"] == {"59": LATER, "92": LATER}


def test_cases_are_listed_by_fixed_ranges_of_numbers(session, desk, pen, cast):
    cases = [desk.published() for _ in range(5)]
    with pen(LATER) as p:
        acts.follow_up(p, cases[3].id, by=cast.bruno, reason="suite", title="Suite", text="Suite.")
        acts.withdraw(p, cases[1].id, by=cast.bruno, restriction="erreur", reason="erreur")
    session.rollback()
    assert communes_with_cases.list_case_ranges(session, 2) == [
        (0, 1, FIRST),
        (1, 2, LATER),
        (2, 1, FIRST),
    ]
    assert communes_with_cases.list_case_dates(session, 1, 2) == [(1, FIRST)]
    assert communes_with_cases.list_case_dates(session, 3, 4) == [(3, FIRST), (4, LATER)]
    assert communes_with_cases.list_case_dates(session, 6, 7) == []
