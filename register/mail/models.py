"""Tables of the outbox, and of what members want to be told and were told."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, UTCDateTime

_WAITING = text("state = 'waiting'")


class MailState(StrEnum):
    """Where a mail is; only a waiting one has an address and a text."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    STOPPED = "stopped"  # what it is about was withdrawn before it left


class OutgoingMail(Base):
    """A mail to be sent, or that was sent or given up in the last weeks."""

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        Index(
            "ix_outgoing_mail_next_at", "next_at", sqlite_where=_WAITING, postgresql_where=_WAITING
        ),
        # Without rowid, which would reveal the order in which mails were written.
        {"sqlite_with_rowid": False},
    )

    # Written into the header Message-ID, the same at each attempt.
    message_id: Mapped[str] = mapped_column(String(300), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    # The member that it is for; None for an outside address, which is sealed with the values.
    member_id: Mapped[int | None]
    # The values of its text and an outside address, encrypted; empty once it is sent or dead.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(8), default=MailState.WAITING.value)
    attempts: Mapped[int] = mapped_column(default=0)
    # When it may be tried; during an attempt, when another process may try it again. Of a sent one,
    # ten minutes after its last attempt.
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Last answer of the mail server (RFC 5321 §4.2): 450, for example; 0 without an answer.
    reply_code: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class MailPreference(Base):
    """How a member gets mail about what waits at the desk; daily without a row."""

    __tablename__ = "mail_preference"

    member_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mode: Mapped[str] = mapped_column(String(8))
    # The last day whose daily mail is done.
    digest_on: Mapped[date | None] = mapped_column(Date)


class NoticedThing(Base):
    """A thing that a member was told of and that still waits: its HMAC, never its name."""

    __tablename__ = "noticed_thing"
    __table_args__ = ({"sqlite_with_rowid": False},)

    member_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    thing: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
