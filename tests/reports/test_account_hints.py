"""Places and days that an account offers to its author."""

from __future__ import annotations

import time
import tomllib
from datetime import date
from pathlib import Path

import pytest

from register.reports.account_hints import date_hints, place_hints
from register.territory.gazetteer import gazetteer

TODAY = date(2026, 11, 25)
STORIES = tomllib.loads(Path(__file__).with_name("account_stories.toml").read_text("utf-8"))[
    "story"
]


def offered_places(text: str) -> set[str]:
    return {reading.name for reading in place_hints(gazetteer(), text)}


def offered_days(text: str) -> list[str]:
    return [reading.start for _words, reading in date_hints(text, TODAY)]


def share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def test_stories_offer_their_places_and_days_and_hardly_any_other() -> None:
    """The figures of ``docs/decisions/0060``."""
    assert len(STORIES) >= 80
    figures = {}
    for name, offered in (("places", offered_places), ("days", offered_days)):
        right = wrong = missed = 0
        for story in STORIES:
            got, expected = set(offered(story["text"])), set(story[name])
            if got != expected:
                print(name, got, expected, story["text"])
            right += len(got & expected)
            wrong += len(got - expected)
            missed += len(expected - got)
        figures[name] = (share(right, right + wrong), share(right, right + missed))
    print(figures)
    for precision, recall in figures.values():
        assert precision >= 0.97
        assert recall >= 0.94


def test_homonyms_are_offered_together_and_many_are_not() -> None:
    readings = place_hints(gazetteer(), "Le conseil municipal de Rochefort m’a exclu.")
    assert len(readings) > 1
    assert {reading.name for reading in readings} == {"Rochefort"}
    assert place_hints(gazetteer(), "Le conseil municipal de Sainte-Colombe m’a exclu.") == []


def test_a_department_in_brackets_says_which() -> None:
    (reading,) = place_hints(gazetteer(), "Hier à Saint-Denis (974), on m’a sorti.")
    assert reading.code == "97411"


@pytest.mark.parametrize(
    "text",
    [
        *("a " * 20_000, "à la mairie de " * 3_000, "mairie de Saint " * 3_000, "1/1/" * 5_000),
        *(
            "hier " * 5_000,
            "«" * 20_000,
            "Saint-Denis à Saint-Denis " * 800,
            "",
            "\x00",
            "İ" * 5_000,
        ),
        *("à " + "x" * 20_000, "lundi 1 mars " * 2_000, "la loi n 1 " * 2_000),
    ],
    ids=range(13),
)
def test_any_account_is_read_in_little_time(text: str) -> None:
    start = time.process_time()
    place_hints(gazetteer(), text)
    date_hints(text, TODAY)
    assert time.process_time() - start < 1
