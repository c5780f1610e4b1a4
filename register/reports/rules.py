"""Pure: what may be done with a report, in which state, and where it leads; and on which days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from register.cases.deadlines import add_months
from register.errors import Refused
from register.journal import Act
from register.reports.models import ReportState

OPEN_STATES = frozenset({ReportState.RECEIVED, ReportState.IN_REVIEW, ReportState.WAITING})
ENDED_STATES = frozenset(ReportState) - OPEN_STATES

# What is allowed when, and the state that it leads to; an empty one leaves it as it is.
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
    # Whoever was declined may have something to say to that; whoever took it back has not.
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

# Retention (docs/decisions/0019): spam goes in a week, the rest when nobody can want it back.
_PURGE_TERMS: Mapping[ReportState, timedelta] = {
    ReportState.SPAM: timedelta(days=7),
    ReportState.DECLINED: timedelta(days=90),
    ReportState.WITHDRAWN: timedelta(days=90),
    ReportState.ACCEPTED: timedelta(days=90),
}
# Put aside with others by one member: the time that somebody else has to look at them.
BULK_SPAM_TERM = timedelta(days=30)
ANSWER_TERM = timedelta(days=90)
OVERDUE_MONTHS = 12
# State and reason answer a receipt for so long after the purge; then they are counted.
ROWS_MONTHS = 12
# A clock that is further ahead than this was set, or the register stood still: somebody looks.
MAX_CLOCK_JUMP = timedelta(days=31)


def allows(state: ReportState, act: Act) -> bool:
    """Whether a report may be dealt with so, in this state."""
    return state in _TRANSITIONS[act]


def next_state(state: ReportState, act: Act) -> ReportState:
    """The state that an act leads to.

    :raises Refused: ``report_state``.
    """
    if not allows(state, act):
        raise Refused("report_state", state=state.value, act=act.value)
    return _TRANSITIONS[act][state] or state


def purge_day(state: ReportState, moved_on: date) -> date | None:
    """When the texts of a report are destroyed; None while it is undecided."""
    term = _PURGE_TERMS.get(state)
    return moved_on + term if term else None


def is_overdue(state: ReportState, received: date, today: date) -> bool:
    """Whether nobody has decided for so long that somebody has to say why."""
    return state in OPEN_STATES and add_months(received, OVERDUE_MONTHS) <= today
