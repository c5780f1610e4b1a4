"""Members' view of one case, with everything that the desk shows of it.

Unlike ``queries``, it also reads drafts, withdrawn cases and what is left of erased ones. For
anybody but an active member, no case exists.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from register.accounts.models import Member
from register.accounts.vouching import eligible_seconds
from register.cases import case_content as contents
from register.cases.case_content import CaseSnapshot, Content, parse_snapshot
from register.cases.core_tables import case_columns
from register.cases.models import (
    ID_LIMIT,
    CaseState,
    Correction,
    FollowUp,
    Incident,
    Invitation,
    Note,
    Reply,
    Revision,
)
from register.cases.refusals import last_refused_version
from register.cases.risk_flags import stored_reasons
from register.cases.second_person import (
    Approval,
    Destruction,
    PendingChange,
    list_changes,
    list_destructions,
    needed_before,
    valid_approvals,
)
from register.cases.vocabulary import current_vocabulary
from register.db import now
from register.errors import NotFound
from register.journal import Act, JournalEntry, Ledger
from register.journal.models import canonical_json
from register.text.dates import paris_day

EVENTS_LIMIT = 200  # newest public lines of a case


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
    follow_ups: Sequence[FollowUp]
    replies: Sequence[Reply]
    corrections: Sequence[Correction]
    notes: Sequence[Note]
    invitations: Sequence[Invitation]
    approvals: Mapping[str, Sequence[Approval]]
    second_persons: Mapping[str, Collection[int]]
    dated_acts: Sequence[tuple[Act, date]]
    flag_reasons: Mapping[str, str]
    needs_second_person: bool = False
    changes: Sequence[PendingChange] = ()
    destructions: Sequence[Destruction] = ()
    refusal: Revision | None = None

    @property
    def html(self) -> Mapping[str, Any]:
        """Rendered texts of the current revision."""
        return self.snapshot.html

    @property
    def is_refused(self) -> bool:
        """Whether the current version was refused."""
        return self.refusal is not None and self.refusal.id == self.revision_id

    @property
    def is_gone(self) -> bool:
        """Whether its texts are destroyed: an erased case or a discarded draft."""
        return self.state == CaseState.ERASED

    def reply(self, reply_id: int) -> Reply:
        """Reply of this case by its id.

        :raises NotFound: ``no_such_case``.
        """
        for reply in self.replies:
            if reply.id == reply_id:
                return reply
        raise NotFound("no_such_case")

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
        follow_ups=tuple(case.follow_ups),
        replies=tuple(case.replies),
        corrections=tuple(case.corrections),
        notes=_load_all(session, Note, case),
        invitations=_load_all(session, Invitation, case),
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
        refusal=last_refused_version(session, case),
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


def _load_all(session: Session, model: Any, case: Incident) -> Sequence[Any]:
    stmt = select(model).filter_by(incident_id=case.id).order_by(model.id)
    return tuple(session.scalars(stmt))


def _load_approvals(
    session: Session, case: Incident, at: datetime
) -> Mapping[str, Sequence[Approval]]:
    valid = valid_approvals(at, Approval).where(
        Approval.incident_id == case.id, Approval.revision_id == case.revision_id
    )
    approvals: dict[str, list[Approval]] = {}
    for approval in session.scalars(valid.order_by(Approval.id)):
        approvals.setdefault(approval.purpose, []).append(approval)
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
