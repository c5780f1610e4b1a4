"""The tables of a case: its present state, while journal and revisions hold the past.

The content of a case is the document of its current revision; follow-ups, replies and corrections
also have rows of their own. Partial dates are EDTF strings (ISO 8601-2), empty when unknown.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import Date, Dialect, ForeignKey, Index, LargeBinary, String, Text, false, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from register.db import Base, UTCDateTime
from register.evidence import models as _evidence  # noqa: F401 - the table of the foreign keys


class CaseState(StrEnum):
    """The state of a case in the register, independent of its evidence and outcome."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    # Also the state of a discarded draft, which never had a number and whose texts are destroyed.
    ERASED = "erased"


# Undated cases come last in a list that begins with the newest.
NO_DAY = dt.date(1, 1, 1)
# PostgreSQL refuses to compare its integer keys with a larger number.
ID_LIMIT = 2**31 - 1


def partial(condition: str) -> dict[str, Any]:
    """Keyword arguments that make an index partial on both databases."""
    return {f"{dialect}_where": text(condition) for dialect in ("sqlite", "postgresql")}


class Codes(TypeDecorator[tuple[str, ...]]):
    """Codes in order, separated by spaces."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str:
        return " ".join(value or ())

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple((value or "").split())


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
        Index("ix_incident_held", "held_until", "held_by", **partial("held_until IS NOT NULL")),
        Index("ix_incident_danger", "danger_on", **partial("danger_on IS NOT NULL")),
        Index("ix_incident_term", "term_on", **partial("term_on IS NOT NULL")),
        Index(
            "ix_incident_request",
            *("request_event", "request_on"),
            **partial("request_on IS NOT NULL"),
        ),
        Index("ix_incident_merged_into", "merged_into", **partial("merged_into IS NOT NULL")),
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
    # The member who claimed the case, or to whom it is assigned; void after ``held_until``.
    held_by: Mapped[int | None]
    held_until: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # The day on which a member marked a danger, and the term that a member typed.
    danger_on: Mapped[dt.date | None] = mapped_column(Date)
    term_on: Mapped[dt.date | None] = mapped_column(Date)
    term_label: Mapped[str] = mapped_column(String(80), default="", server_default="")

    # The last event of a request for a document from which legal terms run (``request_clock``).
    request_event: Mapped[str] = mapped_column(String(16), default="", server_default="")
    request_on: Mapped[dt.date | None] = mapped_column(Date)

    # What a withdrawn report leaves of the content of a draft whose revision repeated it.
    remaining_content: Mapped[bytes | None] = mapped_column(LargeBinary)

    # Derived from the document, for lists and rules: see ``persistence.derived_columns``.
    title: Mapped[_Words]
    summary: Mapped[_Words]
    date: Mapped[_Edtf]
    date_first: Mapped[dt.date | None] = mapped_column(Date)
    date_last: Mapped[dt.date | None] = mapped_column(Date)
    sort_day: Mapped[dt.date] = mapped_column(Date, default=NO_DAY)
    end_date: Mapped[_Edtf]
    # Days from the first possible day of the incident to the last of its end; None when unknown.
    duration: Mapped[int | None]
    country: Mapped[str] = mapped_column(String(2), default="FR")
    # The code of the authority's commune as it was entered.
    commune: Mapped[str] = mapped_column(String(5), default="", server_default="")
    departement: Mapped[str] = mapped_column(String(3), default="")
    region: Mapped[str] = mapped_column(String(2), default="")
    place_label: Mapped[_Words]
    level: Mapped[_Code]
    actor: Mapped[_Code]
    target: Mapped[_Code]
    types: Mapped[tuple[str, ...]] = mapped_column(Codes(130), default=(), server_default="")
    evidence: Mapped[_Code]
    contested: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[_Code]
    # An appeal was lodged against the outcome.
    appealed: Mapped[bool] = mapped_column(default=False, server_default=false())
    language: Mapped[str] = mapped_column(String(8), default="fr")
    # SINGLE_MODERATOR waived the second person; the case's page says so.
    single_review: Mapped[bool] = mapped_column(default=False)
    # The author of a report behind this draft withdrew it, and no member has since saved a version
    # and attested that nothing in it rests on that report alone.
    report_withdrawn: Mapped[bool] = mapped_column(default=False, server_default=false())

    follow_ups: Mapped[list[FollowUp]] = relationship(order_by="FollowUp.id")
    replies: Mapped[list[Reply]] = relationship(order_by="Reply.id")
    corrections: Mapped[list[Correction]] = relationship(order_by="Correction.id")


class CaseRow:
    """A row of a case with an id of its own."""

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-2)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True, sort_order=-1)


class Refusable:
    """Columns of a text that a second reader may refuse; empty until one does.

    ``passage`` is the passage of the page that the refusal is about, or empty.
    """

    refused_by: Mapped[int | None]
    refused_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    refusal: Mapped[str] = mapped_column(Text, default="", server_default="")
    passage: Mapped[str] = mapped_column(Text, default="", server_default="")


class FollowUp(CaseRow, Base):
    """A dated text added after publication; the case's own text stays."""

    __tablename__ = "follow_up"

    added_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    happened_on: Mapped[_Edtf]
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    source_url: Mapped[_Words]
    # Why there is no address; without either, the follow-up is older than the requirement.
    no_source: Mapped[str] = mapped_column(Text, default="", server_default="")


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
    # A code of ``reply_refusals.toml``, empty before there was a list, and the member's own words.
    refusal_code: Mapped[str] = mapped_column(String(20), default="", server_default="")
    refusal: Mapped[_Words]
    # None for a refusal from before it was stored.
    refused_on: Mapped[dt.date | None] = mapped_column(Date)


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
    # Of one that the register sent: its mail, and the contact that it was for.
    mail_id: Mapped[str | None] = mapped_column(String(300))
    contact: Mapped[str | None] = mapped_column(String(32))


