"""Acts that a restored register does again, because they were done after its backup.

The rules and the second person were asked for the first time. The lines name the member of that
time, or the first account where the backup has no such member, and the event of the first line.
"""

from __future__ import annotations

from sqlalchemy import delete, select

from register.accounts.models import Member
from register.cases.acts import _steps as steps
from register.cases.acts.invitations import remove_contact
from register.cases.acts.publication import hide
from register.cases.acts.redaction import destroy_and_record
from register.cases.case_evidence import remove_case_evidence
from register.cases.invitations import AuthorityContact
from register.cases.models import CaseEvidence, CaseState, Incident, SourceCopy
from register.cases.second_person import Destruction
from register.errors import Refused
from register.journal import Act, JournalEntry, WriteTransaction

_REASON = "Retrait fait de nouveau après une restauration."
# The restriction where the notice of the withdrawal names none.
REVIEW = "reexamen"


def erase_again(
    tx: WriteTransaction, incident_id: int, *, by: int | None, event: str
) -> JournalEntry | None:
    """Destroy the texts of a case again; None for one without any."""
    case = tx.load(Incident, incident_id)
    if case.state == CaseState.ERASED:
        return None
    act = Act.ERASED if case.number else Act.DISCARDED
    return steps.erase_and_record(tx, case, _actor(tx, by), act, again=event)


def withdraw_again(
    tx: WriteTransaction, incident_id: int, restriction: str, *, by: int | None, event: str
) -> JournalEntry | None:
    """Hide a public case again; None for one that is not public.

    :raises Invalid: ``unknown_restriction``.
    """
    case = tx.load(Incident, incident_id)
    is_public = case.state in (CaseState.PUBLISHED, CaseState.MERGED) and case.number
    if not is_public or case.restriction:
        return None
    return hide(tx, case, _actor(tx, by), restriction, _REASON, again=event)


def destroy_again(tx: WriteTransaction, destruction_id: int) -> JournalEntry | None:
    """Destroy the passages that a redaction hid; None where that was done."""
    destruction = tx.load(Destruction, destruction_id)
    case = tx.load(Incident, destruction.incident_id)
    if destruction.ending not in ("", "kept") or case.state == CaseState.ERASED:
        return None
    return destroy_and_record(tx, case, destruction, "term", None)


def remove_file_again(
    tx: WriteTransaction, evidence_key: str, why: str, *, by: int | None, event: str
) -> JournalEntry | None:
    """Remove a file of a case with all its copies; None where it is not there.

    :raises Refused: ``case_is_public``: its text may name the file.
    """
    row = tx.session.get(CaseEvidence, evidence_key)
    if row is None:
        return None
    case = tx.load(Incident, row.incident_id)
    if case.state == CaseState.PUBLISHED:
        raise Refused("case_is_public", state=case.state)
    remove_case_evidence(tx.session, CaseEvidence.key == evidence_key)
    details = {"evidence": evidence_key, "why": why, "again": event}
    return steps.record(tx, Act.EVIDENCE_REMOVED, case, _actor(tx, by).id, **details)


def drop_source_copy_again(
    tx: WriteTransaction, file_id: str, *, by: int | None, event: str
) -> JournalEntry | None:
    """Remove a copy of a source from a draft; None where it is not there."""
    row = tx.session.scalar(select(SourceCopy).where(SourceCopy.file_id == file_id))
    if row is None:
        return None
    case = tx.load(Incident, row.incident_id)
    tx.session.execute(delete(SourceCopy).where(SourceCopy.id == row.id))
    details = {"copy": file_id, "again": event}
    return steps.record(tx, Act.SOURCE_DROPPED, case, _actor(tx, by).id, **details)


def erase_contact_again(
    tx: WriteTransaction, contact_key: str, *, by: int | None, event: str
) -> JournalEntry | None:
    """Erase the address of an authority again; None where it is not there."""
    contact = tx.session.get(AuthorityContact, contact_key)
    if contact is None:
        return None
    case = tx.load(Incident, contact.incident_id)
    return remove_contact(tx, contact, case, _actor(tx, by), again=event)


def _actor(tx: WriteTransaction, by: int | None) -> Member:
    member = tx.session.get(Member, by) if by is not None else None
    return member or tx.session.scalars(select(Member).order_by(Member.id).limit(1)).one()
