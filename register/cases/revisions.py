"""The revisions of a case as members read them: who changed what, when and why.

A revision whose texts were destroyed keeps its row: that there was one is no secret, what it
said is gone. To anybody who is no active member nothing is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases.case_content import (
    Content,
    LinkContent,
    ProceedingContent,
    RequestContent,
    Snapshot,
    SourceContent,
    StepContent,
    opened,
)
from register.cases.core_tables import CASE, REVISION
from register.errors import NotFound
from register.journal import Act
from register.text.dates import PARIS

# An id beyond this is in no database of ours, and PostgreSQL would refuse to compare it.
ID_LIMIT = 2**31 - 1


@dataclass(frozen=True)
class Version:
    """A revision without its texts; ``reason`` is None where they were destroyed."""

    id: int
    act: Act
    made_at: datetime
    made_by: int
    reason: str | None
    flags_reason: str | None
    is_destroyed: bool
    is_current: bool


@dataclass(frozen=True)
class Past:
    """A case as a revision kept it: everything public in it, and its rendered texts."""

    version: Version
    snapshot: Snapshot

    @property
    def content(self) -> Content:
        """What an editor wrote of it."""
        return read(self.snapshot.content)


_VERSIONS = (
    select(
        REVISION.c.id,
        REVISION.c.act,
        REVISION.c.made_at,
        REVISION.c.made_by,
        REVISION.c.reason,
        REVISION.c.flags_reason,
        REVISION.c.content.is_(None).label("is_destroyed"),
        (REVISION.c.id == CASE.c.revision_id).label("is_current"),
    )
    .join(CASE, CASE.c.id == REVISION.c.incident_id)
    .where(CASE.c.id == bindparam("case"))
)
_TEXTS = select(REVISION.c.content, REVISION.c.html).where(REVISION.c.id == bindparam("revision"))


def listing(session: Session, viewer: Member, incident_id: int) -> Sequence[Version]:
    """Every revision of a case, the newest first.

    :raises NotFound: ``no_such_case``.
    """
    found = _found(session, viewer, incident_id, _VERSIONS.order_by(REVISION.c.id.desc()))
    if not found:
        raise NotFound("no_such_case")
    return found


def content_of(session: Session, viewer: Member, incident_id: int, revision: int) -> Past:
    """A case as one of its revisions kept it.

    :raises NotFound: ``no_such_revision``: it is no revision of this case, or its texts were
        destroyed.
    """
    asked = _VERSIONS.where(REVISION.c.id == min(max(revision, 0), ID_LIMIT))
    return _opened(session, _found(session, viewer, incident_id, asked))


def as_of(session: Session, viewer: Member, incident_id: int, day: date) -> Past:
    """A case as it read at the end of a civil day in Paris.

    :raises NotFound: ``no_such_revision``: it was not written yet, or what it said is destroyed.
    """
    end = datetime.combine(min(day, date.max - timedelta(1)) + timedelta(1), time(), PARIS)
    asked = _VERSIONS.where(REVISION.c.made_at < end).order_by(REVISION.c.id.desc()).limit(1)
    return _opened(session, _found(session, viewer, incident_id, asked))


def read(told: Mapping[str, Any]) -> Content:
    """The canonical public content of a case, as an editor writes it."""
    parts: dict[str, Any] = {
        "sources": tuple(_part(SourceContent, row) for row in told["sources"]),
        "proceedings": tuple(
            _part(
                ProceedingContent,
                {**row, "steps": tuple(_part(StepContent, step) for step in row["steps"])},
            )
            for row in told["proceedings"]
        ),
        "request": _part(RequestContent, told["request"]) if told["request"] else None,
        "links": tuple(_part(LinkContent, row) for row in told["links"]),
    }
    return _part(Content, {**told, **parts})  # type: ignore[no-any-return]


def _part(shape: type[Any], told: Mapping[str, Any]) -> Any:
    """One row; what an older form of the content did not have yet is empty."""
    given = {spec.name: told[spec.name] for spec in fields(shape) if spec.name in told}
    lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    return shape(**given | lists)


def _found(session: Session, viewer: Member, incident_id: int, asked: Select[Any]) -> list[Version]:
    if not viewer.is_active or not 0 < incident_id <= ID_LIMIT:
        raise NotFound("no_such_case")
    rows = session.execute(asked, {"case": incident_id})
    return [
        Version(**{**row._mapping, "act": Act(row.act), "is_current": bool(row.is_current)})
        for row in rows
    ]


def _opened(session: Session, found: list[Version]) -> Past:
    if not found or found[0].is_destroyed:
        raise NotFound("no_such_revision")
    row = session.execute(_TEXTS, {"revision": found[0].id}).one()
    return Past(found[0], opened(row.content, row.html))
