"""Proof that what members noted around a case, and who they are, is what the desk's lines say.

Lines name rows by their ids, people and moments, and seal no word of a note, of an invitation or
of a reply that is not published: words that were changed there are not found.
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
from register.cases.models import Approval, CaseState, Incident, Invitation, Note, Reply, Revision
from register.cases.pending_changes import Destruction, PendingChange
from register.journal import Act, JournalEntry, Ledger
from register.journal.verify import Problem


@dataclass(frozen=True)
class _DeskLine:
    """A line of a case: what was done, by whom, when, and what it says besides."""

    act: Act
    by: int | None
    at: datetime
    private: Mapping[str, Any]


def desk_problems(
    session: Session, case: Incident, lines: Sequence[JournalEntry], case_ref: Mapping[str, object]
) -> Iterator[Problem]:
    """What of approvals, invitations, notes, replies and claims no line of the case says.

    :param lines: all lines of the case, of both ledgers.
    """
    entries = sorted(lines, key=lambda line: (line.at, line.ledger, line.seq))
    desk_lines = [
        _DeskLine(
            Act(journal_entry.act),
            journal_entry.member_id,
            journal_entry.at,
            json.loads(journal_entry.private_json),
        )
        for journal_entry in entries
    ]
    if not _approvals_hold(session.scalars(_case_rows(Approval, case)).all(), desk_lines):
        yield Problem("desk_approvals", dict(case_ref))
    if not _invitations_hold(session.scalars(_case_rows(Invitation, case)).all(), desk_lines, case):
        yield Problem("desk_invitations", dict(case_ref))
    if not _notes_hold(session.scalars(_case_rows(Note, case)).all(), desk_lines, case):
        yield Problem("desk_notes", dict(case_ref))
    if not _replies_hold(case.replies, desk_lines, case):
        yield Problem("desk_replies", dict(case_ref))
    if not _claim_holds(case, desk_lines):
        yield Problem("desk_claim", dict(case_ref))
    if not _lost_report_holds(case, desk_lines):
        yield Problem("desk_lost_report", dict(case_ref))


def _case_rows(model: Any, case: Incident) -> Any:
    return select(model).where(model.incident_id == case.id).order_by(model.id)


def _approvals_hold(approvals: Sequence[Approval], lines: Sequence[_DeskLine]) -> bool:
    """No act removes an approval: a later revision voids it, and the row stays."""
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
    return actual == expected and all(
        not invitation.text
        if invitation.id in emptied_ids
        else _text_is_expected(invitation, _last_redaction(lines))
        for invitation in invitations
    )


def _text_is_expected(invitation: Invitation, emptied_at: datetime | None) -> bool:
    """Words are there unless a redaction destroyed them; those of its own second may be either."""
    if emptied_at is None:
        return bool(invitation.text)
    return (
        invitation.noted_at >= emptied_at if invitation.text else invitation.noted_at <= emptied_at
    )


def _last_redaction(lines: Sequence[_DeskLine]) -> datetime | None:
    """When the members' words were last destroyed while the case stayed."""
    # A redaction destroyed by itself before there was a second person for it.
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
    # A draft may bring one note with it, which has no line of its own.
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
    """A reply was received by one line, and stands where the line that decided it left it."""
    if case.state == CaseState.ERASED:
        return not replies
    expected: dict[Any, str] = {}
    for act, state in _REPLY_STATES.items():
        expected |= {line.private.get("reply"): state for line in lines if line.act is act}
    dues_hold = all(reply.due_on == deadlines.reply_due(reply.received_on) for reply in replies)
    reasons_hold = all(bool(reply.refusal) == (reply.state == "refused") for reply in replies)
    return {reply.id: reply.state for reply in replies} == expected and dues_hold and reasons_hold


def _claim_holds(case: Incident, lines: Sequence[_DeskLine]) -> bool:
    """Who has it in hand, and until when: the last line that took it or gave it back."""
    claim_lines = [line for line in lines if line.act in (Act.CLAIMED, Act.RELEASED)]
    if not claim_lines or claim_lines[-1].act is Act.RELEASED:
        return case.held_by is None and case.held_until is None
    last_line = claim_lines[-1]
    return (case.held_by, case.held_until) == (last_line.by, last_line.at + CLAIM_DURATION)


def _destroyed_with_report(list_name: str, lines: Sequence[_DeskLine]) -> set[Any]:
    """The ids of the notes or invitations that repeated a report which was taken back."""
    withdrawals = (line for line in lines if line.act is Act.SOURCE_WITHDRAWN)
    return {row_id for line in withdrawals for row_id in line.private.get(list_name, ())}


def _lost_report_holds(case: Incident, lines: Sequence[_DeskLine]) -> bool:
    """A draft waits for a version without its report from the withdrawal until one is attested.

    The withdrawal's line tells a day only, so that it cannot be told which of two came last on
    one day.
    """
    is_lost = any(
        line.act is Act.SOURCE_WITHDRAWN and "still_public" not in line.private for line in lines
    )
    if case.report_withdrawn:
        return is_lost
    is_attested = any("without_report" in line.private.get("attested", ()) for line in lines)
    return not is_lost or is_attested or case.state == CaseState.ERASED


# --- members -------------------------------------------------------------------------------

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
    """Accounts that no line opened or that are gone, and roles and doors that no line gave."""
    expected_by_member: dict[Any, dict[str, object]] = {}
    lines = session.execute(
        select(JournalEntry.act, JournalEntry.at, JournalEntry.private_json)
        .where(JournalEntry.ledger == Ledger.DESK.value, JournalEntry.act.in_(_MEMBER_ACTS))
        .order_by(JournalEntry.seq)
    )
    for line in lines:
        private = json.loads(line.private_json)
        expected_by_member.setdefault(private.get("member"), {}).update(
            _member_columns(Act(line.act), line.at, private)
        )
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
    """What a line says of a member from then on."""
    vouching_columns = (
        {"vouches_from": private["vouches_from"]} if "vouches_from" in private else {}
    )
    return {**_member_status(act, at, private), **vouching_columns}


def _member_status(act: Act, at: datetime, private: Mapping[str, Any]) -> dict[str, object]:
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
    """What of pending changes, destructions and hidden versions no line of the case says.

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
    # One that readers should not see and do, or that they should and do not.
    for revision_id in sorted(_hidden_revision_ids(line_details) ^ hidden_ids):
        yield Problem("revision_shown", {**case_ref, "revision": revision_id})


def _changes_hold(
    session: Session, case: Incident, line_details: Sequence[tuple[JournalEntry, Mapping[str, Any]]]
) -> bool:
    """Each change that is there was proposed by the line that names it."""
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
    """Each destruction stands where the lines that asked for it and ended it left it."""
    expected: dict[Any, tuple[Any, ...]] = {}
    # A destruction is asked for in one ledger and ended in the other.
    for line, private in sorted(
        line_details, key=lambda pair: (pair[0].act != Act.REDACTED.value, pair[0].seq)
    ):
        destruction_id = private.get("destruction")
        if destruction_id is None:
            continue
        if line.act == Act.REDACTED.value:
            expected[destruction_id] = (line.member_id, line.at, private.get("due"), None, "")
        else:
            ending = private.get("ending", "kept")
            expected[destruction_id] = (
                *expected.get(destruction_id, (None, None, None))[:3],
                line.at,
                ending,
            )
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


def _hidden_revision_ids(
    line_details: Sequence[tuple[JournalEntry, Mapping[str, Any]]],
) -> set[int]:
    """The versions that lines say are hidden."""
    return {
        revision_id for _line, private in line_details for revision_id in private.get("hidden", ())
    }
