"""Acts of members on the files of a case and their clean copies.

Lines hold digests in their private part, for members; the public commitment to them is that of the
document of the case.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import func, select

from register.accounts.models import Member
from register.cases import copies
from register.cases.acts import _steps as steps
from register.cases.case_evidence import (
    case_evidence,
    remove_case_evidence,
    require_case_key,
    store_case_evidence,
)
from register.cases.copy_storage import (
    CaseCopy,
    CaseCopyPage,
    CopyOrder,
    CopyState,
    delete_copies,
    open_page,
    seal_order,
)
from register.cases.models import CaseEvidence, Incident
from register.errors import Invalid, NotFound, Refused
from register.evidence.models import EvidenceFile
from register.evidence.sealed_files import FileManifest, open_manifest
from register.journal import Act, JournalEntry, WriteTransaction
from register.key_store import KeyStore

# Why a file or a copy is removed, as its line says it.
REMOVAL_REASONS = (
    *("erreur", "doublon", "donnee_personnelle", "decision_de_justice", "hors_sujet"),
    *("illicite", "malveillant"),
)
# The reason of a file that left with its case, in no form.
PARTED = "separation"


def add_file(
    tx: WriteTransaction, store: KeyStore, incident_id: int, file: FileManifest, *, by: int
) -> str:
    """Add a stored file to a case; the key of its row.

    :raises Refused: ``evidence_again`` for a file that a report or a case has: its blobs may be
        about to go with that one.
    """
    case, member = steps.begin_act(tx, incident_id, Act.EVIDENCE_ADDED, by)
    if tx.session.get(EvidenceFile, file.file_id) is not None:
        raise Refused("evidence_again", state=case.state)
    key = store_case_evidence(tx, store, case.id, file)
    steps.record(tx, Act.EVIDENCE_ADDED, case, member.id, evidence=key, original=file.sha256)
    return key


def request_copy(
    tx: WriteTransaction,
    store: KeyStore,
    incident_id: int,
    evidence_key: str,
    edits: Mapping[str, Any],
    *,
    by: int,
) -> str:
    """Have the worker make a clean copy of a file; the key of its row.

    It takes the place of one that is not finished or failed.

    :param edits: what to take out, as ``Edits.from_json`` reads it.
    """
    case, member = steps.begin_act(tx, incident_id, Act.COPY_REQUESTED, by)
    original = _load_file(tx, store, case, evidence_key)
    of_file = CaseCopy.evidence_key == evidence_key
    delete_copies(tx.session, of_file & (CaseCopy.state != CopyState.READY))
    last = tx.session.scalar(select(func.max(CaseCopy.position)).where(of_file))
    key, order = secrets.token_hex(16), CopyOrder(original.mime, original.sha256, edits)
    tx.session.add(
        CaseCopy(
            key=key,
            evidence_key=evidence_key,
            incident_id=case.id,
            position=(last or 0) + 1,
            state=CopyState.WANTED,
            sealed=seal_order(require_case_key(store, case.id), key, order),
        )
    )
    tx.session.flush()
    details = {"evidence": evidence_key, "copy": key, "original": original.sha256}
    steps.record(tx, Act.COPY_REQUESTED, case, member.id, **details)
    return key


def review_page(
    tx: WriteTransaction, store: KeyStore, incident_id: int, page_key: str, *, by: int
) -> JournalEntry:
    """Note that a member looked at a page of a clean copy.

    :raises NotFound: ``no_such_copy_page``.
    :raises Refused: ``page_looked_at``, with the member who did before.
    """
    case, member = steps.begin_act(tx, incident_id, Act.COPY_PAGE_REVIEWED, by)
    page = tx.session.get(CaseCopyPage, page_key)
    copy = tx.session.get(CaseCopy, page.copy_key) if page is not None else None
    if page is None or copy is None or copy.incident_id != case.id:
        raise NotFound("no_such_copy_page")
    if page.looked_by is not None:
        raise Refused("page_looked_at", state=case.state, member=page.looked_by)
    page.looked_by, page.looked_at = member.id, tx.at
    sha256 = open_page(require_case_key(store, case.id), page).sha256
    details = {"copy": copy.key, "position": page.position, "sha256": sha256}
    return steps.record(tx, Act.COPY_PAGE_REVIEWED, case, member.id, **details)


def remove_file(
    tx: WriteTransaction,
    store: KeyStore,
    incident_id: int,
    evidence_key: str,
    reason: str,
    *,
    by: int,
    only_copies: bool = False,
) -> JournalEntry:
    """Remove a file of a case with its clean copies, or these alone; the worker deletes them.

    :param reason: one of :data:`REMOVAL_REASONS`.
    :raises NotFound: ``no_such_case_file``.
    :raises Refused: ``copy_in_document``: it is to be taken out of the text of the case first.
    """
    act = Act.COPY_REMOVED if only_copies else Act.EVIDENCE_REMOVED
    case, member = steps.begin_act(tx, incident_id, act, by)
    if reason not in REMOVAL_REASONS:
        raise Invalid("unknown_code", field="reason", value=reason[:40])
    return _remove_rows(tx, store, case, member, evidence_key, reason, act)


def remove_sent_file(
    tx: WriteTransaction, store: KeyStore, file_id: str, reason: str, *, by: int
) -> None:
    """Remove a file of a report, with all copies, from every case that has it, in any state.

    :raises Refused: ``copy_in_document``, as for :func:`remove_file`.
    """
    stmt = select(CaseEvidence).where(CaseEvidence.file_id == file_id)
    for row in tx.session.scalars(stmt.order_by(CaseEvidence.incident_id)).all():
        case, member = steps.load_case(tx, row.incident_id, by)
        _remove_rows(tx, store, case, member, row.key, reason)


def copy_files(
    tx: WriteTransaction, store: KeyStore, case: Incident, target: Incident, member: Member
) -> None:
    """Give the files of a case to the one that it is merged into; their blobs are stored once."""
    present = {row.file_id for row, _file in case_evidence(tx.session, store, target.id)}
    for _row, file in case_evidence(tx.session, store, case.id):
        if file.file_id not in present:
            key = store_case_evidence(tx, store, target.id, file)
            details = {"evidence": key, "original": file.sha256}
            steps.record(tx, Act.EVIDENCE_ADDED, target, member.id, **details)


def take_files_back(
    tx: WriteTransaction, store: KeyStore, case: Incident, file_ids: Collection[str]
) -> list[tuple[Incident, CaseEvidence, FileManifest]]:
    """Remove files of a merged case from those that it leads to, but where their texts show them.

    :returns: what was removed from which case, for the lines of the act.
    """
    removed = []
    while case.merged_into is not None:
        stmt = select(Incident).where(Incident.number == case.merged_into)
        case = tx.session.scalars(stmt).one()
        for row, file in case_evidence(tx.session, store, case.id):
            if row.file_id in file_ids and not _is_shown(tx, store, case, row.key):
                remove_case_evidence(tx.session, CaseEvidence.key == row.key)
                removed.append((case, row, file))
    return removed


def part_files(tx: WriteTransaction, store: KeyStore, case: Incident, member: Member) -> None:
    """Remove the files of a merged case from those that it leads to, and record it."""
    file_ids = {row.file_id for row, _file in case_evidence(tx.session, store, case.id)}
    for target, row, file in take_files_back(tx, store, case, file_ids):
        details = {"evidence": row.key, "original": file.sha256, "why": PARTED}
        steps.record(tx, Act.EVIDENCE_REMOVED, target, member.id, **details)


def _remove_rows(
    tx: WriteTransaction,
    store: KeyStore,
    case: Incident,
    member: Member,
    evidence_key: str,
    reason: str,
    act: Act = Act.EVIDENCE_REMOVED,
) -> JournalEntry:
    original = _load_file(tx, store, case, evidence_key)
    if _is_shown(tx, store, case, evidence_key):
        raise Refused("copy_in_document", state=case.state)
    if act is Act.EVIDENCE_REMOVED:
        remove_case_evidence(tx.session, CaseEvidence.key == evidence_key)
    else:
        delete_copies(tx.session, CaseCopy.evidence_key == evidence_key)
    details = {"evidence": evidence_key, "original": original.sha256, "why": reason}
    return steps.record(tx, act, case, member.id, **details)


def _load_file(
    tx: WriteTransaction, store: KeyStore, case: Incident, evidence_key: str
) -> FileManifest:
    row = tx.session.get(CaseEvidence, evidence_key)
    if row is None or row.incident_id != case.id:
        raise NotFound("no_such_case_file")
    return open_manifest(require_case_key(store, case.id), row.sealed, row.key)


def _is_shown(tx: WriteTransaction, store: KeyStore, case: Incident, evidence_key: str) -> bool:
    """Whether the document of a case, or a change that waits, names a copy of a file."""
    stmt = select(CaseCopyPage).join(CaseCopy, CaseCopy.key == CaseCopyPage.copy_key)
    pages = tx.session.scalars(stmt.where(CaseCopy.evidence_key == evidence_key))
    key = require_case_key(store, case.id)
    digests = [open_page(key, page).sha256 for page in pages]
    return copies.is_in_document(tx.session, case.id, digests)
