"""Acts on rights of reply (LCEN art. 1-1 III, décret 2007-1527): receive, publish, refuse."""

from __future__ import annotations

from datetime import date

from register.cases import deadlines
from register.cases.acts._steps import begin_act, past_day, record_public_event, required_text
from register.cases.acts.change_proposals import approval_details, propose_if_needed
from register.cases.models import Reply
from register.cases.pending_changes import Proposal
from register.errors import Invalid, Refused
from register.journal import Act, JournalEntry, WriteTransaction

AUTHOR_LIMIT = 300


def receive_reply(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    author: str,
    capacity: str,
    text: str,
    received_on: date,
) -> Reply:
    """Record a received reply; it is due three days later (LCEN art. 1-1 III).

    It is recorded whatever its length and the present text of the case: its three days run from
    its receipt, even if it will be refused.

    :raises Invalid: ``day_to_come`` for a future day.
    """
    case, member = begin_act(tx, incident_id, Act.REPLY_RECEIVED, by)
    received_reply = Reply(
        state="received",
        author=required_text("author", author, limit=AUTHOR_LIMIT),
        capacity=required_text("capacity", capacity, limit=AUTHOR_LIMIT),
        text=required_text("text", text, multiline=True),
        received_on=past_day(tx, "received_on", received_on),
        due_on=deadlines.reply_due(received_on),
    )
    case.replies.append(received_reply)
    tx.session.flush()
    tx.record(
        Act.REPLY_RECEIVED,
        by=member.id,
        incident=case.id,
        case=case.number,
        details={"reply": received_reply.id},
    )
    return received_reply


def reply(
    tx: WriteTransaction,
    reply_id: int,
    *,
    by: int,
    reason: str,
    seen: int | None = None,
    second: int | None = None,
    single: bool = False,
) -> JournalEntry:
    """Publish a received reply unchanged.

    :param second: a member who approves it in this same act; without one, a reply that needs a
        second person becomes a pending change.
    :raises Refused: ``reply_decided``.
    :raises Invalid: ``reply_lines``: longer than any reply may be (décret 2007-1527, art. 3).
    """
    received_reply = tx.load(Reply, reply_id)
    case, member = begin_act(tx, received_reply.incident_id, Act.REPLIED, by, seen)
    if received_reply.state != "received":
        raise Refused("reply_decided", state=received_reply.state)
    if deadlines.text_length(received_reply.text).is_too_long:
        raise Invalid("reply_lines", limit=deadlines.LINES_LIMIT)
    proposal = Proposal(Act.REPLIED, required_text("reason", reason), reply=received_reply.id)
    proposal_line = propose_if_needed(tx, case, member, proposal, second, single=single)
    if proposal_line is not None:
        return proposal_line
    received_reply.state = "published"
    received_reply.published_at = tx.at
    details = {"reply": received_reply.id, **approval_details(second)}
    return record_public_event(tx, case, Act.REPLIED, member, reason, details=details)


def refuse_reply(
    tx: WriteTransaction, reply_id: int, *, by: int, refusal: str, seen: int | None = None
) -> JournalEntry:
    """Refuse a received reply, with the reason for its author."""
    received_reply = tx.load(Reply, reply_id)
    case, member = begin_act(tx, received_reply.incident_id, Act.REPLY_REFUSED, by, seen)
    if received_reply.state != "received":
        raise Refused("reply_decided", state=received_reply.state)
    received_reply.state = "refused"
    received_reply.refusal = required_text("refusal", refusal, multiline=True)
    return tx.record(
        Act.REPLY_REFUSED,
        by=member.id,
        incident=case.id,
        case=case.number,
        details={"reply": received_reply.id},
    )
