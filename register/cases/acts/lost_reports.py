"""What happens to a draft when the author of a report behind it takes the report back."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import fields, is_dataclass, replace
from typing import Any

from sqlalchemy import delete, func, select, update

from register.cases import case_content as contents
from register.cases import changes, revisions
from register.cases.acts._steps import scrub_after
from register.cases.case_content import Content
from register.cases.changes import Proposal
from register.cases.models import Incident, Invitation, Note, Revision, State
from register.cases.pending import PendingChange
from register.cases.persistence import apply, destroy_revisions
from register.errors import Refused
from register.journal import Act, Entry, Pen
from register.text.passages import Passages

# The fields of a case, and of its rows, in which a member writes words of their own; the others
# hold codes, dates and addresses.
WRITTEN = frozenset(
    {
        *("title", "summary", "narrative", "precision_note", "place_label", "actor_text"),
        *("outlets", "steps_taken", "amount", "label", "publisher", "note"),
        *("court", "docket", "legal_basis", "asked", "asked_of", "cada_number", "opinion"),
    }
)


def lose_report(pen: Pen, incident_id: int, words: Collection[str]) -> Entry:
    """Void a draft's approvals, and destroy what repeats a report that was taken back.

    Until a member saves a version of which they attest that it does without the report, the draft
    cannot be approved or published. A revision, note or text of an invitation that repeats a
    passage is destroyed, a field of the draft that repeats one is emptied. The line tells a day and
    no time: a time would be that at which the author took the report back.

    :param words: the report's own texts.
    :raises Refused: ``already_published``: what was public is asked for in another way.
    """
    case = pen.load(Incident, incident_id)
    if case.number is not None:
        raise Refused("already_published", state=case.state)
    repeats = Passages(words).in_text
    case.report_withdrawn = True
    content = contents.of(case)
    emptied = _without(content, repeats)
    if emptied != content:
        apply(pen.session, case, emptied)
    details = {
        "destroyed": _revisions(pen, case, repeats),
        "notes": _notes(pen, case, repeats),
        "invitations": _invitations(pen, case, repeats),
    }
    pen.session.flush()
    scrub_after(pen)
    told = {name: ids for name, ids in details.items() if ids}
    return pen.record(Act.SOURCE_WITHDRAWN, by=None, incident=case.id, details=told)


def lose_unpublished(pen: Pen, incident_id: int, words: Collection[str]) -> Entry | None:
    """Destroy what of a published case waits to be published and repeats a report.

    Its author asks to have it back, and what is public is the moderators' to decide on. What is not
    public yet is like a draft: changes that wait for a second person, and, while the case is
    withdrawn, the versions written since, of which one has to be attested before it is restored.

    :returns: the line of it, as in :func:`lose_report`; None where nothing waited.
    """
    case = pen.load(Incident, incident_id)
    repeats = Passages(words).in_text
    details: dict[str, Any] = {"changes": _changes(pen, case, repeats)}
    since = _withdrawn_at(pen, case)
    if since is not None and (case.revision_id or 0) > since:
        case.report_withdrawn = True
        content = contents.of(case)
        emptied = _without(content, repeats)
        if emptied != content:
            apply(pen.session, case, emptied)
        details["destroyed"] = _revisions(pen, case, repeats, since)
    elif details["changes"]:
        # What readers are shown is not to be attested anew.
        details["still_public"] = True
    else:
        return None
    pen.session.flush()
    scrub_after(pen)
    told = {name: value for name, value in details.items() if value}
    return pen.record(Act.SOURCE_WITHDRAWN, by=None, incident=case.id, details=told)


def _withdrawn_at(pen: Pen, case: Incident) -> int | None:
    """The version as which a case was withdrawn from view; None where it was not."""
    if case.state != State.WITHDRAWN:
        return None
    asked = select(func.max(Revision.id)).where(
        Revision.incident_id == case.id, Revision.act == Act.WITHDRAWN.value
    )
    return pen.session.scalar(asked)


def _changes(pen: Pen, case: Incident, repeats: Callable[[str], bool]) -> list[int]:
    rows = pen.session.scalars(select(PendingChange).where(PendingChange.incident_id == case.id))
    gone = sorted(row.id for row in rows if _proposes(changes.read(row), repeats))
    if gone:
        pen.session.execute(delete(PendingChange).where(PendingChange.id.in_(gone)))
    return gone


def _proposes(proposal: Proposal, repeats: Callable[[str], bool]) -> bool:
    content = proposal.content
    if content is not None and _without(content, repeats) != content:
        return True
    return any(map(repeats, [proposal.reason, *(proposal.words or {}).values()]))


def _without(content: Content, repeats: Callable[[str], bool]) -> Content:
    """The content without the texts that repeat a passage."""

    def emptied(name: str, value: Any) -> Any:
        if isinstance(value, str):
            return "" if name in WRITTEN and repeats(value) else value
        if isinstance(value, tuple):
            parts = [emptied(name, part) for part in value]
            # A name that is empty is no item of a list.
            return tuple(part for part in parts if part != "")
        if is_dataclass(value):
            changes = {
                spec.name: emptied(spec.name, getattr(value, spec.name)) for spec in fields(value)
            }
            return replace(value, **changes)  # type: ignore[type-var]
        return value

    result: Content = emptied("", content)
    return result


def _revisions(
    pen: Pen, case: Incident, repeats: Callable[[str], bool], since: int = 0
) -> list[int]:
    rows = pen.session.execute(
        select(Revision.id, Revision.content, Revision.reason, Revision.flags_reason)
        .where(Revision.incident_id == case.id, Revision.content.is_not(None), Revision.id > since)
        .order_by(Revision.id)
    )
    gone = [row.id for row in rows if _repeats(row, repeats)]
    if gone:
        destroy_revisions(pen, gone)
    return gone


def _repeats(row: Any, repeats: Callable[[str], bool]) -> bool:
    content = revisions.read(json.loads(row.content))
    if _without(content, repeats) != content:
        return True
    return repeats(row.reason or "") or repeats(row.flags_reason or "")


def _notes(pen: Pen, case: Incident, repeats: Callable[[str], bool]) -> list[int]:
    rows = pen.session.execute(select(Note.id, Note.text).where(Note.incident_id == case.id))
    gone = sorted(row.id for row in rows if repeats(row.text))
    if gone:
        pen.session.execute(delete(Note).where(Note.id.in_(gone)))
    return gone


def _invitations(pen: Pen, case: Incident, repeats: Callable[[str], bool]) -> list[int]:
    own = select(Invitation.id, Invitation.text).where(Invitation.incident_id == case.id)
    gone = sorted(row.id for row in pen.session.execute(own) if repeats(row.text))
    if gone:
        pen.session.execute(update(Invitation).where(Invitation.id.in_(gone)).values(text=""))
    return gone
