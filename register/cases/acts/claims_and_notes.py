"""What members do around a case and nobody else sees: take it in hand, give it back, note."""

from __future__ import annotations

from datetime import timedelta

from register.cases.acts._steps import begin_act, required_text
from register.cases.models import Note
from register.errors import Refused
from register.journal import Act, JournalEntry, WriteTransaction

# A morning's work; a claim that is forgotten frees the case by itself.
CLAIM_DURATION = timedelta(hours=4)
NOTE_LIMIT = 10_000


def claim(tx: WriteTransaction, incident_id: int, *, by: int) -> JournalEntry:
    """Take a case in hand for some hours; asked again, the hours begin anew.

    :raises Refused: ``held``, with the member who has it.
    """
    case, member = begin_act(tx, incident_id, Act.CLAIMED, by)
    if case.held_by not in (None, member.id) and case.held_until and case.held_until > tx.at:
        raise Refused("held", state=case.state, member=case.held_by)
    case.held_by, case.held_until = member.id, tx.at + CLAIM_DURATION
    return tx.record(Act.CLAIMED, by=member.id, incident=case.id, case=case.number)


def release(tx: WriteTransaction, incident_id: int, *, by: int) -> JournalEntry:
    """Give a case back; an administrator also gives back what another forgot.

    :raises Refused: ``not_held``, or ``held`` by somebody else.
    """
    case, member = begin_act(tx, incident_id, Act.RELEASED, by)
    if case.held_by is None or case.held_until is None or case.held_until <= tx.at:
        raise Refused("not_held", state=case.state)
    if case.held_by != member.id and not member.is_administrator:
        raise Refused("held", state=case.state, member=case.held_by)
    holder, case.held_by, case.held_until = case.held_by, None, None
    return tx.record(
        Act.RELEASED,
        by=member.id,
        incident=case.id,
        case=case.number,
        details={"holder": holder},
    )


def note(tx: WriteTransaction, incident_id: int, text: str, *, by: int) -> JournalEntry:
    """Write an internal note; it is destroyed with the texts of the case."""
    case, member = begin_act(tx, incident_id, Act.NOTED, by)
    body = required_text("text", text, multiline=True, limit=NOTE_LIMIT)
    new_note = Note(incident_id=case.id, written_at=tx.at, written_by=member.id, text=body)
    tx.session.add(new_note)
    tx.session.flush()
    return tx.record(
        Act.NOTED, by=member.id, incident=case.id, case=case.number, details={"note": new_note.id}
    )
