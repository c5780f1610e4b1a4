"""Files of a report, whose manifests are encrypted with its data key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.errors import Refused
from register.evidence.models import EvidenceFile, register_file
from register.evidence.sealed_files import FileManifest, open_manifest, seal_manifest
from register.journal import WriteTransaction
from register.key_store import KeyStore
from register.reports import receipt_codes
from register.reports.models import DestroyedFile, Message, Report, ReportEvidence
from register.reports.report_content import SentFile


@dataclass(frozen=True)
class ReportFile:
    """A stored file of a report, and the day on which it was sent.

    ``message_key``: that of the message with which it came; None for one of the report itself.
    """

    key: str
    day: date
    message_key: str | None
    manifest: FileManifest


def sent_file(file: FileManifest) -> SentFile:
    """What the content of a report says of a file."""
    return SentFile(file.mime, file.size, file.sha256)


def sent_files(files: Iterable[FileManifest]) -> tuple[SentFile, ...]:
    """The files of a content, in an order that does not depend on how they were chosen."""
    return tuple(sorted(set(map(sent_file, files))))


def sealed_rows(
    session: Session, data_key: bytes, files: Iterable[FileManifest]
) -> Iterator[dict[str, Any]]:
    """Key, file id and sealed manifest of the row of each file, which it registers.

    :raises Refused: ``evidence_again`` for a file that another row has: its blobs may be about to
        go with that one.
    """
    for file in files:
        if session.get(EvidenceFile, file.file_id) is not None:
            raise Refused("evidence_again")
        register_file(session, file.file_id)
        key = receipt_codes.new_key()
        yield {"key": key, "file_id": file.file_id, "sealed": seal_manifest(data_key, file, key)}


def store_files(
    tx: WriteTransaction,
    data_key: bytes,
    report_key: str,
    files: Sequence[FileManifest],
    message_key: str | None = None,
) -> None:
    """Add files to a report, after its others; the row of the message must exist.

    :raises Refused: as :func:`sealed_rows`.
    """
    if not files:
        return
    tx.session.flush()
    of_report = ReportEvidence.report_key == report_key
    last = tx.session.scalar(select(func.max(ReportEvidence.position)).where(of_report)) or 0
    owner = {"report_key": report_key, "message_key": message_key}
    for position, row in enumerate(sealed_rows(tx.session, data_key, files), start=last + 1):
        tx.session.add(ReportEvidence(**row, **owner, position=position))
    tx.session.flush()


def report_files(session: Session, store: KeyStore, report_key: str) -> list[ReportFile]:
    """The files of a report and of its messages, in the order in which they came."""
    rows = session.execute(
        select(ReportEvidence, Report.day, Message.day.label("message_day"))
        .join(Report, Report.key == ReportEvidence.report_key)
        .outerjoin(Message, Message.key == ReportEvidence.message_key)
        .where(ReportEvidence.report_key == report_key)
        .order_by(ReportEvidence.position)
    ).all()
    data_key = store.key(report_key) if rows else None
    if data_key is None:
        return []
    return [
        ReportFile(
            row.key,
            message_day or day,
            row.message_key,
            open_manifest(data_key, row.sealed, row.key),
        )
        for row, day, message_day in rows
    ]


class FileDestruction(NamedTuple):
    """A file that a member had destroyed: what it was, the day, and the code of the reason."""

    file: SentFile
    day: date
    reason: str


def destroyed_files(session: Session, store: KeyStore, report_key: str) -> list[FileDestruction]:
    """The files of a report and of its messages that were destroyed, the first one first."""
    stmt = select(DestroyedFile).where(DestroyedFile.report_key == report_key)
    rows = session.scalars(stmt.order_by(DestroyedFile.day, DestroyedFile.key)).all()
    data_key = store.key(report_key) if rows else None
    if data_key is None:
        return []
    return [
        FileDestruction(
            sent_file(open_manifest(data_key, row.sealed, row.key)), row.day, row.reason
        )
        for row in rows
    ]
