"""Acts on claims, assignments, danger marks, terms and internal notes."""

from __future__ import annotations

from sqlalchemy import select

from register.accounts.models import Member
from register.cases.acts import _steps as steps
from register.cases.acts import marks
from register.cases.models import Incident, Note
from register.cases.urgency import CLAIM_DURATION, Urgency, claim_holder
from register.errors import Refused
from register.journal import Act, JournalEntry, WriteTransaction

NOTE_LIMIT = 10_000


def claim(tx: WriteTransaction, incident_id: int, *, by: int) -> JournalEntry:
    """Claim a case for :data:`CLAIM_DURATION`; claiming it again restarts the time.

    :raises Refused: ``held``, with the member who holds it.
    """
    case, member = steps.begin_act(tx, incident_id, Act.CLAIMED, by)
    holder = claim_holder(case, tx.at)
    if holder not in (None, member.id):
        raise Refused("held", state=case.state, member=holder)
    case.held_by, case.held_until = member.id, tx.at + CLAIM_DURATION
    return steps.record(tx, Act.CLAIMED, case, member.id)


def release(tx: WriteTransaction, incident_id: int, *, by: int) -> JournalEntry:
    """Release a claim or an assignment; an administrator may release another member's.

    :raises Refused: ``not_held``, or ``held`` by another member.
    """
    case, member = steps.begin_act(tx, incident_id, Act.RELEASED, by)
    holder = _require_holder(tx, case, member)
    if holder is None:
        raise Refused("not_held", state=case.state)
    return steps.record(tx, Act.RELEASED, case, member.id, holder=marks.end_claim(case))


def release_all(tx: WriteTransaction, holder: int, *, by: int | None) -> None:
    """Release the claims and assignments of a member whose account is closed."""
    cases = select(Incident).where(Incident.held_by == holder, Incident.held_until > tx.at)
    for case in tx.session.scalars(cases.order_by(Incident.id)).all():
        steps.record(tx, Act.RELEASED, case, by, holder=marks.end_claim(case))


def assign(
    tx: WriteTransaction, incident_id: int, *, to: int, by: int, note: str = ""
) -> JournalEntry:
    """Assign a case to an active member, until the work is done, released or handed on.

    :param note: an internal note on the case, for the member who takes it over.
    :raises Refused: ``held`` by another member, for anybody but an administrator.
    :raises Invalid: ``unknown_assignee``.
    """
    case, member = steps.begin_act(tx, incident_id, Act.ASSIGNED, by)
    holder = _require_holder(tx, case, member)
    marks.assign(tx, case, to)
    if note.strip():
        _add_note(tx, case, member, note, "note")
    former = {"holder": holder} if holder is not None else {}
    return steps.record(tx, Act.ASSIGNED, case, by, member=to, **former)


def set_urgency(
    tx: WriteTransaction, incident_id: int, urgency: Urgency, *, by: int
) -> JournalEntry:
    """Set or take off the danger mark and the term of a case.

    :raises Invalid: a label without a day, or too long.
    """
    case, member = steps.begin_act(tx, incident_id, Act.URGENCY_SET, by)
    urgency = urgency.validated()
    marks.mark(case, urgency, tx.at)
    case.term_label = urgency.term_label
    return steps.record(tx, Act.URGENCY_SET, case, member.id, **urgency.line_details())


def note(tx: WriteTransaction, incident_id: int, text: str, *, by: int) -> JournalEntry:
    """Write an internal note; it is destroyed with the texts of the case."""
    case, member = steps.begin_act(tx, incident_id, Act.NOTED, by)
    return _add_note(tx, case, member, text, "text")


def _require_holder(tx: WriteTransaction, case: Incident, member: Member) -> int | None:
    return marks.require_holder(case, member, tx.at, refusal="held", state=case.state)


def _add_note(
    tx: WriteTransaction, case: Incident, member: Member, text: str, field_name: str
) -> JournalEntry:
    body = steps.required_text(field_name, text, multiline=True, limit=NOTE_LIMIT)
    new_note = Note(incident_id=case.id, written_at=tx.at, written_by=member.id, text=body)
    steps.insert(tx, new_note)
    return steps.record(tx, Act.NOTED, case, member.id, note=new_note.id)
