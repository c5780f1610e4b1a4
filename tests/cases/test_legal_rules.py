"""The days that follow from an event, each by the article of its rule."""

from __future__ import annotations

from datetime import date as day

import pytest

from register.cases import legal_rules
from register.cases.legal_rules import EVENTS, is_working_day, legal_calendar, rule


def _days(event, start):
    return {
        deadline.rule.code: (deadline.first, deadline.last)
        for deadline in legal_calendar(event, start)
    }


def test_a_request_leads_to_the_court_by_the_last_days_of_each_step():
    """CRPA R*311-12, R311-13, R343-1, R343-3, R343-5; CJA R421-1."""
    assert _days("demande", day(2026, 1, 31)) == {
        # A month without that day ends on its last one.
        "silence": (day(2026, 2, 28), day(2026, 2, 28)),
        "saisine": (day(2026, 4, 28), day(2026, 4, 28)),
        # From here on it depends on the day of the referral, from the refusal to the last day.
        "avis": (day(2026, 3, 28), day(2026, 5, 28)),
        "confirmation": (day(2026, 4, 28), day(2026, 6, 28)),
        "tribunal": (day(2026, 6, 28), day(2026, 8, 28)),
    }


def test_a_known_registration_gives_exact_days():
    assert _days("enregistrement", day(2026, 4, 30)) == {
        "avis": (day(2026, 5, 30), day(2026, 5, 30)),
        "confirmation": (day(2026, 6, 30), day(2026, 6, 30)),
        "tribunal": (day(2026, 8, 30), day(2026, 8, 30)),
    }
    assert all(item.is_exact for item in legal_calendar("enregistrement", day(2026, 4, 30)))


def test_a_summons_opens_ten_days_for_the_offer_of_proof():
    """Loi du 29 juillet 1881, art. 48, 53, 54, 55, 56, 65."""
    calendar = _days("citation", day(2026, 11, 12))
    assert calendar["offre_de_preuve"] == (day(2026, 11, 22), day(2026, 11, 22))
    assert calendar["contre_preuve"] == (day(2026, 11, 17), day(2026, 11, 27))
    assert calendar["audience"] == (day(2026, 12, 2), day(2026, 12, 2))
    assert calendar["prescription_citee"] == (day(2026, 8, 12), day(2026, 8, 12))
    # Looked at without a day of their own.
    assert calendar["acte"] == calendar["deliberation"] == (None, None)


def test_only_where_an_article_says_so_is_a_sunday_put_off():
    """CPP art. 801, CPC art. 642; not art. 55 (Paris, 18 octobre 1999)."""
    (offer, *_others) = legal_calendar("citation", day(2026, 11, 12))
    assert offer.last == day(2026, 11, 22)
    assert offer.last.weekday() == 6
    assert offer.put_off_to is None
    (appeal,) = legal_calendar("jugement", day(2026, 11, 12))
    assert appeal.put_off_to == day(2026, 11, 23)
    (cassation,) = legal_calendar("arret", day(2026, 11, 10))
    assert (cassation.last, cassation.put_off_to) == (day(2026, 11, 13), None)


@pytest.mark.parametrize(
    ("date", "works"),
    [
        (day(2026, 11, 11), False),
        (day(2026, 11, 13), True),
        (day(2026, 11, 14), False),
        (day(2027, 3, 29), False),  # Easter Monday
        (day(2027, 5, 6), False),  # Ascension
        (day(2027, 5, 17), False),  # Whit Monday
        (day(2027, 5, 18), True),
        (day(2026, 4, 6), False),  # Easter Monday of another year
    ],
)
def test_working_days_are_those_of_the_code_du_travail(date, works):
    assert is_working_day(date) is works


@pytest.mark.parametrize(
    ("end", "start"),
    [
        (day(2026, 11, 12), day(2026, 8, 12)),
        # From 28 February, three months end on 28 May already.
        (day(2026, 5, 31), day(2026, 3, 1)),
        # From 28, 29, 30 and 31 October, on 28 February.
        (day(2026, 1, 28), day(2025, 10, 28)),
        (day(2026, 2, 28), day(2025, 11, 28)),
    ],
)
def test_a_term_is_looked_back_by_the_same_computation(end, start):
    term = rule("prescription")
    assert term.earliest_start(end) == start
    assert term.last_day(start) >= end
    assert term.last_day(day.fromordinal(start.toordinal() - 1)) < end


def test_every_rule_and_event_is_told_in_both_languages_with_its_law():
    events = [event for codes in EVENTS.values() for event in codes]
    for language in ("fr", "en"):
        assert all(legal_rules.EVENT_LABELS[event][language] for event in events)
        for legal_rule in legal_rules.RULES.values():
            assert legal_rule.labels[language]
            assert legal_rules.LAWS[legal_rule.law][language]
            # A rule of a calendar is explained; those of the register's own pages are there.
            assert bool(legal_rule.texts.get(language)) is bool(legal_rule.after)
    laws = {legal_rule.law for legal_rule in legal_rules.RULES.values()}
    assert all(legal_rules.LAWS[law]["link"].startswith("https://") for law in laws)
    kinds = {legal_rule.kind for legal_rule in legal_rules.RULES.values()}
    assert kinds == {"yours", "theirs", "check"}
    opened = {legal_rule.opens for legal_rule in legal_rules.RULES.values()}
    after = {event for legal_rule in legal_rules.RULES.values() for event in legal_rule.after}
    assert after <= {*events, *opened}
