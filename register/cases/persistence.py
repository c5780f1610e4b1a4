"""Database writes of ``acts``: content to a revision and its derived rows, destruction of texts.

Only ``acts`` calls them, inside a write transaction.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from register.cases import case_content as contents
from register.cases import decisions
from register.cases.case_content import FIELD_RULES, Content
from register.cases.checklist import checklist_columns
from register.cases.core_tables import CASE, REVISION
from register.cases.field_rules import FieldKind
from register.cases.models import (
    NO_DAY,
    Correction,
    FollowUp,
    Incident,
    Invitation,
    Note,
    Origin,
    RedactedOriginal,
    Reply,
    Revision,
)
from register.cases.redaction_plan import RedactedVersion, redact_document
from register.cases.risk_flags import all_reasons, displayed_texts, format_reasons, risk_flags
from register.cases.second_person import Destruction, PendingChange, Proposal
from register.cases.timeline import request_clock
from register.cases.vocabulary import current_vocabulary
from register.journal import Act, WriteTransaction
from register.journal.models import canonical_json, commitment, new_salt
from register.text import dates
from register.text.passage_removal import PassageRemoval

BATCH = 200
_NO_SYNC = {"synchronize_session": False}
# The fields of the content that are columns of the case too.
_COPIED_FIELDS = tuple(name for name in FIELD_RULES[Content] if name in Incident.__table__.columns)
# Those that outlast the erasure of the case, apart from codes and dates.
_RETAINED_FIELDS = frozenset(
    ("country", "commune", "departement", "region", "contested", "language")
)


def derived_columns(content: Content) -> dict[str, Any]:
    """The columns of a case that lists and rules read, from its content."""
    day = dates.parse(content.date) if content.date else None
    end = dates.parse(content.end_date) if content.end_date else None
    request = request_clock(asdict(content.request) if content.request else None)
    return {
        **{name: getattr(content, name) for name in _COPIED_FIELDS},
        "date_first": day.first if day else None,
        "date_last": day.last if day else None,
        "sort_day": day.first if day else NO_DAY,
        "duration": (end.last - day.first).days if day and end else None,
        "appealed": decisions.is_appealed(content),
        **dict(zip(("request_event", "request_on"), request, strict=True)),
    }


def write_columns(case: Incident, content: Content) -> None:
    """Write the derived columns of a case."""
    for name, column_value in derived_columns(content).items():
        setattr(case, name, column_value)


def retain_content(case: Incident, content: Content) -> None:
    """Keep what is left of the content of a case whose current revision is destroyed."""
    case.remaining_content = contents.canonical_content(content, {})
    write_columns(case, content)


# Built once, because an import executes it for every row.
_INSERT_REVISION = REVISION.insert().returning(REVISION.c.id)


def save_revision(
    tx: WriteTransaction, case: Incident, content: Content, proposal: Proposal, *, by: int
) -> tuple[int, str, dict[str, str]]:
    """Save a content of a case with its fragments as its current revision.

    The revision takes over the reasons of the flags that remain.

    :returns: the id of the revision, the commitment of its content, and the commitments that bind
        its reasons and its HTML to its journal line.
    :raises register.errors.TextError: a text is too long or hostile to be rendered.
    """
    write_columns(case, content)
    fragments = contents.fragments_of(case)
    document = contents.canonical_content(content, fragments)
    flags_reason = ""
    if flags := risk_flags(content, displayed_texts(fragments)):
        reasons = all_reasons(tx.session, case.id, proposal.flag_reasons)
        flags_reason = format_reasons(flags, reasons)
    html, renderer = contents.render_texts(document)
    salt, vocabulary = new_salt(), current_vocabulary(tx.session)
    columns = {
        "incident_id": case.id,
        "act": proposal.act.value,
        "made_at": tx.at,
        "made_by": by,
        "reason": proposal.reason,
        "flags_reason": flags_reason,
        "salt": salt,
        "content": document,
        "html": html,
        "renderer": renderer,
        **checklist_columns(json.loads(document), flags_reason, vocabulary, content=content),
    }
    case.revision_id, case.remaining_content = tx.session.scalar(_INSERT_REVISION, columns), None
    # Its relationship still has the former revision.
    tx.session.expire(case, ["revision"])
    commitments = {
        "why": reasons_commitment(salt, proposal.reason, flags_reason),
        "page": page_commitment(salt, renderer, html),
    }
    return case.revision_id, commitment(salt, document), commitments


def refresh_checklists(session: Session) -> None:
    """Make the stored checklists again, with the present vocabulary and the present risk flags."""
    vocabulary = current_vocabulary(session)
    stmt = select(
        REVISION.c.id,
        REVISION.c.act,
        REVISION.c.content,
        REVISION.c.flags_reason,
        REVISION.c.unmet,
        REVISION.c.needs_second,
    )
    readable = stmt.where(REVISION.c.content.is_not(None)).execution_options(yield_per=BATCH)
    changed = []
    for revision_id, act, content, flags_reason, *stored in session.execute(readable):
        needed = act == Act.PUBLISHED and stored[-1]
        columns = checklist_columns(json.loads(content), flags_reason, vocabulary, needed=needed)
        if stored != list(columns.values()):
            changed.append({"id": revision_id, **columns})
    if changed:
        session.execute(update(Revision), changed)


def page_commitment(salt: bytes, renderer: str, html: bytes) -> str:
    """The commitment to the HTML of a revision and to the renderer's version."""
    return commitment(salt, renderer.encode() + b"\n" + html)


