"""The legal deadlines, each with the article that sets it."""

from __future__ import annotations

from datetime import date as day

import pytest

from register.cases import deadlines, legal_rules


@pytest.mark.parametrize(
    ("start", "months", "end", "why"),
    [
        (day(2026, 1, 15), 1, day(2026, 2, 15), "the same number in the next month"),
        (day(2026, 1, 31), 1, day(2026, 2, 28), "a shorter month ends the term on its last day"),
        (day(2028, 1, 31), 1, day(2028, 2, 29), "a leap year has one more"),
        (day(2025, 11, 30), 3, day(2026, 2, 28), "across the new year"),
        (day(2026, 12, 31), 2, day(2027, 2, 28), "from December"),
        (day(2026, 3, 31), 0, day(2026, 3, 31), "no month at all"),
    ],
)
def test_months_are_counted_by_article_641_of_the_code_de_procedure_civile(start, months, end, why):
    assert legal_rules.add_months(start, months) == end, why


@pytest.mark.parametrize(
    ("article", "clock", "start", "end"),
    [
        ("loi 1881 art. 65", deadlines.limitation_ends, day(2026, 3, 2), day(2026, 6, 2)),
        ("LCEN art. 1-1 III", deadlines.reply_window_ends, day(2025, 11, 30), day(2026, 2, 28)),
        ("LCEN art. 1-1 III", deadlines.reply_due, day(2026, 2, 27), day(2026, 3, 2)),
    ],
)
def test_a_term_ends_on_the_day_of_its_article(article, clock, start, end):
    assert clock(start) == end, article


def test_a_month_of_silence_is_a_refusal_and_two_more_remain_for_the_cada():
    """CRPA R311-12, R311-13, R343-1."""
    # The days after the referral depend on its own.
    days = legal_rules.exact_days(demande=day(2026, 1, 31), enregistrement=None)
    assert days == {"silence": day(2026, 2, 28), "saisine": day(2026, 4, 28)}


def test_the_two_months_run_from_an_explicit_refusal():
    """CRPA R343-1."""
    days = legal_rules.exact_days(demande=day(2026, 1, 10), refus=day(2026, 1, 20))
    assert days == {"silence": day(2026, 2, 10), "saisine": day(2026, 3, 20)}


def test_from_registration_the_cada_has_a_month_and_the_refusal_is_confirmed_in_two():
    """CRPA R343-3, R343-4, R343-5; code de justice administrative R421-1."""
    after_registration = {
        "avis": day(2026, 5, 30),
        "confirmation": day(2026, 6, 30),
        "tribunal": day(2026, 8, 30),
    }
    days = legal_rules.exact_days(demande=None, enregistrement=day(2026, 4, 30))
    assert days == after_registration
    # A known refusal changes none of them.
    days = legal_rules.exact_days(refus=day(2026, 2, 1), enregistrement=day(2026, 4, 30))
    assert days == {"saisine": day(2026, 4, 1), **after_registration}


def test_without_a_known_day_there_is_no_term():
    assert legal_rules.exact_days(demande=None, refus=None) == {}
