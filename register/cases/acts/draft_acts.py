"""Acts on drafts: draft, edit, approve, discard; and invitations, claims and notes."""

from __future__ import annotations

from datetime import date, timedelta

from register.accounts import vouching
from register.accounts.vouching import load_acting_member
from register.cases.acts._steps import (
    approvers,
    begin_act,
    erase_and_record,
    insert,
    past_day,
    record,
    record_approval,
    require_second,
    required_text,
    snapshot_and_record,
    valid_content,
)
from register.cases.case_content import Content
from register.cases.models import CaseState, Incident, Invitation, Note, Revision
from register.cases.persistence import apply_content, new_case
from register.errors import Invalid, Refused
from register.journal import Act, JournalEntry, WriteTransaction
from register.text.normalisation import clean


def draft(
    tx: WriteTransaction, content: Content, *, by: int, reason: str, note: str = ""
) -> Incident:
    """Create a draft.

    :param note: an internal note, never public.
    :raises Invalid: invalid content, or no reason.
    """
    member = load_acting_member(tx, by)
    content = valid_content(tx, content)
    case = new_case(state=CaseState.DRAFT, created_at=tx.at)
    tx.session.add(case)
    apply_content(tx.session, case, content, new=True)
    if note:
        tx.session.add(
            Note(incident_id=case.id, written_at=tx.at, written_by=member.id, text=clean(note))
        )
    snapshot_and_record(tx, case, Act.DRAFTED, member, reason)
    return case


def edit(
    tx: WriteTransaction,
    incident_id: int,
    content: Content,
    *,
    by: int,
    reason: str,
    without_report: bool = False,
    seen: int | None = None,
) -> JournalEntry:
    """Change a draft, or a withdrawn case before its restoration; voids approvals.

    :param without_report: the member attests that nothing in this version rests on a withdrawn
        report; required for the first version saved after such a withdrawal.
    :raises Invalid: ``report_withdrawn`` where the attestation is required and missing.
    """
    case, member = begin_act(tx, incident_id, Act.EDITED, by, seen)
    if case.report_withdrawn and not without_report:
        raise Invalid("report_withdrawn", field="without_report")
    details = {"attested": ["without_report"]} if case.report_withdrawn else None
    case.report_withdrawn = False
    apply_content(tx.session, case, valid_content(tx, content, case))
    return snapshot_and_record(tx, case, Act.EDITED, member, reason, details=details)


def discard(
    tx: WriteTransaction, incident_id: int, *, by: int, seen: int | None = None
) -> JournalEntry:
    """Discard a draft: its texts are destroyed, its lines of the desk's ledger stay."""
    case, member = begin_act(tx, incident_id, Act.DISCARDED, by, seen)
    return erase_and_record(tx, case, member, Act.DISCARDED, public_reason=None)


def invite(
    tx: WriteTransaction,
    incident_id: int,
    text: str,
    *,
    by: int,
    on: date | None = None,
    seen: int | None = None,
) -> JournalEntry:
    """Record on which day the authority was invited to reply, or why it was not.

    :param text: how it was invited, or the reason.
    :raises Invalid: ``day_to_come`` for a future day.
    """
    case, member = begin_act(tx, incident_id, Act.INVITED, by, seen)
    invitation = Invitation(
        incident_id=case.id,
        noted_at=tx.at,
        noted_by=member.id,
        invited_on=past_day(tx, "on", on) if on else None,
        text=required_text("text", text, multiline=True),
    )
    insert(tx, invitation)
    return record(tx, Act.INVITED, case, member, invited=on is not None)


def approve(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    purpose: str = "publish",
    seen: int | None = None,
) -> JournalEntry:
    """Approve the current revision as a second member, to publish (or restore) or to erase.

    :raises Refused: ``own_revision`` for the member who wrote it, ``member_vouches_later`` for an
        account that may not vouch yet; ``report_withdrawn`` until a version without the withdrawn
        report is saved.
    """
    case, member = begin_act(tx, incident_id, Act.APPROVED, by, seen)
    if purpose not in ("publish", "erase"):
        raise Invalid("unknown_purpose", value=purpose)
    if purpose == "publish" and case.state not in (CaseState.DRAFT, CaseState.WITHDRAWN):
        raise Refused("nothing_to_approve", state=case.state)
    if case.report_withdrawn:
        raise Refused("report_withdrawn", state=case.state)
    revision = tx.load(Revision, case.revision_id)
    vouching.require_vouching(member, tx.at)
    if purpose == "publish":
        if revision.made_by == member.id:
            raise Refused("own_revision", state=case.state)
        require_second(tx, member, revision.made_by)
    if member.id in approvers(tx, case, purpose):
        raise Refused("already_approved", state=case.state)
    return record_approval(tx, case, member, purpose, revision.id)


# A morning's work; a forgotten claim then expires.
CLAIM_DURATION = timedelta(hours=4)
NOTE_LIMIT = 10_000


def claim(tx: WriteTransaction, incident_id: int, *, by: int) -> JournalEntry:
    """Claim a case for :data:`CLAIM_DURATION`; claiming it again restarts the time.

    :raises Refused: ``held``, with the member who holds it.
    """
    case, member = begin_act(tx, incident_id, Act.CLAIMED, by)
    if case.held_by not in (None, member.id) and case.held_until and case.held_until > tx.at:
        raise Refused("held", state=case.state, member=case.held_by)
    case.held_by, case.held_until = member.id, tx.at + CLAIM_DURATION
    return record(tx, Act.CLAIMED, case, member)


def release(tx: WriteTransaction, incident_id: int, *, by: int) -> JournalEntry:
    """Release a claim; an administrator may release another member's claim.

    :raises Refused: ``not_held``, or ``held`` by another member.
    """
    case, member = begin_act(tx, incident_id, Act.RELEASED, by)
    if case.held_by is None or case.held_until is None or case.held_until <= tx.at:
        raise Refused("not_held", state=case.state)
    if case.held_by != member.id and not member.is_administrator:
        raise Refused("held", state=case.state, member=case.held_by)
    holder, case.held_by, case.held_until = case.held_by, None, None
    return record(tx, Act.RELEASED, case, member, holder=holder)


def note(tx: WriteTransaction, incident_id: int, text: str, *, by: int) -> JournalEntry:
    """Write an internal note; it is destroyed with the texts of the case."""
    case, member = begin_act(tx, incident_id, Act.NOTED, by)
    body = required_text("text", text, multiline=True, limit=NOTE_LIMIT)
    new_note = Note(incident_id=case.id, written_at=tx.at, written_by=member.id, text=body)
    insert(tx, new_note)
    return record(tx, Act.NOTED, case, member, note=new_note.id)