def reasons_commitment(salt: bytes, reason: str, flags_reason: str) -> str:
    """The commitment to a revision's private reasons."""
    return commitment(salt, f"{reason}\n{flags_reason}".encode())


def destroy_texts(
    tx: WriteTransaction, case: Incident, subset: Select[Any] | None = None
) -> list[int]:
    """Null the texts, salt and reasons of every revision; returns their ids, oldest first.

    :param subset: a statement on the ids of the revisions, if not all are meant.
    """
    remaining = select(Revision.id).where(
        Revision.incident_id == case.id, Revision.content.is_not(None)
    )
    if subset is not None:
        remaining = remaining.where(Revision.id.in_(subset))
    destroyed_ids = list(tx.session.scalars(remaining.order_by(Revision.id)))
    destroy_revisions(tx, destroyed_ids)
    # The digest of an imported line would confirm a guess of its words.
    tx.session.execute(
        update(Origin).where(Origin.incident_id == case.id).values(digest=""),
        execution_options=_NO_SYNC,
    )
    return destroyed_ids


# Columns of the texts of a revision, which its original has too.
_TEXT_COLUMNS = ("reason", "flags_reason", "salt", "content", "html", "renderer")


def destroy_revisions(tx: WriteTransaction, revision_ids: Collection[int]) -> None:
    """Null the texts, salt and reasons of some revisions, empty refusals, delete originals."""
    tx.session.execute(
        delete(RedactedOriginal).where(RedactedOriginal.revision_id.in_(revision_ids)),
        execution_options=_NO_SYNC,
    )
    tx.session.execute(
        update(Revision)
        .where(Revision.id.in_(revision_ids))
        .values({**dict.fromkeys((*_TEXT_COLUMNS, "unmet")), "refusal": "", "passage": ""}),
        execution_options={"synchronize_session": "fetch"},
    )


def redact_revision(
    tx: WriteTransaction, version: RedactedVersion, destruction_id: int
) -> dict[str, str]:
    """Put the redacted texts in the place of the original ones, which members can still read.

    :returns: the commitments of the redacted texts, under a salt of their own: with the former
        salt, the passage could be guessed from the former commitment.
    """
    revision = tx.load(Revision, version.id)
    columns = {name: getattr(revision, name) or "" for name in _TEXT_COLUMNS}
    tx.session.add(
        RedactedOriginal(
            incident_id=revision.incident_id,
            revision_id=revision.id,
            destruction_id=destruction_id,
            **columns,
        )
    )
    salt, vocabulary = new_salt(), current_vocabulary(tx.session)
    needed = revision.act == Act.PUBLISHED and revision.needs_second
    redacted_columns = {
        "reason": version.reason,
        "flags_reason": version.flags_reason,
        "salt": salt,
        "content": version.document,
        "html": version.html,
        "renderer": version.renderer,
        **checklist_columns(
            json.loads(version.document), version.flags_reason, vocabulary, needed=needed
        ),
    }
    for name, column_value in redacted_columns.items():
        setattr(revision, name, column_value)
    return {
        "content": commitment(salt, version.document),
        "why": reasons_commitment(salt, version.reason, version.flags_reason),
        "page": page_commitment(salt, version.renderer, version.html),
    }


