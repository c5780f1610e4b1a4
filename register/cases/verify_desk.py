"""Verification of the desk's tables and of member accounts against the journal.

Lines name rows by id, member and time, and commit to no text of a note, an invitation or an
unpublished reply: a change of such a text goes undetected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from register.cases import deadlines
from register.cases.case_rows import CaseLine, CaseRows
from register.cases.invitations import AuthorityContact
from register.cases.models import CaseState, Incident, Invitation, Note, Reply, Revision, SourceCopy
from register.cases.second_person import Approval, Destruction, PendingChange
from register.cases.urgency import CLAIM_DURATION, NO_END, ends_assignment
from register.journal import Act
from register.journal.verify import Problem
from register.text.dates import paris_day


def desk_problems(
    rows: CaseRows, case: Incident, lines: Sequence[CaseLine], case_ref: Mapping[str, object]
) -> Iterator[Problem]:
    """Rows of the desk, pending changes and hidden versions that differ from the lines of a case.

    :param lines: all lines of the case, of both ledgers.
    """
    in_time = sorted(lines, key=lambda line: (line.at, line.ledger, line.seq))

    def case_rows(model: Any) -> Sequence[Any]:
        return rows.load(model, case.id)

    # Each is called at its turn: an unreadable row ends the verification of the case.
    checks: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("desk_approvals", lambda: _approvals_hold(case_rows(Approval), in_time)),
        ("desk_invitations", lambda: _invitations_hold(case_rows(Invitation), in_time, case)),
        ("desk_notes", lambda: _notes_hold(case_rows(Note), in_time, case)),
        ("desk_replies", lambda: _replies_hold(case.replies, in_time, case)),
        ("desk_claim", lambda: _claim_holds(case, in_time)),
        ("desk_urgency", lambda: _urgency_holds(case, in_time)),
        ("desk_lost_report", lambda: _lost_report_holds(case, in_time)),
        ("desk_changes", lambda: _changes_hold(case_rows(PendingChange), lines)),
        ("desk_refusals", lambda: _refusals_hold(case_rows(Revision), lines)),
        ("desk_destructions", lambda: _destructions_hold(case_rows(Destruction), lines)),
        ("desk_copies", lambda: _copies_hold(case_rows(SourceCopy), lines, case)),
        ("desk_contacts", lambda: _contacts_hold(case_rows(AuthorityContact), lines, case)),
    )
    for key, holds in checks:
        if not holds():
            yield Problem(key, dict(case_ref))
    hidden_ids = {row.id for row in case_rows(Revision) if row.destruction_id is not None}
    expected_ids = {row_id for line in lines for row_id in line.private.get("hidden", ())}
    for revision_id in sorted(expected_ids ^ hidden_ids):
        yield Problem("revision_shown", {**case_ref, "revision": revision_id})


def _approvals_hold(approvals: Sequence[Approval], lines: Sequence[CaseLine]) -> bool:
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
    invitations: Sequence[Invitation], lines: Sequence[CaseLine], case: Incident
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


def _contacts_hold(
    contacts: Sequence[AuthorityContact], lines: Sequence[CaseLine], case: Incident
) -> bool:
    """Whether each address was noted by a line of its case, and is not one that lines erase.

    One that is missing may have been erased from another case of its commune.
    """
    noted = {line.private["contact"]: line.by for line in lines if line.act is Act.CONTACT_NOTED}
    erased = {line.private["contact"] for line in lines if line.act is Act.CONTACT_ERASED}
    return all(
        noted.get(contact.key) == contact.checked_by
        and contact.key not in erased
        and (contact.commune or case.state != CaseState.ERASED)
        for contact in contacts
    )


def _last_redaction(lines: Sequence[CaseLine]) -> datetime | None:
    """The time of the last destruction of whole notes and invitations in a case that stays."""
    # In old journals the redaction itself destroys, without a second person.
    direct_times = [
        line.at for line in lines if line.act is Act.REDACTED and "destroyed" in line.private
    ]
    destruction_times = [
        datetime.fromisoformat(line.private["before"])
        for line in lines
        # A redaction that knows its passages takes only them out of these texts.
        if line.act is Act.DESTROYED and "before" in line.private
    ]
    return max([*direct_times, *destruction_times], default=None)


def _notes_hold(notes: Sequence[Note], lines: Sequence[CaseLine], case: Incident) -> bool:
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


_REPLY_ACTS = (Act.REPLY_RECEIVED, Act.REPLIED, Act.REPLY_REFUSED)
_REPLY_STATES = dict(zip(_REPLY_ACTS, ("received", "published", "refused"), strict=True))


def _replies_hold(replies: Sequence[Reply], lines: Sequence[CaseLine], case: Incident) -> bool:
    """Whether each reply has the state that its last line gave it."""
    if case.state == CaseState.ERASED:
        return not replies
    reply_lines = (line for act in _REPLY_ACTS for line in lines if line.act is act)
    last = {line.private.get("reply"): line for line in reply_lines}
    return last.keys() == {reply.id for reply in replies} and all(
        reply.state == _REPLY_STATES[last[reply.id].act]
        and reply.due_on == deadlines.reply_due(reply.received_on)
        and bool(reply.refusal or reply.refusal_code) == (reply.state == "refused")
        # A refusal from before reasons had codes has no day.
        and reply.refused_on == (paris_day(last[reply.id].at) if reply.refusal_code else None)
        for reply in replies
    )


def _claim_holds(case: Incident, lines: Sequence[CaseLine]) -> bool:
    """Whether holder and end of the claim follow from the last line that begins or ends one."""
    beginnings = (Act.CLAIMED, Act.ASSIGNED)
    claim_lines = [line for line in lines if line.act in (*beginnings, Act.RELEASED)]
    last_line = claim_lines[-1] if claim_lines else None
    expected: set[tuple[int | None, datetime | None]] = {(None, None)}
    if last_line is not None and last_line.act is Act.CLAIMED:
        expected = {(last_line.by, last_line.at + CLAIM_DURATION)}
    elif last_line is not None and last_line.act is Act.ASSIGNED:
        assignee = last_line.private.get("member")
        ends = [line.at for line in lines if ends_assignment(line.act, line.by, assignee)]
        assigned = (assignee, NO_END)
        if not ends or max(ends) < last_line.at:
            expected = {assigned}
        elif max(ends) == last_line.at:
            # The lines of two ledgers with the same time have no common order.
            expected.add(assigned)
    return (case.held_by, case.held_until) in expected


def _urgency_holds(case: Incident, lines: Sequence[CaseLine]) -> bool:
    """Whether danger mark and term are those of the last line; an erasure takes them off."""
    last_marks = [line for line in lines if line.act is Act.URGENCY_SET][-1:]
    if case.state == CaseState.ERASED:
        last_marks = []
    private = last_marks[0].private if last_marks else {}
    actual = (case.danger_on is not None, case.term_on is not None)
    expected = (bool(private.get("danger")), bool(private.get("term")))
    return actual == expected and (case.term_on is not None or not case.term_label)


def _destroyed_with_report(list_name: str, lines: Sequence[CaseLine]) -> set[Any]:
    """The ids of the notes or invitations that were destroyed with a withdrawn report."""
    withdrawals = (line for line in lines if line.act is Act.SOURCE_WITHDRAWN)
    return {row_id for line in withdrawals for row_id in line.private.get(list_name, ())}


def _lost_report_holds(case: Incident, lines: Sequence[CaseLine]) -> bool:
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


def _changes_hold(changes: Sequence[PendingChange], lines: Sequence[CaseLine]) -> bool:
    """Whether each pending change was proposed, and refused, by the lines that name it."""
    proposed = {
        line.private.get("change"): (line.private.get("change_act"), line.by, line.at)
        for line in lines
        if line.act is Act.CHANGE_PROPOSED
    }
    refused = {
        line.private.get("change"): (line.by, line.at)
        for line in lines
        if line.act is Act.CHANGE_REFUSED
    }
    return all(
        proposed.get(change.id) == (change.act, change.made_by, change.made_at)
        and refused.get(change.id, (None, None)) == (change.refused_by, change.refused_at)
        for change in changes
    )


def _refusals_hold(revisions: Sequence[Revision], lines: Sequence[CaseLine]) -> bool:
    """Whether each refused version was refused by the line that names it, with a reason."""
    expected = {
        line.private.get("revision"): (line.by, line.at)
        for line in lines
        if line.act is Act.VERSION_REFUSED
    }
    actual = {
        revision.id: (revision.refused_by, revision.refused_at)
        for revision in revisions
        if (revision.refused_by, revision.refused_at) != (None, None)
    }
    # A refusal is destroyed with the text that it is about.
    return actual == expected and all(
        bool(revision.refusal) == (revision.id in actual and revision.content is not None)
        and bool(revision.refusal) >= bool(revision.passage)
        for revision in revisions
    )


def _destructions_hold(destructions: Sequence[Destruction], lines: Sequence[CaseLine]) -> bool:
    """Whether each destruction has the start and end that the lines say."""
    expected: dict[Any, tuple[Any, ...]] = {}
    # A destruction starts in one ledger and ends in the other.
    for line in sorted(lines, key=lambda line: (line.act is not Act.REDACTED, line.seq)):
        destruction_id = line.private.get("destruction")
        if destruction_id is None:
            continue
        if line.act is Act.REDACTED:
            expected[destruction_id] = (line.by, line.at, line.private.get("due"), None, "")
        else:
            start = expected.get(destruction_id, (None, None, None))[:3]
            expected[destruction_id] = (*start, line.at, line.private.get("ending", "kept"))
    actual = {
        row.id: (row.made_by, row.made_at, row.due_on.isoformat(), row.ended_at, row.ending)
        for row in destructions
    }
    return actual == expected


def _copies_hold(copies: Sequence[SourceCopy], lines: Sequence[CaseLine], case: Incident) -> bool:
    """Whether the copies of sources are those that lines name, without the destroyed ones."""
    gone: set[str] = set()
    marked: dict[str, int] = {}  # copy → the redaction that is to destroy it
    for line in lines:
        if line.act is Act.SOURCE_DROPPED:
            gone.add(line.private["copy"])
        if line.act is Act.DESTROYED:
            gone |= set(line.private.get("copies", ()))
        if line.act is Act.REDACTED:
            # Lines of former versions name neither.
            for copy in line.private.get("copies", ()):
                marked[copy] = line.private["destruction"]
    expected = {
        private["copy"]: (
            private["sha256"],
            private["day"],
            private["origin"],
            private.get("captured"),
            marked.get(private["copy"]),
        )
        for private in (line.private for line in lines if line.act is Act.SOURCE_COPIED)
        if private["copy"] not in gone and case.state != CaseState.ERASED
    }
    return expected == {
        copy.file_id: (
            copy.sha256,
            copy.copied_on.isoformat(),
            copy.origin,
            copy.captured_on.isoformat() if copy.captured_on else None,
            copy.destruction_id,
        )
        for copy in copies
    }
