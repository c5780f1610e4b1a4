"""What binds the text that a reader sees to its line of the public ledger."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from register.cases import queries
from register.cases.core_tables import JOURNAL_ENTRY, REVISION
from register.errors import Gone
from register.journal import Ledger
from register.journal.canonical import canonical_json

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
