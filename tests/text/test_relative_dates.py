"""Dates relative to today, such as "hier soir"."""

from __future__ import annotations

from datetime import date

import pytest

from register.text.relative_dates import relative_day

# A Wednesday.
TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("hier soir", 24),
        ("Hier, vers 20 h 30", 24),
        ("hier", 24),
        ("Avant-hier après-midi", 23),
        ("Aujourd’hui", 25),
        ("aujourd'hui.", 25),
        ("ce matin", 25),
        ("Ce soir à 21h", 25),
        ("tout à l’heure", 25),
        ("mardi soir", 24),
        ("lundi dernier", 23),
        ("mercredi dernier", 18),
        ("jeudi", 19),
        ("yesterday evening", 24),
        ("Last night", 24),
        ("on Tuesday at 8 pm", 24),
        ("Last Wednesday", 18),
        ("the day before yesterday", 23),
    ],
)
def test_words_for_one_day_are_parsed_as_that_day(words: str, day: int) -> None:
    assert relative_day(words, TODAY) == date(2026, 11, day)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "cette nuit",
        "mercredi",
        "hier ou avant-hier",
        "la semaine dernière",
        "hier, je crois, mais pas sûr",
        "25 novembre",
        "hier\x00soir\x00" * 100,
    ],
)
def test_other_words_are_not_parsed(words: str) -> None:
    assert relative_day(words, TODAY) is None


def test_the_day_before_may_be_of_another_year() -> None:
    assert relative_day("hier soir", date(2027, 1, 1)) == date(2026, 12, 31)
