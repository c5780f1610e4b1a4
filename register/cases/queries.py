"""THE ONLY WAY to read a case. What a viewer may not see is not there.

Public reads start from :func:`published`; a draft and a missing case look the same. The lists of
``lists`` are part of it, and are asked for here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from register.cases.case_content import Snapshot, opened
from register.cases.core_tables import CASE, ENTRY, LINK, REVISION
from register.cases.desk_lists import DeskRow, desk
from register.cases.models import State
from register.cases.public_lists import Listed, Page, listed, listing, near
from register.cases.sql_in import among
from register.errors import Gone, Moved, NotFound
from register.journal import Act, Ledger

__all__ = [
    "NUMBER_LIMIT",
    "SHOWN",
    "Case",
    "DeskRow",
    "Listed",
    "Page",
    "Tombstone",
    "cited_by",
    "desk",
    "listed",
    "listing",
    "near",
    "one",
    "published",
    "tombstone",
]

NUMBER_LIMIT = 10**9

# Acts whose revision was shown to the public, so that a citation may pin it.
SHOWN = frozenset(
    {Act.PUBLISHED, Act.FOLLOWED_UP, Act.REPLIED, Act.CORRECTED, Act.REDACTED, Act.RESTORED}
)


@dataclass(frozen=True)
class Case:
    """A public case as its page shows it: the current snapshot and what stands around it."""

    number: int
    first_published_at: datetime
    moved_at: datetime
    version: int
    current: bool
    version_at: datetime
    commitment: str
    snapshot: Snapshot


@dataclass(frozen=True)
class Tombstone:
    """What is left of a case that is no longer shown."""

    number: int
    act: str
    at: datetime
    reason: str


def published(numbers: Iterable[int] | None = None) -> Select[Any]:
    """The ids of the public cases, or of those among ``numbers`` that are public."""
    query = select(CASE.c.id).where(CASE.c.state == State.PUBLISHED)
    return query if numbers is None else query.where(among(CASE.c.number, numbers))


# Statements are put together once: building one costs more than its answer.
_ONE = (
    select(
        CASE.c.state,
        CASE.c.merged_into,
        CASE.c.first_published_at,
        CASE.c.moved_at,
        CASE.c.revision_id,
        REVISION.c.content,
        REVISION.c.html,
    )
    .outerjoin(REVISION, REVISION.c.id == CASE.c.revision_id)
    .where(CASE.c.number == bindparam("number"))
)
_EVENTS = (
    select(ENTRY.c.seq, ENTRY.c.at, ENTRY.c.revision_id, ENTRY.c.public_json)
    .where(
        ENTRY.c.ledger == Ledger.PUBLIC.value,
        ENTRY.c.case_number == bindparam("number"),
        ENTRY.c.act.in_(SHOWN),
    )
    .order_by(ENTRY.c.seq.desc())
    .limit(1)
)
_EVENT = _EVENTS.where(ENTRY.c.seq == bindparam("version"))


def one(session: Session, number: int, version: int | None = None) -> Case:
    """A public case by its number, as it reads now or as a public event left it.

    :param version: the number of a public event on this case.
    :raises NotFound: no such case, or none that the public knows of.
    :raises Moved: merged into another.
    :raises Gone: withdrawn or erased, with its :class:`Tombstone`; or a version destroyed since.
    """
    if number > NUMBER_LIMIT:
        raise NotFound("no_such_case")
    row = session.execute(_ONE, {"number": number}).first()
    if row is None:
        raise NotFound("no_such_case")
    if row.state == State.MERGED:
        raise Moved("case_merged", number=row.merged_into)
    if row.state != State.PUBLISHED:
        raise Gone("case_gone", tombstone=tombstone(session, number))
    event = _version(session, number, version)
    current = event.revision_id == row.revision_id
    content, html = (row.content, row.html) if current else _pinned(session, event.revision_id)
    return Case(
        number=number,
        first_published_at=row.first_published_at,
        moved_at=row.moved_at,
        version=event.seq,
        current=current,
        version_at=event.at,
        commitment=json.loads(event.public_json)["content"],
        snapshot=opened(content, html),
    )


def _version(session: Session, number: int, version: int | None) -> Any:
    told = {"number": number}
    if version is None:
        event = session.execute(_EVENTS, told).first()
    else:
        event = session.execute(_EVENT, {**told, "version": min(version, NUMBER_LIMIT)}).first()
    # A redaction made while the case was withdrawn commits to nothing that readers ever saw.
    if event is None or json.loads(event.public_json)["content"] is None:
        raise NotFound("no_such_version")
    return event


def _pinned(session: Session, revision_id: int) -> tuple[bytes, bytes | None]:
    row = session.execute(
        select(REVISION.c.content, REVISION.c.html, REVISION.c.destruction_id).where(
            REVISION.c.id == revision_id
        )
    ).one()
    # A redaction hides it at once, and destroys it later.
    if row.content is None or row.destruction_id is not None:
        raise Gone("version_destroyed")
    return row.content, row.html


def tombstone(session: Session, number: int) -> Tombstone:
    """When and why a case went; only what the public ledger says."""
    last = session.execute(
        select(ENTRY.c.act, ENTRY.c.at, ENTRY.c.public_json)
        .where(
            ENTRY.c.ledger == Ledger.PUBLIC.value,
            ENTRY.c.case_number == number,
            ENTRY.c.act.in_((Act.WITHDRAWN, Act.ERASED)),
        )
        .order_by(ENTRY.c.seq.desc())
        .limit(1)
    ).one()
    return Tombstone(number, last.act, last.at, json.loads(last.public_json)["reason"] or "")


_CITING = (
    select(CASE.c.number, LINK.c.kind, CASE.c.title)
    .join(LINK, LINK.c.incident_id == CASE.c.id)
    .where(LINK.c.number == bindparam("number"), CASE.c.state == State.PUBLISHED)
    .order_by(CASE.c.number)
    .limit(40)
)


def cited_by(session: Session, number: int) -> Sequence[tuple[int, str, str]]:
    """Public cases that link to this one: number, kind of the link, title."""
    rows = session.execute(_CITING, {"number": number})
    return [(other or 0, kind, title) for other, kind, title in rows]
