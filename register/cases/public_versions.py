"""The public versions of a case: its public acts with their notes, and proofs of commitments."""

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

    ``version`` is the number of its line in the ledger; ``readable`` says whether the text of that
    version is still available. ``part`` is the follow-up, reply or correction that it added,
    ``number`` the rank of that among its kind, from 1. ``reason`` is the public code of a
    withdrawal.
    """

    act: str
    at: datetime
    version: int
    readable: bool
    reason: str = ""
    part: Mapping[str, Any] | None = None
    number: int = 0


# Act → list of the content to which it adds, and the key of the time in its elements.
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
    """The public acts up to the version of ``case``, oldest first.

    The notes are those of that version: as redactions up to it rewrote them.
    """
    # Fragments by list and time; two of one second keep their order.
    fragments: dict[tuple[str, str], list[tuple[int, Any]]] = {}
    for list_name, time_key in dict.fromkeys(_FRAGMENT_KEYS.values()):
        for number, fragment in enumerate(case.snapshot.content[list_name], start=1):
            fragments.setdefault((list_name, fragment[time_key]), []).append((number, fragment))
    changes = []
    for line in session.execute(_LINES, {"number": case.number, "version": case.version}):
        public_json = json.loads(line.public_json)
        list_name, _time_key = _FRAGMENT_KEYS.get(line.act, ("", ""))
        candidates = fragments.get((list_name, rfc3339(line.at)))
        number, fragment = candidates.pop(0) if candidates else (0, None)
        change = PublicChange(
            act=line.act,
            at=line.at,
            version=line.seq,
            # A redaction of a withdrawn case commits to no text.
            readable=bool(line.readable and public_json["content"]),
            reason=public_json["reason"] or "",
            part=fragment,
            number=number,
        )
        changes.append(change)
    return changes


_OPENING = (
    select(JOURNAL_ENTRY.c.event, REVISION.c.salt)
    .join(REVISION, REVISION.c.id == JOURNAL_ENTRY.c.revision_id)
    .where(JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value, JOURNAL_ENTRY.c.seq == bindparam("seq"))
)


def proof(session: Session, number: int, version: int | None = None) -> bytes:
    """The opening of a version's commitment, as canonical JSON.

    ``commitment`` is SHA-256(salt ‖ canonical bytes of ``content``), as in line ``version`` of the
    ledger. ``current`` says whether that is the last line of the case.

    :param version: the number of a public event on this case; the last one by default.
    :raises RegisterError: as :func:`queries.load_public_case` for this case and version.
    """
    latest = queries.load_public_case(session, number)
    is_earlier = version is not None and version != latest.version
    case = queries.load_public_case(session, number, version) if is_earlier else latest
    opening_row = session.execute(_OPENING, {"seq": case.version}).one()
    if opening_row.salt is None:
        # Destroyed since the case was loaded.
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
