"""Sources of cases: their addresses, the copies of their pages, what members and readers see."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, joinedload

from register.accounts.models import Member
from register.cases.case_content import Content, document_of
from register.cases.case_evidence import require_case_key
from register.cases.core_tables import CASE, REVISION
from register.cases.models import CaseState, Incident, SourceCopy
from register.cases.source_watch import CopyRequest, SourceCheck
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


# Built once, because an import executes it for every row.
_CASE_COPIES = (
    select(SourceCopy).where(SourceCopy.incident_id == bindparam("case")).order_by(SourceCopy.id)
)


def list_copies(session: Session, incident_id: int) -> Sequence[SourceCopy]:
    """The copies of a case, oldest first."""
    return session.scalars(_CASE_COPIES, {"case": incident_id}).all()


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


LISTED = 200  # rows of a list of the desk


@dataclass(frozen=True)
class SourceFacts:
    """What the page of a case adds to a source; both are of earlier days than today.

    ``dead_on``: the day of the last look that found a dead link.
    """

    copied_on: date | None = None
    sha256: str = ""
    dead_on: date | None = None


def source_facts(session: Session, number: int, today: date) -> Mapping[str, SourceFacts]:
    """Address → facts, of the sources of a public case; none of a case in another state.

    Without what happened today: a cached page is of its day, and would lack it.
    """
    case = session.execute(
        select(CASE.c.id, REVISION.c.content)
        .join(REVISION, REVISION.c.id == CASE.c.revision_id)
        .where(CASE.c.number == number, CASE.c.state == CaseState.PUBLISHED)
    ).first()
    if case is None or case.content is None:
        return {}
    copies = last_copies(session, case.id, before=today)
    checks = select(SourceCheck.source, SourceCheck.dead_on).where(
        SourceCheck.incident_id == case.id, SourceCheck.dead_on < today
    )
    dead = {check.source: check.dead_on for check in session.execute(checks)}
    if not (copies or dead):
        return {}
    facts = {}
    for source, address in addresses(json.loads(case.content)).items():
        copy = copies.get(source)
        if copy is not None or source in dead:
            facts[address] = SourceFacts(
                copy.copied_on if copy else None, copy.sha256 if copy else "", dead.get(source)
            )
    return facts


@dataclass(frozen=True)
class DeskSource:
    """A source of a case on the desk; ``address`` is empty for one that the case no longer has."""

    source: str
    address: str
    title: str = ""
    archived_url: str = ""
    copies: Sequence[SourceCopy] = ()
    request: CopyRequest | None = None
    check: SourceCheck | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether a copy is being made, or will be."""
        return self.request is not None and self.request.due_at is not None


def desk_sources(
    session: Session, viewer: Member, incident_id: int, document: Mapping[str, Any]
) -> list[DeskSource]:
    """The sources of a case in the order of its document, then those that only have copies."""
    if not viewer.is_active:
        return []
    copies: dict[str, list[SourceCopy]] = {}
    for copy in list_copies(session, incident_id):
        copies.setdefault(copy.source, []).append(copy)
    of_case = {"incident_id": incident_id}
    requests = {
        row.source: row for row in session.scalars(select(CopyRequest).filter_by(**of_case))
    }
    checks = {row.source: row for row in session.scalars(select(SourceCheck).filter_by(**of_case))}
    details = {digest(part["url"]): part for part in document.get("sources", ())}
    present = addresses(document)
    return [
        DeskSource(
            source,
            present.get(source, ""),
            details.get(source, {}).get("title", ""),
            details.get(source, {}).get("archived_url", ""),
            copies.get(source, ()),
            requests.get(source),
            checks.get(source),
        )
        for source in dict.fromkeys((*present, *copies))
    ]


@dataclass(frozen=True)
class ListedSource:
    """A source of a list of the desk, with its case and what puts it on the list."""

    incident_id: int
    case_title: str
    address: str
    reason: CopyRequest | SourceCheck


def failed_copies(session: Session, viewer: Member) -> list[ListedSource]:
    """Copies that could not be made, the last asked first."""
    stmt = select(CopyRequest).where(CopyRequest.due_at.is_(None))
    return _with_cases(session, viewer, stmt.order_by(CopyRequest.asked_at.desc()))


def dead_links(session: Session, viewer: Member) -> list[ListedSource]:
    """Dead links of public cases, the last noticed first."""
    stmt = select(SourceCheck).where(SourceCheck.dead_on.is_not(None))
    return _with_cases(session, viewer, stmt.order_by(SourceCheck.failing_since.desc()))


def _with_cases(session: Session, viewer: Member, stmt: Select[Any]) -> list[ListedSource]:
    """The first rows of a statement, each with its case."""
    if not viewer.is_active:
        return []
    rows = session.scalars(stmt.limit(LISTED)).all()
    of_rows = Incident.id.in_({row.incident_id for row in rows})
    cases_query = select(Incident).where(of_rows).options(joinedload(Incident.revision))
    cases = {case.id: case for case in session.scalars(cases_query)}
    return [
        ListedSource(case.id, case.title, addresses(document_of(case)).get(row.source, ""), row)
        for row in rows
        for case in (cases[row.incident_id],)
    ]