def destroy_originals(
    tx: WriteTransaction, case: Incident, destruction: Destruction, removal: PassageRemoval
) -> list[tuple[int, int]]:
    """Delete the originals of a redaction, and those of others that have its passages.

    :returns: the ids of the redaction and of the revision of each.
    """
    originals = [
        original
        for original in tx.session.scalars(
            select(RedactedOriginal)
            .where(RedactedOriginal.incident_id == case.id)
            .order_by(RedactedOriginal.id)
        )
        if original.destruction_id == destruction.id
        or redact_document(original.content, removal) != original.content
        or any(map(removal.occurs_in, (original.reason, original.flags_reason)))
    ]
    for original in originals:
        tx.session.delete(original)
    return [(original.destruction_id, original.revision_id) for original in originals]


# Texts for members that no line commits to, of which a redaction takes out the passage.
_MEMBERS_TEXTS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (Note, ("text",)),
    (Invitation, ("text",)),
    (Reply, ("refusal",)),
    (Revision, ("refusal", "passage")),
    (PendingChange, ("refusal", "passage", "payload")),
)


def redacted_members_words(
    session: Session, incident_id: int, removal: PassageRemoval
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The notes, invitations, refusals and pending changes of a case that have a passage.

    :returns: each row, with its columns that have one as they read without it.
    """

    def redact(cell: str | bytes) -> str | bytes:
        if isinstance(cell, str):
            return removal.remove_from(cell)
        payload = redact_document(cell, removal)
        # The key of a flag's reason is a digest of the flagged words.
        return (
            cell if payload == cell else canonical_json(json.loads(payload) | {"flag_reasons": {}})
        )

    for model, columns in _MEMBERS_TEXTS:
        stmt = select(model).where(model.incident_id == incident_id).order_by(model.id)
        for members_row in session.scalars(stmt):
            cells = {column: getattr(members_row, column) for column in columns}
            redacted = {column: redact(cell) for column, cell in cells.items()}
            if redacted != cells:
                yield members_row, redacted


def destroy_members_words(tx: WriteTransaction, case: Incident, until: datetime) -> None:
    """Delete internal notes, and empty the texts of invitations while their rows stay.

    :param until: notes and invitations that were written later stay.
    """
    session = tx.session
    session.execute(delete(Note).where(Note.incident_id == case.id, Note.written_at <= until))
    old_invitations = (Invitation.incident_id == case.id, Invitation.noted_at <= until)
    session.execute(update(Invitation).where(*old_invitations).values(text=""))


def erase_texts(tx: WriteTransaction, case: Incident) -> list[int]:
    """Destroy every text of a case; its codes stay, because feeds of followers need them.

    :returns: the ids of the revisions whose texts are destroyed.
    """
    session = tx.session
    # Named are the fields that stay: one that is added later is destroyed until it is named.
    for name in _COPIED_FIELDS:
        is_code = FIELD_RULES[Content][name].kind in (FieldKind.CODE, FieldKind.DATE)
        if not is_code and name not in _RETAINED_FIELDS:
            setattr(case, name, "")
    case.remaining_content, case.request_event, case.request_on = None, "", None
    session.flush()
    for table in (FollowUp, Reply, Correction, Invitation, Note, PendingChange):
        rows = delete(table).where(table.incident_id == case.id)
        session.execute(rows, execution_options=_NO_SYNC)
    stmt = update(Destruction).where(Destruction.incident_id == case.id).values(passages=None)
    session.execute(stmt, execution_options=_NO_SYNC)
    session.expire(case)
    return destroy_texts(tx, case)


# Built once, because an import executes it for every row.
_LAST_NUMBER = select(func.max(CASE.c.number))


def next_number(session: Session) -> int:
    """The number after the highest one; erased and merged cases keep theirs."""
    return (session.scalar(_LAST_NUMBER) or 0) + 1
