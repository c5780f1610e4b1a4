"""The right of reply (LCEN art. 1-1 III, décret 2007-1527): received, inserted or refused."""

from __future__ import annotations

from datetime import date

from register.errors import Invalid, Refused
from register.incidents import clocks
from register.incidents.acts.beats import begin, needed, public_event
from register.incidents.models import Reply
from register.journal import Act, Entry, Pen

REPLY_LINES = 200  # décret 2007-1527, art. 3: the reply's length


def receive_reply(
    pen: Pen,
    incident_id: int,
    *,
    by: int,
    author: str,
    capacity: str,
    text: str,
    received_on: date,
) -> Reply:
    """Note a reply that arrived; it is due three days later (LCEN art. 1-1 III)."""
    case, member = begin(pen, incident_id, Act.REPLY_RECEIVED, by)
    body = needed("text", text, multiline=True)
    if body.count("\n") + 1 > REPLY_LINES:
        raise Invalid("reply_lines", limit=REPLY_LINES)
    row = Reply(
        state="received",
        author=needed("author", author),
        capacity=needed("capacity", capacity),
        text=body,
        received_on=received_on,
        due_on=clocks.reply_due(received_on),
    )
    case.replies.append(row)
    pen.session.flush()
    pen.record(
        Act.REPLY_RECEIVED,
        by=member.id,
        incident=case.id,
        case=case.number,
        details={"reply": row.id},
    )
    return row


def reply(pen: Pen, reply_id: int, *, by: int, reason: str) -> Entry:
    """Insert a received reply, as it is, beside the account."""
    row = pen.load(Reply, reply_id)
    case, member = begin(pen, row.incident_id, Act.REPLIED, by)
    if row.state != "received":
        raise Refused("reply_decided", state=row.state)
    row.state = "published"
    row.published_at = pen.at
    return public_event(pen, case, Act.REPLIED, member, reason, details={"reply": row.id})


def refuse_reply(pen: Pen, reply_id: int, *, by: int, refusal: str) -> Entry:
    """Refuse a received reply, with the reason its author is given."""
    row = pen.load(Reply, reply_id)
    case, member = begin(pen, row.incident_id, Act.REPLY_REFUSED, by)
    if row.state != "received":
        raise Refused("reply_decided", state=row.state)
    row.state = "refused"
    row.refusal = needed("refusal", refusal, multiline=True)
    return pen.record(
        Act.REPLY_REFUSED,
        by=member.id,
        incident=case.id,
        case=case.number,
        details={"reply": row.id},
    )
