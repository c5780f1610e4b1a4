"""What is shown of the sources of cases: to members their copies and checks, to readers facts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from register.accounts.models import Member
from register.cases.case_content import document_of
from register.cases.core_tables import CASE, REVISION
from register.cases.models import CaseState, Incident, SourceCopy
from register.cases.source_addresses import addresses, digest, last_copies, list_copies
from register.cases.source_watch import CopyRequest, SourceCheck

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
    """A source of a list of the desk, with its case."""

    incident_id: int
    number: int | None
    case_title: str
    address: str
    request: CopyRequest | None = None
    check: SourceCheck | None = None


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
        ListedSource(
            case.id,
            case.number,
            case.title,
            addresses(document_of(case)).get(row.source, ""),
            request=row if isinstance(row, CopyRequest) else None,
            check=row if isinstance(row, SourceCheck) else None,
        )
        for row in rows
        for case in (cases[row.incident_id],)
    ]
