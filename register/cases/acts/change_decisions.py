"""A second person's decision on a pending change: approval or refusal."""

from __future__ import annotations

from typing import Any

from register.accounts import vouching
from register.accounts.models import Member
from register.cases import pending_changes
from register.cases.acts._steps import begin_act, required_text
from register.cases.acts.public_acts import correct, follow_up
from register.cases.acts.replies import reply
from register.cases.case_content import Content
from register.cases.models import Approval
from register.cases.pending_changes import PendingChange
from register.errors import NotFound, Refused
from register.journal import Act, JournalEntry, WriteTransaction

REASON_LIMIT = 2_000


def approve_change(
    tx: WriteTransaction,
    change_id: int,
    *,
    by: int,
    single: bool = False,
) -> JournalEntry:
    """Approve a pending change and make it, in the name of the member who proposed it.

    :param single: the register has one moderator, who may approve their own change.
    :raises NotFound: ``no_such_change``.
    :raises Refused: ``change_refused``, ``change_stale`` once readers see another version; the
        refusals of :func:`vouching.require_second`.
    """
    change = _load_change(tx, change_id)
    case, member = begin_act(tx, change.incident_id, Act(change.act), by)
    if change.refused_at is not None:
        raise Refused("change_refused", state=case.state)
    if change.revision_id != case.revision_id:
        raise Refused("change_stale", state=case.state)
    if not (single and member.id == change.made_by):
        vouching.require_second(member, tx.load(Member, change.made_by), tx.at)
    approval = Approval(
        incident_id=case.id,
        revision_id=change.revision_id,
        purpose="change",
        given_by=member.id,
        given_at=tx.at,
    )
    tx.session.add(approval)
    tx.record(
        Act.APPROVED,
        by=member.id,
        incident=case.id,
        case=case.number,
        revision=change.revision_id,
        details={"purpose": "change", "change": change.id},
    )
    line = _do_change(tx, change, by, single)
    tx.session.delete(change)
    tx.session.flush()
    return line


def refuse_change(
    tx: WriteTransaction, change_id: int, *, by: int, refusal: str = ""
) -> JournalEntry:
    """Refuse a change with a reason, or cancel it when its own author does so.

    :raises NotFound: ``no_such_change``.
    :raises Refused: ``change_refused``: another member has refused it before.
    """
    change = _load_change(tx, change_id)
    case, member = begin_act(tx, change.incident_id, Act.NOTED, by)
    if member.id == change.made_by:
        tx.session.delete(change)
    else:
        if change.refused_at is not None:
            raise Refused("change_refused", state=case.state)
        change.refusal = required_text("refusal", refusal, multiline=True, limit=REASON_LIMIT)
        change.refused_by, change.refused_at = member.id, tx.at
    tx.session.flush()
    return tx.record(
        Act.CHANGE_REFUSED,
        by=member.id,
        incident=case.id,
        case=case.number,
        details={"change": change_id, "taken_back": member.id == change.made_by},
    )


def _do_change(
    tx: WriteTransaction, change: PendingChange, second: int, single: bool
) -> JournalEntry:
    """Do the proposed act in the name of the member who proposed it."""
    proposal = pending_changes.parse_proposal(change)
    arguments: dict[str, Any] = dict(proposal.words or {})
    common_arguments: dict[str, Any] = {
        "by": change.made_by,
        "reason": proposal.reason,
        "seen": change.revision_id,
        "second": second,
        "single": single,
    }
    if proposal.act is Act.REPLIED:
        return reply(tx, proposal.reply or 0, **common_arguments)
    if proposal.act is Act.FOLLOWED_UP:
        return follow_up(
            tx, change.incident_id, content=proposal.content, **arguments, **common_arguments
        )
    return correct(
        tx, change.incident_id, proposal.content or Content(), **arguments, **common_arguments
    )


def _load_change(tx: WriteTransaction, change_id: int) -> PendingChange:
    change = tx.session.get(PendingChange, min(max(change_id, 0), pending_changes.ID_LIMIT))
    if change is None:
        raise NotFound("no_such_change")
    tx.keep_alive(change)
    return change
