"""Which cases and places have an address to be told of, and when each last changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from case_contents import a_case

from register.cases import acts, communes_with_cases

FIRST = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = FIRST + timedelta(days=40)
GAGNY = {"commune": "93032"}
ELSEWHERE = {"commune": "", "departement": "", "region": "", "place_label": "Bernissart"}


def places(session) -> dict[str, dict[str, datetime]]:
    session.rollback()
    return {
        kind: dict(found) for kind, found in communes_with_cases.list_place_dates(session).items()
    }


def test_an_empty_register_has_none(session):
    assert places(session) == {"commune": {}, "departement": {}, "region": {}}
    assert communes_with_cases.list_case_ranges(session, 10) == []
    assert communes_with_cases.list_case_dates(session, 1, 10) == []


def test_a_case_stands_for_its_commune_and_what_is_around(session, desk):
    desk.published(**GAGNY)
    assert places(session) == {
        "commune": {"93032": FIRST},
        "departement": {"93": FIRST},
        "region": {"11": FIRST},
    }


@pytest.mark.parametrize(
    ("where", "found"),
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
def test_a_place_is_what_the_filters_find_the_case_by(session, desk, where, found):
    desk.published(**where)
    told = places(session)
    communes, departements, regions = (*found, {"11"})[:3]
    assert set(told["commune"]) == communes
    assert set(told["departement"]) == departements
    assert set(told["region"]) == regions


def test_drafts_and_what_is_gone_stand_for_nothing(session, desk):
    desk.draft(commune="92062")
    desk.discarded(commune="92062")
    desk.withdrawn(commune="92062")
    desk.erased(commune="92062")
    assert not any(places(session).values())
    assert communes_with_cases.list_case_dates(session, 1, 10) == []
    assert communes_with_cases.list_case_ranges(session, 10) == []


@pytest.mark.parametrize("end", ["withdrawn", "erased"])
def test_a_place_that_lost_a_case_has_changed(session, desk, pen, end):
    desk.published(**GAGNY)
    desk.published(commune="92062")
    assert places(session)["commune"] == {"92062": FIRST, "93032": FIRST}
    desk.pen = lambda: pen(LATER)
    getattr(desk, end)(**GAGNY)
    told = places(session)
    assert told["commune"] == {"92062": FIRST, "93032": LATER}
    assert told["departement"] == {"92": FIRST, "93": LATER}
    assert told["region"] == {"11": LATER}


def test_a_correction_that_moves_a_case_changes_the_place_that_it_left(session, desk, pen, cast):
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
    told = places(session)
    assert told["commune"] == {"59350": LATER, "92062": LATER}
    assert told["departement"] == {"59": LATER, "92": LATER}


def test_cases_come_by_stretches_of_numbers_that_nothing_shifts(session, desk, pen, cast):
    filed = [desk.published() for _ in range(5)]
    with pen(LATER) as p:
        acts.follow_up(p, filed[3].id, by=cast.bruno, reason="suite", title="Suite", text="Suite.")
        acts.withdraw(p, filed[1].id, by=cast.bruno, restriction="erreur", reason="erreur")
    session.rollback()
    assert communes_with_cases.list_case_ranges(session, 2) == [
        (0, 1, FIRST),
        (1, 2, LATER),
        (2, 1, FIRST),
    ]
    assert communes_with_cases.list_case_dates(session, 1, 2) == [(1, FIRST)]
    assert communes_with_cases.list_case_dates(session, 3, 4) == [(3, FIRST), (4, LATER)]
    assert communes_with_cases.list_case_dates(session, 6, 7) == []
