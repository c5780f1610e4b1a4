"""One case as members see it: everything that the desk may know of it, for an active member only.

The public's way to read a case is ``queries``; this one also opens drafts, withdrawn cases and
the bare tombstone of an erased one. To anybody who is no active member nothing is there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from register.accounts.models import Member
from register.accounts.vouching import seconds
from register.cases import case_content as contents
from register.cases.approvals import needed_before, vouching
from register.cases.case_content import Content, Snapshot, opened
from register.cases.changes import Change, Hidden, hidden_of
from register.cases.changes import of_case as changes_of
from register.cases.models import (
    Approval,
    Incident,
    Invitation,
    Note,
    Proceeding,
    Reply,
    Revision,
    State,
)
from register.cases.vocabulary import book
from register.db import now
from register.errors import NotFound
from register.journal import Act, Entry, Ledger
from register.text.dates import paris_day

# An id beyond this is in no database of ours, and PostgreSQL would refuse to compare it.
ID_LIMIT = 2**31 - 1
# The newest public lines of a case; a page that shows more would not be read.
EVENTS_LIMIT = 200

Row = TypeVar("Row")


@dataclass(frozen=True)
class FollowUpRow:
    """A follow-up, with the id by which a redaction names it."""

    id: int
    added_at: datetime
    happened_on: str
    title: str
    text: str
    source_url: str


@dataclass(frozen=True)
class ReplyRow:
    """A right of reply: received, published or refused (LCEN art. 1-1 III)."""

    id: int
    state: str
    author: str
    capacity: str
    text: str
    received_on: date
    due_on: date
    published_at: datetime | None
    refusal: str


@dataclass(frozen=True)
class CorrectionRow:
    """The public note of a correction or of a redaction."""

    id: int
    made_at: datetime
    note: str
    redaction: bool


@dataclass(frozen=True)
class NoteRow:
    """An internal note."""

    id: int
    written_at: datetime
    written_by: int
    text: str


@dataclass(frozen=True)
class InvitationRow:
    """That the authority was invited on a day, or, without a day, why it was not."""

    id: int
    noted_at: datetime
    noted_by: int
    invited_on: date | None
    text: str


@dataclass(frozen=True)
class ApprovalRow:
    """Who said yes to the current revision, and when."""

    given_by: int
    given_at: datetime


@dataclass(frozen=True)
class Event:
    """A public line of the case."""

    seq: int
    act: Act
    at: datetime


@dataclass(frozen=True)
class Joined:
    """Another case whose address leads to this one since a day."""

    number: int
    at: datetime


@dataclass(frozen=True)
class Dossier:
    """A case on the desk. ``revision_id`` is what a form carries as ``vu``; erased ones have none.

    ``approvals`` are those of the current revision, by purpose (``publish``, ``erase``), given by
    members who still vouch for others; ``seconds`` are those of them who may be the second person
    beside the viewer. ``snapshot`` is the current revision as a reader is shown it.
    """

    id: int
    number: int | None
    state: str
    restriction: str
    merged_into: int | None
    created_at: datetime
    first_published_at: datetime | None
    moved_at: datetime | None
    revision_id: int | None
    revision_by: int | None
    revision_at: datetime | None
    held_by: int | None
    held_until: datetime | None
    single_review: bool
    report_withdrawn: bool
    content: Content
    snapshot: Snapshot
    follow_ups: Sequence[FollowUpRow]
    replies: Sequence[ReplyRow]
    corrections: Sequence[CorrectionRow]
    notes: Sequence[NoteRow]
    invitations: Sequence[InvitationRow]
    approvals: Mapping[str, Sequence[ApprovalRow]]
    seconds: Mapping[str, Collection[int]]
    events: Sequence[Event]
    joined: Sequence[Joined]
    needs_two: bool = False
    changes: Sequence[Change] = ()
    destructions: Sequence[Hidden] = ()

    @property
    def html(self) -> Mapping[str, Any]:
        """The rendered texts of the current revision, as readers are served them."""
        return self.snapshot.html

    @property
    def is_gone(self) -> bool:
        """Whether its texts are destroyed: erased, or discarded as a draft."""
        return self.state == State.ERASED

    @property
    def lines(self) -> list[tuple[Act, date]]:
        """The public acts that a period may run from, each with its day in Paris.

        A merge puts nothing of the merged case before readers: it leads them to the other one,
        and stands among that one's lines.
        """
        own = [(event.act, event.at) for event in self.events if event.act is not Act.MERGED]
        led = [(Act.MERGED, other.at) for other in self.joined]
        return [(act, paris_day(at)) for act, at in (*own, *led)]

    def reply(self, reply_id: int) -> ReplyRow:
        """One of its replies.

        :raises NotFound: ``no_such_case``: it is another's.
        """
        for row in self.replies:
            if row.id == reply_id:
                return row
        raise NotFound("no_such_case")

    def holder(self, at: datetime) -> int | None:
        """Who has it in hand at a moment; a claim that ran out is nobody's."""
        held = self.held_until is not None and self.held_until > at
        return self.held_by if held else None

    def approvers(self, purpose: str) -> frozenset[int]:
        """Who approved the current revision for a purpose."""
        return frozenset(row.given_by for row in self.approvals.get(purpose, ()))


