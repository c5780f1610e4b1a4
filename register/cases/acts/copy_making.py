"""Steps of the worker that makes clean copies: claim one, finish it, or note why there is none.

A claim is void once another one is made: what a killed or overtaken worker made is dropped.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register.cases import copies
from register.cases.acts import _steps as steps
from register.cases.case_evidence import case_key_name, require_case_key
from register.cases.copy_storage import (
    CaseCopy,
    CaseCopyPage,
    CopyOrder,
    CopyState,
    StoredPage,
    delete_copies,
    open_order,
    open_page,
    page_lookup,
    seal_order,
    seal_page,
)
from register.cases.models import CaseEvidence, Incident
from register.db import housekeeping
from register.errors import CopyError, NotFound
from register.evidence.models import register_file
from register.evidence.sealed_files import FileManifest, open_manifest
from register.journal import Act, WriteTransaction
from register.key_store import KeyStore

# A copy whose worker was killed so often is given up: it may be what kills it.
MOST_ATTEMPTS = 3
_UNFINISHED = CaseCopy.state.in_((CopyState.WANTED, CopyState.MAKING))


def claim_copy(engine: Engine) -> CaseCopy | None:
    """Claim a copy that is wanted, or whose worker was killed; None if there is none.

    Call it only while this worker makes none.

    :returns: the row as it is claimed; its ``attempts`` count this one.
    """
    with housekeeping(engine) as session:
        stmt = select(CaseCopy).where(_UNFINISHED).order_by(CaseCopy.attempts, CaseCopy.key)
        task = session.scalar(stmt.limit(1).with_for_update(skip_locked=True))
        if task is None:
            return None
        task.state, task.claim = CopyState.MAKING, secrets.token_hex(16)
        task.attempts += 1
        session.flush()
        session.expunge(task)
        return task


def return_copy(engine: Engine, task: CaseCopy) -> None:
    """Put a copy back among the wanted ones: the attempt failed for no reason of its own."""
    with housekeeping(engine) as session:
        row = _load_claimed(session, task)
        if row is not None:
            row.state, row.claim, row.attempts = CopyState.WANTED, "", row.attempts - 1


def load_task(session: Session, store: KeyStore, task: CaseCopy) -> tuple[FileManifest, CopyOrder]:
    """The original of a copy, and what to make of it.

    :raises NotFound: it was removed meanwhile.
    :raises SealError: the key of the case was destroyed, or the key store is away.
    """
    file_row = session.get(CaseEvidence, task.evidence_key)
    if file_row is None:
        raise NotFound("no_such_case_file")
    key = require_case_key(store, task.incident_id)
    return open_manifest(key, file_row.sealed, file_row.key), open_order(key, task)


def finish_copy(
    tx: WriteTransaction, store: KeyStore, task: CaseCopy, pages: Sequence[StoredPage]
) -> bool:
    """Make a copy ready with its pages; former ones that nothing needs go.

    :returns: False, and nothing is done, if the claim is void.
    """
    row, key = _load_claimed(tx.session, task), store.key(case_key_name(task.incident_id))
    if row is None or key is None:
        return False
    for page in pages:
        register_file(tx.session, page.file.file_id)
        tx.session.add(
            CaseCopyPage(
                key=page.key,
                copy_key=row.key,
                position=page.position,
                file_id=page.file.file_id,
                lookup=page_lookup(store, page.sha256),
                sealed=seal_page(key, page),
            )
        )
    row.state, row.claim = CopyState.READY, ""
    tx.session.flush()
    former_keys = _former_copies(tx, key, row)
    delete_copies(tx.session, CaseCopy.key.in_(former_keys))
    details = {
        "evidence": row.evidence_key,
        "copy": row.key,
        "original": open_order(key, row).original,
        "pages": [page.sha256 for page in pages],
        "former": former_keys,
    }
    steps.record(tx, Act.COPY_MADE, tx.load(Incident, task.incident_id), None, **details)
    return True


def fail_copy(tx: WriteTransaction, store: KeyStore, task: CaseCopy, error: CopyError) -> bool:
    """Note why there is no copy; False, and nothing is done, if the claim is void."""
    case_copy, key = _load_claimed(tx.session, task), store.key(case_key_name(task.incident_id))
    if case_copy is None or key is None:
        return False
    numbers = {name: cell for name, cell in error.values.items() if isinstance(cell, int)}
    case_copy.sealed = seal_order(
        key, case_copy.key, replace(open_order(key, case_copy), values=numbers)
    )
    case_copy.state, case_copy.claim, case_copy.reason = CopyState.FAILED, "", error.key
    case = tx.load(Incident, task.incident_id)
    details = {"evidence": case_copy.evidence_key, "copy": case_copy.key, "why": error.key}
    steps.record(tx, Act.COPY_FAILED, case, None, **details)
    return True


def _load_claimed(session: Session, task: CaseCopy) -> CaseCopy | None:
    """The row of a copy; None if the claim is void."""
    row = session.get(CaseCopy, task.key, with_for_update=True)
    is_valid = row is not None and row.claim == task.claim and row.state == CopyState.MAKING
    return row if is_valid else None


def _former_copies(tx: WriteTransaction, key: bytes, row: CaseCopy) -> list[str]:
    """The ready copies that a new one replaces.

    Those stay that the document of the case names, and the last one without edits, on which a
    member marks what to take out.
    """
    stmt = select(CaseCopy).where(
        CaseCopy.evidence_key == row.evidence_key,
        CaseCopy.state == CopyState.READY,
        CaseCopy.key != row.key,
    )
    former = tx.session.scalars(stmt.order_by(CaseCopy.position.desc())).all()
    has_unedited = not any(open_order(key, row).edits.values())
    former_keys = []
    for copy in former:
        if not has_unedited and not any(open_order(key, copy).edits.values()):
            has_unedited = True
            continue
        pages = select(CaseCopyPage).where(CaseCopyPage.copy_key == copy.key)
        digests = [open_page(key, page).sha256 for page in tx.session.scalars(pages)]
        if not copies.is_in_document(tx.session, row.incident_id, digests):
            former_keys.append(copy.key)
    return former_keys
