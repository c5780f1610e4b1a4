"""Database writes of ``acts``: content to a revision and its derived rows, destruction of texts.

Only ``acts`` calls them, inside a write transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from register.cases import case_content as contents
from register.cases.case_content import FIELD_RULES, PLAIN_FIELDS, Content, FieldKind, SourceContent
from register.cases.models import (
    NO_DAY,
    CaseLink,
    Correction,
    FollowUp,
    Incident,
    IncidentPlace,
    IncidentType,
    InformationRequest,
    Invitation,
    Note,
    Origin,
    Outlet,
    Proceeding,
    ProceedingStep,
    Reply,
    Revision,
    Scope,
    Source,
    SourceUse,
)
from register.cases.second_person import PendingChange
from register.journal import Act, WriteTransaction
from register.journal.models import commitment, new_salt
from register.text import dates
from register.text.normalisation import fold

_NO_SYNC = {"synchronize_session": False}
# The plain fields, apart from codes and dates, that outlast the erasure of a case.
_KEPT_FIELDS = frozenset({"country", "departement", "region", "contested", "language"})
_IDENTICAL_SOURCE = (
    select(Source)
    .where(*(getattr(Source, spec.name) == bindparam(spec.name) for spec in fields(SourceContent)))
    .limit(1)
)


def write_derived_rows(session: Session, case: Incident, content: Content) -> None:
    """Write what lists and filters read of ``content`` to the rows of a case."""
    for name in PLAIN_FIELDS:
        setattr(case, name, getattr(content, name))
    for name, column_value in derived_columns(content).items():
        setattr(case, name, column_value)
    if case.revision_id is not None:
        session.flush()
        _empty_lists(session, case)
    _fill_lists(session, case, content)
    session.flush()


def derived_columns(content: Content) -> dict[str, Any]:
    """The columns that hold a case's dates in a form that can be compared and sorted."""
    day = dates.parse(content.date) if content.date else None
    end = dates.parse(content.end_date) if content.end_date else None
    return {
        "date_first": day.first if day else None,
        "date_last": day.last if day else None,
        "sort_day": day.first if day else NO_DAY,
        "duration": (end.last - day.first).days if day and end else None,
    }


def new_case(**columns: Any) -> Incident:
    """A case with all its lists set to empty, so that SQLAlchemy issues no query for them."""
    content_lists = ("types", "places", "outlets", "sources", "proceedings", "links")
    later_lists = ("follow_ups", "replies", "corrections")
    return Incident(
        **columns, request=None, **{name: [] for name in (*content_lists, *later_lists)}
    )


def save_revision(
    tx: WriteTransaction,
    case: Incident,
    content: Content | None,
    act: Act,
    *,
    by: int,
    reason: str,
    flags_reason: str = "",
) -> tuple[Revision, str, dict[str, str]]:
    """Save the content of a case with its fragments as its current revision.

    :param content: None for an act that changes none.
    :returns: the revision, the commitment of its content, and the commitments that bind its
        reasons and its HTML to its journal line.
    :raises register.errors.TextError: a text is too long or hostile to be rendered.
    """
    if content is None:
        content = contents.content_of(case)
    else:
        write_derived_rows(tx.session, case, content)
    document = contents.canonical_content(content, contents.fragments_of(case))
    html, renderer = contents.render_texts(document)
    salt = new_salt()
    revision = Revision(
        incident_id=case.id,
        act=act.value,
        made_at=tx.at,
        made_by=by,
        reason=reason,
        flags_reason=flags_reason,
        salt=salt,
        content=document,
        html=html,
        renderer=renderer,
    )
    case.revision = revision
    tx.session.flush()
    commitments = {
        "why": reasons_commitment(salt, reason, flags_reason),
        "page": page_commitment(salt, renderer, html),
    }
    return revision, commitment(salt, document), commitments


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


def destroy_revisions(tx: WriteTransaction, revision_ids: Collection[int]) -> None:
    """Null the texts, salt and reasons of some revisions."""
    tx.session.execute(
        update(Revision)
        .where(Revision.id.in_(revision_ids))
        .values(content=None, salt=None, html=None, renderer=None, reason=None, flags_reason=None),
        execution_options={"synchronize_session": "fetch"},
    )


