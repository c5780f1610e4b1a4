"""The main courante: an append-only journal in three hash-chained ledgers."""

from register.journal.act_types import Act, Ledger
from register.journal.models import Entry, Head
from register.journal.queries import Position, head, line_time, since
from register.journal.transaction import Pen, open_ledgers, writing

__all__ = [
    "Act",
    "Entry",
    "Head",
    "Ledger",
    "Pen",
    "Position",
    "head",
    "line_time",
    "open_ledgers",
    "since",
    "writing",
]
