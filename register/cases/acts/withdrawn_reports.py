"""What happens to a draft when the author of a report behind it takes the report back."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import fields, is_dataclass, replace
from typing import Any

from sqlalchemy import delete, func, select, update

from register.cases import case_content as contents
from register.cases import pending_changes as changes
from register.cases import revisions
from register.cases.acts._steps import scrub_after_commit
from register.cases.case_content import Content
from register.cases.models import CaseState, Incident, Invitation, Note, Revision
from register.cases.pending_changes import PendingChange, Proposal
from register.cases.persistence import apply_content, destroy_revisions
from register.errors import Refused
from register.journal import Act, JournalEntry, WriteTransaction
from register.text.quoted_passages import Passages

# The fields of a case, and of its rows, in which a member writes words of their own; the others
# hold codes, dates and addresses.
FREE_TEXT_FIELDS = frozenset(
    {
        *("title", "summary", "narrative", "precision_note", "place_label", "actor_text"),
        *("outlets", "steps_taken", "amount", "label", "publisher", "note"),
        *("court", "docket", "legal_basis", "asked", "asked_of", "cada_number", "opinion"),
    }
)


def withdraw_report(
    tx: WriteTransaction, incident_id: int, report_texts: Collection[str]
) -> JournalEntry:
    """Void a draft's approvals, and destroy what repeats a report that was taken back.

    Until a member saves a version of which they attest that it does without the report, the draft
    cannot be approved or published. A revision, note or text of an invitation that repeats a
    passage is destroyed, a field of the draft that repeats one is emptied. The line tells a day and
    no time: a time would be that at which the author took the report back.

    :param report_texts: the report's own texts.
    :raises Refused: ``already_published``: what was public is asked for in another way.
    """
    case = tx.load(Incident, incident_id)
    if case.number is not None:
        raise Refused("already_published", state=case.state)
    repeats = Passages(report_texts).occur_in
    case.report_withdrawn = True
    content = contents.content_of(case)
    stripped = _without_passages(content, repeats)
    if stripped != content:
        apply_content(tx.session, case, stripped)
    details = {
        "destroyed": _destroy_revisions(tx, case, repeats),
        "notes": _destroy_notes(tx, case, repeats),
        "invitations": _empty_invitations(tx, case, repeats),
    }
    tx.session.flush()
    scrub_after_commit(tx)
    line_details = {name: ids for name, ids in details.items() if ids}
    return tx.record(Act.SOURCE_WITHDRAWN, by=None, incident=case.id, details=line_details)


def withdraw_report_unpublished(
    tx: WriteTransaction, incident_id: int, report_texts: Collection[str]
) -> JournalEntry | None:
    """Destroy what of a published case waits to be published and repeats a report.

    Its author asks to have it back, and what is public is the moderators' to decide on. What is not
    public yet is like a draft: changes that wait for a second person, and, while the case is
    withdrawn, the versions written since, of which one has to be attested before it is restored.

    :returns: the line of it, as in :func:`withdraw_report`; None where nothing waited.
    """
    case = tx.load(Incident, incident_id)
    repeats = Passages(report_texts).occur_in
    details: dict[str, Any] = {"changes": _destroy_changes(tx, case, repeats)}
    since_revision = _withdrawn_at(tx, case)
    if since_revision is not None and (case.revision_id or 0) > since_revision:
        case.report_withdrawn = True
        content = contents.content_of(case)
        stripped = _without_passages(content, repeats)
        if stripped != content:
            apply_content(tx.session, case, stripped)
        details["destroyed"] = _destroy_revisions(tx, case, repeats, since_revision)
    elif details["changes"]:
        # What readers are shown is not to be attested anew.
        details["still_public"] = True
    else:
        return None
    tx.session.flush()
    scrub_after_commit(tx)
    line_details = {name: ids for name, ids in details.items() if ids}
    return tx.record(Act.SOURCE_WITHDRAWN, by=None, incident=case.id, details=line_details)


def _withdrawn_at(tx: WriteTransaction, case: Incident) -> int | None:
    """The version as which a case was withdrawn from view; None where it was not."""
    if case.state != CaseState.WITHDRAWN:
        return None
    stmt = select(func.max(Revision.id)).where(
        Revision.incident_id == case.id, Revision.act == Act.WITHDRAWN.value
    )
    return tx.session.scalar(stmt)


def _destroy_changes(
    tx: WriteTransaction, case: Incident, repeats: Callable[[str], bool]
) -> list[int]:
    pending_changes = tx.session.scalars(
        select(PendingChange).where(PendingChange.incident_id == case.id)
    )
    destroyed_ids = sorted(
        change.id
        for change in pending_changes
        if _change_repeats(changes.parse_proposal(change), repeats)
    )
    if destroyed_ids:
        tx.session.execute(delete(PendingChange).where(PendingChange.id.in_(destroyed_ids)))
    return destroyed_ids


def _change_repeats(proposal: Proposal, repeats: Callable[[str], bool]) -> bool:
    content = proposal.content
    if content is not None and _without_passages(content, repeats) != content:
        return True
    return any(map(repeats, [proposal.reason, *(proposal.words or {}).values()]))


def _without_passages(content: Content, repeats: Callable[[str], bool]) -> Content:
    """The content without the texts that repeat a passage."""

    def strip(name: str, part_value: Any) -> Any:
        if isinstance(part_value, str):
            return "" if name in FREE_TEXT_FIELDS and repeats(part_value) else part_value
        if isinstance(part_value, tuple):
            parts = [strip(name, part) for part in part_value]
            # A name that is empty is no item of a list.
            return tuple(part for part in parts if part != "")
        if is_dataclass(part_value):
            field_changes = {
                spec.name: strip(spec.name, getattr(part_value, spec.name))
                for spec in fields(part_value)
            }
            return replace(part_value, **field_changes)  # type: ignore[type-var]
        return part_value

    stripped: Content = strip("", content)
    return stripped


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
    destroyed_ids = [
        revision.id for revision in revision_rows if _revision_repeats(revision, repeats)
    ]
    if destroyed_ids:
        destroy_revisions(tx, destroyed_ids)
    return destroyed_ids


def _revision_repeats(revision: Any, repeats: Callable[[str], bool]) -> bool:
    content = revisions.parse_content(json.loads(revision.content))
    if _without_passages(content, repeats) != content:
        return True
    return repeats(revision.reason or "") or repeats(revision.flags_reason or "")


def _destroy_notes(
    tx: WriteTransaction, case: Incident, repeats: Callable[[str], bool]
) -> list[int]:
    notes = tx.session.execute(select(Note.id, Note.text).where(Note.incident_id == case.id))
    destroyed_ids = sorted(note.id for note in notes if repeats(note.text))
    if destroyed_ids:
        tx.session.execute(delete(Note).where(Note.id.in_(destroyed_ids)))
    return destroyed_ids


def _empty_invitations(
    tx: WriteTransaction, case: Incident, repeats: Callable[[str], bool]
) -> list[int]:
    invitations_stmt = select(Invitation.id, Invitation.text).where(
        Invitation.incident_id == case.id
    )
    emptied_ids = sorted(
        invitation.id
        for invitation in tx.session.execute(invitations_stmt)
        if repeats(invitation.text)
    )
    if emptied_ids:
        tx.session.execute(update(Invitation).where(Invitation.id.in_(emptied_ids)).values(text=""))
    return emptied_ids
