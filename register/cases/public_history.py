"""What the public could read of a case, and since when: its public acts with their notes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from register.cases.core_tables import ENTRY, REVISION
from register.cases.queries import SHOWN, Case
from register.journal import Act, Ledger
from register.journal.canonical import moment


@dataclass(frozen=True)
class Change:
    """A public act on a case.

    ``version`` is its line of the ledger, and ``readable`` whether the text that it left can
    still be read. ``part`` is what it added (follow-up, reply or correction), ``number`` its rank
    among its kind, from 1. ``reason`` is the public code of a withdrawal.
    """

    act: str
    at: datetime
    version: int
    readable: bool
    reason: str = ""
    part: Mapping[str, Any] | None = None
    number: int = 0


# What an act adds, and where the content says at which moment.
_ADDED = {
    Act.FOLLOWED_UP.value: ("follow_ups", "added_at"),
    Act.REPLIED.value: ("replies", "published_at"),
    Act.CORRECTED.value: ("corrections", "made_at"),
    Act.REDACTED.value: ("corrections", "made_at"),
    Act.RESTORED.value: ("corrections", "made_at"),
}

_LINES = (
    select(
        ENTRY.c.act,
        ENTRY.c.at,
        ENTRY.c.seq,
        ENTRY.c.public_json,
        and_(REVISION.c.content.is_not(None), REVISION.c.destruction_id.is_(None)).label(
            "readable"
        ),
    )
    .outerjoin(REVISION, REVISION.c.id == ENTRY.c.revision_id)
    .where(
        ENTRY.c.ledger == Ledger.PUBLIC.value,
        ENTRY.c.case_number == bindparam("number"),
        ENTRY.c.act.in_((*SHOWN, Act.WITHDRAWN)),
        ENTRY.c.seq <= bindparam("version"),
    )
    .order_by(ENTRY.c.seq)
)


def changes(session: Session, case: Case) -> list[Change]:
    """The public acts up to the version that is read, the oldest first.

    The notes are those of that version: one that a redaction rewrote reads as it does now.
    """
    told = _told(case.snapshot.content)
    return [
        _change(row, told)
        for row in session.execute(_LINES, {"number": case.number, "version": case.version})
    ]


def _told(content: Mapping[str, Any]) -> dict[tuple[str, str], list[tuple[int, Any]]]:
    """The fragments by their list and moment; two of one second keep their order."""
    found: dict[tuple[str, str], list[tuple[int, Any]]] = {}
    for name, when in dict.fromkeys(_ADDED.values()):
        for number, part in enumerate(content[name], start=1):
            found.setdefault((name, part[when]), []).append((number, part))
    return found


def _change(row: Any, told: Mapping[tuple[str, str], list[tuple[int, Any]]]) -> Change:
    public = json.loads(row.public_json)
    added = told.get((_ADDED[row.act][0], moment(row.at))) if row.act in _ADDED else None
    number, part = added.pop(0) if added else (0, None)
    return Change(
        act=row.act,
        at=row.at,
        version=row.seq,
        # A redaction made while nobody was shown the case commits to nothing that can be read.
        readable=bool(row.readable and public["content"]),
        reason=public["reason"] or "",
        part=part,
        number=number,
    )
