"""What followers ask of the journal: where it stands, and what came since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from register.journal.acts import Ledger
from register.journal.models import Entry, Head


@dataclass(frozen=True)
class Position:
    """A place in a ledger. The digest goes with the number: after a restore, numbers come again."""

    seq: int
    digest: str


# Every page asks this first: the statement is put together once, of the table and not the entity,
# since what the ORM does around a row costs more than the row.
_HEAD_ROW = Head.__table__.c
_HEAD = select(_HEAD_ROW.seq, _HEAD_ROW.digest).where(_HEAD_ROW.ledger == bindparam("ledger"))


def head(session: Session, ledger: Ledger = Ledger.PUBLIC) -> Position:
    """The last line of a ledger; one look-up by primary key."""
    row = session.execute(_HEAD, {"ledger": ledger.value}).first()
    return Position(row.seq, row.digest.hex()) if row else Position(0, bytes(32).hex())


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
