"""Evidence files of a case, whose manifests are encrypted with the key of the case."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, func, select, union
from sqlalchemy.orm import Session

from register.cases.copy_storage import CaseCopy, delete_copies
from register.cases.models import CaseEvidence, SourceCopy
from register.errors import SealError
from register.evidence.models import register_file
from register.evidence.sealed_files import FileManifest, open_manifest, seal_manifest
from register.journal import WriteTransaction
from register.key_store import KeyStore


def case_key_name(incident_id: int) -> str:
    """The name of a case's key in the key store."""
    return f"case {incident_id}"


def case_key(store: KeyStore, incident_id: int) -> bytes:
    """The key of a case, made if it has none yet.

    Call it under the write lock: keys with which nothing is encrypted are destroyed under it.
    """
    name = case_key_name(incident_id)
    return store.key(name) or store.new_key(name)


def require_case_key(store: KeyStore, incident_id: int) -> bytes:
    """The existing key of a case.

    :raises SealError: ``seal_opens_nothing`` when it was destroyed.
    """
    key = store.key(case_key_name(incident_id))
    if key is None:
        raise SealError("seal_opens_nothing")
    return key


def store_case_evidence(
    tx: WriteTransaction, store: KeyStore, incident_id: int, file: FileManifest
) -> str:
    """Add a file to a case, after the others; the key of its row. A file is there once.

    The file may be that of a report too: its blobs are stored once, and stay while any row refers
    to them. The journal line is that of the act which calls this.
    """
    of_case = CaseEvidence.incident_id == incident_id
    stmt = select(CaseEvidence.key).where(of_case, CaseEvidence.file_id == file.file_id)
    existing = tx.session.scalar(stmt)
    if existing is not None:
        return existing
    row_key, sealing_key = secrets.token_hex(16), case_key(store, incident_id)
    last = tx.session.scalar(select(func.max(CaseEvidence.position)).where(of_case))
    register_file(tx.session, file.file_id)
    tx.session.add(
        CaseEvidence(
            key=row_key,
            incident_id=incident_id,
            file_id=file.file_id,
            position=(last or 0) + 1,
            sealed=seal_manifest(sealing_key, file, row_key),
        )
    )
    tx.session.flush()
    return row_key


def case_evidence(
    session: Session, store: KeyStore, incident_id: int
) -> list[tuple[CaseEvidence, FileManifest]]:
    """The files of a case in their order, for members; none once its key is destroyed."""
    stmt = select(CaseEvidence).where(CaseEvidence.incident_id == incident_id)
    rows: Sequence[CaseEvidence] = session.scalars(stmt.order_by(CaseEvidence.position)).all()
    key = store.key(case_key_name(incident_id)) if rows else None
    if key is None:
        return []
    return [(row, open_manifest(key, row.sealed, row.key)) for row in rows]


def cases_with_evidence(session: Session) -> set[int]:
    """The ids of the cases that have a file or a copy of a source, and so need their keys."""
    owners = (select(model.incident_id).distinct() for model in (CaseEvidence, SourceCopy))
    return set(session.scalars(union(*owners)))


def remove_case_evidence(session: Session, clause: ColumnElement[bool]) -> None:
    """Delete the rows of files and what depends on them; the worker deletes their blobs.

    :param clause: which rows of :class:`CaseEvidence`.
    """
    keys = select(CaseEvidence.key).where(clause)
    delete_copies(session, CaseCopy.evidence_key.in_(keys))
    session.execute(delete(CaseEvidence).where(clause))
