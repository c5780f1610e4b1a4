"""Clean copies of a case's evidence files: what is ready, who looked at it, and its files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.case_evidence import require_case_key
from register.cases.copy_storage import (
    CaseCopy,
    CaseCopyPage,
    CopyOrder,
    CopyState,
    StoredPage,
    open_order,
    open_page,
    page_lookup,
)
from register.cases.models import Incident, Revision
from register.cases.second_person import PendingChange
from register.evidence.file_kinds import KINDS, FileKind
from register.evidence.sealed_files import FileManifest
from register.key_store import KeyStore

# Field of the edits → its word in the document of a case.
_EDIT_WORDS = (
    ("dropped_pages", "pages"),
    ("crops", "recadrage"),
    ("masks", "masque"),
    ("cuts", "coupure"),
    ("mutes", "coupure"),
    ("passages", "passage"),
)


@dataclass(frozen=True)
class FileCopy:
    """A clean copy in any state.

    :param reason: why there is none: the key of a CopyError.
    """

    key: str
    state: CopyState
    order: CopyOrder
    reason: str = ""
    pages: Sequence[StoredPage] = ()

    @property
    def kind(self) -> FileKind:
        """What the original is to a reader."""
        return KINDS[self.order.mime]

    @property
    def is_edited(self) -> bool:
        """Whether a member took something out of it."""
        return any(self.order.edits.values())

    @property
    def edit_words(self) -> tuple[str, ...]:
        """What was taken out, as the document of a case says it."""
        words = (word for name, word in _EDIT_WORDS if self.order.edits.get(name))
        return tuple(dict.fromkeys(words))

    @property
    def is_looked(self) -> bool:
        """Whether a member looked at every page of it."""
        return self.state is CopyState.READY and all(page.is_looked for page in self.pages)

    @property
    def is_coming(self) -> bool:
        """Whether the worker has yet to make it."""
        return self.state in (CopyState.WANTED, CopyState.MAKING)


def file_copies(session: Session, store: KeyStore, incident_id: int) -> dict[str, list[FileCopy]]:
    """The copies of each file of a case, the last one first, by the key of the file.

    :raises SealError: the key of the case is missing, or the key store is away.
    """
    stmt = select(CaseCopy).where(CaseCopy.incident_id == incident_id)
    rows = session.scalars(stmt.order_by(CaseCopy.position.desc(), CaseCopy.key)).all()
    copies: dict[str, list[FileCopy]] = {}
    if rows:
        key = require_case_key(store, incident_id)
        pages = _pages(session, key, [row.key for row in rows])
        for row in rows:
            order, row_pages = open_order(key, row), pages.get(row.key, ())
            file_copy = FileCopy(row.key, CopyState(row.state), order, row.reason, row_pages)
            copies.setdefault(row.evidence_key, []).append(file_copy)
    return copies


def ready_copies(session: Session, store: KeyStore, incident_id: int) -> list[FileCopy]:
    """The last copy of each file of a case whose last copy is ready, looked at or not."""
    copies = file_copies(session, store, incident_id).values()
    return [versions[0] for versions in copies if versions[0].state is CopyState.READY]


def find_page(
    session: Session, store: KeyStore, incident_id: int, sha256: str
) -> FileManifest | None:
    """The file of a page of a case by its digest; None for none.

    Whether the viewer may have it is decided by the caller.
    """
    stmt = (
        select(CaseCopyPage)
        .join(CaseCopy, CaseCopy.key == CaseCopyPage.copy_key)
        .where(
            CaseCopyPage.lookup == page_lookup(store, sha256),
            CaseCopy.incident_id == incident_id,
            CaseCopy.state == CopyState.READY,
        )
        .order_by(CaseCopyPage.key)
        .limit(1)
    )
    row = session.scalar(stmt)
    if row is None:
        return None
    return open_page(require_case_key(store, incident_id), row).file


def is_in_document(session: Session, incident_id: int, digests: Iterable[str]) -> bool:
    """Whether the document of a case, or a change that waits, names one of the digests."""
    present = select(Revision.content).join(Incident, Incident.revision_id == Revision.id)
    waiting = select(PendingChange.payload).where(PendingChange.incident_id == incident_id)
    documents = [
        *session.scalars(present.where(Incident.id == incident_id)),
        *session.scalars(waiting),
    ]
    return any(
        digest.encode() in document for digest in digests for document in documents if document
    )


def _pages(session: Session, key: bytes, copy_keys: list[str]) -> dict[str, list[StoredPage]]:
    stmt = select(CaseCopyPage).where(CaseCopyPage.copy_key.in_(copy_keys))
    pages: dict[str, list[StoredPage]] = {}
    for row in session.scalars(stmt.order_by(CaseCopyPage.position)):
        pages.setdefault(row.copy_key, []).append(open_page(key, row))
    return pages
