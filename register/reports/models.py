"""Tables of reports.

State, days, holder, reason and danger mark are in clear; all written text is encrypted, and no
time is finer than a day. Rows have no order of arrival: keys are random, and the tables have no
SQLite rowid.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from register.cases.models import partial
from register.db import Base, UTCDateTime
from register.evidence import models as _evidence  # noqa: F401 - the table of the foreign key

_WITHOUT_ROWID = {"sqlite_with_rowid": False}


class ReportState(StrEnum):
    RECEIVED = "received"
    IN_REVIEW = "in_review"
    WAITING = "waiting"  # for the reporter's answer to a question
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    SPAM = "spam"


# The states of undecided reports.
OPEN_STATES = frozenset({ReportState.RECEIVED, ReportState.IN_REVIEW, ReportState.WAITING})


class MessageKind(StrEnum):
    QUESTION = "question"  # the only kind that moderators write
    ANSWER = "answer"
    ADDITION = "addition"
    CORRECTION = "correction"
    REQUEST = "request"  # to withdraw the report once its case is public


class Report(Base):
    """A received report.

    ``receipt`` is a keyed hash of the reporter's code. The binary columns are encrypted with the
    report's own data key (the contact with a key of its own), which is in the key store and is
    destroyed at the purge.
    """

    __tablename__ = "report"
    __table_args__ = (
        # Covers the counts and orders of folders, so that they read no encrypted column.
        Index("ix_report_state", "state", "suspect", "day", "key", "news", "moved_on", "asked_on"),
        Index("ix_report_purge", "purge_on"),
        Index("ix_report_held", "held_by", **partial("held_by IS NOT NULL")),
        Index("ix_report_danger", "danger_on", **partial("danger_on IS NOT NULL")),
        Index("ix_report_term", "term_on", **partial("term_on IS NOT NULL")),
        Index("ix_report_digest", "digest", unique=True),
        Index("ix_report_masked_digest", "masked_digest", unique=True),
        Index("ix_report_account_lookup", "account_lookup"),
        _WITHOUT_ROWID,
    )

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    receipt: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    # The hidden field was filled in, or the form was sent faster than a person writes.
    suspect: Mapped[bool] = mapped_column(default=False)
    # The reporter wrote since a member last acted on it.
    news: Mapped[bool] = mapped_column(default=False)
    day: Mapped[dt.date] = mapped_column(Date)
    # The day of its state.
    moved_on: Mapped[dt.date] = mapped_column(Date)
    # The day of the question that waits for an answer.
    asked_on: Mapped[dt.date | None] = mapped_column(Date)
    held_by: Mapped[int | None]
    held_until: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # The day on which a member marked a danger, and the term that a member typed.
    danger_on: Mapped[dt.date | None] = mapped_column(Date)
    term_on: Mapped[dt.date | None] = mapped_column(Date)
    term_label: Mapped[bytes | None] = mapped_column(LargeBinary)  # encrypted
    reason: Mapped[str] = mapped_column(String(40), default="")
    # None while it is undecided, and while its case is a draft.
    purge_on: Mapped[dt.date | None] = mapped_column(Date)
    # The member who marked it as spam in bulk; None once another member has confirmed it.
    together_by: Mapped[int | None]
    # Verifies a receipt; emptied with the texts.
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    # Once a passage of the content is masked: verifies a receipt of what is left. The salt of the
    # first digest is destroyed then, without which nobody can guess the passage from it.
    masked_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    # A keyed hash of a long account, by which the same words are recognised when they come again.
    account_lookup: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # content and salt
    contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    decision: Mapped[bytes | None] = mapped_column(LargeBinary)  # sentence, case, member


class _OfReport:
    """What each row about a report has: a random key, the key of its report, encrypted bytes."""

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    report_key: Mapped[str] = mapped_column(ForeignKey("report.key"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Message(_OfReport, Base):
    """A message between the reporter and the moderators."""

    __tablename__ = "report_message"
    __table_args__ = (Index("ix_report_message_report", "report_key", "position"), _WITHOUT_ROWID)

    position: Mapped[int]
    day: Mapped[dt.date] = mapped_column(Date)


class ReportNote(_OfReport, Base):
    """An internal note, with its member, in a table that no page of the reporter reads."""

    __tablename__ = "report_note"
    __table_args__ = (Index("ix_report_note_report", "report_key", "position"), _WITHOUT_ROWID)

    position: Mapped[int]
    day: Mapped[dt.date] = mapped_column(Date)


class ReportEvidence(_OfReport, Base):
    """A file that the reporter sent, with the report or with a message: its manifest."""

    __tablename__ = "report_evidence"
    __table_args__ = (Index("ix_report_evidence_report", "report_key", "position"), _WITHOUT_ROWID)

    message_key: Mapped[str | None] = mapped_column(ForeignKey("report_message.key"), index=True)
    position: Mapped[int]
    file_id: Mapped[str] = mapped_column(ForeignKey("evidence_file.file_id"), index=True)


class DestroyedFile(_OfReport, Base):
    """What is left of a file of a report that a member had destroyed: when, why, its digest.

    Its key is that of the row of the file; its manifest has neither name nor key.
    """

    __tablename__ = "report_destroyed_file"
    __table_args__ = (Index("ix_report_destroyed_file_report", "report_key", "day"), _WITHOUT_ROWID)

    day: Mapped[dt.date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(40))


class RetainedReport(Base):
    """A copy of a report's content, encrypted with the key of its case.

    It is evidence for the publication, and so outlives the report, its contact and its messages;
    it is destroyed with the case.
    """

    __tablename__ = "report_kept"
    __table_args__ = (_WITHOUT_ROWID,)

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Tally(Base):
    """Number of reports by year, final state and reason: what remains of deleted rows."""

    __tablename__ = "report_tally"
    __table_args__ = (_WITHOUT_ROWID,)

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(12), primary_key=True)
    reason: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int]


class RetentionClock(Base):
    """The last day on which retention ran, by which a jump of the clock is detected."""

    __tablename__ = "retention_clock"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(Date)
