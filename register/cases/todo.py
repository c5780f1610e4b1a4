"""To-do list of the desk: tasks on cases, the nearest deadline first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import desk_lists, todo_clauses
from register.cases.core_tables import CASE, IS_PUBLIC, REPLY, REVISION
from register.cases.desk_lists import DeskCaseSummary
from register.cases.todo_clauses import FlaggedDrafts, TodoContext, TodoKind, find_flagged_drafts
from register.cases.vocabulary import Vocabulary

TASK_LIMIT = 12  # tasks in the sidebar; the lists show all
COUNT_LIMIT = 500  # counting stops one beyond this

SECOND_PERSON_KINDS = (TodoKind.CHANGE, TodoKind.RETURNED, TodoKind.DESTRUCTION)
# Order of tasks with the same deadline or without one.
KIND_ORDER = (
    TodoKind.REPLY,
    TodoKind.CLAIMED,
    *SECOND_PERSON_KINDS,
    TodoKind.APPROVE,
    TodoKind.READY,
    TodoKind.SECOND,
    TodoKind.OUTCOME,
)


@dataclass(frozen=True)
class Task:
    """Task on a case. ``incident`` is the case's id; ``title`` and ``case`` are set in the end."""

    kind: TodoKind
    due: date | None
    since: datetime | date
    incident: int | None
    title: str
    case: DeskCaseSummary | None = None


@dataclass(frozen=True)
class Todo:
    """First tasks, and the number of cases of each kind, at most ``COUNT_LIMIT + 1``.

    ``unread``: number of drafts whose texts have not been scanned for risk flags yet.
    """

    tasks: Sequence[Task]
    counts: Mapping[TodoKind, int]
    unread: int
    todo_context: TodoContext


def load_todo_context(
    session: Session, vocabulary: Vocabulary, at: datetime, *, single: bool
) -> tuple[TodoContext, int]:
    """Context of the to-do clauses, and the number of drafts not scanned for risk flags yet.

    :param single: the register has one moderator.
    """
    # With one moderator no second person is required, and no clause depends on flags.
    flagged = FlaggedDrafts((), 0) if single else find_flagged_drafts(session)
    return TodoContext(vocabulary, at, flagged.revision_ids, single), flagged.unread


def load_todo(
    session: Session, viewer: Member, vocabulary: Vocabulary, at: datetime, *, single: bool = False
) -> Todo:
    """To-do list of an active member; empty for anybody else."""
    if not viewer.is_active:
        return Todo((), {}, 0, TodoContext(vocabulary, at))
    todo_context, unread = load_todo_context(session, vocabulary, at, single=single)
    counts = {}
    for kind in KIND_ORDER:
        is_waiting = todo_clauses.clause(kind, viewer, todo_context)
        capped = select(CASE.c.id).where(is_waiting).limit(COUNT_LIMIT + 1).subquery()
        counts[kind] = session.scalar(select(func.count()).select_from(capped)) or 0
    waiting_tasks = sorted(_first_tasks(session, viewer, todo_context), key=_sort_key)
    tasks = list({task.incident: task for task in reversed(waiting_tasks)}.values())
    listed_tasks = sorted(tasks, key=_sort_key)[:TASK_LIMIT]
    cases = desk_lists.load_summaries(
        session, viewer, [task.incident for task in listed_tasks if task.incident], at
    )
    for position, task in enumerate(listed_tasks):
        case = cases.get(task.incident or 0)
        if case:
            listed_tasks[position] = replace(task, title=case.title, case=case)
    return Todo(listed_tasks, counts, unread, todo_context)


def _sort_key(task: Task) -> tuple[date, int, str]:
    return task.due or date.max, KIND_ORDER.index(task.kind), task.since.isoformat()


def _first_tasks(session: Session, viewer: Member, todo_context: TodoContext) -> Iterator[Task]:
    """Yield the first tasks of each kind, the longest waiting; a case may have several tasks."""
    for reply in session.execute(_REPLIES):
        yield Task(TodoKind.REPLY, reply.due_on, reply.received_on, reply.incident_id, "")
    for kind in KIND_ORDER:
        if kind is TodoKind.REPLY:
            continue
        since = CASE.c.moved_at if kind is TodoKind.OUTCOME else REVISION.c.made_at
        # Newer revisions have higher ids, which are indexed.
        order = CASE.c.moved_at if kind is TodoKind.OUTCOME else CASE.c.revision_id
        stmt = (
            select(CASE.c.id, since)
            .join(REVISION, REVISION.c.id == CASE.c.revision_id)
            .where(todo_clauses.clause(kind, viewer, todo_context))
            .order_by(order)
            .limit(TASK_LIMIT)
        )
        for case_id, waiting_since in session.execute(stmt):
            yield Task(kind, None, waiting_since, case_id, "")


_REPLIES = (
    select(REPLY.c.incident_id, REPLY.c.received_on, REPLY.c.due_on)
    .join(CASE, CASE.c.id == REPLY.c.incident_id)
    .where(REPLY.c.state == "received", IS_PUBLIC)
    .order_by(REPLY.c.due_on, REPLY.c.id)
    .limit(TASK_LIMIT)
)
