"""The hands of ``acts``: content into rows, rows into a snapshot, texts destroyed.

Only ``acts`` calls them, under the pen.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from register.cases import case_content as contents
from register.cases.case_content import PLAIN, Content, SourceContent
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
from register.cases.pending import PendingChange
from register.journal import Act, Pen
from register.journal.canonical import commitment, new_salt
from register.text import dates
from register.text.fold import fold


def apply(session: Session, case: Incident, content: Content, *, new: bool = False) -> None:
    """Make the rows say what ``content`` says; the lists are written anew, in their order.

    :param new: the case has no lists yet.
    """
    for name in PLAIN:
        setattr(case, name, getattr(content, name))
    for name, value in derived(content).items():
        setattr(case, name, value)
    if not new:
        session.flush()
        _empty_lists(session, case)
    _fill_lists(session, case, content)
    session.flush()


def derived(content: Content) -> dict[str, Any]:
    """The columns that repeat a case's dates in a form that can be compared and sorted."""
    day = dates.parse(content.date) if content.date else None
    end = dates.parse(content.end_date) if content.end_date else None
    return {
        "date_first": day.first if day else None,
        "date_last": day.last if day else None,
        "sort_day": day.first if day else NO_DAY,
        "duration": (end.last - day.first).days if day and end else None,
    }


def blank(**columns: Any) -> Incident:
    """A new case whose lists are known to be empty, so that nothing has to ask for them."""
    lists = ("types", "places", "outlets", "sources", "proceedings", "links")
    grown = ("follow_ups", "replies", "corrections")
    return Incident(**columns, request=None, **{name: [] for name in (*lists, *grown)})


def _fill_lists(session: Session, case: Incident, content: Content) -> None:
    case.types = [
        IncidentType(position=place, code=code) for place, code in enumerate(content.types)
    ]
    scoped = [(content.commune, Scope.AUTHORITY)] if content.commune else []
    scoped += [(code, Scope.LINKED) for code in content.linked_communes]
    case.places = [
        IncidentPlace(position=place, code=code, scope=scope.value)
        for place, (code, scope) in enumerate(scoped)
    ]
    case.outlets = [
        Outlet(position=place, name=name, folded=fold(name))
        for place, name in enumerate(content.outlets)
    ]
    case.sources = [
        SourceUse(position=place, source=_source(session, source))
        for place, source in enumerate(content.sources)
    ]
    case.proceedings = [
        Proceeding(
            position=place,
            **_plain(proceeding, without=("steps",)),
            steps=[
                ProceedingStep(position=order, **_plain(step))
                for order, step in enumerate(proceeding.steps)
            ],
        )
        for place, proceeding in enumerate(content.proceedings)
    ]
    case.request = InformationRequest(**_plain(content.request)) if content.request else None
    case.links = [
        CaseLink(position=place, **_plain(link)) for place, link in enumerate(content.links)
    ]


def _plain(part: Any, without: tuple[str, ...] = ()) -> dict[str, Any]:
    names = (spec.name for spec in fields(part) if spec.name not in without)
    return {name: getattr(part, name) for name in names}


_SAME_SOURCE = (
    select(Source)
    .where(*(getattr(Source, spec.name) == bindparam(spec.name) for spec in fields(SourceContent)))
    .limit(1)
)


def _source(session: Session, source: SourceContent) -> Source:
    """The row of a source, shared by the cases that cite it in the same words.

    A row that differs is another row: a source's details are part of what was published, and
    changing them for one case must not change them under another.
    """
    told = _plain(source)
    row = session.scalars(_SAME_SOURCE, told).first()
    if row is None:
        row = Source(**told)
        session.add(row)
    return row


def _empty_lists(session: Session, case: Incident, *, codes_too: bool = True) -> None:
    """Remove the rows of a case's lists; types and communes stay when they outlive the texts."""
    key = case.id
    own = select(Proceeding.id).where(Proceeding.incident_id == key)
    cited = select(SourceUse.source_id).where(SourceUse.incident_id == key)
    sources = list(session.scalars(cited))
    quiet = {"synchronize_session": False}
    session.execute(
        delete(ProceedingStep).where(ProceedingStep.proceeding_id.in_(own)),
        execution_options=quiet,
    )
    tables: list[Any] = [Proceeding, InformationRequest, Outlet, SourceUse, CaseLink]
    if codes_too:
        tables += [IncidentType, IncidentPlace]
    for table in tables:
        session.execute(delete(table).where(table.incident_id == key), execution_options=quiet)
    # A source that no case cites any more goes with its words.
    used = select(SourceUse.source_id).where(SourceUse.source_id.in_(sources))
    session.execute(
        delete(Source).where(Source.id.in_(sources), Source.id.not_in(used)),
        execution_options=quiet,
    )
    session.expire(case)


