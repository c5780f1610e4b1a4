"""Queries of the journal: head of a ledger, selections of lines, lines as hashed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import Session

from register.journal.models import (
    GENESIS,
    TEXT_ACTS,
    Act,
    JournalEntry,
    Ledger,
    LedgerHead,
    canonical_json,
)
from register.text.dates import day_start

CONSOLE_MEMBER = 0  # stands for acts from the console, which have no member


@dataclass(frozen=True)
class LedgerPosition:
    """A place in a ledger; the digest is needed because numbers repeat after a restore."""

    seq: int
    digest: str


@dataclass(frozen=True)
class JournalQuery:
    """Selection of lines, for the public and the members' journal; an empty field selects all.

    ``member``: an id or ``CONSOLE_MEMBER``. ``number`` and ``incident_id``: of a case. ``since``
    and ``until``: civil days in Paris, both included.
    """

    ledgers: tuple[Ledger, ...] = tuple(Ledger)
    acts: tuple[Act, ...] = ()
    member: int | None = None
    number: int | None = None
    incident_id: int | None = None
    since: date | None = None
    until: date | None = None

    @property
    def begin(self) -> datetime | None:
        """Start of the first day."""
        return day_start(self.since) if self.since else None

    @property
    def end(self) -> datetime | None:
        """End of the last day."""
        if self.until is None:
            return None
        return day_start(self.until + timedelta(days=1))

    def time_conditions(self) -> Iterator[ColumnElement[bool]]:
        """Conditions on the time of a line."""
        if self.begin:
            yield _LINE_COLUMNS.at >= self.begin
        if self.end:
            yield _LINE_COLUMNS.at < self.end


# Every page executes this statement first. It is built once and selects columns of the table, since
# building an entity costs more than reading the row.
_HEAD_COLUMNS = LedgerHead.__table__.c
_LINE_COLUMNS = JournalEntry.__table__.c
_HEAD_STMT = select(_HEAD_COLUMNS.seq, _HEAD_COLUMNS.digest).where(
    _HEAD_COLUMNS.ledger == bindparam("ledger")
)


def head(session: Session, ledger: Ledger = Ledger.PUBLIC) -> LedgerPosition:
    """The last line of a ledger; one look-up by primary key."""
    head_row = session.execute(_HEAD_STMT, {"ledger": ledger.value}).first()
    if head_row is None:
        return LedgerPosition(0, GENESIS.hex())
    return LedgerPosition(head_row.seq, head_row.digest.hex())


_TIME_STMT = select(_LINE_COLUMNS.at).where(
    _LINE_COLUMNS.ledger == bindparam("ledger"), _LINE_COLUMNS.seq == bindparam("seq")
)


def line_time(session: Session, seq: int, ledger: Ledger = Ledger.PUBLIC) -> datetime:
    """The time of a line."""
    at: datetime = session.execute(_TIME_STMT, {"ledger": ledger.value, "seq": seq}).scalar_one()
    return at


def public_lines(
    session: Session, after: int, until: int, ledger: Ledger = Ledger.PUBLIC, limit: int = 500
) -> list[tuple[int, bytes]]:
    """The lines after ``after`` up to ``until`` as they were hashed, oldest first."""
    stmt = select(_LINE_COLUMNS.seq, _LINE_COLUMNS.public_json).where(
        _LINE_COLUMNS.ledger == ledger.value, _LINE_COLUMNS.seq > after, _LINE_COLUMNS.seq <= until
    )
    lines = session.execute(stmt.order_by(_LINE_COLUMNS.seq).limit(limit))
    return [(line.seq, line.public_json) for line in lines]


def text_lines(session: Session) -> Iterator[tuple[dict[str, str | None], dict[str, Any]]]:
    """The texts that each line seals, and its private part; oldest first."""
    stmt = select(_LINE_COLUMNS.public_json, _LINE_COLUMNS.private_json).where(
        _LINE_COLUMNS.ledger == Ledger.PUBLIC.value, _LINE_COLUMNS.act.in_(TEXT_ACTS)
    )
    for public_json, private_json in session.execute(stmt.order_by(_LINE_COLUMNS.seq)):
        yield json.loads(public_json).get("texts", {}), json.loads(private_json)


def head_document(session: Session, position: LedgerPosition) -> bytes:
    """Number, digest and time of the last public line, for outsiders to keep as an anchor.

    Canonical JSON; ``at`` is null while there is no line.
    """
    last = public_lines(session, position.seq - 1, position.seq)
    at = json.loads(last[0][1])["at"] if last else None
    document = {"ledger": Ledger.PUBLIC.value, "seq": position.seq, "digest": position.digest}
    return canonical_json({**document, "at": at})
