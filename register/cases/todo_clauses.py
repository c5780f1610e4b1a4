"""What cases wait for, as clauses: each said once, for the home of the desk and for its lists.

The checklist decides before an act, with the whole content in hand. These clauses say the same of
thousands of drafts without reading them: everything that the checklist computes stands in columns,
but for the risk flags, which are found in texts. See :mod:`~register.cases.todo_clauses`.
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
from register.cases import revisions
from register.cases.approvals import valid_approvals
from register.cases.checklist import SUMMARY_LIMIT, risk_flags
from register.cases.core_tables import CASE, CASE_TYPE, PLACE, PROCEEDING, REPLY, REVISION, is_among
from register.cases.deadlines import add_months
from register.cases.models import Approval, CaseState, Invitation, Scope, SourceUse
from register.cases.pending_changes import Destruction, PendingChange
from register.cases.vocabulary import Vocabulary
from register.text.dates import PARIS, paris_day

Clause = ColumnElement[bool]

# An outcome that nobody has looked for since a year may have come: half of the affairs whose end
# is known took longer than that.
OUTCOME_MONTHS = 12
OPEN_OUTCOMES = ("", "inconnue", "en_cours")

_INVITATION = Invitation.__table__
_SOURCE_USE = SourceUse.__table__
# Whoever asks may have joined the revisions for a purpose of their own.
_CURRENT_REVISION = REVISION.alias()


class TodoKind(StrEnum):
    """What a case waits for."""

    REPLY = "reponse"  # a right of reply was received, and nobody has decided
    CLAIMED = "en_main"  # the member who asks has it in hand
    APPROVE = "a_relire"  # a second person is asked for, and the member may be that person
    SECOND = "second"  # a second person is asked for, whoever it is
    CHANGE = "changement"  # a change of a public case that the member may approve
    RETURNED = "retour"  # one's own change that was refused, or overtaken by another
    DESTRUCTION = "destruction"  # what a redaction hid, which the member may have destroyed
    READY = "pret"  # the checklist lacks nothing but what is attested when publishing
    OUTCOME = "issue"  # nothing public has happened for long, and the outcome is not known


@dataclass(frozen=True)
class TodoContext:
    """What a list is made with: the vocabularies, the time, and what is known of the drafts.

    ``flagged_revisions``: the current revisions of drafts whose texts raise a risk flag. ``has_one_moderator``: the
    register has one moderator, and no second person is asked for.
    """

    vocabulary: Vocabulary
    at: datetime
    flagged_revisions: Collection[int] = ()
    has_one_moderator: bool = False

    @property
    def today(self) -> date:
        """The civil day in Paris."""
        return paris_day(self.at)


def clause(kind: TodoKind, viewer: Member, todo_context: TodoContext) -> Clause:
    """The cases that wait for something.

    :param viewer: who asks: nobody approves what they wrote themselves.
    """
    if kind is TodoKind.REPLY:
        return _has_reply()
    if kind is TodoKind.CLAIMED:
        return and_(CASE.c.held_by == viewer.id, CASE.c.held_until > todo_context.at)
    if kind is TodoKind.OUTCOME:
        return _outcome_is_late(todo_context)
    if kind is TodoKind.READY:
        return _is_ready(todo_context)
    if kind is TodoKind.RETURNED:
        return _has_change(PendingChange.made_by == viewer.id, _cannot_be_approved())
    if kind in (TodoKind.CHANGE, TodoKind.DESTRUCTION):
        return _second_person_clause(kind, viewer, todo_context)
    waits_for_second = _waits_for_second(todo_context)
    if kind is TodoKind.APPROVE:
        can_approve = vouches(viewer, todo_context.at)
        return and_(waits_for_second, _is_by_another(viewer)) if can_approve else false()
    return waits_for_second


def _has_reply() -> Clause:
    received = exists().where(REPLY.c.incident_id == CASE.c.id, REPLY.c.state == "received")
    return and_(CASE.c.state == CaseState.PUBLISHED, received)


def _outcome_is_late(todo_context: TodoContext) -> Clause:
    day = add_months(todo_context.today, -OUTCOME_MONTHS)
    since = datetime(day.year, day.month, day.day, tzinfo=PARIS)
    return and_(
        CASE.c.state == CaseState.PUBLISHED,
        CASE.c.moved_at < since,
        CASE.c.outcome.in_(OPEN_OUTCOMES),
    )


# --- the second person ----------------------------------------------------------------------


def _cannot_be_approved() -> Clause:
    """A change that nobody can approve any more as it is."""
    return or_(
        PendingChange.refused_at.is_not(None), PendingChange.revision_id != CASE.c.revision_id
    )


def _has_change(*conditions: Clause) -> Clause:
    return exists().where(PendingChange.incident_id == CASE.c.id, *conditions)


def _second_person_clause(kind: TodoKind, viewer: Member, todo_context: TodoContext) -> Clause:
    if not vouches(viewer, todo_context.at):
        return false()
    if kind is TodoKind.CHANGE:
        change_conditions = (
            () if todo_context.has_one_moderator else (PendingChange.made_by != viewer.id,)
        )
        return _has_change(not_(_cannot_be_approved()), *change_conditions)
    destruction_conditions = (
        () if todo_context.has_one_moderator else (Destruction.made_by != viewer.id,)
    )
    return exists().where(
        Destruction.incident_id == CASE.c.id,
        Destruction.ended_at.is_(None),
        *destruction_conditions,
    ) & (CASE.c.state != CaseState.ERASED)


def _needs_second(todo_context: TodoContext) -> Clause:
    """As ``checklist.asks_second``: a type of the family justice, or a risk flag."""
    justice = exists().where(
        CASE_TYPE.c.incident_id == CASE.c.id,
        CASE_TYPE.c.code.in_(todo_context.vocabulary.types_of(["justice"])),
    )
    return or_(justice, is_among(CASE.c.revision_id, todo_context.flagged_revisions))


def _is_approved(at: datetime) -> Clause:
    """As ``acts.beats.approvers``: of the current revision, and by whoever still vouches."""
    approval_stmt = valid_approvals(at, Approval.id).where(
        Approval.incident_id == CASE.c.id,
        Approval.revision_id == CASE.c.revision_id,
        Approval.purpose == "publish",
    )
    return approval_stmt.exists()


def _waits_for_second(todo_context: TodoContext) -> Clause:
    if todo_context.has_one_moderator:
        return false()
    return and_(
        CASE.c.state == CaseState.DRAFT,
        _needs_second(todo_context),
        not_(_is_approved(todo_context.at)),
    )


def _is_by_another(viewer: Member) -> Clause:
    is_own = exists().where(
        _CURRENT_REVISION.c.id == CASE.c.revision_id, _CURRENT_REVISION.c.made_by == viewer.id
    )
    return not_(is_own)


# --- the checklist --------------------------------------------------------------------------


def _is_ready(todo_context: TodoContext) -> Clause:
    """As ``checklist.checklist`` without attestations and reasons, which come with the act."""
    conditions = [
        CASE.c.state == CaseState.DRAFT,
        CASE.c.report_withdrawn.is_(False),
        *(CASE.c[column_name] != "" for column_name in _REQUIRED_COLUMNS),
        func.length(CASE.c.summary) <= SUMMARY_LIMIT,
        exists().where(_INVITATION.c.incident_id == CASE.c.id),
        exists().where(_SOURCE_USE.c.incident_id == CASE.c.id),
        exists().where(CASE_TYPE.c.incident_id == CASE.c.id),
        _has_place(),
        _court_is_complete(todo_context.vocabulary),
    ]
    if not todo_context.has_one_moderator:
        conditions.append(or_(not_(_needs_second(todo_context)), _is_approved(todo_context.at)))
    return and_(*conditions)


_REQUIRED_COLUMNS = ("title", "summary", "actor", "target", "level", "evidence", "outcome")


def _has_place() -> Clause:
    has_authority = exists().where(
        PLACE.c.incident_id == CASE.c.id, PLACE.c.scope == Scope.AUTHORITY.value
    )
    return or_(
        CASE.c.country != "FR",
        CASE.c.departement != "",
        CASE.c.region != "",
        CASE.c.place_label != "",
        has_authority,
    )


def _court_is_complete(vocabulary: Vocabulary) -> Clause:
    """A court's outcome carries court, date and appeal status: only silence blocks."""
    is_ruled = (
        PROCEEDING.c.incident_id == CASE.c.id,
        PROCEEDING.c.outcome.in_(vocabulary.court_outcomes),
    )
    has_silence = exists().where(
        *is_ruled,
        or_(
            PROCEEDING.c.court == "",
            PROCEEDING.c.outcome_date == "",
            PROCEEDING.c.appeal == "",
        ),
    )
    has_ruling = or_(CASE.c.outcome.not_in(vocabulary.court_outcomes), exists().where(*is_ruled))
    return and_(not_(has_silence), has_ruling)


