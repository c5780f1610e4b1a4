"""SQL clauses of the cases that wait for each kind of task.

The content's part of the checklist is stored with each revision; approvals, invitations and
proposed changes are rows of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, not_, or_, select

from register.accounts.models import Member
from register.accounts.vouching import vouches
from register.cases.core_tables import CASE, IS_PUBLIC, REPLY, REVISION
from register.cases.legal_rules import add_months
from register.cases.models import CaseState, Invitation
from register.cases.second_person import Approval, Destruction, PendingChange, valid_approvals
from register.cases.vocabulary import Vocabulary
from register.journal import Act
from register.text.dates import day_start, paris_day

Clause = ColumnElement[bool]

# Half of the cases with a known end took longer than this; then the outcome is worth a check.
OUTCOME_MONTHS = 12
OPEN_OUTCOMES = ("", "inconnue", "en_cours")

_INVITATION = Invitation.__table__
# Aliases, because the caller's statement may join the revisions itself.
_CURRENT = REVISION.alias().c
_PUBLICATION = REVISION.alias()


class TodoKind(StrEnum):
    """Kind of task that a case waits for."""

    REPLY = "reponse"  # a right of reply without a decision
    DANGER = "danger"  # a member marked a danger
    TERM = "echeance"  # a member typed a term
    ERASURE = "effacement"  # a second person approved the erasure
    APPROVE = "a_relire"  # a second person is required, and the viewer may be this person
    SECOND = "second"  # a second person is required
    CHANGE = "changement"  # a proposed change that the viewer may approve
    RETURNED = "retour"  # the viewer's own version or proposed change, refused or outdated
    DESTRUCTION = "destruction"  # redacted texts whose destruction the viewer may confirm
    READY = "pret"  # the checklist is complete except for the attestations
    OUTCOME = "issue"  # a public case of unknown outcome without a change for long


@dataclass(frozen=True)
class TodoContext:
    """Context of the clauses; with one moderator, no second person is required."""

    vocabulary: Vocabulary
    at: datetime
    has_one_moderator: bool = False


def clause(kind: TodoKind, viewer: Member, todo_context: TodoContext) -> Clause:
    """Clause of the cases that wait for a kind of task.

    :param viewer: the member who would do it: nobody approves their own text.
    """
    if kind is TodoKind.REPLY:
        received = exists().where(REPLY.c.incident_id == CASE.c.id, REPLY.c.state == "received")
        return and_(IS_PUBLIC, received)
    if kind is TodoKind.DANGER:
        return CASE.c.danger_on.is_not(None)
    if kind is TodoKind.TERM:
        return CASE.c.term_on.is_not(None)
    if kind is TodoKind.ERASURE:
        return and_(
            CASE.c.state != CaseState.ERASED,
            CASE.c.revision_id.in_(approved_revisions(todo_context.at, "erase")),
        )
    if kind is TodoKind.OUTCOME:
        since = day_start(add_months(paris_day(todo_context.at), -OUTCOME_MONTHS))
        is_old = and_(IS_PUBLIC, CASE.c.moved_at < since)
        return and_(is_old, CASE.c.outcome.in_(OPEN_OUTCOMES))
    if kind is TodoKind.READY:
        return _is_ready(todo_context)
    if kind is TodoKind.RETURNED:
        return or_(
            _has_change(PendingChange.made_by == viewer.id, is_returned()),
            is_refused_version(viewer),
        )
    if kind is TodoKind.SECOND:
        return _waits_for_second(todo_context)
    if not vouches(viewer, todo_context.at):
        return false()
    # A single moderator may be their own second person; no member has the id 0.
    first_person = 0 if todo_context.has_one_moderator else viewer.id
    if kind is TodoKind.CHANGE:
        return _has_change(PendingChange.made_by != first_person, not_(is_returned()))
    if kind is TodoKind.DESTRUCTION:
        is_pending = exists().where(
            Destruction.incident_id == CASE.c.id,
            Destruction.ended_at.is_(None),
            Destruction.made_by != first_person,
        )
        return and_(CASE.c.state != CaseState.ERASED, is_pending)
    return _waits_for_second(todo_context, _CURRENT.made_by != viewer.id)


def _current_revision(*conditions: Clause) -> Clause:
    # All conditions in one subquery, which PostgreSQL then joins once.
    return exists().where(_CURRENT.id == CASE.c.revision_id, *conditions)


def is_refused_version(viewer: Member) -> Clause:
    """Cases whose current version is the viewer's own, and was refused."""
    return _current_revision(_CURRENT.made_by == viewer.id, _CURRENT.refused_at.is_not(None))


def is_returned() -> Clause:
    """Condition of a proposed change that was refused or is outdated."""
    return or_(
        PendingChange.refused_at.is_not(None), PendingChange.revision_id != CASE.c.revision_id
    )


def _has_change(*conditions: Clause) -> Clause:
    return exists().where(PendingChange.incident_id == CASE.c.id, *conditions)


def _is_approved(at: datetime) -> Clause:
    """Cases whose current revision is approved by a member who still vouches for others."""
    return CASE.c.revision_id.in_(approved_revisions(at, "publish"))


def approved_revisions(at: datetime, purpose: str) -> Select[Any]:
    """The revisions that are approved for a purpose.

    Not correlated: PostgreSQL asks once instead of once a draft.
    """
    return valid_approvals(at, Approval.revision_id).where(Approval.purpose == purpose)


def _had_a_refusal() -> Clause:
    """Cases of which a reader refused a version."""
    # Not correlated, as for approvals.
    refused = REVISION.alias()
    return CASE.c.id.in_(select(refused.c.incident_id).where(refused.c.refused_at.is_not(None)))


def _waits_for_second(todo_context: TodoContext, *conditions: Clause) -> Clause:
    if todo_context.has_one_moderator:
        return false()
    # As in ``second_person.needed_before``.
    published_by_two = select(_PUBLICATION.c.incident_id).where(
        _PUBLICATION.c.act == Act.PUBLISHED, _PUBLICATION.c.needs_second
    )
    # Of withdrawn cases, only those whose text was changed since.
    is_changed_withdrawn = and_(
        CASE.c.state == CaseState.WITHDRAWN,
        _CURRENT.act.in_((Act.EDITED, Act.REDACTED)),
        or_(
            _CURRENT.needs_second,
            CASE.c.single_review,
            CASE.c.id.in_(published_by_two),
            _had_a_refusal(),
        ),
    )
    is_draft = and_(CASE.c.state == CaseState.DRAFT, or_(_CURRENT.needs_second, _had_a_refusal()))
    return and_(
        CASE.c.state.in_((CaseState.DRAFT, CaseState.WITHDRAWN)),
        _current_revision(
            or_(is_draft, is_changed_withdrawn), _CURRENT.refused_at.is_(None), *conditions
        ),
        not_(_is_approved(todo_context.at)),
    )


def _is_ready(todo_context: TodoContext) -> Clause:
    """Drafts that pass the checklist except for attestations and reasons, given with the act."""
    checks: list[Clause] = [_CURRENT.unmet.in_(("", "flags")), _CURRENT.refused_at.is_(None)]
    if not todo_context.has_one_moderator:
        needs_nobody = and_(not_(_CURRENT.needs_second), not_(_had_a_refusal()))
        checks.append(or_(needs_nobody, _is_approved(todo_context.at)))
    return and_(
        CASE.c.state == CaseState.DRAFT,
        CASE.c.report_withdrawn.is_(False),
        exists().where(_INVITATION.c.incident_id == CASE.c.id),
        _current_revision(*checks),
    )
