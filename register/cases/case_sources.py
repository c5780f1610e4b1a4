"""Addresses of the sources of a case, and the copies of their pages that the register has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.case_content import Content
from register.cases.case_evidence import require_case_key
from register.cases.models import SourceCopy
from register.evidence.sealed_files import FileManifest, open_manifest
from register.key_store import KeyStore


def digest(address: str) -> str:
    """SHA-256 of an address, by which rows refer to it: the address stays in the document."""
    return hashlib.sha256(address.encode()).hexdigest()


def addresses(document: Mapping[str, Any]) -> dict[str, str]:
    """Digest → address of the sources of a document: of the case, its steps and follow-ups."""
    return {digest(address): address for address in _addresses(document)}


def _addresses(document: Mapping[str, Any]) -> Iterator[str]:
    yield from (source["url"] for source in document.get("sources", ()))
    for suit in document.get("proceedings", ()):
        yield from (step["source_url"] for step in suit["steps"] if step.get("source_url"))
    follow_ups = document.get("follow_ups", ())
    yield from (part["source_url"] for part in follow_ups if part["source_url"])


def list_copies(session: Session, incident_id: int) -> Sequence[SourceCopy]:
    """The copies of a case, oldest first."""
    stmt = select(SourceCopy).where(SourceCopy.incident_id == incident_id)
    return session.scalars(stmt.order_by(SourceCopy.id)).all()


def open_copy(store: KeyStore, copy: SourceCopy) -> FileManifest:
    """The manifest of a copy.

    :raises SealError: its key is destroyed, or the key store away.
    """
    return open_manifest(require_case_key(store, copy.incident_id), copy.sealed, copy.file_id)


def file_name(copy: SourceCopy, file: FileManifest) -> str:
    """The name of a copy for people, in ASCII: its number, then that of its file."""
    letters = (letter if letter.isascii() and letter.isalnum() else "-" for letter in file.name)
    name = "".join(letters)
    stem, _dot, ending = file.name.rpartition(".")
    if stem and ending.isascii() and ending.isalnum():
        return f"{copy.id}-{name[: len(stem)][-60:]}.{ending[-8:]}"
    return f"{copy.id}-{name[-60:]}"


def last_copies(
    session: Session, incident_id: int, before: date | None = None
) -> Mapping[str, SourceCopy]:
    """Digest of an address → its last copy that no redaction is to destroy.

    :param before: only copies of earlier days.
    """
    copies = list_copies(session, incident_id)
    return {
        copy.source: copy
        for copy in copies
        if copy.destruction_id is None and (before is None or copy.copied_on < before)
    }


def with_copies(session: Session, incident_id: int, content: Content) -> Content:
    """The content with the day and the digest of the last copy of each source."""
    copies = last_copies(session, incident_id)
    return _with_facts(
        content, {key: (copy.copied_on.isoformat(), copy.sha256) for key, copy in copies.items()}
    )


def with_copies_of(content: Content, stored: Content) -> Content:
    """The content with the copies that a stored one names: no editor writes them."""
    return _with_facts(
        content,
        {digest(source.url): (source.copied_on, source.copy_sha256) for source in stored.sources},
    )


def _with_facts(content: Content, copy_facts: Mapping[str, tuple[str, str]]) -> Content:
    sources = []
    for source in content.sources:
        copied_on, sha256 = copy_facts.get(digest(source.url), ("", ""))
        sources.append(replace(source, copied_on=copied_on, copy_sha256=sha256))
    return replace(content, sources=tuple(sources))
