"""Tables of the clean copies of a case's files, their sealed fields, and their deletion.

Like the tables of the files, they have no order of arrival and show neither name nor kind of one.
Only ``acts`` delete, inside a write transaction.
"""

from __future__ import annotations

import datetime as dt
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from register import encryption
from register.cases.models import partial
from register.db import Base, UTCDateTime
from register.evidence.sealed_files import FileManifest
from register.key_store import KeyStore

_LOOKUP_PURPOSE = "look-up of copy pages"
_COPY_PURPOSE, _PAGE_PURPOSE = "copy", "copy page"
# Fields of a page that are sealed with its manifest.
_PAGE_FACTS = ("width", "height", "duration", "notes")
# Sealed fields are padded to a multiple of so many bytes, so that their size tells little.
_PADDING = 1024


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


@dataclass(frozen=True)
class StoredPage:
    """A page of a clean copy: what the public may see of a file.

    :param position: its number in the original, from 0.
    :param width: pixels, and ``height``; 0 for text and sound.
    :param duration: seconds; 0 for pictures and text.
    :param notes: codes of what the register changed by itself.
    :param looked_by: the member who looked at it, and ``looked_at`` when; None if nobody has.
    """

    key: str
    position: int
    file: FileManifest = field(repr=False)
    width: int = 0
    height: int = 0
    duration: float = 0.0
    notes: Sequence[str] = ()
    looked_by: int | None = None
    looked_at: dt.datetime | None = None

    @property
    def sha256(self) -> str:
        """Its digest, by which the document of a case names it."""
        return self.file.sha256

    @property
    def is_looked(self) -> bool:
        """Whether a member looked at it."""
        return self.looked_by is not None


@dataclass(frozen=True)
class CopyOrder:
    """What a copy is made of: type and SHA-256 of the original, and the edits.

    :param edits: what a member took out, as ``Edits.from_json`` reads it.
    :param values: numbers of the reason why there is no copy.
    """

    mime: str
    original: str
    edits: Mapping[str, Any]
    values: Mapping[str, int] = field(default_factory=dict)


def seal_order(key: bytes, copy_key: str, order: CopyOrder) -> bytes:
    """The sealed fields of a copy."""
    return _seal(key, _COPY_PURPOSE, copy_key, vars(order))


def open_order(key: bytes, row: CaseCopy) -> CopyOrder:
    """The inverse of :func:`seal_order`; raises as :func:`register.encryption.decrypt`."""
    return CopyOrder(**_open(key, _COPY_PURPOSE, row.key, row.sealed))


def seal_page(key: bytes, page: StoredPage) -> bytes:
    """The sealed fields of a page."""
    facts = {name: getattr(page, name) for name in _PAGE_FACTS}
    return _seal(key, _PAGE_PURPOSE, page.key, {"file": page.file.fields(), **facts})


def open_page(key: bytes, row: CaseCopyPage) -> StoredPage:
    """The page of a row; raises as :func:`register.encryption.decrypt`."""
    fields = _open(key, _PAGE_PURPOSE, row.key, row.sealed)
    fields["file"] = FileManifest.parse(fields["file"])
    return StoredPage(
        row.key, row.position, looked_by=row.looked_by, looked_at=row.looked_at, **fields
    )


def page_lookup(store: KeyStore, sha256: str) -> bytes:
    """The keyed hash of a page's digest, 32 bytes."""
    return hmac.digest(store.derived_key(_LOOKUP_PURPOSE), sha256.encode(), "sha256")


def delete_copies(session: Session, clause: ColumnElement[bool]) -> None:
    """Delete copies with their pages; the worker deletes the files.

    :param clause: which rows of :class:`CaseCopy`.
    """
    session.flush()
    copy_keys = session.scalars(select(CaseCopy.key).where(clause)).all()
    session.execute(delete(CaseCopyPage).where(CaseCopyPage.copy_key.in_(copy_keys)))
    session.execute(delete(CaseCopy).where(CaseCopy.key.in_(copy_keys)))


def _seal(key: bytes, purpose: str, owner: str, fields: Mapping[str, Any]) -> bytes:
    plain = json.dumps(fields, separators=(",", ":")).encode()
    padded = plain + b" " * (-len(plain) % _PADDING)
    return encryption.encrypt(key, purpose, padded, owner.encode())


def _open(key: bytes, purpose: str, owner: str, sealed: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(encryption.decrypt(key, purpose, sealed, owner.encode()))
    return fields
