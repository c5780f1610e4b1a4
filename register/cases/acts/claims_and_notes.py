"""What members do around a case and nobody else sees: take it in hand, give it back, note."""

from __future__ import annotations

from datetime import timedelta

from register.cases.acts._steps import begin, needed
from register.cases.models import Note
from register.errors import Refused
from register.journal import Act, Entry, Pen

# A morning's work; a claim that is forgotten frees the case by itself.
HELD_FOR = timedelta(hours=4)
NOTE_LIMIT = 10_000


def claim(pen: Pen, incident_id: int, *, by: int) -> Entry:
    """Take a case in hand for some hours; asked again, the hours begin anew.

    :raises Refused: ``held``, with the member who has it.
    """
    case, member = begin(pen, incident_id, Act.CLAIMED, by)
    if case.held_by not in (None, member.id) and case.held_until and case.held_until > pen.at:
        raise Refused("held", state=case.state, member=case.held_by)
    case.held_by, case.held_until = member.id, pen.at + HELD_FOR
    return pen.record(Act.CLAIMED, by=member.id, incident=case.id, case=case.number)


def release(pen: Pen, incident_id: int, *, by: int) -> Entry:
    """Give a case back; an administrator also gives back what another forgot.

    :raises Refused: ``not_held``, or ``held`` by somebody else.
    """
    case, member = begin(pen, incident_id, Act.RELEASED, by)
    if case.held_by is None or case.held_until is None or case.held_until <= pen.at:
        raise Refused("not_held", state=case.state)
    if case.held_by != member.id and not member.is_administrator:
        raise Refused("held", state=case.state, member=case.held_by)
    holder, case.held_by, case.held_until = case.held_by, None, None
    return pen.record(
        Act.RELEASED,
        by=member.id,
        incident=case.id,
        case=case.number,
        details={"holder": holder},
    )


def note(pen: Pen, incident_id: int, text: str, *, by: int) -> Entry:
    """Write an internal note; it is destroyed with the texts of the case."""
    case, member = begin(pen, incident_id, Act.NOTED, by)
    body = needed("text", text, multiline=True, limit=NOTE_LIMIT)
    row = Note(incident_id=case.id, written_at=pen.at, written_by=member.id, text=body)
    pen.session.add(row)
    pen.session.flush()
    return pen.record(
        Act.NOTED, by=member.id, incident=case.id, case=case.number, details={"note": row.id}
    )
