"""The tables of reports. In clear stand where a report is on its way and on which days; nothing
that anybody wrote, and no time finer than a day.

No table here has an order: keys are random, and SQLite keeps no hidden row number.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, UTCDateTime

_WITHOUT_ROWID = {"sqlite_with_rowid": False}


class ReportState(StrEnum):
    """Where a report is on its way."""

    RECEIVED = "received"
    IN_REVIEW = "in_review"
    WAITING = "waiting"  # a question was asked of the one who reported
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    SPAM = "spam"


class MessageKind(StrEnum):
    """What a message is."""

    QUESTION = "question"  # the only one that moderators write
    ANSWER = "answer"
    ADDITION = "addition"
    CORRECTION = "correction"
    REQUEST = "request"  # to take the report back once its case is public


class Report(Base):
    """A report as it was received.

    ``receipt`` is a keyed hash of the code that its author holds. What is sealed is closed with
    the report's own key, which stands in the key store and is destroyed at the purge.
    """

    __tablename__ = "report"
    __table_args__ = (
        # All that trays are counted and ordered by, so that nothing sealed is read for it.
        Index("ix_report_state", "state", "suspect", "day", "key", "news", "moved_on"),
        Index("ix_report_purge", "purge_on"),
        Index("ix_report_digest", "digest", unique=True),
        _WITHOUT_ROWID,
    )

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    receipt: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    # It filled in what no person sees, or was sent faster than anybody writes.
    suspect: Mapped[bool] = mapped_column(default=False)
    # Its author wrote since a member last dealt with it.
    news: Mapped[bool] = mapped_column(default=False)
    day: Mapped[dt.date] = mapped_column(Date)
    moved_on: Mapped[dt.date] = mapped_column(Date)
    held_by: Mapped[int | None]
    held_until: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(String(40), default="")
    purge_on: Mapped[dt.date | None] = mapped_column(Date)
    # Who put it aside together with others, until somebody else has confirmed it.
    together_by: Mapped[int | None]
    # Proves a receipt; emptied with the texts.
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # what was sent, and its salt
    contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    decision: Mapped[bytes | None] = mapped_column(LargeBinary)  # sentence, case, who decided


class Message(Base):
    """One message between the one who reported and the moderators."""

    __tablename__ = "report_message"
    __table_args__ = (Index("ix_report_message_report", "report_key", "position"), _WITHOUT_ROWID)

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    report_key: Mapped[str] = mapped_column(ForeignKey("report.key"))
    position: Mapped[int]
    day: Mapped[dt.date] = mapped_column(Date)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class RetainedReport(Base):
    """What a case rests on of a report: the same words under the key of the case.

    It defends the publication, and so outlives the report, its contact and its messages; it goes
    with the case.
    """

    __tablename__ = "report_kept"
    __table_args__ = (_WITHOUT_ROWID,)

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Tally(Base):
    """How many reports of a year ended how: all that is left of them in the end."""

    __tablename__ = "report_tally"
    __table_args__ = (_WITHOUT_ROWID,)

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(12), primary_key=True)
    reason: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int]


class RetentionClock(Base):
    """The last day on which retention was looked at, by which a clock that jumps is noticed."""

    __tablename__ = "retention_clock"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(Date)
