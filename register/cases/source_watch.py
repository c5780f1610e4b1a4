"""Tables of the work on sources: copies that are to be made, and whether addresses still answer.

They are housekeeping: a lost row costs one click, or one more look at an address.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from register.cases.models import partial
from register.db import Base, UTCDateTime


class AddressRow:
    """A row about the address of a source of a case, by its digest."""

    incident_id: Mapped[int] = mapped_column(
        ForeignKey("incident.id"), primary_key=True, autoincrement=False, sort_order=-2
    )
    source: Mapped[str] = mapped_column(String(64), primary_key=True, sort_order=-1)


class CopyRequest(AddressRow, Base):
    """A copy that a member asked for; the row goes once it is made.

    ``failure`` and ``status`` are those of the last attempt. ``due_at`` is empty after the last.
    """

    __tablename__ = "source_request"
    __table_args__ = (Index("ix_source_request_due", "due_at", **partial("due_at IS NOT NULL")),)

    asked_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    asked_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(String(20), default="")
    status: Mapped[int] = mapped_column(default=0)


class LinkState(StrEnum):
    """What the last look at an address found."""

    ANSWERS = "answers"
    GONE = "gone"  # its server says that it has no such page
    SILENT = "silent"  # no answer, or an error of its server
    CLOSED = "closed"  # an answer for readers only, such as a paywall or a refusal of programs


# A dead link, once two looks on different days found it.
DEAD_STATES = (LinkState.GONE, LinkState.SILENT)


class SourceCheck(AddressRow, Base):
    """The last look at the address of a source of a public case."""

    __tablename__ = "source_check"
    __table_args__ = (
        Index("ix_source_check_dead", "dead_on", **partial("dead_on IS NOT NULL")),
        Index("ix_source_check_checked", "checked_on"),
    )

    checked_on: Mapped[dt.date] = mapped_column(Date)
    link_state: Mapped[str] = mapped_column(String(10))
    status: Mapped[int] = mapped_column(default=0)
    # The first of the looks in a row that found a dead state.
    failing_since: Mapped[dt.date | None] = mapped_column(Date)
    # The last look that found it dead, since a second one did.
    dead_on: Mapped[dt.date | None] = mapped_column(Date)
