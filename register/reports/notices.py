"""What a member is told by mail: kinds of things that wait at the desk, without any of their words.

The statements are those of the queue and of the list of days, so that a mail and the desk agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases.core_tables import CASE
from register.cases.todo_clauses import TodoContext
from register.cases.urgency import NO_END
from register.reports.desk_deadlines import DeadlineKind, first_deadlines
from register.reports.models import Report
from register.reports.queue_statements import QueueKind, queue_statements
from register.text.dates import paris_day

# Things of one kind that a pass looks at; the desk shows the rest.
THINGS_LIMIT = 200


class NoticeKind(StrEnum):
    """Kinds of things in a mail, the most urgent first."""

    DANGER = "danger"
    DEADLINE = "deadline"
    REPLY = "reply"
    CONTENT = "content"  # a notice of an error or of illegal content
    ENTRUSTED = "entrusted"
    NEWS = "news"
    REPORT = "report"
    SECOND = "second"


_QUEUE_KINDS = {
    QueueKind.DANGER: NoticeKind.DANGER,
    QueueKind.REPLY: NoticeKind.REPLY,
    QueueKind.NEWS: NoticeKind.NEWS,
    QueueKind.REPORT: NoticeKind.REPORT,
    QueueKind.CHANGE: NoticeKind.SECOND,
    QueueKind.DESTRUCTION: NoticeKind.SECOND,
    QueueKind.ERASURE: NoticeKind.SECOND,
}
_DEADLINE_KINDS = (DeadlineKind.REPLY, DeadlineKind.TERM, DeadlineKind.REPORT, DeadlineKind.POST)


def waiting_things(
    session: Session, member: Member, todo_context: TodoContext, undecided_after: int
) -> dict[str, NoticeKind]:
    """The things that wait for an active member: a name of each for the register, and its kind.

    :param undecided_after: months, as in the settings.
    """
    things: dict[str, NoticeKind] = {}
    statements = queue_statements(session, member, todo_context)
    for queue_kind, kind in _QUEUE_KINDS.items():
        for row in session.execute(statements[queue_kind].limit(THINGS_LIMIT)):
            _position, incident, report, ref, _since, _due, by = row
            # A member does not wait for themself as a second person.
            if by != member.id:
                things[f"{queue_kind} {incident} {report} {ref}"] = kind
    for name in _entrusted(session, member):
        things[name] = NoticeKind.ENTRUSTED
    today = paris_day(todo_context.at)
    near = (today, today + timedelta(days=1))
    deadlines = first_deadlines(
        session, _DEADLINE_KINDS, todo_context.at, undecided_after, THINGS_LIMIT
    )
    for item in deadlines:
        if item.kind is DeadlineKind.POST and item.member is None:
            # It came by a form, and nobody has it in hand.
            things[f"{item.kind} {item.ref}"] = NoticeKind.CONTENT
        # What another member has in hand is theirs.
        if item.due in near and item.member in (None, member.id):
            name = f"{item.due} {item.kind} {item.incident} {item.report} {item.ref}"
            things[name] = NoticeKind.DEADLINE
    return things


def _entrusted(session: Session, member: Member) -> Iterator[str]:
    """Cases and reports that were assigned to a member."""
    columns: tuple[tuple[str, Any, Any], ...] = (
        ("case", CASE.c.id, CASE.c),
        ("report", Report.key, Report),
    )
    for name, key, row in columns:
        is_assigned = (row.held_by == member.id) & (row.held_until == NO_END)
        for value in session.scalars(select(key).where(is_assigned).limit(THINGS_LIMIT)):
            yield f"assigned {name} {value}"
