"""State transitions and retention terms of reports (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from register.cases.deadlines import add_months
from register.errors import Refused
from register.journal import Act
from register.reports.models import ReportState

OPEN_STATES = frozenset({ReportState.RECEIVED, ReportState.IN_REVIEW, ReportState.WAITING})
ENDED_STATES = frozenset(ReportState) - OPEN_STATES

# For each act, the states that allow it and the state that follows; None leaves the state as it is.
_TRANSITIONS: Mapping[Act, Mapping[ReportState, ReportState | None]] = {
    Act.REPORT_CLAIMED: {
        ReportState.RECEIVED: ReportState.IN_REVIEW,
        ReportState.IN_REVIEW: None,
        ReportState.WAITING: None,
    },
    Act.REPORT_RELEASED: {ReportState.IN_REVIEW: ReportState.RECEIVED, ReportState.WAITING: None},
    Act.REPORT_ASKED: dict.fromkeys(OPEN_STATES, ReportState.WAITING),
    Act.REPORT_READ: dict.fromkeys(ReportState, None),
    Act.REPORT_ACCEPTED: dict.fromkeys(OPEN_STATES, ReportState.ACCEPTED),
    Act.REPORT_DECLINED: dict.fromkeys(OPEN_STATES, ReportState.DECLINED),
    Act.REPORT_SPAM: dict.fromkeys(OPEN_STATES, ReportState.SPAM),
    Act.REPORT_SPAM_AGREED: {ReportState.SPAM: None},
    Act.REPORT_REOPENED: dict.fromkeys(
        (ReportState.DECLINED, ReportState.SPAM, ReportState.ACCEPTED), ReportState.RECEIVED
    ),
    Act.REPORT_RETURNED: {ReportState.WAITING: ReportState.RECEIVED},
    # The reporter may answer a refusal, and add nothing to a withdrawn report.
    Act.REPORT_ADDED: {
        ReportState.RECEIVED: None,
        ReportState.IN_REVIEW: None,
        ReportState.WAITING: ReportState.IN_REVIEW,
        ReportState.ACCEPTED: None,
        ReportState.DECLINED: None,
        ReportState.SPAM: None,
    },
    Act.REPORT_WITHDRAWN: dict.fromkeys(
        (*OPEN_STATES, ReportState.ACCEPTED), ReportState.WITHDRAWN
    ),
}

# Retention (docs/decisions/0019): a week for spam, 90 days for other decisions.
_PURGE_TERMS: Mapping[ReportState, timedelta] = {
    ReportState.SPAM: timedelta(days=7),
    ReportState.DECLINED: timedelta(days=90),
    ReportState.WITHDRAWN: timedelta(days=90),
    ReportState.ACCEPTED: timedelta(days=90),
}
# For reports marked as spam in bulk: the time in which another member can look at them.
BULK_SPAM_TERM = timedelta(days=30)
ANSWER_TERM = timedelta(days=90)
OVERDUE_MONTHS = 12
# How long state and reason still answer a receipt code after the purge; then they are tallied.
ROWS_MONTHS = 12
# Beyond this jump, the clock was set or the register was stopped: a person must confirm the date.
MAX_CLOCK_JUMP = timedelta(days=31)


def allows(state: ReportState, act: Act) -> bool:
    return state in _TRANSITIONS[act]


def next_state(state: ReportState, act: Act) -> ReportState:
    """The state that an act leads to.

    :raises Refused: ``report_state``.
    """
    if not allows(state, act):
        raise Refused("report_state", state=state.value, act=act.value)
    return _TRANSITIONS[act][state] or state


def purge_day(state: ReportState, moved_on: date) -> date | None:
    """The day on which a report's texts are destroyed; None while it is undecided."""
    term = _PURGE_TERMS.get(state)
    return moved_on + term if term else None


def is_overdue(state: ReportState, received: date, today: date) -> bool:
    """Whether a report has been undecided for 12 months or more."""
    return state in OPEN_STATES and add_months(received, OVERDUE_MONTHS) <= today
