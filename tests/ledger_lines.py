"""Reading the lines of a ledger."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.journal import JournalEntry, Ledger


def lines_since(
    session: Session, seq: int, ledger: Ledger = Ledger.PUBLIC
) -> Sequence[JournalEntry]:
    """The lines after a number, oldest first."""
    stmt = select(JournalEntry).where(JournalEntry.ledger == ledger.value, JournalEntry.seq > seq)
    return session.scalars(stmt.order_by(JournalEntry.seq)).all()
