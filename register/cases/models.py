"""The tables of a case: its present state, while journal and revisions hold the past.

Partial dates are EDTF strings (ISO 8601-2), empty when unknown. The texts of a case are plain
strings in these tables and HTML only in its revisions.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text, false, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from register.db import Base, UTCDateTime


class CaseState(StrEnum):
    """The state of a case in the register, independent of its evidence and outcome."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    # Also the state of a discarded draft, which never had a number and whose texts are destroyed.
    ERASED = "erased"


class Scope(StrEnum):
    """The role of a commune in a case."""

    AUTHORITY = "autorite"  # the commune whose authority acts
    LINKED = "liee"  # the scene, the target's commune


# Undated cases come last in a list that begins with the newest.
NO_DAY = dt.date(1, 1, 1)
# PostgreSQL refuses to compare its integer keys with a larger number.
ID_LIMIT = 2**31 - 1


def _partial(condition: str) -> dict[str, Any]:
    """Keyword arguments that make an index partial on both databases."""
    return {f"{dialect}_where": text(condition) for dialect in ("sqlite", "postgresql")}


# Columns that are empty when nothing is recorded.
_Words = Annotated[str, mapped_column(Text, default="")]
_Edtf = Annotated[str, mapped_column(String(11), default="")]
_Code = Annotated[str, mapped_column(String(40), default="")]


class Incident(Base):
    """A case in any state."""

    __tablename__ = "incident"
    __table_args__ = (
        # For "newest first" it is read backwards, which is as fast on both databases.
        Index("ix_incident_list", "state", "sort_day", "number"),
        Index("ix_incident_moved", "state", "moved_at", "number"),
        # The desk's order by last change: a newer revision has a higher id.
        Index("ix_incident_changed", "state", "revision_id"),
        Index("ix_incident_held", "held_until", "held_by", **_partial("held_until IS NOT NULL")),
        Index("ix_incident_departement", "departement"),
        Index("ix_incident_region", "region"),
        Index("ix_incident_merged_into", "merged_into", **_partial("merged_into IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # Set at the first publication, so that gaps reveal nothing about drafts; never reused.
    number: Mapped[int | None] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    first_published_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # The last public event on the case.
    moved_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    restriction: Mapped[str] = mapped_column(String(30), default="")
    merged_into: Mapped[int | None]
    # The current revision: what readers see and what an approval is given to.
    revision_id: Mapped[int | None]
    revision: Mapped[Revision | None] = relationship(
        primaryjoin=lambda: foreign(Incident.revision_id) == Revision.id
    )
    # The member who claimed the case; void after ``held_until``.
    held_by: Mapped[int | None]
    held_until: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    title: Mapped[_Words]
    summary: Mapped[_Words]
    narrative: Mapped[_Words]
    date: Mapped[_Edtf]
    date_first: Mapped[dt.date | None] = mapped_column(Date)
    date_last: Mapped[dt.date | None] = mapped_column(Date)
    sort_day: Mapped[dt.date] = mapped_column(Date, default=NO_DAY)
    end_date: Mapped[_Edtf]
    # Days from the first possible day of the incident to the last of its end; None when unknown.
    duration: Mapped[int | None]
    precision_note: Mapped[_Words]
    country: Mapped[str] = mapped_column(String(2), default="FR")
    departement: Mapped[str] = mapped_column(String(3), default="")
    region: Mapped[str] = mapped_column(String(2), default="")
    place_label: Mapped[_Words]
    level: Mapped[_Code]
    actor: Mapped[_Code]
    actor_text: Mapped[_Words]
    target: Mapped[_Code]
    evidence: Mapped[_Code]
    contested: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[_Code]
    steps_taken: Mapped[_Words]
    amount: Mapped[_Words]
    language: Mapped[str] = mapped_column(String(8), default="fr")
    # SINGLE_MODERATOR waived the second person; the case's page says so.
    single_review: Mapped[bool] = mapped_column(default=False)
    # The author of a report behind this draft withdrew it, and no member has since saved a version
    # and attested that nothing in it rests on that report alone.
    report_withdrawn: Mapped[bool] = mapped_column(default=False, server_default=false())

    types: Mapped[list[IncidentType]] = relationship(order_by="IncidentType.position")
    places: Mapped[list[IncidentPlace]] = relationship(order_by="IncidentPlace.position")
    outlets: Mapped[list[Outlet]] = relationship(order_by="Outlet.position")
    sources: Mapped[list[SourceUse]] = relationship(order_by="SourceUse.position")
    proceedings: Mapped[list[Proceeding]] = relationship(order_by="Proceeding.position")
    request: Mapped[InformationRequest | None] = relationship()
    links: Mapped[list[CaseLink]] = relationship(order_by="CaseLink.position")
    follow_ups: Mapped[list[FollowUp]] = relationship(order_by="FollowUp.id")
    replies: Mapped[list[Reply]] = relationship(order_by="Reply.id")
    corrections: Mapped[list[Correction]] = relationship(order_by="Correction.id")


class _CaseList:
    """A row of a list of a case, by its position from 0; its own columns come after these."""

    incident_id: Mapped[int] = mapped_column(
        ForeignKey("incident.id"), primary_key=True, sort_order=-2
    )
    position: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)


class CaseRow:
    """A row of a case with an id of its own."""

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-2)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True, sort_order=-1)


class IncidentType(_CaseList, Base):
    """A type of a case; position 0 is the primary one."""

    __tablename__ = "incident_type"
    __table_args__ = (Index("ix_incident_type_code", "code", "incident_id"),)

    code: Mapped[str] = mapped_column(String(40))


