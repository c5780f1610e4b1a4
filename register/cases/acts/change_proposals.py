"""Changes of a public case that wait for a second person, as the acts that make them see it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from register.accounts import vouching
from register.accounts.acts import load_acting_member
from register.accounts.models import Member
from register.cases import case_content as contents
from register.cases import checklist, pending_changes
from register.cases.approvals import needed_before
from register.cases.models import Incident, Reply
from register.cases.pending_changes import PendingChange, Proposal
from register.cases.vocabulary import current_vocabulary
from register.errors import Refused
from register.journal import Act, JournalEntry, WriteTransaction

# Beyond so many, a case is to be decided on before more is proposed.
WAITING_LIMIT = 5


def propose_if_needed(
    tx: WriteTransaction,
    case: Incident,
    member: Member,
    proposal: Proposal,
    second: int | None,
    *,
    single: bool,
) -> JournalEntry | None:
    """Keep a change that needs a second person, and say so; None when it may be made now.

    :param second: the member who approves it in this same act, if any.
    :param single: the register has one moderator, who may be the second person too.
    :raises Refused: ``changes_waiting`` when as many wait as may; or the second may not be one.
    """
    reply = tx.load(Reply, proposal.reply) if proposal.reply is not None else None
    content = contents.content_of(case) if proposal.content is None else proposal.content
    vocabulary = current_vocabulary(tx.session)
    if not checklist.needs_second(
        content,
        vocabulary,
        needed_before=needed_before(tx.session, case, vocabulary),
        added_texts=pending_changes.added_texts(proposal, reply),
    ):
        return None
    if second is not None:
        if single and second == member.id:
            case.single_review = True
        else:
            vouching.require_second(load_acting_member(tx, second), member, tx.at)
        return None
    # What could not be shown is refused to its writer, not to whoever approves it.
    pending_changes.preview_change(
        pending_changes.current_content(tx.session, case.id), proposal, tx.at, reply
    )
    waiting_count = select(func.count()).where(
        PendingChange.incident_id == case.id, PendingChange.refused_at.is_(None)
    )
    if (tx.session.scalar(waiting_count) or 0) >= WAITING_LIMIT:
        raise Refused("changes_waiting", limit=WAITING_LIMIT, state=case.state)
    change = PendingChange(
        incident_id=case.id,
        act=proposal.act.value,
        payload=proposal.payload(),
        revision_id=case.revision_id,
        made_by=member.id,
        made_at=tx.at,
    )
    tx.session.add(change)
    tx.session.flush()
    return tx.record(
        Act.CHANGE_PROPOSED,
        by=member.id,
        incident=case.id,
        case=case.number,
        details={"change": change.id, "change_act": change.act},
    )


def approval_details(second: int | None) -> dict[str, Any]:
    """What a public line says to members of the second person."""
    return {"approved_by": [second]} if second is not None else {}
