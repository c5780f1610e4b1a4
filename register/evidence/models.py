"""Table of evidence files; those that refer to them are in the rooms that do."""

from __future__ import annotations

from sqlalchemy import ColumnElement, String, exists, or_
from sqlalchemy.orm import Mapped, Session, mapped_column

from register.db import Base


class EvidenceFile(Base):
    """A stored file, by its id: all else of it is encrypted in the rows that refer to it.

    It is added with the first of them. Without any, the worker deletes its blobs and the row.
    """

    __tablename__ = "evidence_file"
    # Without rowid, which would reveal the order in which files came.
    __table_args__ = ({"sqlite_with_rowid": False},)

    file_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    # Its blobs are among the lasting ones.
    is_settled: Mapped[bool] = mapped_column(default=False, index=True)


def register_file(session: Session, file_id: str) -> None:
    """Add the row of a file, in the transaction that refers to it; nothing for a known one."""
    if session.get(EvidenceFile, file_id) is None:
        session.add(EvidenceFile(file_id=file_id))
        session.flush()


def is_referenced() -> ColumnElement[bool]:
    """A clause: whether any table refers to a file, by the foreign keys of the schema."""
    clauses = [
        exists().where(key.parent == EvidenceFile.file_id)
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table is EvidenceFile.__table__
    ]
    return or_(*clauses)
