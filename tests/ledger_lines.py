"""Reading the lines of a ledger."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.journal import Act, JournalEntry, Ledger

# What the public may know, by hand: the ledgers of the acts are compared with it.
PUBLIC_ACTS = frozenset(
    {
        Act.OPENED,
        Act.PUBLISHED,
        Act.FOLLOWED_UP,
        Act.REPLIED,
        Act.CORRECTED,
        Act.REDACTED,
        Act.WITHDRAWN,
        Act.RESTORED,
        Act.MERGED,
        Act.PARTED,
        Act.ERASED,
        Act.TEXTS_CHANGED,
        Act.PAGE_CHANGED,
    }
)
REPORTER_ACTS = frozenset(
    {Act.REPORT_RECEIVED, Act.REPORT_ADDED, Act.REPORT_WITHDRAWN, Act.REPORT_DESTROYED}
)
DAY_ONLY_ACTS = REPORTER_ACTS | {
    Act.REPORT_VIEWED,
    Act.REPORT_CONTACT_VIEWED,
    Act.REPORT_CONCLUDED,
    Act.SOURCE_WITHDRAWN,
}


def lines_since(
    session: Session, seq: int, ledger: Ledger = Ledger.PUBLIC
) -> Sequence[JournalEntry]:
    """The lines after a number, oldest first."""
    stmt = select(JournalEntry).where(JournalEntry.ledger == ledger.value, JournalEntry.seq > seq)
    return session.scalars(stmt.order_by(JournalEntry.seq)).all()
