"""The right of reply (LCEN art. 1-1 III, décret 2007-1527): received, inserted or refused."""

from __future__ import annotations

from datetime import date

from register.cases import deadlines, reply_length
from register.cases.acts._steps import begin, needed, past, public_event
from register.cases.acts.changes import told, waits
from register.cases.changes import Proposal
from register.cases.models import Reply
from register.errors import Invalid, Refused
from register.journal import Act, Entry, Pen

AUTHOR_LIMIT = 300


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
    """Note a reply that arrived; it is due three days later (LCEN art. 1-1 III).

    It is noted whatever its length and whatever became of the case's text meanwhile: its three
    days run from its arrival, also when it is to be refused.

    :raises Invalid: ``day_to_come`` for a day that is not yet.
    """
    case, member = begin(pen, incident_id, Act.REPLY_RECEIVED, by)
    row = Reply(
        state="received",
        author=needed("author", author, limit=AUTHOR_LIMIT),
        capacity=needed("capacity", capacity, limit=AUTHOR_LIMIT),
        text=needed("text", text, multiline=True),
        received_on=past(pen, "received_on", received_on),
        due_on=deadlines.reply_due(received_on),
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


def reply(
    pen: Pen,
    reply_id: int,
    *,
    by: int,
    reason: str,
    seen: int | None = None,
    second: int | None = None,
    single: bool = False,
) -> Entry:
    """Insert a received reply, as it is, beside the account.

    :param second: a member who approves it in this same act; without one, what needs a second
        person waits for it.
    :raises Refused: ``reply_decided``.
    :raises Invalid: ``reply_lines``: longer than any reply may be (décret 2007-1527, art. 3); it
        is refused with that reason, and its author may send a shorter one.
    """
    row = pen.load(Reply, reply_id)
    case, member = begin(pen, row.incident_id, Act.REPLIED, by, seen)
    if row.state != "received":
        raise Refused("reply_decided", state=row.state)
    if reply_length.length(row.text).is_too_long:
        raise Invalid("reply_lines", limit=reply_length.LINES_LIMIT)
    proposal = Proposal(Act.REPLIED, needed("reason", reason), reply=row.id)
    waiting = waits(pen, case, member, proposal, second, single=single)
    if waiting is not None:
        return waiting
    row.state = "published"
    row.published_at = pen.at
    details = {"reply": row.id, **told(second)}
    return public_event(pen, case, Act.REPLIED, member, reason, details=details)


def refuse_reply(
    pen: Pen, reply_id: int, *, by: int, refusal: str, seen: int | None = None
) -> Entry:
    """Refuse a received reply, with the reason its author is given."""
    row = pen.load(Reply, reply_id)
    case, member = begin(pen, row.incident_id, Act.REPLY_REFUSED, by, seen)
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
