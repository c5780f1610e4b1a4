"""The step before every change of the public text: checklist, flags' reasons, second person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, func, select

from register.accounts import vouching
from register.accounts.models import Member
from register.accounts.vouching import load_acting_member
from register.cases import case_content as contents
from register.cases import second_person
from register.cases.acts import _steps as steps
from register.cases.checklist import ATTESTATIONS, Checklist, Circumstances, build_checklist
from register.cases.models import CaseState, Incident, Invitation, Reply
from register.cases.pieces import unready_pieces
from register.cases.risk_flags import Flag, document_flags, reason_for, stored_reasons
from register.cases.second_person import PendingChange, Proposal, needed_before
from register.cases.vocabulary import current_vocabulary
from register.errors import Incomplete, Refused
from register.journal import Act, JournalEntry, Ledger, WriteTransaction
from register.key_store import KeyStore

# What the journal says of an act that passed the checklist: all of it was attested.
ATTESTED = {"attested": sorted(ATTESTATIONS)}
WAITING_LIMIT = 5  # pending changes of one case
# Built once, because an import executes it for every row.
_INVITATION = Invitation.__table__.c
_INVITED = select(_INVITATION.id).where(_INVITATION.incident_id == bindparam("case")).limit(1)


def line_details(second: int | None) -> dict[str, Any]:
    """The private details of a public line: attestations, and the second person if any."""
    return {**ATTESTED, **steps.approval_details(second)}


def unexplained_flags(tx: WriteTransaction, case: Incident) -> list[Flag]:
    """The risk flags of the present text that have no reason."""
    flags = document_flags(contents.document_of(case))
    reasons = stored_reasons(tx.session, case.id) if flags else {}
    return [flag for flag in flags if not reason_for(flag, reasons)]


def require_complete(
    tx: WriteTransaction,
    case: Incident,
    content: contents.Content,
    circumstances: Circumstances,
    store: KeyStore | None,
) -> Checklist:
    """Check the public text that an act makes.

    :param content: the content after the act.
    :param circumstances: all but the invitation, the copies of pieces and whether the case needed a
        second person.
    :param store: as for :func:`pieces.unready_pieces`.
    :raises Incomplete: ``checklist``, with the unmet items.
    """
    vocabulary = current_vocabulary(tx.session)
    # Of a withdrawn case readers see nothing, and its present text may be a later one.
    is_public = case.state == CaseState.PUBLISHED
    shown = contents.content_of(case).pieces if is_public else ()
    circumstances = replace(
        circumstances,
        invited=tx.session.scalar(_INVITED, {"case": case.id}) is not None,
        needed_before=needed_before(tx.session, case, vocabulary),
        unready_pieces=unready_pieces(tx.session, store, case.id, content.pieces, shown),
    )
    result = build_checklist(content, vocabulary, circumstances)
    if result.unmet:
        raise Incomplete("checklist", lines=result.unmet, state=case.state)
    return result


def require_change_complete(
    tx: WriteTransaction,
    case: Incident,
    proposal: Proposal,
    added_texts: Sequence[tuple[str, str]],
    store: KeyStore | None = None,
) -> Checklist:
    """Check a change of a public case; its second person is decided apart.

    Flags that readers see already need no new reason.

    :param added_texts: the texts that it adds apart from the content, with their fields.
    :raises Incomplete: as :func:`require_complete`.
    """
    document = contents.document_of(case)
    circumstances = Circumstances(
        seconded=True,
        attested=proposal.attested,
        flag_reasons=proposal.flag_reasons,
        displayed_texts=added_texts,
        public_flags=document_flags(document),
    )
    content = proposal.content or contents.parse_content(document)
    return require_complete(tx, case, content, circumstances, store)


def propose_if_needed(
    tx: WriteTransaction,
    case: Incident,
    member: Member,
    proposal: Proposal,
    second: int | None,
    *,
    single: bool,
    store: KeyStore | None = None,
) -> JournalEntry | None:
    """Check a change, and store it if it needs a second person; None when it may be made now.

    :param second: the member who approves it in this same act, if any.
    :param single: the register has one moderator, who may be the second person too.
    :returns: the line of the proposal.
    :raises Incomplete: ``checklist``, with the unmet items.
    :raises Refused: ``changes_waiting`` at :data:`WAITING_LIMIT`; the refusals of
        :func:`vouching.require_second`.
    """
    reply = tx.load(Reply, proposal.reply) if proposal.reply is not None else None
    if proposal.act not in second_person.ALWAYS_BY_TWO:
        added_texts = second_person.added_texts(proposal, reply)
        checked = require_change_complete(tx, case, proposal, added_texts, store)
        if not checked.needs_second:
            return None
    if second is not None:
        if single and second == member.id:
            # No text changes by a merge or its end.
            case.single_review |= proposal.act not in second_person.ALWAYS_BY_TWO
        else:
            vouching.require_second(load_acting_member(tx, second), member, tx.at)
        return None
    # A text that cannot be rendered is refused now, not at its approval.
    second_person.preview_change(contents.document_of(case), proposal, tx.at, reply)
    waiting_count = select(func.count()).where(
        PendingChange.incident_id == case.id, PendingChange.refused_at.is_(None)
    )
    if (tx.session.scalar(waiting_count) or 0) >= WAITING_LIMIT:
        raise Refused("changes_waiting", limit=WAITING_LIMIT, state=case.state)
    change = PendingChange(
        id=_next_change_id(tx),
        incident_id=case.id,
        act=proposal.act.value,
        payload=proposal.payload(),
        revision_id=case.revision_id,
        made_by=member.id,
        made_at=tx.at,
    )
    steps.insert(tx, change)
    return steps.record(
        tx, Act.CHANGE_PROPOSED, case, member.id, change=change.id, change_act=change.act
    )


def _next_change_id(tx: WriteTransaction) -> int:
    """An id that no change had: SQLite would give that of a deleted change again.

    Whoever read that one would then approve this one.
    """
    last_line = (
        select(JournalEntry.private_json)
        .filter_by(ledger=Ledger.DESK.value, act=Act.CHANGE_PROPOSED.value)
        .order_by(JournalEntry.seq.desc())
        .limit(1)
    )
    past_id: int = json.loads(tx.session.scalar(last_line) or b'{"change": 0}')["change"]
    # This transaction may have made others, whose lines come at its end.
    return max(past_id, tx.session.scalar(select(func.max(PendingChange.id))) or 0) + 1
