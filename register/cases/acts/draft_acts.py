"""Acts on drafts, and the effects of a withdrawn report."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import chain
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm.attributes import set_committed_value

from register.accounts import vouching
from register.accounts.vouching import load_acting_member
from register.cases import case_content as contents
from register.cases.acts import _steps as steps
from register.cases.acts._public_checks import unexplained_flags
from register.cases.case_codes import CodeChange
from register.cases.case_content import Content, parse_content
from register.cases.core_tables import CASE
from register.cases.field_rules import FieldKind, FieldRule
from register.cases.models import CaseState, Incident, Invitation, Note, RedactedOriginal, Revision
from register.cases.persistence import derived_columns, destroy_revisions, retain_content
from register.cases.risk_flags import GivenReasons, parse_reasons
from register.cases.second_person import PendingChange, Proposal
from register.errors import Invalid, Refused
from register.journal import Act, JournalEntry, WriteTransaction
from register.text.normalisation import clean
from register.text.text_comparison import Passages

# Built once, because an import executes it for every row.
_INSERT_CASE = CASE.insert().returning(CASE.c.id)


def draft(
    tx: WriteTransaction,
    content: Content,
    *,
    by: int,
    reason: str,
    note: str = "",
    flag_reasons: GivenReasons = "",
) -> Incident:
    """Create a draft.

    :param note: an internal note, never public.
    :param flag_reasons: the reasons of its risk flags, which its second reader has to see.
    :raises Invalid: invalid content, or no reason.
    """
    member = load_acting_member(tx, by)
    content = steps.valid_content(tx, content)
    columns = {"state": CaseState.DRAFT, "created_at": tx.at, **derived_columns(content)}
    case = tx.load(Incident, tx.session.scalar(_INSERT_CASE, columns))
    for fragments in ("follow_ups", "replies", "corrections"):
        # Empty, so that they need no query.
        set_committed_value(case, fragments, [])
    if note:
        tx.session.add(
            Note(incident_id=case.id, written_at=tx.at, written_by=member.id, text=clean(note))
        )
    proposal = Proposal(Act.DRAFTED, reason, content, flag_reasons=flag_reasons)
    steps.record_change(tx, case, member, proposal)
    return case


def edit(
    tx: WriteTransaction,
    incident_id: int,
    content: Content,
    *,
    by: int,
    reason: str,
    without_report: bool = False,
    flag_reasons: GivenReasons = "",
    seen: int | None = None,
) -> JournalEntry:
    """Change a draft, or a withdrawn case before its restoration; voids approvals.

    :param flag_reasons: as for :func:`draft`.
    :param without_report: the member attests that nothing in this version rests on a withdrawn
        report; required for the first version saved after such a withdrawal.
    :raises Invalid: ``report_withdrawn`` where the attestation is required and missing.
    """
    case, member = steps.begin_act(tx, incident_id, Act.EDITED, by, seen)
    if case.report_withdrawn and not without_report:
        raise Invalid("report_withdrawn", field="without_report")
    details = {"attested": ["without_report"]} if case.report_withdrawn else None
    case.report_withdrawn = False
    content = steps.valid_content(tx, content, case)
    proposal = Proposal(Act.EDITED, reason, content, flag_reasons=flag_reasons)
    return steps.record_change(tx, case, member, proposal, details)


def discard(
    tx: WriteTransaction, incident_id: int, *, by: int, seen: int | None = None
) -> JournalEntry:
    """Discard a draft: its texts are destroyed, its lines of the desk's ledger stay."""
    case, member = steps.begin_act(tx, incident_id, Act.DISCARDED, by, seen)
    return steps.erase_and_record(tx, case, member, Act.DISCARDED)


def approve(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    purpose: str = "publish",
    seen: int | None = None,
) -> JournalEntry:
    """Approve the current revision as a second member, to publish (or restore) or to erase.

    :raises Refused: ``own_revision`` for the member who wrote it, ``member_vouches_later`` for an
        account that may not vouch yet; ``report_withdrawn`` until a version without the withdrawn
        report is saved; ``flags_unexplained`` to publish, until each risk flag has its reason;
        ``version_refused`` until another version is saved.
    """
    case, member = steps.begin_act(tx, incident_id, Act.APPROVED, by, seen)
    if purpose not in ("publish", "erase"):
        raise Invalid("unknown_purpose", value=purpose)
    if purpose == "publish" and case.state not in (CaseState.DRAFT, CaseState.WITHDRAWN):
        raise Refused("nothing_to_approve", state=case.state)
    if case.report_withdrawn:
        raise Refused("report_withdrawn", state=case.state)
    revision = tx.load(Revision, case.revision_id)
    vouching.require_vouching(member, tx.at)
    if purpose == "publish":
        if revision.made_by == member.id:
            raise Refused("own_revision", state=case.state)
        steps.require_not_refused(case)
        steps.require_second(tx, member, revision.made_by)
        if flags := unexplained_flags(tx, case):
            raise Refused("flags_unexplained", flags=flags, state=case.state)
    if member.id in steps.approvers(tx, case, purpose):
        raise Refused("already_approved", state=case.state)
    return steps.record_approval(tx, case, member, purpose)


# Whether a text repeats a passage of a report.
Repeats = Callable[[str], bool]


