"""Rights of reply: received, published or refused with a reason of the law."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from register.cases import deadlines, reply_refusals
from register.cases.acts import _steps as steps
from register.cases.acts._public_checks import line_details, propose_if_needed
from register.cases.models import Reply
from register.cases.risk_flags import GivenReasons
from register.cases.second_person import Proposal
from register.errors import Invalid, Refused
from register.journal import Act, JournalEntry, WriteTransaction
from register.text import dates

AUTHOR_LIMIT = 300


def receive_reply(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int | None,
    author: str,
    capacity: str,
    text: str,
    received_on: date,
) -> Reply:
    """Record a received reply; it is due three days later (LCEN art. 1-1 III).

    It is recorded whatever its length and the present text of the case: its three days run from
    its receipt, even if it will be refused.

    :param by: the member who records it; None for a reply that its author sent online.
    :raises Invalid: ``day_to_come`` for a future day.
    """
    case = steps.load_for_act(tx, incident_id, Act.REPLY_RECEIVED, by)
    received_reply = Reply(
        state="received",
        author=steps.required_text("author", author, limit=AUTHOR_LIMIT),
        capacity=steps.required_text("capacity", capacity, limit=AUTHOR_LIMIT),
        text=steps.required_text("text", text, multiline=True),
        received_on=steps.past_day(tx, "received_on", received_on),
        due_on=deadlines.reply_due(received_on),
    )
    case.replies.append(received_reply)
    tx.session.flush()
    steps.record(tx, Act.REPLY_RECEIVED, case, by, reply=received_reply.id)
    return received_reply


def reply(
    tx: WriteTransaction,
    reply_id: int,
    *,
    by: int,
    reason: str,
    attested: Collection[str],
    flag_reasons: GivenReasons = "",
    seen: int | None = None,
    second: int | None = None,
    single: bool = False,
) -> JournalEntry:
    """Publish a received reply unchanged.

    For the other arguments see :func:`register.cases.acts.public_changes.follow_up`.

    :raises Incomplete: ``checklist``, with the unmet items.
    :raises Refused: ``reply_decided``.
    :raises Invalid: ``reply_lines``: longer than any reply may be (décret 2007-1527, art. 3).
    """
    received_reply = tx.load(Reply, reply_id)
    case, member = steps.begin_act(tx, received_reply.incident_id, Act.REPLIED, by, seen)
    if received_reply.state != "received":
        raise Refused("reply_decided", state=received_reply.state)
    if deadlines.text_length(received_reply.text).is_too_long:
        raise Invalid("reply_lines", limit=deadlines.LINES_LIMIT)
    proposal = Proposal(
        Act.REPLIED,
        steps.required_text("reason", reason),
        reply=received_reply.id,
        attested=attested,
        flag_reasons=flag_reasons,
    )
    proposal_line = propose_if_needed(tx, case, member, proposal, second, single=single)
    if proposal_line is not None:
        return proposal_line
    received_reply.state = "published"
    received_reply.published_at = case.moved_at = tx.at
    details = {"reply": received_reply.id, **line_details(second)}
    return steps.record_change(tx, case, member, proposal, details)


def refuse_reply(
    tx: WriteTransaction,
    reply_id: int,
    *,
    by: int,
    code: str,
    refusal: str = "",
    seen: int | None = None,
) -> JournalEntry:
    """Refuse a received reply, with the reason for its author.

    :param code: a reason of the law (:mod:`register.cases.reply_refusals`).
    :param refusal: the member's own words, which may be left out.
    :raises Invalid: ``missing`` for an unknown reason.
    """
    received_reply = tx.load(Reply, reply_id)
    case, member = steps.begin_act(tx, received_reply.incident_id, Act.REPLY_REFUSED, by, seen)
    if received_reply.state != "received":
        raise Refused("reply_decided", state=received_reply.state)
    if code not in reply_refusals.reasons():
        raise Invalid("missing", field="code")
    received_reply.refusal = (
        steps.required_text("refusal", refusal, multiline=True) if refusal.strip() else ""
    )
    received_reply.state, received_reply.refusal_code = "refused", code
    received_reply.refused_on = dates.paris_day(tx.at)
    return steps.record(
        tx, Act.REPLY_REFUSED, case, member.id, reply=received_reply.id, reason=code
    )