def destroy_members_words(tx: WriteTransaction, case: Incident, until: datetime) -> None:
    """Delete internal notes, and empty the texts of invitations while their rows stay.

    :param until: notes and invitations that were written later stay.
    """
    session = tx.session
    old_notes = (Note.incident_id == case.id, Note.written_at <= until)
    session.execute(delete(Note).where(*old_notes))
    old_invitations = (Invitation.incident_id == case.id, Invitation.noted_at <= until)
    session.execute(update(Invitation).where(*old_invitations).values(text=""))


def erase_texts(tx: WriteTransaction, case: Incident) -> list[int]:
    """Destroy every text of a case; its codes stay, because feeds of followers need them.

    :returns: the ids of the revisions whose texts are destroyed.
    """
    session = tx.session
    # Named are the fields that stay: one that is added later is destroyed until it is named.
    for name in PLAIN_FIELDS:
        is_code = FIELD_RULES[Content][name].kind in (FieldKind.CODE, FieldKind.DATE)
        if not is_code and name not in _KEPT_FIELDS:
            setattr(case, name, "")
    session.flush()
    _empty_lists(session, case, remove_codes=False)
    _delete_rows(session, case, FollowUp, Reply, Correction, Invitation, Note, PendingChange)
    return destroy_texts(tx, case)


def next_number(session: Session) -> int:
    """The number after the highest one; erased and merged cases keep theirs."""
    return (session.scalar(select(func.max(Incident.number))) or 0) + 1


def _fill_lists(session: Session, case: Incident, content: Content) -> None:
    scoped_communes = [(content.commune, Scope.AUTHORITY)] if content.commune else []
    scoped_communes += [(code, Scope.LINKED) for code in content.linked_communes]
    case.types = _positioned(IncidentType, ({"code": code} for code in content.types))
    case.places = _positioned(
        IncidentPlace, ({"code": code, "scope": scope.value} for code, scope in scoped_communes)
    )
    case.outlets = _positioned(
        Outlet, ({"name": name, "folded": fold(name)} for name in content.outlets)
    )
    source_rows = []
    for source in content.sources:
        # Cases that cite a source in the same words share its row. Sources that differ in any field
        # are two rows: their details are published, and a change for one case must change no other.
        source_row = session.scalars(_IDENTICAL_SOURCE, vars(source)).first()
        if source_row is None:
            source_row = Source(**vars(source))
            session.add(source_row)
        source_rows.append(source_row)
    case.sources = _positioned(SourceUse, ({"source": source_row} for source_row in source_rows))
    case.proceedings = _positioned(
        Proceeding,
        (
            vars(proceeding) | {"steps": _positioned(ProceedingStep, map(vars, proceeding.steps))}
            for proceeding in content.proceedings
        ),
    )
    case.request = InformationRequest(**vars(content.request)) if content.request else None
    case.links = _positioned(CaseLink, map(vars, content.links))


def _positioned(row_class: Any, parts: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Rows of a list of a case, each with its position."""
    return [row_class(position=position, **columns) for position, columns in enumerate(parts)]


def _empty_lists(session: Session, case: Incident, *, remove_codes: bool = True) -> None:
    """Delete the rows of a case's lists.

    :param remove_codes: whether the types and communes are deleted too.
    """
    proceeding_ids = select(Proceeding.id).where(Proceeding.incident_id == case.id)
    source_ids_stmt = select(SourceUse.source_id).where(SourceUse.incident_id == case.id)
    source_ids = list(session.scalars(source_ids_stmt))
    session.execute(
        delete(ProceedingStep).where(ProceedingStep.proceeding_id.in_(proceeding_ids)),
        execution_options=_NO_SYNC,
    )
    _delete_rows(session, case, Proceeding, InformationRequest, Outlet, SourceUse, CaseLink)
    if remove_codes:
        _delete_rows(session, case, IncidentType, IncidentPlace)
    # A source that no case cites any more is deleted too.
    used_source_ids = select(SourceUse.source_id).where(SourceUse.source_id.in_(source_ids))
    session.execute(
        delete(Source).where(Source.id.in_(source_ids), Source.id.not_in(used_source_ids)),
        execution_options=_NO_SYNC,
    )
    session.expire(case)


def _delete_rows(session: Session, case: Incident, *tables: Any) -> None:
    for table in tables:
        session.execute(
            delete(table).where(table.incident_id == case.id), execution_options=_NO_SYNC
        )