class Note(CaseRow, Base):
    """An internal note; never public, and destroyed with the texts of the case."""

    __tablename__ = "note"

    written_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    written_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    text: Mapped[str] = mapped_column(Text)


class Revision(CaseRow, Refusable, Base):
    """A snapshot of a case's whole public content, with the reason for it.

    ``content`` is the canonical form whose commitment the journal holds, ``html`` its rendered
    texts; pages are made from the two. To-do lists ask the last two (``checklist_columns``). Texts,
    salt, reasons and ``unmet`` are nulled at a destruction, a refusal is emptied; approvals and
    lines refer to the row.
    """

    __tablename__ = "revision"
    __table_args__ = (
        Index("ix_revision_refused", "incident_id", **partial("refused_at IS NOT NULL")),
    )

    act: Mapped[str] = mapped_column(String(20))
    made_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    flags_reason: Mapped[str | None] = mapped_column(Text)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    html: Mapped[bytes | None] = mapped_column(LargeBinary)
    renderer: Mapped[str | None] = mapped_column(String(80))
    destruction_id: Mapped[int | None]  # set while a redaction hides the whole revision
    unmet: Mapped[str | None] = mapped_column(String(100))
    # Of the publication: stays true, also once a redaction removed why, and becomes true when a
    # reader refuses a change.
    needs_second: Mapped[bool] = mapped_column(default=False, server_default=false())


class CaseEvidence(Base):
    """An evidence file of a case: from a report, or added by a member.

    ``sealed`` is its manifest, encrypted with the key of the case.
    """

    __tablename__ = "case_evidence"
    __table_args__ = (
        Index("ix_case_evidence_incident", "incident_id", "position"),
        {"sqlite_with_rowid": False},
    )

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    position: Mapped[int]
    file_id: Mapped[str] = mapped_column(ForeignKey("evidence_file.file_id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class SourceCopy(CaseRow, Base):
    """A copy of the page of a source, for members; the public sees its day and its digest.

    ``source`` is the digest of the address (:func:`register.cases.cited_sources.digest`),
    ``origin`` says whether the worker fetched it or a member added it, ``sealed`` is its manifest,
    encrypted with the key of the case.
    """

    __tablename__ = "source_copy"

    source: Mapped[str] = mapped_column(String(64))
    copied_on: Mapped[dt.date] = mapped_column(Date)
    # The day of a capture, as its web archive or whoever brought it says; empty if nobody does.
    captured_on: Mapped[dt.date | None] = mapped_column(Date)
    origin: Mapped[str] = mapped_column(String(10))  # fetched, added
    sha256: Mapped[str] = mapped_column(String(64))
    file_id: Mapped[str] = mapped_column(ForeignKey("evidence_file.file_id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    destruction_id: Mapped[int | None]  # set while a redaction is to destroy it


class RedactedOriginal(CaseRow, Base):
    """The texts of a revision before a redaction, for members, until they are destroyed.

    The revision itself has the texts without the passages, which is what everything else reads.
    """

    __tablename__ = "redacted_original"

    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), index=True)
    destruction_id: Mapped[int] = mapped_column(ForeignKey("destruction.id"))
    reason: Mapped[str] = mapped_column(Text)
    flags_reason: Mapped[str] = mapped_column(Text)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    html: Mapped[bytes] = mapped_column(LargeBinary)
    renderer: Mapped[str] = mapped_column(String(80))


class Origin(Base):
    """The line of an import file that a case came from, so that a second import changes nothing."""

    __tablename__ = "incident_origin"

    external_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    # A digest of the line; emptied with the case's texts, because it would confirm a guess of them.
    digest: Mapped[str] = mapped_column(String(64))
