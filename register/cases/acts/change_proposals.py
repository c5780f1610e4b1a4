"""Proposals of changes that need a second person, for the acts that make such changes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from register.accounts import vouching
from register.accounts.models import Member
from register.accounts.vouching import load_acting_member
from register.cases import case_content as contents
from register.cases import checklist, pending_changes
from register.cases.approvals import needed_before
from register.cases.models import Incident, Reply
from register.cases.pending_changes import PendingChange, Proposal
from register.cases.vocabulary import current_vocabulary
from register.errors import Refused
from register.journal import Act, JournalEntry, WriteTransaction

WAITING_LIMIT = 5  # pending changes of one case


def propose_if_needed(
    tx: WriteTransaction,
    case: Incident,
    member: Member,
    proposal: Proposal,
    second: int | None,
    *,
    single: bool,
) -> JournalEntry | None:
    """Store a change that needs a second person; None when it may be made now.

    :param second: the member who approves it in this same act, if any.
    :param single: the register has one moderator, who may be the second person too.
    :returns: the line of the proposal.
    :raises Refused: ``changes_waiting`` at :data:`WAITING_LIMIT`; the refusals of
        :func:`vouching.require_second`.
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
    # A text that cannot be rendered is refused now, not at its approval.
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
    """The private detail of a public line that names the second person."""
    return {"approved_by": [second]} if second is not None else {}
