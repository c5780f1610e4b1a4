"""Tables of the clean copies of a case's evidence files.

Like those of the files, they have no order of arrival and show neither name nor kind of a file.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from register.cases.models import partial
from register.db import Base, UTCDateTime


class CopyState(StrEnum):
    """The state of a clean copy."""

    WANTED = "wanted"  # the worker has not begun it
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"  # for the reason of the row


class CaseCopy(Base):
    """A clean copy of an evidence file of a case, wanted by a member and made by the worker.

    ``sealed``: the edits, and type and digest of the original, encrypted with the key of the case.
    """

    __tablename__ = "case_copy"
    __table_args__ = (
        Index("ix_case_copy_state", "state", **partial("state IN ('wanted', 'making')")),
        {"sqlite_with_rowid": False},
    )

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    evidence_key: Mapped[str] = mapped_column(ForeignKey("case_evidence.key"), index=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    # Of the copies of one file, the last one counts.
    position: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    # The key of a CopyError; empty unless it failed.
    reason: Mapped[str] = mapped_column(String(40), default="")
    # Of the worker that makes it: what another one made is dropped.
    claim: Mapped[str] = mapped_column(String(32), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class CaseCopyPage(Base):
    """A page of a clean copy; public only where the public document of the case has its digest.

    ``sealed``: its manifest, size in pixels and duration, encrypted with the key of the case.
    """

    __tablename__ = "case_copy_page"
    __table_args__ = (
        Index("ix_case_copy_page_copy", "copy_key", "position"),
        {"sqlite_with_rowid": False},
    )

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    copy_key: Mapped[str] = mapped_column(ForeignKey("case_copy.key"))
    position: Mapped[int]
    file_id: Mapped[str] = mapped_column(ForeignKey("evidence_file.file_id"), index=True)
    # A keyed hash of its SHA-256.
    lookup: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    # The member who looked at it, and when.
    looked_by: Mapped[int | None]
    looked_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