# Every list of a case in one statement each, however long it is.
_CASE = select(Incident).options(
    selectinload(Incident.types),
    selectinload(Incident.places),
    selectinload(Incident.outlets),
    selectinload(Incident.sources),
    selectinload(Incident.proceedings).selectinload(Proceeding.steps),
    selectinload(Incident.request),
    selectinload(Incident.links),
    selectinload(Incident.follow_ups),
    selectinload(Incident.replies),
    selectinload(Incident.corrections),
)


def dossier(
    session: Session, viewer: Member, incident_id: int, at: datetime | None = None
) -> Dossier:
    """A case by its internal id, for an active member.

    :param at: the moment at which approvals are to count; now by default.
    :raises NotFound: ``no_such_case``: there is none, or the viewer is no active member.
    """
    if not viewer.is_active or not 0 < incident_id <= ID_LIMIT:
        raise NotFound("no_such_case")
    case = session.scalars(_CASE.where(Incident.id == incident_id)).first()
    if case is None:
        raise NotFound("no_such_case")
    revision = session.get(Revision, case.revision_id) if case.revision_id else None
    moment = at or now()
    approvals = _approvals(session, case, moment)
    return Dossier(
        **{name: getattr(case, name) for name in _PLAIN},
        revision_by=revision.made_by if revision else None,
        revision_at=revision.made_at if revision else None,
        content=contents.of(case),
        snapshot=_snapshot(case, revision),
        follow_ups=_rows(FollowUpRow, case.follow_ups),
        replies=_rows(ReplyRow, case.replies),
        corrections=_rows(CorrectionRow, case.corrections),
        notes=_rows(NoteRow, _of(session, Note, case)),
        invitations=_rows(InvitationRow, _of(session, Invitation, case)),
        approvals=approvals,
        seconds={
            purpose: seconds(session, {row.given_by for row in rows}, viewer, moment)
            for purpose, rows in approvals.items()
        },
        events=_events(session, case),
        joined=_joined(session, case),
        needs_two=needed_before(session, case, book(session)),
        changes=changes_of(session, viewer, case.id),
        destructions=hidden_of(session, viewer, case.id),
    )


def of_reply(session: Session, viewer: Member, reply_id: int) -> Dossier:
    """The case that a reply is to, for an active member.

    :raises NotFound: ``no_such_case``: no such reply, or the viewer is no active member.
    """
    found = None
    if viewer.is_active and 0 < reply_id <= ID_LIMIT:
        found = session.scalar(select(Reply.incident_id).where(Reply.id == reply_id))
    if found is None:
        raise NotFound("no_such_case")
    return dossier(session, viewer, found)


_PLAIN = (
    "id",
    "number",
    "state",
    "restriction",
    "merged_into",
    "created_at",
    "first_published_at",
    "moved_at",
    "revision_id",
    "held_by",
    "held_until",
    "single_review",
    "report_withdrawn",
)


def _snapshot(case: Incident, revision: Revision | None) -> Snapshot:
    if revision is None:
        return Snapshot({})
    if revision.content is None:
        # It repeated a report that was taken back; what is left of the draft stands in its rows.
        content = contents.canonical_of(case)
        return opened(content, contents.rendered(content)[0])
    return opened(revision.content, revision.html)


def _rows(shape: type[Row], found: Sequence[Any]) -> tuple[Row, ...]:
    names = [spec.name for spec in fields(shape)]  # type: ignore[arg-type]
    return tuple(shape(**{name: getattr(row, name) for name in names}) for row in found)


def _of(session: Session, model: Any, case: Incident) -> Sequence[Any]:
    return session.scalars(
        select(model).where(model.incident_id == case.id).order_by(model.id)
    ).all()


def _approvals(
    session: Session, case: Incident, at: datetime
) -> Mapping[str, Sequence[ApprovalRow]]:
    rows = session.execute(
        vouching(at, Approval.purpose, Approval.given_by, Approval.given_at)
        .where(Approval.incident_id == case.id, Approval.revision_id == case.revision_id)
        .order_by(Approval.id)
    )
    given: dict[str, list[ApprovalRow]] = {}
    for purpose, by, at in rows:
        given.setdefault(purpose, []).append(ApprovalRow(by, at))
    return given


def _events(session: Session, case: Incident) -> Sequence[Event]:
    """The case's public lines, newest first; a draft has none."""
    if case.number is None:
        return ()
    rows = session.execute(
        select(Entry.seq, Entry.act, Entry.at)
        .where(Entry.ledger == Ledger.PUBLIC.value, Entry.case_number == case.number)
        .order_by(Entry.seq.desc())
        .limit(EVENTS_LIMIT)
    )
    return tuple(Event(seq, Act(act), at) for seq, act, at in rows)


def _joined(session: Session, case: Incident) -> Sequence[Joined]:
    """The cases that were merged into this one; a draft that was has no address to lead on."""
    if case.number is None:
        return ()
    rows = session.execute(
        select(Incident.number, Incident.moved_at)
        .where(
            Incident.merged_into == case.number,
            Incident.state == State.MERGED.value,
            Incident.number.is_not(None),
        )
        .order_by(Incident.number)
    )
    return tuple(Joined(number or 0, at) for number, at in rows if at is not None)
