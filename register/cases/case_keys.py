"""Keys of cases in the key store: what members keep of a case is encrypted with its own."""

from __future__ import annotations

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from register.cases.models import CaseEvidence, SourceCopy
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


def cases_with_files(session: Session) -> set[int]:
    """The cases that have files encrypted with their keys."""
    owners = (select(model.incident_id).distinct() for model in (CaseEvidence, SourceCopy))
    return set(session.scalars(union(*owners)))