# Texts that one page reads: some twenty milliseconds.
READ_LIMIT = 60
# Beyond this many flagged revisions, most are of drafts that are none any more.
FLAGGED_LIMIT = 20_000


@dataclass(frozen=True)
class FlaggedDrafts:
    """The current revisions of drafts that raise a flag, and how many drafts are still unread."""

    revision_ids: Collection[int]
    unread: int


@dataclass
class _ReadProgress:
    """What is known of one database: every draft's revision from ``low`` to ``high`` was read."""

    low: int = 0
    high: int = 0
    flagged: set[int] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)


_progress_by_engine: WeakKeyDictionary[Engine, _ReadProgress] = WeakKeyDictionary()
_IS_DRAFT = CASE.c.state == CaseState.DRAFT


def find_flagged_drafts(session: Session) -> FlaggedDrafts:
    """The drafts that raise a flag, as far as they have been read."""
    progress = _progress_by_engine.setdefault(session.get_bind().engine, _ReadProgress())
    with progress.lock:
        if len(progress.flagged) > FLAGGED_LIMIT:
            progress.low = progress.high = 0
            progress.flagged.clear()
        budget = READ_LIMIT
        if progress.high:
            budget -= _read_texts(session, progress, _newer_texts(progress).limit(budget))
        if budget:
            _read_texts(session, progress, _older_texts(progress).limit(budget))
        is_unread = or_(CASE.c.revision_id > progress.high, CASE.c.revision_id < progress.low)
        unread_stmt = select(func.count()).select_from(CASE).where(_IS_DRAFT, is_unread)
        return FlaggedDrafts(frozenset(progress.flagged), session.scalar(unread_stmt) or 0)


def forget_read_revisions() -> None:
    """Read everything again; for measures of a page that nobody has asked for before."""
    _progress_by_engine.clear()


_TEXTS = select(REVISION.c.id, REVISION.c.content).join(CASE, CASE.c.revision_id == REVISION.c.id)


def _newer_texts(progress: _ReadProgress) -> Select[Any]:
    # From the oldest of them on, so that what was read stays one stretch.
    stmt = _TEXTS.where(_IS_DRAFT, CASE.c.revision_id > progress.high)
    return stmt.order_by(CASE.c.revision_id)


def _older_texts(progress: _ReadProgress) -> Select[Any]:
    stmt = _TEXTS.where(_IS_DRAFT).order_by(CASE.c.revision_id.desc())
    return stmt.where(CASE.c.revision_id < progress.low) if progress.high else stmt


def _read_texts(session: Session, progress: _ReadProgress, stmt: Select[Any]) -> int:
    text_rows = session.execute(stmt).all()
    for revision_id, content in text_rows:
        if content and risk_flags(revisions.parse_content(json.loads(content))):
            progress.flagged.add(revision_id)
        progress.low = min(progress.low or revision_id, revision_id)
        progress.high = max(progress.high, revision_id)
    return len(text_rows)
