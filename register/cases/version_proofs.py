"""Proofs of public versions: the text with what makes its commitment in the public ledger."""

from __future__ import annotations

import json

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from register.cases.core_tables import IS_PUBLIC_LINE, JOURNAL_ENTRY, REVISION
from register.cases.queries import load_event, load_public_case
from register.errors import Gone
from register.journal.models import canonical_json

_OPENING = (
    select(JOURNAL_ENTRY.c.event, REVISION.c.salt, REVISION.c.content)
    .join(REVISION, REVISION.c.id == JOURNAL_ENTRY.c.revision_id)
    .where(IS_PUBLIC_LINE, JOURNAL_ENTRY.c.seq == bindparam("seq"))
)


def proof(session: Session, number: int, version: int | None = None) -> bytes:
    """The opening of a version's commitment, as canonical JSON.

    ``commitment`` is SHA-256(salt ‖ canonical bytes of ``content``), as in line ``version`` of the
    ledger, or in line ``redacted`` where that removed a passage from it. ``current`` says whether
    ``version`` is the last line of the case.

    :param version: the number of a public event on this case; the last one by default.
    :raises RegisterError: as :func:`queries.load_public_case` for this case and version.
    """
    case = load_public_case(session, number, version)
    latest = load_event(session, number, None)
    opening_row = session.execute(_OPENING, {"seq": case.version}).one()
    if opening_row.salt is None:
        # Destroyed since the case was loaded.
        raise Gone("version_destroyed")
    return canonical_json(
        {
            "case": number,
            "version": case.version,
            "current": case.merger is None and case.version == latest.seq,
            "event": opening_row.event,
            # As it was hashed: pages read a document of a former format in the current one.
            "content": json.loads(opening_row.content),
            "salt": opening_row.salt.hex(),
            "commitment": case.commitment,
            **({"redacted": case.redacted_by} if case.redacted_by else {}),
        }
    )
