"""What the public could read of a case, and since when: its public acts with their notes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from register.cases import queries
from register.cases.core_tables import JOURNAL_ENTRY, REVISION
from register.cases.queries import CITABLE_ACTS, PublicCase
from register.errors import Gone
from register.journal import Act, Ledger
from register.journal.canonical import canonical_json, rfc3339


@dataclass(frozen=True)
class PublicChange:
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
_FRAGMENT_KEYS = {
    Act.FOLLOWED_UP.value: ("follow_ups", "added_at"),
    Act.REPLIED.value: ("replies", "published_at"),
    Act.CORRECTED.value: ("corrections", "made_at"),
    Act.REDACTED.value: ("corrections", "made_at"),
    Act.RESTORED.value: ("corrections", "made_at"),
}

_LINES = (
    select(
        JOURNAL_ENTRY.c.act,
        JOURNAL_ENTRY.c.at,
        JOURNAL_ENTRY.c.seq,
        JOURNAL_ENTRY.c.public_json,
        and_(REVISION.c.content.is_not(None), REVISION.c.destruction_id.is_(None)).label(
            "readable"
        ),
    )
    .outerjoin(REVISION, REVISION.c.id == JOURNAL_ENTRY.c.revision_id)
    .where(
        JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value,
        JOURNAL_ENTRY.c.case_number == bindparam("number"),
        JOURNAL_ENTRY.c.act.in_((*CITABLE_ACTS, Act.WITHDRAWN)),
        JOURNAL_ENTRY.c.seq <= bindparam("version"),
    )
    .order_by(JOURNAL_ENTRY.c.seq)
)


def list_changes(session: Session, case: PublicCase) -> list[PublicChange]:
    """The public acts up to the version that is read, the oldest first.

    The notes are those of that version: one that a redaction rewrote reads as it does now.
    """
    fragments = _fragments_by_moment(case.snapshot.content)
    return [
        _public_change(journal_entry, fragments)
        for journal_entry in session.execute(
            _LINES, {"number": case.number, "version": case.version}
        )
    ]


def _fragments_by_moment(
    content: Mapping[str, Any],
) -> dict[tuple[str, str], list[tuple[int, Any]]]:
    """The fragments by their list and moment; two of one second keep their order."""
    fragments: dict[tuple[str, str], list[tuple[int, Any]]] = {}
    for list_name, moment_key in dict.fromkeys(_FRAGMENT_KEYS.values()):
        for number, fragment in enumerate(content[list_name], start=1):
            fragments.setdefault((list_name, fragment[moment_key]), []).append((number, fragment))
    return fragments


def _public_change(
    journal_entry: Any, fragments: Mapping[tuple[str, str], list[tuple[int, Any]]]
) -> PublicChange:
    public_json = json.loads(journal_entry.public_json)
    candidates = (
        fragments.get((_FRAGMENT_KEYS[journal_entry.act][0], rfc3339(journal_entry.at)))
        if journal_entry.act in _FRAGMENT_KEYS
        else None
    )
    number, fragment = candidates.pop(0) if candidates else (0, None)
    return PublicChange(
        act=journal_entry.act,
        at=journal_entry.at,
        version=journal_entry.seq,
        # A redaction made while nobody was shown the case commits to nothing that can be read.
        readable=bool(journal_entry.readable and public_json["content"]),
        reason=public_json["reason"] or "",
        part=fragment,
        number=number,
    )


_OPENING = (
    select(JOURNAL_ENTRY.c.event, REVISION.c.salt)
    .join(REVISION, REVISION.c.id == JOURNAL_ENTRY.c.revision_id)
    .where(JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value, JOURNAL_ENTRY.c.seq == bindparam("seq"))
)


def proof(session: Session, number: int, version: int | None = None) -> bytes:
    """The opening of a version's commitment, as canonical JSON.

    ``commitment`` is SHA-256(salt ‖ canonical bytes of ``content``), which line ``version`` of the
    ledger carries. ``current`` tells whether that is the last line of the case.

    :param version: the number of a public event on this case; the last one by default.
    :raises RegisterError: whatever :func:`queries.load_public_case` raises for this case and version.
    """
    latest = queries.load_public_case(session, number)
    is_earlier = version is not None and version != latest.version
    case = queries.load_public_case(session, number, version) if is_earlier else latest
    opening_row = session.execute(_OPENING, {"seq": case.version}).one()
    if opening_row.salt is None:
        # Destroyed since the line above: nothing of it is shown any more.
        raise Gone("version_destroyed")
    return canonical_json(
        {
            "case": number,
            "version": case.version,
            "current": case.version == latest.version,
            "event": opening_row.event,
            "content": case.snapshot.content,
            "salt": opening_row.salt.hex(),
            "commitment": case.commitment,
        }
    )