def withdraw_report(
    tx: WriteTransaction, incident_id: int, report_texts: Collection[str]
) -> JournalEntry:
    """Void a draft's approvals, and destroy the texts that repeat a withdrawn report.

    Until a member saves a version and attests that it does not rest on the report, the draft cannot
    be approved or published. A revision, note or text of an invitation that repeats a passage is
    destroyed, a field of the draft that repeats one is emptied. The line has a day and no time: it
    would be the time at which the author withdrew the report.

    :param report_texts: the report's own texts.
    :raises Refused: ``already_published``: for a case with a number, see
        :func:`withdraw_report_unpublished`.
    """
    case = tx.load(Incident, incident_id)
    if case.number is not None:
        raise Refused("already_published", state=case.state)
    repeats = Passages(report_texts).occur_in
    destroyed_ids = _destroy_revisions(tx, case, repeats)
    note_ids = _repeating_ids(tx, case, Note, repeats)
    tx.session.execute(delete(Note).where(Note.id.in_(note_ids)))
    invitation_ids = _repeating_ids(tx, case, Invitation, repeats)
    emptied = update(Invitation).where(Invitation.id.in_(invitation_ids)).values(text="")
    tx.session.execute(emptied)
    if repeats(case.term_label):
        case.term_label = ""
    details = {"destroyed": destroyed_ids, "notes": note_ids, "invitations": invitation_ids}
    return _record_withdrawal(tx, case, details)


def withdraw_report_unpublished(
    tx: WriteTransaction, incident_id: int, report_texts: Collection[str]
) -> JournalEntry | None:
    """Destroy the unpublished texts of a published case that repeat a withdrawn report.

    Moderators decide about the public texts. The unpublished ones are treated like a draft: pending
    changes, and, while the case is withdrawn, the versions saved since its withdrawal, of which one
    has to be attested before the restoration.

    :returns: the line, as in :func:`withdraw_report`; None if there was nothing to destroy.
    """
    case = tx.load(Incident, incident_id)
    repeats = Passages(report_texts).occur_in
    details: dict[str, Any] = {"changes": _destroy_changes(tx, case, repeats)}
    last_withdrawal = select(func.max(Revision.id)).where(
        Revision.incident_id == case.id, Revision.act == Act.WITHDRAWN.value
    )
    since_revision = (
        tx.session.scalar(last_withdrawal) if case.state == CaseState.WITHDRAWN else None
    )
    if since_revision is not None and (case.revision_id or 0) > since_revision:
        details["destroyed"] = _destroy_revisions(tx, case, repeats, since_revision)
    elif details["changes"]:
        # The public text needs no new attestation.
        details["still_public"] = True
    else:
        return None
    return _record_withdrawal(tx, case, details)


def _record_withdrawal(
    tx: WriteTransaction, case: Incident, details: dict[str, Any]
) -> JournalEntry:
    tx.session.flush()
    steps.scrub_after_commit(tx)
    line_details = {name: ids for name, ids in details.items() if ids}
    return tx.record(Act.SOURCE_WITHDRAWN, by=None, incident=case.id, details=line_details)


def _destroy_changes(tx: WriteTransaction, case: Incident, repeats: Repeats) -> list[int]:
    pending_changes = tx.session.scalars(
        select(PendingChange).where(PendingChange.incident_id == case.id)
    )
    destroyed_ids = []
    for change in pending_changes:
        proposal = change.proposal
        texts = [*proposal.texts(), change.refusal, change.passage]
        if _has_passage(proposal.content, texts, repeats):
            destroyed_ids.append(change.id)
    if destroyed_ids:
        tx.session.execute(delete(PendingChange).where(PendingChange.id.in_(destroyed_ids)))
    return sorted(destroyed_ids)


def _has_passage(content: Content | None, texts: Collection[str], repeats: Repeats) -> bool:
    """Whether a content or one of the texts repeats a passage."""
    if content is not None and _without_passages(content, repeats) != content:
        return True
    return any(map(repeats, texts))


def _without_passages(content: Content, repeats: Repeats) -> Content:
    """The content without the texts that repeat a passage."""

    def strip(rule: FieldRule, string: str) -> str:
        return "" if rule.kind is FieldKind.TEXT and repeats(string) else string

    stripped = content.with_strings(strip)
    return replace(stripped, outlets=tuple(filter(None, stripped.outlets)))


def _destroy_revisions(
    tx: WriteTransaction, case: Incident, repeats: Repeats, since_revision: int = 0
) -> list[int]:
    """Destroy the revisions that repeat a passage; returns their ids.

    Of the present content, the fields that repeat none are left.
    """
    case.report_withdrawn = True
    present_content = contents.content_of(case)
    # A redaction leaves a revision without its passage, and an original that has it.
    destroyed_ids = set()
    tables: tuple[tuple[Any, Any, tuple[Any, ...]], ...] = (
        (Revision.id, Revision, (Revision.refusal, Revision.passage)),
        (RedactedOriginal.revision_id, RedactedOriginal, ()),
    )
    for key, table, refusal in tables:
        rows = tx.session.execute(
            select(key, table.content, table.flags_reason, table.reason, *refusal).where(
                table.incident_id == case.id, table.content.is_not(None), key > since_revision
            )
        )
        for revision_id, document, flags_reason, *texts in rows:
            reasons = [*(text or "" for text in texts), *chain(*parse_reasons(flags_reason))]
            if _has_passage(parse_content(json.loads(document)), reasons, repeats):
                destroyed_ids.add(revision_id)
    destroy_revisions(tx, destroyed_ids)
    if case.revision is not None and case.revision.content is None:
        remaining_content = _without_passages(present_content, repeats)
        retain_content(case, remaining_content)
        CodeChange.of(tx.session, case, remaining_content).write(tx.session)
    return sorted(destroyed_ids)


def _repeating_ids(
    tx: WriteTransaction, case: Incident, table: type[Note | Invitation], repeats: Repeats
) -> list[int]:
    """The rows whose text repeats a passage."""
    stmt = select(table.id, table.text).where(table.incident_id == case.id).order_by(table.id)
    return [row.id for row in tx.session.execute(stmt) if repeats(row.text)]
