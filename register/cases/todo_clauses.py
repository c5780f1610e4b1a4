"""SQL clauses of the cases that wait for each kind of task, and the scan of drafts for risk flags.

The checklist decides before an act, from the whole content of one case. These clauses give the
same answer for thousands of drafts from columns alone, except for risk flags, which need the
texts: :func:`find_flagged_drafts` scans some of them at each page.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, Select, and_, exists, false, func, not_, or_, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.accounts.vouching import vouches
from register.cases.case_content import content_of, parse_content
from register.cases.checklist import SUMMARY_LIMIT, displayed_texts, needs_second, risk_flags
from register.cases.core_tables import (
    CASE,
    CASE_TYPE,
    IS_PUBLIC,
    PLACE,
    PROCEEDING,
    REPLY,
    REVISION,
    is_among,
)
from register.cases.deadlines import add_months
from register.cases.member_view import CASE_STMT
from register.cases.models import CaseState, Incident, Invitation, Scope, SourceUse
from register.cases.second_person import (
    Approval,
    Destruction,
    PendingChange,
    needed_before,
    valid_approvals,
)
from register.cases.vocabulary import Vocabulary, current_vocabulary
from register.journal import Act
from register.text.dates import PARIS, paris_day

Clause = ColumnElement[bool]

# Half of the cases with a known end took longer than this; then the outcome is worth a check.
OUTCOME_MONTHS = 12
OPEN_OUTCOMES = ("", "inconnue", "en_cours")

_INVITATION = Invitation.__table__
_SOURCE_USE = SourceUse.__table__
# An alias, because the caller's statement may join the revisions itself.
_CURRENT_REVISION = REVISION.alias()


class TodoKind(StrEnum):
    """Kind of task that a case waits for."""

    REPLY = "reponse"  # a right of reply without a decision
    CLAIMED = "en_main"  # the viewer has claimed the case
    APPROVE = "a_relire"  # a second person is required, and the viewer may be this person
    SECOND = "second"  # a second person is required
    CHANGE = "changement"  # a proposed change that the viewer may approve
    RETURNED = "retour"  # the viewer's own proposed change, refused or outdated
    DESTRUCTION = "destruction"  # redacted texts whose destruction the viewer may confirm
    READY = "pret"  # the checklist is complete except for the attestations
    OUTCOME = "issue"  # a public case of unknown outcome without a change for long


@dataclass(frozen=True)
class TodoContext:
    """Context of the clauses.

    ``flagged_revisions``: current revisions of drafts whose texts raise a risk flag.
    ``has_one_moderator``: no second person is required.
    """

    vocabulary: Vocabulary
    at: datetime
    flagged_revisions: Collection[int] = ()
    has_one_moderator: bool = False

    @property
    def today(self) -> date:
        """Civil day in Paris."""
        return paris_day(self.at)


def clause(kind: TodoKind, viewer: Member, todo_context: TodoContext) -> Clause:
    """Clause of the cases that wait for a kind of task.

    :param viewer: the member who would do it: nobody approves their own text.
    """
    if kind is TodoKind.REPLY:
        received = exists().where(REPLY.c.incident_id == CASE.c.id, REPLY.c.state == "received")
        return and_(IS_PUBLIC, received)
    if kind is TodoKind.CLAIMED:
        return and_(CASE.c.held_by == viewer.id, CASE.c.held_until > todo_context.at)
    if kind is TodoKind.OUTCOME:
        day = add_months(todo_context.today, -OUTCOME_MONTHS)
        since = datetime(day.year, day.month, day.day, tzinfo=PARIS)
        is_old = and_(IS_PUBLIC, CASE.c.moved_at < since)
        return and_(is_old, CASE.c.outcome.in_(OPEN_OUTCOMES))
    if kind is TodoKind.READY:
        return _is_ready(todo_context)
    if kind is TodoKind.RETURNED:
        return _has_change(PendingChange.made_by == viewer.id, _cannot_be_approved())
    if kind is TodoKind.SECOND:
        return _waits_for_second(todo_context)
    if not vouches(viewer, todo_context.at):
        return false()
    # A single moderator may be their own second person; no member has the id 0.
    first_person = 0 if todo_context.has_one_moderator else viewer.id
    if kind is TodoKind.CHANGE:
        return _has_change(PendingChange.made_by != first_person, not_(_cannot_be_approved()))
    if kind is TodoKind.DESTRUCTION:
        is_pending = exists().where(
            Destruction.incident_id == CASE.c.id,
            Destruction.ended_at.is_(None),
            Destruction.made_by != first_person,
        )
        return and_(CASE.c.state != CaseState.ERASED, is_pending)
    is_own = exists().where(
        _CURRENT_REVISION.c.id == CASE.c.revision_id, _CURRENT_REVISION.c.made_by == viewer.id
    )
    return and_(_waits_for_second(todo_context), not_(is_own))


# --- second person --------------------------------------------------------------------------


def _cannot_be_approved() -> Clause:
    """Condition of a proposed change that was refused or is outdated."""
    return or_(
        PendingChange.refused_at.is_not(None), PendingChange.revision_id != CASE.c.revision_id
    )


def _has_change(*conditions: Clause) -> Clause:
    return exists().where(PendingChange.incident_id == CASE.c.id, *conditions)


def _needs_second(todo_context: TodoContext) -> Clause:
    """Drafts with a type of the family "justice" or a flag, as in ``checklist.needs_second``."""
    justice = exists().where(
        CASE_TYPE.c.incident_id == CASE.c.id,
        CASE_TYPE.c.code.in_(todo_context.vocabulary.types_of(["justice"])),
    )
    is_flagged = is_among(CASE.c.revision_id, todo_context.flagged_revisions)
    return or_(justice, is_flagged)


def _is_approved(at: datetime) -> Clause:
    """Cases whose current revision is approved by a member who still vouches for others."""
    # Not correlated: PostgreSQL asks once instead of once a draft.
    return CASE.c.revision_id.in_(
        valid_approvals(at, Approval.revision_id).where(Approval.purpose == "publish")
    )


def _waits_for_second(todo_context: TodoContext) -> Clause:
    if todo_context.has_one_moderator:
        return false()
    is_draft = and_(CASE.c.state == CaseState.DRAFT, _needs_second(todo_context))
    # Of withdrawn cases, only those whose text was changed since are among the flagged ones.
    is_withdrawn = and_(
        CASE.c.state == CaseState.WITHDRAWN,
        is_among(CASE.c.revision_id, todo_context.flagged_revisions),
    )
    return and_(or_(is_draft, is_withdrawn), not_(_is_approved(todo_context.at)))


# --- checklist ------------------------------------------------------------------------------

_REQUIRED_COLUMNS = ("title", "summary", "actor", "target", "level", "evidence", "outcome")


def _is_ready(todo_context: TodoContext) -> Clause:
    """Drafts that pass the checklist except for attestations and reasons, given with the act."""
    has_authority = exists().where(
        PLACE.c.incident_id == CASE.c.id, PLACE.c.scope == Scope.AUTHORITY.value
    )
    place_columns = (CASE.c.departement, CASE.c.region, CASE.c.place_label)
    court_outcomes = todo_context.vocabulary.court_outcomes
    is_ruled = (PROCEEDING.c.incident_id == CASE.c.id, PROCEEDING.c.outcome.in_(court_outcomes))
    court_columns = (PROCEEDING.c.court, PROCEEDING.c.outcome_date, PROCEEDING.c.appeal)
    conditions = [
        CASE.c.state == CaseState.DRAFT,
        CASE.c.report_withdrawn.is_(False),
        *(CASE.c[column_name] != "" for column_name in _REQUIRED_COLUMNS),
        func.length(CASE.c.summary) <= SUMMARY_LIMIT,
        exists().where(_INVITATION.c.incident_id == CASE.c.id),
        exists().where(_SOURCE_USE.c.incident_id == CASE.c.id),
        exists().where(CASE_TYPE.c.incident_id == CASE.c.id),
        or_(CASE.c.country != "FR", has_authority, *(column != "" for column in place_columns)),
        not_(exists().where(*is_ruled, or_(*(column == "" for column in court_columns)))),
        or_(CASE.c.outcome.not_in(court_outcomes), exists().where(*is_ruled)),
    ]
    if not todo_context.has_one_moderator:
        conditions.append(or_(not_(_needs_second(todo_context)), _is_approved(todo_context.at)))
    return and_(*conditions)


# --- texts that need a second person ----------------------------------------------------------

READ_LIMIT = 60  # texts scanned for one page, in some 20 ms
# Beyond this many flagged revisions, most are outdated and the scan starts again.
FLAGGED_LIMIT = 20_000


@dataclass(frozen=True)
class FlaggedDrafts:
    """Current revisions that need a second person, and the number of drafts not scanned yet.

    Drafts with a risk flag, and withdrawn cases that need one and whose text was changed since.
    """

    revision_ids: Collection[int]
    unread: int


@dataclass
class _ReadProgress:
    """Scan of one database: the revisions of drafts from ``low`` to ``high`` are scanned.

    ``withdrawn``: whether each changed revision of a withdrawn case needs a second person.
    """

    low: int = 0
    high: int = 0
    flagged: set[int] = field(default_factory=set)
    withdrawn: dict[int, bool] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


_progress_by_engine: WeakKeyDictionary[Engine, _ReadProgress] = WeakKeyDictionary()
_IS_DRAFT = CASE.c.state == CaseState.DRAFT
_TEXTS = (
    select(REVISION.c.id, REVISION.c.content)
    .join(CASE, CASE.c.revision_id == REVISION.c.id)
    .where(_IS_DRAFT)
)
_CHANGED_WITHDRAWN = (
    select(CASE.c.id, CASE.c.revision_id)
    .join(REVISION, REVISION.c.id == CASE.c.revision_id)
    .where(CASE.c.state == CaseState.WITHDRAWN, REVISION.c.act.in_((Act.EDITED, Act.REDACTED)))
)


def find_flagged_drafts(session: Session) -> FlaggedDrafts:
    """Texts that need a second person among those scanned; scans up to ``READ_LIMIT`` more."""
    progress = _progress_by_engine.setdefault(session.get_bind().engine, _ReadProgress())
    with progress.lock:
        if len(progress.flagged) > FLAGGED_LIMIT:
            progress.low = progress.high = 0
            progress.flagged.clear()
        budget = READ_LIMIT
        if progress.high:
            # Ascending, so that the scanned revisions stay one range.
            newer = _TEXTS.where(CASE.c.revision_id > progress.high)
            stmt = newer.order_by(CASE.c.revision_id)
            budget -= _read_texts(session, progress, stmt.limit(budget))
        if budget:
            older = _TEXTS.where(CASE.c.revision_id < progress.low) if progress.high else _TEXTS
            stmt = older.order_by(CASE.c.revision_id.desc())
            budget -= _read_texts(session, progress, stmt.limit(budget))
        is_unread = or_(CASE.c.revision_id > progress.high, CASE.c.revision_id < progress.low)
        unread_stmt = select(func.count()).select_from(CASE).where(_IS_DRAFT, is_unread)
        unread = (session.scalar(unread_stmt) or 0) + _read_withdrawn(session, progress, budget)
        withdrawn = {revision_id for revision_id, needs in progress.withdrawn.items() if needs}
        return FlaggedDrafts(frozenset(progress.flagged | withdrawn), unread)


def forget_read_revisions() -> None:
    """Restart the scan, for measurements of a first page."""
    _progress_by_engine.clear()


def _read_texts(session: Session, progress: _ReadProgress, stmt: Select[Any]) -> int:
    text_rows = session.execute(stmt).all()
    for revision_id, content in text_rows:
        if content and risk_flags(parse_content(json.loads(content))):
            progress.flagged.add(revision_id)
        progress.low = min(progress.low or revision_id, revision_id)
        progress.high = max(progress.high, revision_id)
    return len(text_rows)


def _read_withdrawn(session: Session, progress: _ReadProgress, limit: int) -> int:
    """Scan up to ``limit`` changed withdrawn cases; the number of those not scanned yet.

    The same conditions as at a restoration: the content, the former publication, and the texts
    that readers see apart from the content.
    """
    changed = {revision: case for case, revision in session.execute(_CHANGED_WITHDRAWN)}
    needs = {rev: need for rev, need in progress.withdrawn.items() if rev in changed}
    unread = sorted(changed.keys() - needs.keys(), reverse=True)
    batch = [changed[revision_id] for revision_id in unread[:limit]]
    vocabulary = current_vocabulary(session)
    for case in session.scalars(CASE_STMT.where(Incident.id.in_(batch))) if batch else ():
        if case.revision_id is not None:
            needs[case.revision_id] = needs_second(
                content_of(case),
                vocabulary,
                needed_before=needed_before(session, case, vocabulary),
                added_texts=displayed_texts(case),
            )
    progress.withdrawn = needs
    return len(unread) - len(batch)
