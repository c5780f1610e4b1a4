"""Tables of what is sent online about a case.

Its kind says which rows of the case it made: a right of reply is a row of ``reply``, which has its
state. Here are the receipt and, sealed for members, what is never public. A notice of an error or
of content held to be illegal is sealed as a whole; its clock is a row of ``received_post``.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.cases.models import Reply
from register.db import Base
from register.evidence.models import EvidenceFile
from register.post.models import ReceivedPost

_WITHOUT_ROWID = {"sqlite_with_rowid": False}


class IncomingKind(StrEnum):
    """What was sent."""

    REPLY = "reply"  # a right of reply
    NOTICE = "notice"  # of an error, or of content held to be illegal


class Incoming(Base):
    """Something sent online about a case.

    ``receipt`` is a keyed hash of its author's code. ``sealed_content`` is encrypted with its own
    data key, which is in the key store and is destroyed with it.
    """

    __tablename__ = "incoming"
    __table_args__ = (_WITHOUT_ROWID,)

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    receipt: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    # None for a notice, and once the texts of the case are erased.
    reply_id: Mapped[int | None] = mapped_column(
        ForeignKey(Reply.id, ondelete="SET NULL"), index=True, unique=True
    )
    day: Mapped[dt.date] = mapped_column(Date)
    # The day on which a member first read the sealed part.
    read_on: Mapped[dt.date | None] = mapped_column(Date)
    # The day on which the sealed part was destroyed.
    purged_on: Mapped[dt.date | None] = mapped_column(Date)
    sealed_content: Mapped[bytes | None] = mapped_column(LargeBinary)


class IncomingFile(Base):
    """A document that came with it."""

    __tablename__ = "incoming_file"
    __table_args__ = (
        Index("ix_incoming_file_incoming", "incoming_key", "position"),
        _WITHOUT_ROWID,
    )

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    incoming_key: Mapped[str] = mapped_column(ForeignKey("incoming.key"))
    position: Mapped[int]
    file_id: Mapped[str] = mapped_column(ForeignKey(EvidenceFile.file_id), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # its manifest


class NoticeReview(Base):
    """An examination of a notice: first of itself, then of the complaint about the decision.

    Its row of ``received_post`` says what it is, since when, until when, and who decided it.
    ``sealed_texts`` has the words of the complaint and the reasons, encrypted with the data key of
    the notice.
    """

    __tablename__ = "notice_review"

    post_id: Mapped[int] = mapped_column(ForeignKey(ReceivedPost.id), primary_key=True)
    incoming_key: Mapped[str] = mapped_column(ForeignKey("incoming.key"), index=True)
    # Empty while nobody has decided.
    decision: Mapped[str] = mapped_column(String(12), default="")
    sealed_texts: Mapped[bytes | None] = mapped_column(LargeBinary)

    clock: Mapped[ReceivedPost] = relationship(lazy="joined", innerjoin=True)
