"""The statements of the desk's queue: one for each kind, whose rows carry ids and days.

A case or report with a danger mark or a term, or that the viewer has claimed or must mend, stands
there and not under the kind of its state. A reply, a proposed change, a destruction and an erasure
have rows of their own besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    and_,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import todo_clauses
from register.cases.core_tables import CASE, REPLY, REVISION
from register.cases.models import CaseState
from register.cases.second_person import Approval, Destruction, PendingChange
from register.cases.todo_clauses import TodoContext, TodoKind
from register.journal import Act
from register.reports.models import OPEN_STATES, Report, ReportState

# Counting old cases of unknown outcome, the last kind, stops one beyond this.
COUNT_LIMIT = 500

Clause = ColumnElement[bool]


class QueueKind(StrEnum):
    """Why something is in the queue; in the order of the queue."""

    DANGER = "danger"
    TERM = "echeance"
    MINE = "a-vous"  # claimed by the viewer, assigned to them, or their own refused version
    REPLY = "reponse"
    NEWS = "arrivees"  # the reporter has written
    REPORT = "signalement"
    DRAFT = "brouillon"
    EDITED = "retire-modifie"  # a withdrawn case whose text was changed since
    CHANGE = "changement"
    RETURNED = "retour"  # a refused or outdated change
    DESTRUCTION = "destruction"
    ERASURE = "effacement"  # an approved one
    HELD = "confie"  # a case with nothing else to do, claimed by another member
    WAITING = "en-attente"  # for the reporter's answer
    SUSPECT = "douteux"
    SPAM = "indesirable"  # put aside in bulk, to be confirmed
    OUTCOME = "issue"


LIVE_STATES = (CaseState.DRAFT, CaseState.PUBLISHED, CaseState.WITHDRAWN)
_EMPTY: Mapping[str, ColumnElement[Any]] = {
    "incident": cast(null(), Integer),
    "report": cast(null(), String(32)),
    "ref": cast(null(), Integer),
    "since": cast(null(), Date),
    "due": cast(null(), Date),
    "by": cast(null(), Integer),
}
_OPEN = Report.state.in_([state.value for state in OPEN_STATES])
# Reports whose marks count: also those that joined a case.
MARKABLE = or_(_OPEN, Report.state == ReportState.ACCEPTED, Report.news.is_(True))
_IS_EDITED = and_(
    CASE.c.state == CaseState.WITHDRAWN,
    select(REVISION.c.id)
    .where(REVISION.c.id == CASE.c.revision_id, REVISION.c.act.in_((Act.EDITED, Act.REDACTED)))
    .exists(),
)


def queue_statements(
    session: Session, viewer: Member, todo_context: TodoContext
) -> dict[QueueKind, Any]:
    """The statement of each kind, in the order of the queue."""
    at = todo_context.at
    is_live = CASE.c.state.in_(LIVE_STATES)
    has_mark = or_(CASE.c.danger_on.is_not(None), CASE.c.term_on.is_not(None))
    is_free = or_(CASE.c.held_until.is_(None), CASE.c.held_until <= at)
    is_refused = and_(is_free, todo_clauses.is_refused_version(viewer))
    is_held = and_(CASE.c.held_by == viewer.id, CASE.c.held_until > at)
    case_is_mine = and_(or_(is_held, is_refused), is_live)
    has_report_mark = or_(Report.danger_on.is_not(None), Report.term_on.is_not(None))
    report_is_mine = and_(Report.held_by == viewer.id, Report.held_until > at, _OPEN)
    # Few, and read first: conditions on four columns would read each draft, not its index.
    apart_cases = session.scalars(
        select(CASE.c.id).where(or_(and_(is_live, has_mark), case_is_mine))
    ).all()
    apart_reports = session.scalars(
        select(Report.key).where(or_(and_(MARKABLE, has_report_mark), report_is_mine))
    ).all()
    is_plain = CASE.c.id.not_in(apart_cases)
    is_plain_report = Report.key.not_in(apart_reports)
    is_read = Report.news.is_(False)
    is_under_review = Report.state.in_([ReportState.RECEIVED, ReportState.IN_REVIEW])
    danger_case, danger_report = CASE.c.danger_on.is_not(None), Report.danger_on.is_not(None)
    statements: dict[QueueKind, Any] = {
        QueueKind.DANGER: union_all(
            _cases(CASE.c.danger_on, is_live, danger_case),
            _reports(Report.danger_on, MARKABLE, danger_report),
        ),
        QueueKind.TERM: union_all(
            _cases(CASE.c.term_on, is_live, ~danger_case, CASE.c.term_on.is_not(None)),
            _reports(Report.term_on, MARKABLE, ~danger_report, Report.term_on.is_not(None)),
        ),
        QueueKind.MINE: union_all(
            _cases(func.coalesce(CASE.c.held_until, at), case_is_mine, ~has_mark),
            _reports(Report.held_until, report_is_mine, ~has_report_mark),
        ),
        QueueKind.REPLY: _of_cases(
            REPLY.c.incident_id,
            REPLY.c.due_on,
            ref=REPLY.c.id,
            since=REPLY.c.received_on,
            due=REPLY.c.due_on,
        ).where(REPLY.c.state == "received", CASE.c.state == CaseState.PUBLISHED),
        QueueKind.NEWS: _reports(Report.moved_on, Report.news.is_(True), is_plain_report),
        QueueKind.REPORT: _reports(
            Report.day, is_under_review, Report.suspect.is_(False), is_plain_report, is_read
        ),
        QueueKind.DRAFT: _cases(CASE.c.revision_id, CASE.c.state == CaseState.DRAFT, is_plain),
        QueueKind.EDITED: _cases(CASE.c.revision_id, _IS_EDITED, is_plain),
        QueueKind.CHANGE: _changes(~todo_clauses.is_returned()),
        QueueKind.RETURNED: _changes(todo_clauses.is_returned()),
        QueueKind.DESTRUCTION: _of_cases(
            Destruction.incident_id,
            Destruction.id,
            ref=Destruction.id,
            since=Destruction.made_at,
            due=Destruction.due_on,
            by=Destruction.made_by,
        ).where(Destruction.ended_at.is_(None), CASE.c.state != CaseState.ERASED),
        QueueKind.ERASURE: (
            _of_cases(
                Approval.incident_id,
                func.min(Approval.id),
                since=func.min(Approval.given_at),
                by=func.min(Approval.given_by),
            )
            .where(
                CASE.c.state != CaseState.ERASED,
                Approval.revision_id == CASE.c.revision_id,
                Approval.purpose == "erase",
                Approval.revision_id.in_(todo_clauses.approved_revisions(at, "erase")),
            )
            .group_by(CASE.c.id)
        ),
        QueueKind.HELD: _cases(
            CASE.c.revision_id,
            CASE.c.held_until > at,
            CASE.c.state.in_((CaseState.PUBLISHED, CaseState.WITHDRAWN)),
            ~_IS_EDITED,
            is_plain,
        ),
        QueueKind.WAITING: _reports(
            Report.asked_on, Report.asked_on.is_not(None), is_plain_report, is_read
        ),
        QueueKind.SUSPECT: _reports(
            Report.day, is_under_review, Report.suspect.is_(True), is_plain_report, is_read
        ),
        QueueKind.SPAM: _reports(
            Report.purge_on,
            Report.state == ReportState.SPAM,
            Report.together_by.is_not(None),
            is_read,
        ),
        QueueKind.OUTCOME: _cases(
            CASE.c.moved_at, todo_clauses.clause(TodoKind.OUTCOME, viewer, todo_context), is_plain
        ).limit(COUNT_LIMIT + 1),
    }
    # By position: the columns of a union have no names of their own.
    order: list[Clause] = list(map(literal_column, ("1", "2", "3", "4")))
    return {kind: stmt.order_by(*order) for kind, stmt in statements.items()}


def count_rows(session: Session, statements: Iterable[Any]) -> list[int]:
    """Number of rows of each statement, all counted by one."""
    columns = [
        select(func.count()).select_from(stmt.order_by(None).subquery()).scalar_subquery()
        for stmt in statements
    ]
    return [*session.execute(select(*columns)).one()]


def _columns(position: Any, **columns: Any) -> list[ColumnElement[Any]]:
    """The order and the fields of an item; those that a kind has not are empty."""
    given = {**_EMPTY, **columns}
    return [position.label("position"), *(given[name].label(name) for name in _EMPTY)]


def _cases(order: Any, *conditions: Clause) -> Select[Any]:
    return select(*_columns(order, incident=CASE.c.id)).where(*conditions)


def _reports(order: Any, *conditions: Clause) -> Select[Any]:
    return select(*_columns(order, report=Report.key)).where(*conditions)


def _changes(condition: Clause) -> Select[Any]:
    return _of_cases(
        PendingChange.incident_id,
        PendingChange.id,
        ref=PendingChange.id,
        since=PendingChange.made_at,
        by=PendingChange.made_by,
    ).where(condition)


def _of_cases(incident: Any, order: Any, **columns: Any) -> Select[Any]:
    """Rows of another table, which has a column with the id of their case."""
    stmt = select(*_columns(order, incident=CASE.c.id, **columns))
    return stmt.join(CASE, CASE.c.id == incident)
