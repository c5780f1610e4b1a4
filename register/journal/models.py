"""The journal's two tables: the lines, and one head row for each ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, UTCDateTime


class LedgerHead(Base):
    """The last line of a ledger.

    Numbers come from this row, locked for the whole act, and not from a sequence: a sequence
    numbers lines in the order they are begun, readers see them in the order they are committed,
    and a follower that has read line 12 would never look for line 11 again.
    """

    __tablename__ = "journal_head"

    ledger: Mapped[str] = mapped_column(String(8), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class JournalEntry(Base):
    """One line: what was done, by whom, to which case. It holds no text, name or address.

    ``public_json`` is what the chain hashes, verbatim. ``private_json`` is opened to members only
    and bound by a commitment inside ``public_json``. The other columns repeat both for look-ups;
    ``verify`` compares them.
    """

    __tablename__ = "journal_entry"
    __table_args__ = (
        # With the act, so that the last line of its kind is found among thousands of that kind.
        Index("ix_journal_entry_case", "ledger", "case_number", "act", "seq"),
        Index("ix_journal_entry_incident", "incident_id"),
        # What the public journal is filtered by.
        Index("ix_journal_entry_act", "ledger", "act", "seq"),
        # What the members' journal is read by, in the order of its list.
        Index("ix_journal_entry_at", "ledger", "at", "seq"),
        Index("ix_journal_entry_act_at", "ledger", "act", "at", "seq"),
        Index("ix_journal_entry_member", "ledger", "member_id", "act", "at", "seq"),
        # A hidden row number would tell between which timed lines a report's line was written.
        {"sqlite_with_rowid": False},
    )

    ledger: Mapped[str] = mapped_column(String(8), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    act: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Names the event to followers; random, because a restored backup would give a number twice.
    event: Mapped[str] = mapped_column(String(36), unique=True)
    case_number: Mapped[int | None]
    incident_id: Mapped[int | None]
    revision_id: Mapped[int | None]
    member_id: Mapped[int | None]
    public_json: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    private_salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    private_json: Mapped[bytes] = mapped_column(LargeBinary)
