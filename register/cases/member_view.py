"""Members' view of one case, with everything that the desk shows of it.

Unlike ``queries``, it also reads drafts, withdrawn cases and what is left of erased ones. For
anybody but an active member, no case exists.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from register.accounts.models import Member
from register.accounts.vouching import eligible_seconds
from register.cases import case_content as contents
from register.cases.case_content import CaseSnapshot, Content, parse_snapshot
from register.cases.core_tables import RowType, case_columns, copy_row
from register.cases.models import ID_LIMIT, CaseState, Incident, Invitation, Note, Reply
from register.cases.refusals import VersionRefusal, last_refusal
from register.cases.risk_flags import stored_reasons
from register.cases.second_person import (
    Approval,
    PendingDestruction,
    ProposedChange,
    list_changes,
    list_destructions,
    needed_before,
    valid_approvals,
)
from register.cases.urgency import claim_holder
from register.cases.vocabulary import current_vocabulary
from register.db import now
from register.errors import NotFound
from register.journal import Act, JournalEntry, Ledger
from register.journal.models import canonical_json
from register.text.dates import paris_day

EVENTS_LIMIT = 200  # newest public lines of a case


@dataclass(frozen=True)
class FollowUpRow:
    """Follow-up, with the id by which a redaction names it."""

    id: int
    added_at: datetime
    happened_on: str
    title: str
    text: str
    source_url: str
    no_source: str


@dataclass(frozen=True)
class ReplyRow:
    """Right of reply: received, published or refused (LCEN art. 1-1 III)."""

    id: int
    state: str
    author: str
    capacity: str
    text: str
    received_on: date
    due_on: date
    published_at: datetime | None
    refusal: str


@dataclass(frozen=True)
class CorrectionRow:
    """Public note of a correction or redaction."""

    id: int
    made_at: datetime
    note: str
    redaction: bool


@dataclass(frozen=True)
class NoteRow:
    """Internal note."""

    id: int
    written_at: datetime
    written_by: int
    text: str


@dataclass(frozen=True)
class InvitationRow:
    """Invitation of the authority to reply, or, without a day, the reason for none."""

    id: int
    noted_at: datetime
    noted_by: int
    invited_on: date | None
    text: str


@dataclass(frozen=True)
class ApprovalRow:
    """Approval of the current revision."""

    given_by: int
    given_at: datetime


@dataclass(frozen=True)
class DeskCase:
    """Case on the desk.

    ``revision_id`` is the form field ``vu``; an erased case has none. ``approvals`` are those of
    the current revision by members who still vouch for others, by purpose (``publish``,
    ``erase``); ``second_persons`` are the ids of those who may be the viewer's second person.
    ``snapshot`` is the current revision as readers see it, ``flag_reasons`` the reasons of its risk
    flags by key. ``dated_acts`` are the public acts that
    start a legal period, each with its day in Paris: those of the case, newest first, and the
    merges into it, because a merge publishes nothing of the merged case.
    """

    id: int
    number: int | None
    state: str
    restriction: str
    merged_into: int | None
    created_at: datetime
    first_published_at: datetime | None
    moved_at: datetime | None
    revision_id: int | None
    revision_by: int | None
    revision_at: datetime | None
    held_by: int | None
    held_until: datetime | None
    danger_on: date | None
    term_on: date | None
    term_label: str
    single_review: bool
    report_withdrawn: bool
    content: Content
    snapshot: CaseSnapshot
    follow_ups: Sequence[FollowUpRow]
    replies: Sequence[ReplyRow]
    corrections: Sequence[CorrectionRow]
    notes: Sequence[NoteRow]
    invitations: Sequence[InvitationRow]
    approvals: Mapping[str, Sequence[ApprovalRow]]
    second_persons: Mapping[str, Collection[int]]
    dated_acts: Sequence[tuple[Act, date]]
    flag_reasons: Mapping[str, str]
    needs_second_person: bool = False
    changes: Sequence[ProposedChange] = ()
    destructions: Sequence[PendingDestruction] = ()
    refusal: VersionRefusal | None = None

    @property
    def html(self) -> Mapping[str, Any]:
        """Rendered texts of the current revision."""
        return self.snapshot.html

    @property
    def is_gone(self) -> bool:
        """Whether its texts are destroyed: an erased case or a discarded draft."""
        return self.state == CaseState.ERASED

    def reply(self, reply_id: int) -> ReplyRow:
        """Reply of this case by its id.

        :raises NotFound: ``no_such_case``.
        """
        for reply in self.replies:
            if reply.id == reply_id:
                return reply
        raise NotFound("no_such_case")

    def holder(self, at: datetime) -> int | None:
        """Member whose claim is valid at a time, if any."""
        return claim_holder(self, at)

    def approvers(self, purpose: str) -> frozenset[int]:
        """Members who approved the current revision for a purpose."""
        return frozenset(approval.given_by for approval in self.approvals.get(purpose, ()))


# A case with its document; one statement for each list of fragments, whatever its length.
CASE_STMT = select(Incident).options(
    joinedload(Incident.revision),
    *map(selectinload, (Incident.follow_ups, Incident.replies, Incident.corrections)),
)


def load_desk_case(session: Session, viewer: Member, incident_id: int) -> DeskCase:
    """Case by its internal id, for an active member.

    :raises NotFound: ``no_such_case``; also if the viewer is no active member.
    """
    if not viewer.is_active or not 0 < incident_id <= ID_LIMIT:
        raise NotFound("no_such_case")
    case = session.scalars(CASE_STMT.where(Incident.id == incident_id)).first()
    if case is None:
        raise NotFound("no_such_case")
    revision = case.revision
    at = now()
    approvals = _load_approvals(session, case, at)
    return DeskCase(
        **{column.name: getattr(case, column.name) for column in case_columns(DeskCase)},
        revision_by=revision.made_by if revision else None,
        revision_at=revision.made_at if revision else None,
        content=contents.content_of(case),
        snapshot=_load_snapshot(case),
        follow_ups=_copy_rows(FollowUpRow, case.follow_ups),
        replies=_copy_rows(ReplyRow, case.replies),
        corrections=_copy_rows(CorrectionRow, case.corrections),
        notes=_load_all(session, NoteRow, Note, case),
        invitations=_load_all(session, InvitationRow, Invitation, case),
        approvals=approvals,
        second_persons={
            purpose: eligible_seconds(
                session, {approval.given_by for approval in purpose_approvals}, viewer, at
            )
            for purpose, purpose_approvals in approvals.items()
        },
        # A draft has no number, hence no public lines, and nothing was merged into it.
        dated_acts=_load_dated_acts(session, case.number) if case.number else [],
        flag_reasons=stored_reasons(session, case.id),
        needs_second_person=needed_before(session, case, current_vocabulary(session)),
        changes=list_changes(session, viewer, case.id),
        destructions=list_destructions(session, viewer, case.id),
        refusal=last_refusal(session, case),
    )


def load_desk_case_of_reply(session: Session, viewer: Member, reply_id: int) -> DeskCase:
    """Case of a right of reply, for an active member.

    :raises NotFound: ``no_such_case``: no such reply, or the viewer is no active member.
    """
    incident_id = None
    if viewer.is_active and 0 < reply_id <= ID_LIMIT:
        incident_id = session.scalar(select(Reply.incident_id).where(Reply.id == reply_id))
    if incident_id is None:
        raise NotFound("no_such_case")
    return load_desk_case(session, viewer, incident_id)


def _load_snapshot(case: Incident) -> CaseSnapshot:
    if case.remaining_content is not None:
        # Its HTML was destroyed with the revision.
        document = canonical_json(contents.document_of(case))
        return parse_snapshot(document, contents.render_texts(document)[0])
    revision = case.revision
    if revision is None or revision.content is None:
        return CaseSnapshot({})
    return parse_snapshot(revision.content, revision.html)


def _copy_rows(row_class: type[RowType], entities: Iterable[Any]) -> tuple[RowType, ...]:
    return tuple(copy_row(row_class, entity) for entity in entities)


def _load_all(
    session: Session, row_class: type[RowType], model: Any, case: Incident
) -> tuple[RowType, ...]:
    stmt = select(model).where(model.incident_id == case.id).order_by(model.id)
    return _copy_rows(row_class, session.scalars(stmt))


def _load_approvals(
    session: Session, case: Incident, at: datetime
) -> Mapping[str, Sequence[ApprovalRow]]:
    approval_rows = session.execute(
        valid_approvals(at, Approval.purpose, Approval.given_by, Approval.given_at)
        .where(Approval.incident_id == case.id, Approval.revision_id == case.revision_id)
        .order_by(Approval.id)
    )
    approvals: dict[str, list[ApprovalRow]] = {}
    for purpose, by, at in approval_rows:
        approvals.setdefault(purpose, []).append(ApprovalRow(by, at))
    return approvals


def _load_dated_acts(session: Session, number: int) -> list[tuple[Act, date]]:
    own_acts = session.execute(
        select(JournalEntry.act, JournalEntry.at)
        .where(JournalEntry.ledger == Ledger.PUBLIC.value, JournalEntry.case_number == number)
        .order_by(JournalEntry.seq.desc())
        .limit(EVENTS_LIMIT)
    )
    dated_acts = [(Act(act), paris_day(at)) for act, at in own_acts if act != Act.MERGED]
    # The merge of a draft, which readers never saw, is no public line.
    merge_times = session.scalars(
        select(JournalEntry.at)
        .join(Incident, Incident.number == JournalEntry.case_number)
        .where(
            JournalEntry.ledger == Ledger.PUBLIC.value,
            JournalEntry.act == Act.MERGED.value,
            Incident.merged_into == number,
            Incident.state == CaseState.MERGED.value,
        )
        .order_by(JournalEntry.seq)
    )
    return dated_acts + [(Act.MERGED, paris_day(at)) for at in merge_times]
