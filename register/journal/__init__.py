"""The main courante: an append-only journal in three hash-chained ledgers."""

from register.journal.acts import Act, Ledger
from register.journal.models import Entry, Head
from register.journal.pen import Pen, open_ledgers, writing
from register.journal.reading import Position, head, line_time, since

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
