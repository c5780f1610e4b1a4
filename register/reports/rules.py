"""Pure: what may be done with a report, in which state, and where it leads; and on which days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from register.cases.deadlines import add_months
from register.errors import Refused
from register.journal import Act
from register.reports.models import State

OPEN = frozenset({State.RECEIVED, State.IN_REVIEW, State.WAITING})
ENDED = frozenset(State) - OPEN

# What is allowed when, and the state that it leads to; an empty one leaves it as it is.
_TABLE: Mapping[Act, Mapping[State, State | None]] = {
    Act.REPORT_CLAIMED: {
        State.RECEIVED: State.IN_REVIEW,
        State.IN_REVIEW: None,
        State.WAITING: None,
    },
    Act.REPORT_RELEASED: {State.IN_REVIEW: State.RECEIVED, State.WAITING: None},
    Act.REPORT_ASKED: dict.fromkeys(OPEN, State.WAITING),
    Act.REPORT_READ: dict.fromkeys(State, None),
    Act.REPORT_ACCEPTED: dict.fromkeys(OPEN, State.ACCEPTED),
    Act.REPORT_DECLINED: dict.fromkeys(OPEN, State.DECLINED),
    Act.REPORT_SPAM: dict.fromkeys(OPEN, State.SPAM),
    Act.REPORT_SPAM_AGREED: {State.SPAM: None},
    Act.REPORT_REOPENED: dict.fromkeys(
        (State.DECLINED, State.SPAM, State.ACCEPTED), State.RECEIVED
    ),
    Act.REPORT_RETURNED: {State.WAITING: State.RECEIVED},
    # Whoever was declined may have something to say to that; whoever took it back has not.
    Act.REPORT_ADDED: {
        State.RECEIVED: None,
        State.IN_REVIEW: None,
        State.WAITING: State.IN_REVIEW,
        State.ACCEPTED: None,
        State.DECLINED: None,
        State.SPAM: None,
    },
    Act.REPORT_WITHDRAWN: dict.fromkeys((*OPEN, State.ACCEPTED), State.WITHDRAWN),
}

# Retention (docs/decisions/0019): spam goes in a week, the rest when nobody can want it back.
_PURGED_AFTER: Mapping[State, timedelta] = {
    State.SPAM: timedelta(days=7),
    State.DECLINED: timedelta(days=90),
    State.WITHDRAWN: timedelta(days=90),
    State.ACCEPTED: timedelta(days=90),
}
# Put aside with others by one member: the time that somebody else has to look at them.
TOGETHER = timedelta(days=30)
UNANSWERED = timedelta(days=90)
OVERDUE_MONTHS = 12
# State and reason answer a receipt for so long after the purge; then they are counted.
ROWS_MONTHS = 12
# A clock that is further ahead than this was set, or the register stood still: somebody looks.
JUMP = timedelta(days=31)


def allows(state: State, act: Act) -> bool:
    """Whether a report may be dealt with so, in this state."""
    return state in _TABLE[act]


def after(state: State, act: Act) -> State:
    """The state that an act leads to.

    :raises Refused: ``report_state``.
    """
    if not allows(state, act):
        raise Refused("report_state", state=state.value, act=act.value)
    return _TABLE[act][state] or state


def purge_day(state: State, moved_on: date) -> date | None:
    """When the texts of a report are destroyed; None while it is undecided."""
    term = _PURGED_AFTER.get(state)
    return moved_on + term if term else None


def is_overdue(state: State, received: date, today: date) -> bool:
    """Whether nobody has decided for so long that somebody has to say why."""
    return state in OPEN and add_months(received, OVERDUE_MONTHS) <= today