class IncidentPlace(_CaseList, Base):
    """A commune's code as it was entered; the present commune is looked up when it is read."""

    __tablename__ = "incident_place"
    __table_args__ = (Index("ix_incident_place_code", "code", "incident_id"),)

    code: Mapped[str] = mapped_column(String(5))
    scope: Mapped[str] = mapped_column(String(8))


class Outlet(_CaseList, Base):
    """The public name of a blog or a medium."""

    __tablename__ = "incident_outlet"
    __table_args__ = (Index("ix_incident_outlet_folded", "folded", "incident_id"),)

    name: Mapped[str] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text)


class Source(Base):
    """A document on the web that cases cite; one row for each URL with its details."""

    __tablename__ = "source"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(Text, index=True)
    title: Mapped[_Words]
    publisher: Mapped[_Words]
    kind: Mapped[str] = mapped_column(String(40))
    label: Mapped[_Words]
    published_on: Mapped[_Edtf]
    archived_url: Mapped[_Words]
    checked_on: Mapped[_Edtf]


class SourceUse(_CaseList, Base):
    """The citation of a source by a case, with its position."""

    __tablename__ = "incident_source"

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    source: Mapped[Source] = relationship(lazy="joined", innerjoin=True)


class Proceeding(CaseRow, Base):
    """One set of legal proceedings; ``direction`` says who acts against whom."""

    __tablename__ = "proceeding"
    __table_args__ = (Index("ix_proceeding_direction", "direction", "incident_id"),)

    position: Mapped[int]
    direction: Mapped[str] = mapped_column(String(40))
    nature: Mapped[_Code]
    plaintiff: Mapped[_Code]
    # The checklist accepts "inconnue" and refuses an empty court, date or appeal.
    court: Mapped[_Words]
    docket: Mapped[_Words]
    legal_basis: Mapped[_Words]
    amount: Mapped[_Words]
    outcome: Mapped[_Code]
    outcome_date: Mapped[_Edtf]
    appeal: Mapped[str] = mapped_column(String(8), default="")
    steps: Mapped[list[ProceedingStep]] = relationship(order_by="ProceedingStep.position")


class ProceedingStep(Base):
    """A step of a proceeding; the last one gives the stage of the proceeding."""

    __tablename__ = "proceeding_step"

    proceeding_id: Mapped[int] = mapped_column(ForeignKey("proceeding.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(String(40))
    date: Mapped[_Edtf]
    outcome: Mapped[_Code]
    note: Mapped[_Words]
    source_url: Mapped[_Words]


class InformationRequest(Base):
    """A request for a public document and its CADA procedure (CRPA L311-1 s., R311-12 s.)."""

    __tablename__ = "information_request"

    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    asked: Mapped[_Words]
    asked_of: Mapped[_Words]
    asked_on: Mapped[_Edtf]
    refusal: Mapped[str] = mapped_column(String(10), default="")  # explicite, implicite or empty
    refused_on: Mapped[_Edtf]
    cada_number: Mapped[_Words]
    cada_registered_on: Mapped[_Edtf]
    cada_opinion_on: Mapped[_Edtf]
    opinion: Mapped[_Words]
    outcome: Mapped[_Code]


class CaseLink(_CaseList, Base):
    """A link to another public case: same affair, sequel, or see also."""

    __tablename__ = "case_link"

    kind: Mapped[str] = mapped_column(String(16))  # meme_affaire, fait_suite, voir_aussi
    number: Mapped[int] = mapped_column(index=True)


class FollowUp(CaseRow, Base):
    """A dated text added after publication; the case's own text stays."""

    __tablename__ = "follow_up"

    added_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    happened_on: Mapped[_Edtf]
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    source_url: Mapped[_Words]


class Reply(CaseRow, Base):
    """A right of reply (LCEN art. 1-1 III, décret 2007-1527), to be published in three days."""

    __tablename__ = "reply"

    state: Mapped[str] = mapped_column(String(10))  # received, published, refused
    author: Mapped[str] = mapped_column(Text)
    capacity: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    received_on: Mapped[dt.date] = mapped_column(Date)
    due_on: Mapped[dt.date] = mapped_column(Date)
    published_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    refusal: Mapped[_Words]


class Correction(CaseRow, Base):
    """The public note of a change after publication; the earlier text stays in its revision."""

    __tablename__ = "correction"

    made_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    note: Mapped[str] = mapped_column(Text)
    redaction: Mapped[bool] = mapped_column(default=False)


class Invitation(CaseRow, Base):
    """The invitation of the authority to reply, or the reason for none; for members only."""

    __tablename__ = "invitation"

    noted_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    noted_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    invited_on: Mapped[dt.date | None] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text)


class Note(CaseRow, Base):
    """An internal note; never public, and destroyed with the texts of the case."""

    __tablename__ = "note"

    written_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    written_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    text: Mapped[str] = mapped_column(Text)


class Revision(CaseRow, Base):
    """A snapshot of a case's whole public content, with the reason for it.

    ``content`` is the canonical form whose commitment the journal holds, ``html`` its rendered
    texts; pages are made from the two. Content, HTML, salt and reasons are nulled when the texts
    are destroyed; the row stays, because approvals and lines refer to it.
    """

    __tablename__ = "revision"

    act: Mapped[str] = mapped_column(String(20))
    made_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    flags_reason: Mapped[str | None] = mapped_column(Text)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    html: Mapped[bytes | None] = mapped_column(LargeBinary)
    renderer: Mapped[str | None] = mapped_column(String(80))
    destruction_id: Mapped[int | None]  # set while a redaction hides the revision from readers


class Origin(Base):
    """The line of an import file that a case came from, so that a second import changes nothing."""

    __tablename__ = "incident_origin"

    external_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    # A digest of the line; emptied with the case's texts, because it would confirm a guess of them.
    digest: Mapped[str] = mapped_column(String(64))