def snapshot(
    pen: Pen, case: Incident, act: Act, *, by: int, reason: str, flags_reason: str = ""
) -> tuple[Revision, str, dict[str, str]]:
    """Keep the case as it now reads; it becomes what readers see.

    :returns: the revision, the commitment of its content, and those that bind the rest of it
        (reasons, HTML) to its line for members.
    :raises register.text.errors.TextError: a text is too long or hostile to be rendered.
    """
    content = contents.canonical_of(case)
    html, renderer = contents.rendered(content)
    salt = new_salt()
    revision = Revision(
        incident_id=case.id,
        act=act.value,
        made_at=pen.at,
        made_by=by,
        reason=reason,
        flags_reason=flags_reason,
        salt=salt,
        content=content,
        html=html,
        renderer=renderer,
    )
    pen.session.add(revision)
    pen.session.flush()
    case.revision_id = revision.id
    bound = {
        "why": why(salt, reason, flags_reason),
        "page": page_bound(salt, renderer, html),
    }
    return revision, commitment(salt, content), bound


def page_bound(salt: bytes, renderer: str, html: bytes) -> str:
    """The commitment that binds the HTML readers see, and what rendered it, to its line."""
    return commitment(salt, renderer.encode() + b"\n" + html)


def why(salt: bytes, reason: str, flags_reason: str) -> str:
    """The commitment that binds a revision's private reasons to its line."""
    return commitment(salt, f"{reason}\n{flags_reason}".encode())


def destroy_texts(pen: Pen, case: Incident, among: Select[Any] | None = None) -> list[int]:
    """Null text, salt and reasons of every revision so far; their ids, oldest first.

    :param among: the ids of those that are meant, where they are not all.
    """
    still = select(Revision.id).where(
        Revision.incident_id == case.id, Revision.content.is_not(None)
    )
    if among is not None:
        still = still.where(Revision.id.in_(among))
    gone = list(pen.session.scalars(still.order_by(Revision.id)))
    destroy_revisions(pen, gone)
    # The digest of an imported line tells of its words to whoever can guess them.
    pen.session.execute(
        update(Origin).where(Origin.incident_id == case.id).values(digest=""),
        execution_options={"synchronize_session": False},
    )
    return gone


def destroy_revisions(pen: Pen, gone: Collection[int]) -> None:
    """Null text, salt and reasons of some revisions."""
    pen.session.execute(
        update(Revision)
        .where(Revision.id.in_(gone))
        .values(content=None, salt=None, html=None, renderer=None, reason=None, flags_reason=None),
        execution_options={"synchronize_session": "fetch"},
    )


def destroy_members_words(pen: Pen, case: Incident, until: datetime) -> None:
    """Delete internal notes and empty the words of invitations; that there were some stays.

    :param until: those that were written later stay.
    """
    session = pen.session
    old = (Note.incident_id == case.id, Note.written_at <= until)
    session.execute(delete(Note).where(*old))
    noted = (Invitation.incident_id == case.id, Invitation.noted_at <= until)
    session.execute(update(Invitation).where(*noted).values(text=""))


def empty(pen: Pen, case: Incident) -> list[int]:
    """Destroy every text of a case; its codes stay, so that its followers can be told.

    :returns: the ids of the revisions whose texts are gone.
    """
    session = pen.session
    codes = {"date", "end_date", "country", "departement", "region", "level", "actor", "target"}
    codes |= {"evidence", "contested", "outcome", "language"}
    for name in PLAIN:
        if name not in codes:
            setattr(case, name, "")
    session.flush()
    _empty_lists(session, case, codes_too=False)
    for table in (FollowUp, Reply, Correction, Invitation, Note, PendingChange):
        session.execute(
            delete(table).where(table.incident_id == case.id),
            execution_options={"synchronize_session": False},
        )
    return destroy_texts(pen, case)


def next_number(session: Session) -> int:
    """The number after the highest ever given; erased and merged cases keep theirs."""
    return (session.scalar(select(func.max(Incident.number))) or 0) + 1
