"""The tables of what waits for a second person: changes of public cases, and destructions."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Date, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, UTCDateTime


class PendingChange(Base):
    """A change of a public case that waits for a second person, or that one refused.

    ``payload`` is what was proposed, in canonical form (see ``changes``). The row goes when the
    change is made or taken back, and with the texts of the version that it was written upon.
    """

    __tablename__ = "pending_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    act: Mapped[str] = mapped_column(String(20))
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    # The version that it was written upon: once readers see another, it is stale.
    revision_id: Mapped[int]
    made_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    made_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    refused_by: Mapped[int | None]
    refused_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    refusal: Mapped[str] = mapped_column(Text, default="")


class Destruction(Base):
    """What a redaction hid, and that is to be destroyed: by a second person, or on its day."""

    __tablename__ = "destruction"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    made_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    due_on: Mapped[dt.date] = mapped_column(Date)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    ending: Mapped[str] = mapped_column(String(10), default="")  # confirmed, kept, term
