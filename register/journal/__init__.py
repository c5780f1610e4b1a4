"""Append-only journal in three hash-chained ledgers."""

from register.journal.models import Act, JournalEntry, Ledger, LedgerHead
from register.journal.queries import LedgerPosition, head, line_time
from register.journal.transaction import WriteTransaction, open_ledgers, writing

__all__ = [
    "Act",
    "JournalEntry",
    "Ledger",
    "LedgerHead",
    "LedgerPosition",
    "WriteTransaction",
    "head",
    "line_time",
    "open_ledgers",
    "writing",
]
