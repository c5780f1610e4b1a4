"""What followers ask of the journal: where it stands, and what came since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from register.journal.act_types import Ledger
from register.journal.canonical import canonical
from register.journal.models import Entry, Head


@dataclass(frozen=True)
class Position:
    """A place in a ledger. The digest goes with the number: after a restore, numbers come again."""

    seq: int
    digest: str


# Every page asks this first: the statement is put together once, of the table and not the entity,
# since what the ORM does around a row costs more than the row.
_HEAD_ROW = Head.__table__.c
_LINE = Entry.__table__.c
_HEAD = select(_HEAD_ROW.seq, _HEAD_ROW.digest).where(_HEAD_ROW.ledger == bindparam("ledger"))


def head(session: Session, ledger: Ledger = Ledger.PUBLIC) -> Position:
    """The last line of a ledger; one look-up by primary key."""
    row = session.execute(_HEAD, {"ledger": ledger.value}).first()
    return Position(row.seq, row.digest.hex()) if row else Position(0, bytes(32).hex())


def line_time(session: Session, seq: int, ledger: Ledger = Ledger.PUBLIC) -> datetime:
    """When a line was written."""
    asked = select(Entry.at).where(Entry.ledger == ledger.value, Entry.seq == seq)
    return session.scalars(asked).one()


def since(
    session: Session, seq: int, ledger: Ledger = Ledger.PUBLIC, limit: int = 500
) -> Sequence[Entry]:
    """The lines after ``seq``, oldest first, at most ``limit``."""
    return session.scalars(
        select(Entry)
        .where(Entry.ledger == ledger.value, Entry.seq > seq)
        .order_by(Entry.seq)
        .limit(limit)
    ).all()


_BYTES = (
    select(_LINE.seq, _LINE.public_json)
    .where(
        _LINE.ledger == bindparam("ledger"),
        _LINE.seq > bindparam("after"),
        _LINE.seq <= bindparam("until"),
    )
    .order_by(_LINE.seq)
    .limit(bindparam("limit"))
)


def verbatim(
    session: Session, after: int, until: int, ledger: Ledger = Ledger.PUBLIC, limit: int = 500
) -> list[tuple[int, bytes]]:
    """The lines after ``after`` up to ``until`` as they were hashed, oldest first."""
    told = {"ledger": ledger.value, "after": after, "until": until, "limit": limit}
    return [(row.seq, row.public_json) for row in session.execute(_BYTES, told)]


def head_document(session: Session, position: Position) -> bytes:
    """What outsiders keep of the public ledger: its last line's number, digest and time.

    Canonical JSON; ``at`` is null while there is no line.
    """
    last = verbatim(session, position.seq - 1, position.seq)
    at = json.loads(last[0][1])["at"] if last else None
    told = {"ledger": Ledger.PUBLIC.value, "seq": position.seq, "digest": position.digest}
    return canonical({**told, "at": at})
