"""Changes of a public case that wait for a second person, as the acts that make them see it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from register.accounts import vouching
from register.accounts.acts import acting
from register.accounts.models import Member
from register.cases import case_content as contents
from register.cases import changes, checklist
from register.cases.approvals import needed_before
from register.cases.changes import Proposal
from register.cases.models import Incident, Reply
from register.cases.pending import PendingChange
from register.cases.vocabulary import book
from register.errors import Refused
from register.journal import Act, Entry, Pen

# Beyond so many, a case is to be decided on before more is proposed.
AT_ONCE = 5


def waits(
    pen: Pen,
    case: Incident,
    member: Member,
    proposal: Proposal,
    second: int | None,
    *,
    single: bool,
) -> Entry | None:
    """Keep a change that needs a second person, and say so; None when it may be made now.

    :param second: the member who approves it in this same act, if any.
    :param single: the register has one moderator, who may be the second person too.
    :raises Refused: ``changes_waiting`` when as many wait as may; or the second may not be one.
    """
    reply = pen.load(Reply, proposal.reply) if proposal.reply is not None else None
    content = contents.of(case) if proposal.content is None else proposal.content
    words = book(pen.session)
    if not checklist.needs_second(
        content,
        words,
        needed_before=needed_before(pen.session, case, words),
        added=changes.new_texts(proposal, reply),
    ):
        return None
    if second is not None:
        if single and second == member.id:
            case.single_review = True
        else:
            vouching.require_second(acting(pen, second), member, pen.at)
        return None
    # What could not be shown is refused to its writer, not to whoever approves it.
    changes.result(changes.base_of(pen.session, case.id), proposal, pen.at, reply)
    waiting = select(func.count()).where(
        PendingChange.incident_id == case.id, PendingChange.refused_at.is_(None)
    )
    if (pen.session.scalar(waiting) or 0) >= AT_ONCE:
        raise Refused("changes_waiting", limit=AT_ONCE, state=case.state)
    row = PendingChange(
        incident_id=case.id,
        act=proposal.act.value,
        payload=proposal.payload(),
        revision_id=case.revision_id,
        made_by=member.id,
        made_at=pen.at,
    )
    pen.session.add(row)
    pen.session.flush()
    return pen.record(
        Act.CHANGE_PROPOSED,
        by=member.id,
        incident=case.id,
        case=case.number,
        details={"change": row.id, "change_act": row.act},
    )


def told(second: int | None) -> dict[str, Any]:
    """What a public line says to members of the second person."""
    return {"approved_by": [second]} if second is not None else {}
