"""What the rows of the register need and its stores lack: parts of files, and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.case_evidence import case_key_name
from register.cases.copy_storage import CaseCopy, CaseCopyPage, open_page
from register.cases.models import CaseEvidence, SourceCopy
from register.errors import Unavailable
from register.evidence.sealed_files import FileManifest, SealedFiles, open_manifest
from register.incoming import queries as incoming
from register.incoming.content import key_name as incoming_key_name
from register.incoming.models import Incoming, IncomingFile
from register.key_store import KeyStore
from register.reports import retention as reports
from register.reports.models import Report, ReportEvidence

# The name of a file's key, the day of its report or the id of its case, how its key opens it.
_FileRow = tuple[str, date | int, Callable[[bytes], FileManifest]]


class EmptyStoreError(Unavailable):
    """Nothing at all is where the register has files: a disk may not be mounted."""


def lost_keys(session: Session, store: KeyStore) -> int:
    """Number of keys in use that are missing from the key store."""
    return len((reports.keys_in_use(session) | incoming.keys_in_use(session)) - store.names())


def incomplete_files(
    session: Session, store: KeyStore, files: SealedFiles
) -> tuple[list[date], set[int]]:
    """Files with missing blobs: the days of their reports, and the ids of their cases.

    :raises Unavailable: ``evidence_away``.
    :raises EmptyStoreError: see there.
    """
    file_rows = list(_file_rows(session))
    keys = store.keys({name for name, _owner, _manifest in file_rows})
    # Listed after the rows were read, so that their files are in it.
    listed = files.listed_names() if keys else set()
    if keys and not listed:
        raise EmptyStoreError("evidence_away")
    owners = [
        owner
        for name, owner, manifest in file_rows
        if (key := keys.get(name)) and not files.is_whole(manifest(key), listed)
    ]
    days = [owner for owner in owners if isinstance(owner, date)]
    return days, {owner for owner in owners if isinstance(owner, int)}


def _file_rows(session: Session) -> Iterator[_FileRow]:
    of_report = Report.key == ReportEvidence.report_key
    sent_files = select(ReportEvidence, Report.day).join(Report, of_report).order_by(Report.day)
    for sent, day in session.execute(sent_files):
        yield sent.report_key, day, _opener(sent.sealed, sent.key)
    for row in session.scalars(select(CaseEvidence)):
        yield case_key_name(row.incident_id), row.incident_id, _opener(row.sealed, row.key)
    for copy in session.scalars(select(SourceCopy)):
        yield case_key_name(copy.incident_id), copy.incident_id, _opener(copy.sealed, copy.file_id)
    of_incoming = Incoming.key == IncomingFile.incoming_key
    documents = select(IncomingFile, Incoming.incident_id).join(Incoming, of_incoming)
    for file, case_id in session.execute(documents):
        yield incoming_key_name(file.incoming_key), case_id, _opener(file.sealed, file.key)
    of_copy = CaseCopy.key == CaseCopyPage.copy_key
    pages = select(CaseCopy.incident_id, CaseCopyPage).join(CaseCopy, of_copy)
    for incident_id, page in session.execute(pages):
        yield case_key_name(incident_id), incident_id, partial(_page_manifest, page)


def _opener(sealed: bytes, sealed_for: str) -> Callable[[bytes], FileManifest]:
    return partial(open_manifest, sealed=sealed, owner=sealed_for)


def _page_manifest(page: CaseCopyPage, key: bytes) -> FileManifest:
    return open_page(key, page).file
