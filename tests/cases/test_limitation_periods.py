"""The public effects of each act, and the limitation periods (loi de 1881, art. 65)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from register.cases import act_permissions, deadlines
from register.cases.deadlines import PeriodScope
from register.journal import Act, Ledger
from register.web import messages

FIRST = date(2026, 3, 2)
ENDS = date(2026, 6, 2)

# What opens a period, and for which words. Every other act opens none.
OPENING = [
    (Act.PUBLISHED, PeriodScope.ALL, "the first publication of every word"),
    (Act.RESTORED, PeriodScope.AGAIN, "shown again, the whole may be taken for published anew"),
    (Act.MERGED, PeriodScope.AGAIN, "an address that leads to an older text (Crim. 2 nov. 2016)"),
    (Act.PARTED, PeriodScope.AGAIN, "the whole text is shown again"),
    (Act.FOLLOWED_UP, PeriodScope.ADDED, "a dated fragment is new, the account is not"),
    (Act.CORRECTED, PeriodScope.ADDED, "what is rewritten is new"),
    (Act.REDACTED, PeriodScope.ADDED, "what stands in place of the passage is new"),
    (Act.REPLIED, PeriodScope.REPLY, "the words of another author"),
]


@pytest.mark.parametrize(("act", "opens"), [row[:2] for row in OPENING], ids=lambda v: str(v))
def test_acts_that_publish_text_open_a_period(act: Act, opens: PeriodScope) -> None:
    assert deadlines.CONSEQUENCES[act].scope is opens
    assert deadlines.running_periods([(act, FIRST)], FIRST)[0].scope is opens


def test_no_other_act_opens_a_period() -> None:
    opening = {act for act, _opens, _why in OPENING}
    others = set(deadlines.CONSEQUENCES) - opening
    assert others >= {Act.WITHDRAWN, Act.ERASED, Act.REPLY_REFUSED, Act.INVITED, Act.APPROVED}
    assert deadlines.running_periods([(act, FIRST) for act in others], FIRST) == []


def test_every_act_of_the_desk_has_its_effects() -> None:
    quiet = {
        Act.CLAIMED,
        Act.RELEASED,
        Act.ASSIGNED,
        Act.URGENCY_SET,
        Act.NOTED,
        Act.CONTACT_NOTED,
        Act.CONTACT_ERASED,
        Act.VERSION_REFUSED,
        # Of files: what is shown of them is published by the acts above.
        Act.EVIDENCE_ADDED,
        Act.EVIDENCE_REMOVED,
        Act.COPY_REQUESTED,
        Act.COPY_PAGE_REVIEWED,
        Act.COPY_REMOVED,
        Act.SOURCE_COPIED,
        Act.SOURCE_DROPPED,
    }  # around a case, not on it
    acted = {act for acts in act_permissions.POSSIBLE_ACTS.values() for act in acts} - quiet
    assert acted <= set(deadlines.CONSEQUENCES)


@pytest.mark.parametrize("act", list(deadlines.CONSEQUENCES))
def test_an_act_of_the_desk_has_no_public_effect(act: Act) -> None:
    consequence = deadlines.CONSEQUENCES[act]
    assert ("nothing" in consequence.public) is (act.ledger is Ledger.DESK)


def test_every_code_has_its_text() -> None:
    codes = {code for effects in deadlines.CONSEQUENCES.values() for code in effects.public}
    assert codes == set(messages.desk.public_changes)
    assert {opens.value for opens in PeriodScope} == set(messages.desk.limitation_periods)
    assert {act.value for act, _opens, _why in OPENING} == set(messages.desk.period_beginnings)


@pytest.mark.parametrize(
    ("today", "days_left"),
    [(FIRST, 92), (ENDS - timedelta(days=1), 1), (ENDS, 0)],
    ids=["first day", "last but one", "last day"],
)
def test_a_period_includes_its_last_day(today: date, days_left: int) -> None:
    (period,) = deadlines.running_periods([(Act.PUBLISHED, FIRST)], today)
    assert (period.began, period.ends, period.days_left) == (FIRST, ENDS, days_left)


def test_a_period_is_over_on_the_next_day() -> None:
    assert deadlines.running_periods([(Act.PUBLISHED, FIRST)], ENDS + timedelta(days=1)) == []


def test_periods_are_sorted_by_their_end_and_a_withdrawal_ends_none() -> None:
    later = FIRST + timedelta(days=20)
    lines = [
        (Act.WITHDRAWN, later + timedelta(days=1)),
        (Act.FOLLOWED_UP, later),
        (Act.PUBLISHED, FIRST),
    ]
    periods = deadlines.running_periods(lines, later + timedelta(days=2))
    assert [(period.act, period.began) for period in periods] == [
        (Act.PUBLISHED, FIRST),
        (Act.FOLLOWED_UP, later),
    ]


def test_the_opening_of_the_register_has_no_effects() -> None:
    assert Act.OPENED not in deadlines.CONSEQUENCES
    assert deadlines.running_periods([(Act.OPENED, FIRST)], FIRST) == []
