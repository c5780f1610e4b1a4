"""Upkeep of evidence files: which blobs stay, and which are deleted.

Everything here may be interrupted and repeated.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from register.db import housekeeping
from register.evidence.models import EvidenceFile, is_referenced
from register.evidence.sealed_files import SealedFiles

# Days of pending blobs that no report refers to; the day of the upload counts as one.
PENDING_DAYS = 1
_BATCH_SIZE = 200


def has_unreferenced(session: Session) -> bool:
    """Whether there is a file that nothing refers to."""
    stmt = select(EvidenceFile.file_id).where(~is_referenced()).limit(1)
    return session.scalar(stmt) is not None


def delete_unreferenced(engine: Engine, files: SealedFiles) -> int:
    """Delete the files that nothing refers to: their blobs first, then their rows."""
    with Session(engine) as session:
        stmt = select(EvidenceFile.file_id).where(~is_referenced()).limit(_BATCH_SIZE)
        file_ids = session.scalars(stmt).all()
    for file_id in file_ids:
        files.delete(file_id)
        with housekeeping(engine) as session:
            session.execute(
                delete(EvidenceFile).where(EvidenceFile.file_id == file_id, ~is_referenced())
            )
    return len(file_ids)


def settle(engine: Engine, files: SealedFiles) -> int:
    """Move the blobs of files that the register refers to out of the pending ones.

    Once a day, for all files together: the times that a file system notes tell no more than it.
    """
    with Session(engine) as session:
        stmt = select(EvidenceFile.file_id).where(~EvidenceFile.is_settled, is_referenced())
        file_ids = session.scalars(stmt).all()
    for file_id in file_ids:
        files.settle(file_id)
        with housekeeping(engine) as session:
            row = session.get(EvidenceFile, file_id)
            if row is not None:
                row.is_settled = True
    return len(file_ids)


def delete_abandoned(files: SealedFiles, today: date) -> int:
    """Delete the pending blobs of former days; call it after :func:`settle` only.

    A form is sent within :data:`PENDING_DAYS` of its uploads, or refused.
    """
    oldest = today - timedelta(days=PENDING_DAYS)
    names = [name for name, day in files.store.pending() if day < oldest]
    for name in names:
        files.store.delete(name)
    return len(names)


def count_orphans(session: Session, files: SealedFiles, today: date) -> int:
    """Number of blobs that should be gone: no file that a row refers to has them.

    They are there for a moment after a deletion, and as long as the store refuses to delete.
    """
    listed, late = files.listed_names(), today - timedelta(days=PENDING_DAYS + 1)
    orphans = listed - {name for name, day in files.store.pending() if day >= late}
    for file_id in session.scalars(select(EvidenceFile.file_id).where(is_referenced())):
        orphans.difference_update(files.blob_names(file_id, listed))
    return sum(map(files.store.has, orphans))


def run_upkeep(engine: Engine, files: SealedFiles, today: date) -> tuple[int, int, int]:
    """All steps, in their order: the files deleted and settled, and the abandoned blobs."""
    return delete_unreferenced(engine, files), settle(engine, files), delete_abandoned(files, today)
