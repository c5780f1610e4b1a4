"""Verification of the desk's tables and of member accounts against the journal.

Lines name rows by id, member and time, and commit to no text of a note, an invitation or an
unpublished reply: a change of such a text goes undetected.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import deadlines
from register.cases.acts.draft_acts import CLAIM_DURATION
from register.cases.models import (
    CaseState,
    Incident,
    Invitation,
    Note,
    Reply,
    Revision,
)
from register.cases.second_person import Approval, Destruction, PendingChange
from register.journal import Act, JournalEntry, Ledger
from register.journal.verify import Problem


@dataclass(frozen=True)
class _DeskLine:
    """A line of a case with its private details."""

    act: Act
    by: int | None
    at: datetime
    private: Mapping[str, Any]


def desk_problems(
    session: Session, case: Incident, lines: Sequence[JournalEntry], case_ref: Mapping[str, object]
) -> Iterator[Problem]:
    """Approvals, invitations, notes, replies and claims that differ from the lines of the case.

    :param lines: all lines of the case, of both ledgers.
    """
    desk_lines = [
        _DeskLine(Act(line.act), line.member_id, line.at, json.loads(line.private_json))
        for line in sorted(lines, key=lambda line: (line.at, line.ledger, line.seq))
    ]

    def case_rows(model: Any) -> Sequence[Any]:
        stmt = select(model).where(model.incident_id == case.id).order_by(model.id)
        return session.scalars(stmt).all()

    if not _approvals_hold(case_rows(Approval), desk_lines):
        yield Problem("desk_approvals", dict(case_ref))
    if not _invitations_hold(case_rows(Invitation), desk_lines, case):
        yield Problem("desk_invitations", dict(case_ref))
    if not _notes_hold(case_rows(Note), desk_lines, case):
        yield Problem("desk_notes", dict(case_ref))
    if not _replies_hold(case.replies, desk_lines, case):
        yield Problem("desk_replies", dict(case_ref))
    if not _claim_holds(case, desk_lines):
        yield Problem("desk_claim", dict(case_ref))
    if not _lost_report_holds(case, desk_lines):
        yield Problem("desk_lost_report", dict(case_ref))


def _approvals_hold(approvals: Sequence[Approval], lines: Sequence[_DeskLine]) -> bool:
    # No act deletes an approval: a later revision voids it, and the row stays.
    actual = Counter(
        (approval.revision_id, approval.purpose, approval.given_by, approval.given_at)
        for approval in approvals
    )
    return actual == Counter(
        (line.private.get("revision"), line.private.get("purpose"), line.by, line.at)
        for line in lines
        if line.act is Act.APPROVED
    )


def _invitations_hold(
    invitations: Sequence[Invitation], lines: Sequence[_DeskLine], case: Incident
) -> bool:
    if case.state == CaseState.ERASED:
        return not invitations
    actual = Counter(
        (invitation.noted_by, invitation.noted_at, invitation.invited_on is not None)
        for invitation in invitations
    )
    expected = Counter(
        (line.by, line.at, bool(line.private.get("invited")))
        for line in lines
        if line.act is Act.INVITED
    )
    emptied_ids = _destroyed_with_report("invitations", lines)
    emptied_at = _last_redaction(lines)

    def text_is_expected(invitation: Invitation) -> bool:
        if invitation.id in emptied_ids:
            return not invitation.text
        if emptied_at is None:
            return bool(invitation.text)
        # A text of the very second of the destruction may be empty or not.
        if invitation.text:
            return invitation.noted_at >= emptied_at
        return invitation.noted_at <= emptied_at

    return actual == expected and all(map(text_is_expected, invitations))


def _last_redaction(lines: Sequence[_DeskLine]) -> datetime | None:
    """The time of the last destruction of notes and invitations that did not erase the case."""
    # In old journals the redaction itself destroys, without a second person.
    direct_times = [
        line.at for line in lines if line.act is Act.REDACTED and "destroyed" in line.private
    ]
    destruction_times = [
        datetime.fromisoformat(line.private["before"])
        for line in lines
        if line.act is Act.DESTROYED
    ]
    return max([*direct_times, *destruction_times], default=None)


def _notes_hold(notes: Sequence[Note], lines: Sequence[_DeskLine], case: Incident) -> bool:
    if case.state == CaseState.ERASED:
        return not notes
    emptied_at = _last_redaction(lines)
    note_lines = {line.private.get("note"): line for line in lines if line.act is Act.NOTED}
    # A new draft may have one note, which has no line of its own.
    draft_notes = [(line.by, line.at) for line in lines if line.act is Act.DRAFTED]
    for note in notes:
        line = note_lines.get(note.id)
        written = (note.written_by, note.written_at)
        is_journalled = written == (line.by, line.at) if line else written in draft_notes
        if is_journalled and not line:
            draft_notes.remove(written)
        if not is_journalled or (emptied_at is not None and note.written_at < emptied_at):
            return False
    accounted_ids = {note.id for note in notes} | _destroyed_with_report("notes", lines)
    return all(
        note_id in accounted_ids or (emptied_at is not None and line.at <= emptied_at)
        for note_id, line in note_lines.items()
    )


_REPLY_STATES = {
    Act.REPLY_RECEIVED: "received",
    Act.REPLIED: "published",
    Act.REPLY_REFUSED: "refused",
}


def _replies_hold(replies: Sequence[Reply], lines: Sequence[_DeskLine], case: Incident) -> bool:
    """Whether each reply has the state that its last line gave it."""
    if case.state == CaseState.ERASED:
        return not replies
    expected: dict[Any, str] = {}
    for act, state in _REPLY_STATES.items():
        expected |= {line.private.get("reply"): state for line in lines if line.act is act}
    dues_hold = all(reply.due_on == deadlines.reply_due(reply.received_on) for reply in replies)
    reasons_hold = all(bool(reply.refusal) == (reply.state == "refused") for reply in replies)
    return {reply.id: reply.state for reply in replies} == expected and dues_hold and reasons_hold


def _claim_holds(case: Incident, lines: Sequence[_DeskLine]) -> bool:
    """Whether holder and end of the claim follow from the last line that claims or releases."""
    claim_lines = [line for line in lines if line.act in (Act.CLAIMED, Act.RELEASED)]
    if not claim_lines or claim_lines[-1].act is Act.RELEASED:
        return case.held_by is None and case.held_until is None
    last_line = claim_lines[-1]
    return (case.held_by, case.held_until) == (last_line.by, last_line.at + CLAIM_DURATION)


def _destroyed_with_report(list_name: str, lines: Sequence[_DeskLine]) -> set[Any]:
    """The ids of the notes or invitations that were destroyed with a withdrawn report."""
    withdrawals = (line for line in lines if line.act is Act.SOURCE_WITHDRAWN)
    return {row_id for line in withdrawals for row_id in line.private.get(list_name, ())}


def _lost_report_holds(case: Incident, lines: Sequence[_DeskLine]) -> bool:
    """Whether the flag ``report_withdrawn`` agrees with withdrawals and attestations.

    The line of a withdrawal has a day only, so its order among the lines of that day is unknown.
    """
    is_lost = any(
        line.act is Act.SOURCE_WITHDRAWN and "still_public" not in line.private for line in lines
    )
    if case.report_withdrawn:
        return is_lost
    is_attested = any("without_report" in line.private.get("attested", ()) for line in lines)
    return not is_lost or is_attested or case.state == CaseState.ERASED


_MEMBER_ACTS = (
    Act.MEMBER_ADDED,
    Act.MEMBER_ROLE,
    Act.MEMBER_CONFIRMED,
    Act.MEMBER_DISABLED,
    Act.MEMBER_ENABLED,
    Act.MEMBER_RESET,
    Act.MEMBER_FACTOR,
    Act.MEMBER_FACTOR_RESET,
)


def member_problems(session: Session) -> Iterator[Problem]:
    """Missing accounts, and columns of accounts that differ from what the lines say."""
    expected_by_member: dict[Any, dict[str, object]] = {}
    lines = session.execute(
        select(JournalEntry.act, JournalEntry.at, JournalEntry.private_json)
        .where(JournalEntry.ledger == Ledger.DESK.value, JournalEntry.act.in_(_MEMBER_ACTS))
        .order_by(JournalEntry.seq)
    )
    for line in lines:
        private = json.loads(line.private_json)
        expected = expected_by_member.setdefault(private.get("member"), {})
        expected |= _member_columns(Act(line.act), line.at, private)
        if "vouches_from" in private:
            expected["vouches_from"] = private["vouches_from"]
    for member in session.scalars(select(Member).order_by(Member.id)):
        expected = expected_by_member.pop(member.id, {})
        actual = {
            "role": member.role,
            "created_at": member.created_at,
            "disabled_at": member.disabled_at,
            "factor": member.has_factor,
            "vouches_from": member.vouches_from and member.vouches_from.isoformat(),
        }
        for name, actual_value in actual.items():
            if actual_value != expected.get(name, False if name == "factor" else None):
                yield Problem("member_standing", {"member": member.id, "field": name})
    for missing_id in expected_by_member:
        yield Problem("member_missing", {"member": missing_id})


def _member_columns(act: Act, at: datetime, private: Mapping[str, Any]) -> dict[str, object]:
    """The columns of a member that a line sets."""
    match act:
        case Act.MEMBER_ADDED:
            return {"role": private.get("role"), "created_at": at}
        case Act.MEMBER_ROLE:
            return {"role": private.get("role")}
        case Act.MEMBER_CONFIRMED:
            return {"vouches_from": None}
        case Act.MEMBER_DISABLED:
            return {"disabled_at": at}
        case Act.MEMBER_ENABLED | Act.MEMBER_RESET:
            return {"disabled_at": None}
        case Act.MEMBER_FACTOR_RESET:
            return {"factor": False}
        case _:
            return {"factor": True}


def waiting_problems(
    session: Session, case: Incident, lines: Sequence[JournalEntry], case_ref: Mapping[str, object]
) -> Iterator[Problem]:
    """Pending changes, destructions and hidden versions that differ from the lines of the case.

    :param lines: all lines of the case, of both ledgers.
    """
    line_details = [(line, json.loads(line.private_json)) for line in lines]
    if not _changes_hold(session, case, line_details):
        yield Problem("desk_changes", dict(case_ref))
    if not _destructions_hold(session, case, line_details):
        yield Problem("desk_destructions", dict(case_ref))
    hidden_ids = set(
        session.scalars(
            select(Revision.id).where(
                Revision.incident_id == case.id, Revision.destruction_id.is_not(None)
            )
        )
    )
    expected_ids = {
        revision_id for _line, private in line_details for revision_id in private.get("hidden", ())
    }
    for revision_id in sorted(expected_ids ^ hidden_ids):
        yield Problem("revision_shown", {**case_ref, "revision": revision_id})


def _changes_hold(
    session: Session, case: Incident, line_details: Sequence[tuple[JournalEntry, Mapping[str, Any]]]
) -> bool:
    """Whether each pending change was proposed by the line that names it."""
    proposed = {
        private.get("change"): (private.get("change_act"), line.member_id, line.at)
        for line, private in line_details
        if line.act == Act.CHANGE_PROPOSED.value
    }
    pending_changes = session.scalars(
        select(PendingChange).where(PendingChange.incident_id == case.id)
    )
    return all(
        proposed.get(change.id) == (change.act, change.made_by, change.made_at)
        for change in pending_changes
    )


def _destructions_hold(
    session: Session, case: Incident, line_details: Sequence[tuple[JournalEntry, Mapping[str, Any]]]
) -> bool:
    """Whether each destruction has the start and end that the lines say."""
    expected: dict[Any, tuple[Any, ...]] = {}
    # A destruction starts in one ledger and ends in the other.
    for line, private in sorted(
        line_details, key=lambda pair: (pair[0].act != Act.REDACTED.value, pair[0].seq)
    ):
        destruction_id = private.get("destruction")
        if destruction_id is None:
            continue
        if line.act == Act.REDACTED.value:
            expected[destruction_id] = (line.member_id, line.at, private.get("due"), None, "")
        else:
            start = expected.get(destruction_id, (None, None, None))[:3]
            expected[destruction_id] = (*start, line.at, private.get("ending", "kept"))
    destructions = session.scalars(select(Destruction).where(Destruction.incident_id == case.id))
    actual = {
        destruction.id: (
            destruction.made_by,
            destruction.made_at,
            destruction.due_on.isoformat(),
            destruction.ended_at,
            destruction.ending,
        )
        for destruction in destructions
    }
    return actual == expected
