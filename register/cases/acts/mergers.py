"""Acts that join a case to another one, and part it from that again."""

from __future__ import annotations

from sqlalchemy import select

from register.cases.acts import _steps as steps
from register.cases.acts._public_checks import propose_if_needed
from register.cases.acts.evidence import copy_files, part_files
from register.cases.invitations import stop_mails
from register.cases.models import CaseState, Incident, Invitation
from register.cases.second_person import Proposal
from register.errors import Refused
from register.journal import Act, JournalEntry, WriteTransaction
from register.key_store import KeyStore


def merge(
    tx: WriteTransaction,
    incident_id: int,
    *,
    into: int,
    by: int,
    reason: str,
    seen: int | None = None,
    second: int | None = None,
    single: bool = False,
    store: KeyStore | None = None,
) -> JournalEntry:
    """Merge a case into another public one; at a public case's address stays a notice.

    The merge of a draft changes nothing public, and needs nobody else.

    :param into: the other case's number.
    :param second: a member who approves it in this same act. Without one, the merge of a case that
        was public becomes a pending change, and the line is that of the proposal.
    :param store: with it, the other case gets the files of this one too.
    :raises Refused: ``merge_target``: the other case is not public, or is this one.
    """
    case, member = steps.load_case(tx, incident_id, by)
    act = Act.DRAFT_MERGED if case.state == CaseState.DRAFT else Act.MERGED
    steps.require_allowed(tx, case, member, act)
    steps.require_unchanged(case, seen)
    target = tx.session.scalars(select(Incident).where(Incident.number == into)).first()
    if target is None or target.state != CaseState.PUBLISHED or target.id == case.id:
        raise Refused("merge_target", number=into, state=case.state)
    proposal = Proposal(act, steps.required_text("reason", reason), words={"into": str(into)})
    if act is Act.MERGED:
        line = propose_if_needed(tx, case, member, proposal, second, single=single)
        if line is not None:
            return line
    if store is not None:
        copy_files(tx, store, case, target, member)
    stop_mails(tx.session, Invitation.incident_id == case.id)
    case.state, case.merged_into, case.moved_at = CaseState.MERGED, into, tx.at
    details = {"into": into, **steps.approval_details(second)}
    return steps.record_change(tx, case, member, proposal, details, committed=False)


def part(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    reason: str,
    seen: int | None = None,
    second: int | None = None,
    single: bool = False,
    store: KeyStore | None = None,
) -> JournalEntry:
    """Part a case from the one that it was merged into: it is published again, or withdrawn.

    :param second: as for :func:`merge`.
    :param store: with it, the files that this case brought leave the other one, but for those that
        its text shows.
    :raises Refused: ``draft_has_no_number``: it was merged as a draft.
    """
    case, member = steps.begin_act(tx, incident_id, Act.PARTED, by, seen)
    require_number(case)
    proposal = Proposal(Act.PARTED, steps.required_text("reason", reason))
    line = propose_if_needed(tx, case, member, proposal, second, single=single)
    if line is not None:
        return line
    if store is not None:
        part_files(tx, store, case, member)
    details = {"into": case.merged_into, **steps.approval_details(second)}
    # Only a case that is or was withdrawn has the reason of a withdrawal.
    case.state = CaseState.WITHDRAWN if case.restriction else CaseState.PUBLISHED
    case.merged_into, case.moved_at = None, tx.at
    committed = case.state == CaseState.PUBLISHED
    return steps.record_change(tx, case, member, proposal, details, committed=committed)


def require_number(case: Incident) -> None:
    """Check that a merged case was public before.

    :raises Refused: ``draft_has_no_number``.
    """
    if case.number is None:
        raise Refused("draft_has_no_number", state=case.state)
