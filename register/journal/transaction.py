"""The pen: one editorial writer at a time, who holds it before looking at anything."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import ORMExecuteState, Session

from register.db import Base, analyse, db, now, pen_engine, place_check
from register.errors import NotFound
from register.journal.act_types import Act, Ledger
from register.journal.canonical import (
    GENESIS,
    VERSION,
    canonical,
    chain,
    commitment,
    kept_at,
    new_salt,
    said_at,
)
from register.journal.models import Entry, Head

Row = TypeVar("Row", bound=Base)

ANALYSED_EACH = 1_000  # public lines
CHANNEL = "register_journal"  # where PostgreSQL tells followers of new public lines


class UnrecordedError(Exception):
    """Something was changed under the pen without a journal line: a fault in the code."""


@dataclass
class Pen:
    """What an act works with: a session that holds the lock, and the moment it happens at."""

    session: Session
    at: datetime
    recorded: int = 0
    _heads: dict[str, Head] = field(default_factory=dict)
    _after_commit: list[Callable[[], object]] = field(default_factory=list)
    _kept: list[object] = field(default_factory=list)
    _lines: list[Entry] = field(default_factory=list)
    # Where each ledger will stand once the lines of this pen are written.
    _ends: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def load(self, model: type[Row], key: object) -> Row:
        """The row as it is under the lock.

        Acts take ids and not objects: an object loaded before the lock shows the state that
        another writer has since changed.

        :raises NotFound: there is no such row.
        """
        row = self.session.get(model, key)
        if row is None:
            raise NotFound("no_such_row", table=model.__tablename__, id=key)
        return row

    def keep(self, row: Base) -> None:
        """Hold a row for the whole act: a session forgets what nobody holds, and asks again."""
        self._kept.append(row)

    def record(
        self,
        act: Act,
        *,
        by: int | None,
        incident: int | None = None,
        case: int | None = None,
        revision: int | None = None,
        content: str | None = None,
        reason: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Write one line at the end of the act's ledger, when the pen is put down.

        :param case: public number, for acts that have one.
        :param content: commitment of the case's canonical content, hexadecimal.
        :param reason: public reason code, from a vocabulary.
        :param details: codes, ids and digests for members; never a text, a name or an address.
        """
        last, digest = self._ends[act.ledger]
        salt = new_salt()
        private = canonical(
            {"by": by, "dossier": incident, "revision": revision, **(details or {})}
        )
        name = str(uuid.uuid4())
        seq = last + 1
        at = kept_at(act.ledger, self.at)
        public = canonical(
            {
                "v": VERSION,
                "ledger": act.ledger.value,
                "seq": seq,
                "at": said_at(act.ledger, at),
                "act": act.value,
                "case": case,
                "reason": reason,
                "content": content,
                "private": commitment(salt, private),
                "event": name,
            }
        )
        entry = Entry(
            ledger=act.ledger.value,
            seq=seq,
            act=act.value,
            at=at,
            event=name,
            case_number=case,
            incident_id=incident,
            revision_id=revision,
            member_id=by,
            public_json=public,
            digest=chain(digest, public),
            private_salt=salt,
            private_json=private,
        )
        self._ends[act.ledger] = (entry.seq, entry.digest)
        self._lines.append(entry)
        self.recorded += 1
        return entry

    def finish(self) -> None:
        """Write the lines and the heads, at once and last: nothing under the pen reads them."""
        for ledger, (seq, digest) in self._ends.items():
            head = self._heads[ledger]
            head.seq, head.digest = seq, digest
        self.session.add_all(self._lines)
        self.session.flush()
        if any(line.ledger == Ledger.PUBLIC.value for line in self._lines):
            self._wake_followers()

    def _wake_followers(self) -> None:
        """Delivered with the commit, and only then; SQLite has a counter that followers watch."""
        connection = self.session.connection()
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"NOTIFY {CHANNEL}")

    def passed_a_mark(self) -> bool:
        """Whether the public ledger has grown by so much that its tables are to be looked at."""
        public = (line.seq for line in self._lines if line.ledger == Ledger.PUBLIC.value)
        return any(seq % ANALYSED_EACH == 0 for seq in public)

    def after_commit(self, do: Callable[[], object]) -> None:
        """Have something done once the act is on disk: nothing slow belongs under the pen."""
        self._after_commit.append(do)


@contextmanager
def writing(engine: Engine | None = None, at: datetime | None = None) -> Iterator[Pen]:
    """Take the pen, act, commit; or roll everything back.

    Opens a fresh session (BEGIN IMMEDIATE on SQLite, the head rows locked on PostgreSQL), so that
    what is read under it is what is true.

    :raises Unavailable: ``storage_moved`` where what was written is in a file that is no longer
        at its path.
    :param engine: the engine to write with; that of the current application by default.
    :param at: the moment of the act; now by default. Kept to the second.
    """
    engine = engine or db.engine
    moment_of_act = (at or now()).replace(microsecond=0)
    # An act flushes what a later look-up under the same pen has to see; flushing before every
    # read as well would do the same work many times over.
    with Session(pen_engine(engine), expire_on_commit=False, autoflush=False) as session:
        changed = _watch(session)
        pen = Pen(session, moment_of_act)
        # Always in the same order: two writers that lock in different orders wait for ever.
        locked = session.scalars(select(Head).order_by(Head.ledger).with_for_update())
        pen._heads = {head.ledger: head for head in locked}
        pen._ends = {name: (head.seq, head.digest) for name, head in pen._heads.items()}
        yield pen
        session.flush()
        if changed and not pen.recorded:
            raise UnrecordedError(sorted(changed))
        pen.finish()
        require_in_place = place_check(session.connection())
        session.commit()
        require_in_place()
    for do in pen._after_commit:
        do()
    if pen.passed_a_mark():
        analyse(engine)


def open_ledgers(session: Session) -> None:
    """Give each ledger its head row; done once, by ``init``."""
    for ledger in Ledger:
        if session.get(Head, ledger.value) is None:
            session.add(Head(ledger=ledger.value, seq=0, digest=GENESIS))
    session.flush()


def _watch(session: Session) -> set[str]:
    changed: set[str] = set()

    def note(session: Session, _context: object) -> None:
        for row in (*session.new, *session.dirty, *session.deleted):
            changed.add(type(row).__name__)

    def note_statement(state: ORMExecuteState) -> None:
        # UPDATE, DELETE and INSERT statements pass by no object.
        if state.is_update or state.is_delete or state.is_insert:
            changed.add("statement")

    event.listen(session, "before_flush", lambda session, context, _: note(session, context))
    event.listen(session, "do_orm_execute", note_statement)
    return changed
