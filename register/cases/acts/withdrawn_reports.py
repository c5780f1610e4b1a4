"""Effects of a withdrawn report on the cases that were written from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, func, select, update

from register.cases import case_content as contents
from register.cases import second_person as changes
from register.cases.acts._steps import scrub_after_commit
from register.cases.case_content import Content, FieldKind, FieldRule, parse_content
from register.cases.models import CaseState, Incident, Invitation, Note, Revision
from register.cases.persistence import apply_content, destroy_revisions
from register.cases.second_person import PendingChange
from register.errors import Refused
from register.journal import Act, JournalEntry, WriteTransaction
from register.text.text_comparison import Passages


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
    _empty_repeating_fields(tx, case, repeats)
    destroyed_ids = _destroy_revisions(tx, case, repeats)
    note_ids = _repeating_ids(tx, case, Note, repeats)
    if note_ids:
        tx.session.execute(delete(Note).where(Note.id.in_(note_ids)))
    invitation_ids = _repeating_ids(tx, case, Invitation, repeats)
    if invitation_ids:
        emptied = update(Invitation).where(Invitation.id.in_(invitation_ids)).values(text="")
        tx.session.execute(emptied)
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
        _empty_repeating_fields(tx, case, repeats)
        details["destroyed"] = _destroy_revisions(tx, case, repeats, since_revision)
    elif details["changes"]:
        # The public text needs no new attestation.
        details["still_public"] = True
    else:
        return None
    return _record_withdrawal(tx, case, details)


def _empty_repeating_fields(
    tx: WriteTransaction, case: Incident, repeats: Callable[[str], bool]
) -> None:
    """Mark the case as one with a withdrawn report, and empty the fields that repeat it."""
    case.report_withdrawn = True
    content = contents.content_of(case)
    stripped = _without_passages(content, repeats)
    if stripped != content:
        apply_content(tx.session, case, stripped)


def _record_withdrawal(
    tx: WriteTransaction, case: Incident, details: dict[str, Any]
) -> JournalEntry:
    tx.session.flush()
    scrub_after_commit(tx)
    line_details = {name: ids for name, ids in details.items() if ids}
    return tx.record(Act.SOURCE_WITHDRAWN, by=None, incident=case.id, details=line_details)


def _destroy_changes(
    tx: WriteTransaction, case: Incident, repeats: Callable[[str], bool]
) -> list[int]:
    pending_changes = tx.session.scalars(
        select(PendingChange).where(PendingChange.incident_id == case.id)
    )
    destroyed_ids = []
    for change in pending_changes:
        proposal = changes.parse_proposal(change)
        texts = [proposal.reason, *(proposal.words or {}).values()]
        if _has_passage(proposal.content, texts, repeats):
            destroyed_ids.append(change.id)
    if destroyed_ids:
        tx.session.execute(delete(PendingChange).where(PendingChange.id.in_(destroyed_ids)))
    return sorted(destroyed_ids)


def _has_passage(
    content: Content | None, texts: Collection[str], repeats: Callable[[str], bool]
) -> bool:
    """Whether a content or one of the texts repeats a passage."""
    if content is not None and _without_passages(content, repeats) != content:
        return True
    return any(map(repeats, texts))


def _without_passages(content: Content, repeats: Callable[[str], bool]) -> Content:
    """The content without the texts that repeat a passage."""

    def strip(rule: FieldRule, string: str) -> str:
        return "" if rule.kind is FieldKind.TEXT and repeats(string) else string

    stripped = content.with_strings(strip)
    return replace(stripped, outlets=tuple(filter(None, stripped.outlets)))


def _destroy_revisions(
    tx: WriteTransaction, case: Incident, repeats: Callable[[str], bool], since_revision: int = 0
) -> list[int]:
    revision_rows = tx.session.execute(
        select(Revision.id, Revision.content, Revision.reason, Revision.flags_reason)
        .where(
            Revision.incident_id == case.id,
            Revision.content.is_not(None),
            Revision.id > since_revision,
        )
        .order_by(Revision.id)
    )
    destroyed_ids = []
    for revision in revision_rows:
        content = parse_content(json.loads(revision.content))
        reasons = [revision.reason or "", revision.flags_reason or ""]
        if _has_passage(content, reasons, repeats):
            destroyed_ids.append(revision.id)
    if destroyed_ids:
        destroy_revisions(tx, destroyed_ids)
    return destroyed_ids


def _repeating_ids(
    tx: WriteTransaction,
    case: Incident,
    table: type[Note | Invitation],
    repeats: Callable[[str], bool],
) -> list[int]:
    """The rows whose text repeats a passage."""
    stmt = select(table.id, table.text).where(table.incident_id == case.id).order_by(table.id)
    return [row.id for row in tx.session.execute(stmt) if repeats(row.text)]
