"""A second person's decision on a change that waits: made now, or sent back to its writer."""

from __future__ import annotations

from typing import Any

from register.accounts import vouching
from register.accounts.models import Member
from register.cases import changes
from register.cases.acts._steps import begin, needed
from register.cases.acts.after_publication import correct, follow_up
from register.cases.acts.replies import reply
from register.cases.case_content import Content
from register.cases.models import Approval
from register.cases.pending import PendingChange
from register.errors import NotFound, Refused
from register.journal import Act, Entry, Pen

REASON_LIMIT = 2_000


def approve_change(
    pen: Pen,
    change_id: int,
    *,
    by: int,
    single: bool = False,
) -> Entry:
    """Let a change be made now, by whoever wrote it and approved by another member.

    :param single: the register has one moderator, who answers for both.
    :raises NotFound: ``no_such_change``.
    :raises Refused: ``change_refused``, ``change_stale`` once readers see another version;
        ``own_change`` and whatever else keeps a member from being the second person.
    """
    row = _loaded(pen, change_id)
    case, member = begin(pen, row.incident_id, Act(row.act), by)
    if row.refused_at is not None:
        raise Refused("change_refused", state=case.state)
    if row.revision_id != case.revision_id:
        raise Refused("change_stale", state=case.state)
    if not (single and member.id == row.made_by):
        vouching.require_second(member, pen.load(Member, row.made_by), pen.at)
    approval = Approval(
        incident_id=case.id,
        revision_id=row.revision_id,
        purpose="change",
        given_by=member.id,
        given_at=pen.at,
    )
    pen.session.add(approval)
    pen.record(
        Act.APPROVED,
        by=member.id,
        incident=case.id,
        case=case.number,
        revision=row.revision_id,
        details={"purpose": "change", "change": row.id},
    )
    line = _made(pen, row, by, single)
    pen.session.delete(row)
    pen.session.flush()
    return line


def refuse_change(pen: Pen, change_id: int, *, by: int, refusal: str = "") -> Entry:
    """Send a change back to its writer with a reason; its writer just takes it back.

    :raises NotFound: ``no_such_change``.
    :raises Refused: ``change_refused`` already, by somebody else.
    """
    row = _loaded(pen, change_id)
    case, member = begin(pen, row.incident_id, Act.NOTED, by)
    if member.id == row.made_by:
        pen.session.delete(row)
    else:
        if row.refused_at is not None:
            raise Refused("change_refused", state=case.state)
        row.refusal = needed("refusal", refusal, multiline=True, limit=REASON_LIMIT)
        row.refused_by, row.refused_at = member.id, pen.at
    pen.session.flush()
    return pen.record(
        Act.CHANGE_REFUSED,
        by=member.id,
        incident=case.id,
        case=case.number,
        details={"change": change_id, "taken_back": member.id == row.made_by},
    )


def _made(pen: Pen, row: PendingChange, second: int, single: bool) -> Entry:
    """Do the act that was proposed, in the name of whoever wrote it."""
    told = changes.read(row)
    words: dict[str, Any] = dict(told.words or {})
    both: dict[str, Any] = {
        "by": row.made_by,
        "reason": told.reason,
        "seen": row.revision_id,
        "second": second,
        "single": single,
    }
    if told.act is Act.REPLIED:
        return reply(pen, told.reply or 0, **both)
    if told.act is Act.FOLLOWED_UP:
        return follow_up(pen, row.incident_id, content=told.content, **words, **both)
    return correct(pen, row.incident_id, told.content or Content(), **words, **both)


def _loaded(pen: Pen, change_id: int) -> PendingChange:
    row = pen.session.get(PendingChange, min(max(change_id, 0), changes.ID_LIMIT))
    if row is None:
        raise NotFound("no_such_change")
    pen.keep(row)
    return row
