"""Acts on copies of the pages of sources: one is stored, or removed from a draft.

The public sees the day and the digest of a copy from its row, from the next day on; the journal has
them from the start. They are in the document of the case from its next version on.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import delete, select

from register.accounts.models import Member
from register.cases import case_content as contents
from register.cases import cited_sources
from register.cases.acts import _steps as steps
from register.cases.models import Incident, SourceCopy
from register.cases.source_watch import CopyRequest, SourceCheck
from register.errors import NotFound, Refused
from register.evidence.models import register_file
from register.evidence.sealed_files import FileManifest, seal_manifest
from register.journal import Act, JournalEntry, WriteTransaction
from register.text.dates import paris_day

FETCHED, ADDED = "fetched", "added"


def add_source_copy(
    tx: WriteTransaction,
    incident_id: int,
    source: str,
    file: FileManifest,
    key: bytes,
    *,
    by: int | None,
    origin: str = ADDED,
    captured_on: date | None = None,
) -> JournalEntry:
    """Store a copy of the page of a source.

    :param source: digest of its address, which the present document has.
    :param key: the key of the case (:func:`register.cases.case_evidence.case_key`).
    :param by: the member who asked for it; None where their account is closed since, or for a
        command.
    :param captured_on: the day of a capture that was made elsewhere, if it says one.
    :raises NotFound: ``no_such_source``: it was taken out of the case meanwhile.
    :raises Refused: ``copy_present``, the same file is a copy of the source already.
    """
    case = steps.load_for_act(tx, incident_id, Act.SOURCE_COPIED, by)
    if source not in cited_sources.addresses(contents.document_of(case)):
        raise NotFound("no_such_source")
    copies = cited_sources.list_copies(tx.session, case.id)
    if any((copy.source, copy.sha256) == (source, file.sha256) for copy in copies):
        raise Refused("copy_present", state=case.state)
    register_file(tx.session, file.file_id)
    day = paris_day(tx.at)
    copy = SourceCopy(
        incident_id=case.id,
        source=source,
        copied_on=day,
        captured_on=captured_on,
        origin=origin,
        sha256=file.sha256,
        file_id=file.file_id,
        sealed=seal_manifest(key, file, file.file_id),
    )
    steps.insert(tx, copy)
    tx.session.execute(
        delete(CopyRequest).where(CopyRequest.incident_id == case.id, CopyRequest.source == source)
    )
    details = {
        # Not the id of its row, which may be that of a later one again.
        "copy": copy.file_id,
        "sha256": copy.sha256,
        "day": day.isoformat(),
        "origin": origin,
    }
    if captured_on:
        details["captured"] = captured_on.isoformat()
    return steps.record(tx, Act.SOURCE_COPIED, case, by, **details)


def drop_source_copy(tx: WriteTransaction, copy_id: int, *, by: int) -> JournalEntry:
    """Remove a copy from a draft; the worker deletes its file.

    :raises NotFound: ``no_such_copy``.
    :raises Refused: ``copy_goes_by_redaction`` once the case has been public.
    """
    copy = steps.load_row(tx, SourceCopy, copy_id, "no_such_copy")
    case, member = steps.begin_act(tx, copy.incident_id, Act.SOURCE_DROPPED, by)
    tx.session.delete(copy)
    tx.session.flush()
    return steps.record(tx, Act.SOURCE_DROPPED, case, member.id, copy=copy.file_id)


def active_member(tx: WriteTransaction, member_id: int | None) -> int | None:
    """A member who may still act, else None."""
    member = tx.session.get(Member, member_id) if member_id is not None else None
    return member.id if member is not None and member.is_active else None


def mark_for_destruction(
    tx: WriteTransaction, case: Incident, copy_ids: Collection[int], destruction_id: int
) -> dict[str, list[str]]:
    """Have a redaction destroy copies with its passages; the details of its line.

    :raises NotFound: ``no_such_copy`` for one of another case.
    :raises Refused: ``copy_in_destruction`` for one that another redaction destroys already.
    """
    # What names an address of before the redaction, by its digest, goes at once.
    for model in (CopyRequest, SourceCheck):
        tx.session.execute(delete(model).where(model.incident_id == case.id))
    marked = []
    for copy_id in sorted(set(copy_ids)):
        copy = tx.session.get(SourceCopy, copy_id)
        if copy is None or copy.incident_id != case.id:
            raise NotFound("no_such_copy")
        if copy.destruction_id is not None:
            raise Refused("copy_in_destruction", state=case.state)
        copy.destruction_id = destruction_id
        marked.append(copy.file_id)
    tx.session.flush()
    return {"copies": marked} if marked else {}


def destroy_marked(tx: WriteTransaction, destruction_id: int) -> dict[str, list[str]]:
    """Delete the copies of a redaction; the details of the line of its end."""
    stmt = select(SourceCopy).where(SourceCopy.destruction_id == destruction_id)
    copies = tx.session.scalars(stmt.order_by(SourceCopy.id)).all()
    for copy in copies:
        tx.session.delete(copy)
    return {"copies": [copy.file_id for copy in copies]} if copies else {}
