"""Evidence files of a case, whose manifests are encrypted with the key of the case."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from register.cases.copy_storage import delete_copies_of
from register.cases.models import CaseEvidence
from register.evidence.models import register_file
from register.evidence.sealed_files import FileManifest, open_manifest, seal_manifest
from register.journal import WriteTransaction
from register.key_store import KeyStore


def case_key_name(incident_id: int) -> str:
    """The name of a case's key in the key store."""
    return f"case {incident_id}"


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
    key_name, row_key = case_key_name(incident_id), secrets.token_hex(16)
    case_key = store.key(key_name) or store.new_key(key_name)
    last = tx.session.scalar(select(func.max(CaseEvidence.position)).where(of_case))
    register_file(tx.session, file.file_id)
    tx.session.add(
        CaseEvidence(
            key=row_key,
            incident_id=incident_id,
            file_id=file.file_id,
            position=(last or 0) + 1,
            sealed=seal_manifest(case_key, file, row_key),
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
    case_key = store.key(case_key_name(incident_id)) if rows else None
    if case_key is None:
        return []
    return [(row, open_manifest(case_key, row.sealed, row.key)) for row in rows]


def cases_with_evidence(session: Session) -> set[int]:
    """The ids of the cases that have a file, and so need their keys."""
    return set(session.scalars(select(CaseEvidence.incident_id).distinct()))


def remove_case_evidence(session: Session, clause: ColumnElement[bool]) -> int:
    """Delete the rows of files and what depends on them; the worker deletes their blobs.

    :param clause: which rows of :class:`CaseEvidence`.
    """
    keys: Collection[str] = session.scalars(select(CaseEvidence.key).where(clause)).all()
    if keys:
        delete_copies_of(session, keys)
        session.execute(delete(CaseEvidence).where(CaseEvidence.key.in_(keys)))
    return len(keys)
