"""What needs a human now: the desk's tasks, the nearest deadline first.

A task names a case today; a report that has none yet will be another kind, with the same shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import desk_lists, todo_clauses
from register.cases.core_tables import CASE, REPLY, REVISION
from register.cases.desk_lists import OnDesk
from register.cases.draft_flags import Flagged, flagged
from register.cases.models import State
from register.cases.todo_clauses import Kind, Moment
from register.cases.vocabulary import Book

# As many as a margin can show; the lists show all.
SHOWN = 12
# Nobody needs to know by how many the work is beyond this, and counting on would cost.
COUNTED = 500

SECOND_PERSON = (Kind.CHANGE, Kind.RETURNED, Kind.DESTRUCTION)
# Without a deadline, in this order.
ORDER = (
    Kind.REPLY,
    Kind.HELD,
    *SECOND_PERSON,
    Kind.APPROVE,
    Kind.READY,
    Kind.SECOND,
    Kind.OUTCOME,
)


@dataclass(frozen=True)
class Task:
    """One thing to do: of which kind, until which day, since when, about what.

    ``incident`` and ``case`` are None for what is no case yet; ``what`` names it then as well.
    """

    kind: Kind
    due: date | None
    since: datetime | date
    incident: int | None
    what: str
    case: OnDesk | None = None


@dataclass(frozen=True)
class Todo:
    """The first tasks, how many there are of each kind (see :data:`COUNTED`), and at what moment.

    ``unread``: drafts whose texts were not searched for risk flags yet.
    """

    tasks: Sequence[Task]
    counts: Mapping[Kind, int]
    unread: int
    moment: Moment


def moment(session: Session, book: Book, at: datetime, *, single: bool) -> tuple[Moment, int]:
    """What lists are made with, and how many drafts are not read for flags yet."""
    # With one moderator no second person is asked for, and nothing here depends on flags.
    read = Flagged((), 0) if single else flagged(session)
    return Moment(book, at, read.revisions, single), read.unread


def todo(
    session: Session, viewer: Member, book: Book, at: datetime, *, single: bool = False
) -> Todo:
    """What there is to do, for an active member; for anybody else, nothing."""
    if not viewer.is_active:
        return Todo((), {}, 0, Moment(book, at))
    now, unread = moment(session, book, at, single=single)
    counts = {kind: _count(session, kind, viewer, now) for kind in ORDER}
    first = sorted(_found(session, viewer, now), key=_urgency)
    once = list({task.incident: task for task in reversed(first)}.values())
    shown = sorted(once, key=_urgency)[:SHOWN]
    cases = desk_lists.rows(session, viewer, [task.incident for task in shown if task.incident], at)
    return Todo([_named(task, cases) for task in shown], counts, unread, now)


def _urgency(task: Task) -> tuple[date, int, str]:
    return task.due or date.max, ORDER.index(task.kind), task.since.isoformat()


def _named(task: Task, cases: Mapping[int, OnDesk]) -> Task:
    case = cases.get(task.incident or 0)
    return replace(task, what=case.title, case=case) if case else task


def _count(session: Session, kind: Kind, viewer: Member, now: Moment) -> int:
    some = select(CASE.c.id).where(todo_clauses.clause(kind, viewer, now)).limit(COUNTED + 1)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _found(session: Session, viewer: Member, now: Moment) -> Iterator[Task]:
    """The first of each kind; a case that waits for two things comes twice."""
    for row in session.execute(_REPLIES):
        yield Task(Kind.REPLY, row.due_on, row.received_on, row.incident_id, "")
    for kind in (Kind.HELD, *SECOND_PERSON, Kind.APPROVE, Kind.READY, Kind.SECOND):
        for row in session.execute(_longest(kind, viewer, now, CASE.c.revision_id)):
            yield Task(kind, None, row.made_at, row.id, "")
    for row in session.execute(_longest(Kind.OUTCOME, viewer, now, CASE.c.moved_at)):
        yield Task(Kind.OUTCOME, None, row.moved_at, row.id, "")


_REPLIES = (
    select(REPLY.c.incident_id, REPLY.c.received_on, REPLY.c.due_on)
    .join(CASE, CASE.c.id == REPLY.c.incident_id)
    .where(REPLY.c.state == "received", CASE.c.state == State.PUBLISHED)
    .order_by(REPLY.c.due_on, REPLY.c.id)
    .limit(SHOWN)
)


def _longest(kind: Kind, viewer: Member, now: Moment, since: Any) -> Select[Any]:
    """The cases that have waited longest."""
    asked = select(CASE.c.id, CASE.c.moved_at, REVISION.c.made_at)
    asked = asked.join(REVISION, REVISION.c.id == CASE.c.revision_id)
    return asked.where(todo_clauses.clause(kind, viewer, now)).order_by(since).limit(SHOWN)
