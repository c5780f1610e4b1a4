"""What binds the text that a reader sees to its line of the public ledger."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from register.cases import queries
from register.cases.core_tables import ENTRY, REVISION
from register.errors import Gone
from register.journal import Ledger
from register.journal.canonical import canonical

_OPENING = (
    select(ENTRY.c.event, REVISION.c.salt)
    .join(REVISION, REVISION.c.id == ENTRY.c.revision_id)
    .where(ENTRY.c.ledger == Ledger.PUBLIC.value, ENTRY.c.seq == bindparam("seq"))
)


def proof(session: Session, number: int, version: int | None = None) -> bytes:
    """The opening of a version's commitment, as canonical JSON.

    ``commitment`` is SHA-256(salt ‖ canonical bytes of ``content``), which line ``version`` of the
    ledger carries. ``current`` tells whether that is the last line of the case.

    :param version: the number of a public event on this case; the last one by default.
    :raises RegisterError: whatever :func:`queries.one` raises for this case and version.
    """
    last = queries.one(session, number)
    asked = version is not None and version != last.version
    found = queries.one(session, number, version) if asked else last
    opening = session.execute(_OPENING, {"seq": found.version}).one()
    if opening.salt is None:
        # Destroyed since the line above: nothing of it is shown any more.
        raise Gone("version_destroyed")
    return canonical(
        {
            "case": number,
            "version": found.version,
            "current": found.version == last.version,
            "event": opening.event,
            "content": found.snapshot.content,
            "salt": opening.salt.hex(),
            "commitment": found.commitment,
        }
    )
