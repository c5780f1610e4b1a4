"""Write transaction of the acts: lock first, then read, change and record, then commit."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import ORMExecuteState, Session

from register.db import Base, analyse_tables, db, in_place_check, now, write_engine
from register.errors import NotFound
from register.journal import models, service_mode

Model = TypeVar("Model", bound=Base)

# Always in the same order: writers that lock in different orders would deadlock.
_LOCKED_HEADS = select(models.LedgerHead).order_by(models.LedgerHead.ledger).with_for_update()
ANALYSE_EVERY = 1_000  # public lines between two updates of the planner's statistics


class UnrecordedError(Exception):
    """A write transaction changed something without a journal line: a fault in the code."""


@dataclass
class WriteTransaction:
    """A session that holds the write lock, the time of the act, and the lines to write.

    ``heads``: the locked head of each ledger, which the lines go beyond until they are written.
    """

    session: Session
    at: datetime
    heads: Mapping[str, models.LedgerHead]
    lines: list[models.JournalEntry] = field(default_factory=list)
    _after_commit: list[Callable[[], object]] = field(default_factory=list)
    _strong_refs: list[object] = field(default_factory=list)

    def load(self, model: type[Model], key: object) -> Model:
        """The row as it is under the lock.

        Acts take ids and not objects: an object loaded before the lock shows the state that
        another writer has since changed.

        :raises NotFound: there is no such row.
        """
        instance = self.session.get(model, key)
        if instance is None:
            raise NotFound("no_such_row", table=model.__tablename__, id=key)
        return instance

    def keep_alive(self, instance: Base) -> None:
        """Keep a row in the session for the whole act: its identity map holds weak references."""
        self._strong_refs.append(instance)

    def record(
        self,
        act: models.Act,
        *,
        by: int | None,
        incident: int | None = None,
        case: int | None = None,
        revision: int | None = None,
        content: str | None = None,
        reason: str | None = None,
        redacted: Mapping[str, str] | None = None,
        texts: Mapping[str, str | None] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> models.JournalEntry:
        """Append one line to the act's ledger; it is written at the end of the transaction.

        :param case: public number, for acts that have one.
        :param content: commitment of the case's canonical content, hexadecimal.
        :param reason: public reason code, from a vocabulary.
        :param redacted: number of an earlier line of the public ledger → commitment of its content
            without the passages that this act removes from it.
        :param texts: name → SHA-256 (hexadecimal) of each published text that changed; None for one
            that is no longer published. Lines without any have no such field.
        :param details: codes, ids and digests for members; never a text, a name or an address.
        """
        previous = self._last_line(act.ledger)
        salt = models.new_salt()
        private_json = models.canonical_json(
            {"by": by, "dossier": incident, "revision": revision, **(details or {})}
        )
        event_id = str(uuid.uuid4())
        seq = previous.seq + 1
        stored_at = models.stored_time(act.ledger, self.at)
        public_json = models.canonical_json(
            {
                "v": models.VERSION,
                "ledger": act.ledger.value,
                "seq": seq,
                "at": models.hashed_time(act.ledger, stored_at),
                "act": act.value,
                "case": case,
                "reason": reason,
                "content": content,
                "private": models.commitment(salt, private_json),
                "event": event_id,
                **({"redacted": dict(redacted)} if redacted else {}),
                **({"texts": texts} if texts else {}),
            }
        )
        line = models.JournalEntry(
            ledger=act.ledger.value,
            seq=seq,
            act=act.value,
            at=stored_at,
            event=event_id,
            case_number=case,
            incident_id=incident,
            revision_id=revision,
            member_id=by,
            public_json=public_json,
            digest=models.chain_digest(previous.digest, public_json),
            private_salt=salt,
            private_json=private_json,
        )
        self.lines.append(line)
        return line

    def _last_line(self, ledger: str) -> models.JournalEntry | models.LedgerHead:
        """Number and digest of the last line of a ledger, lines of this transaction included."""
        own_lines = (line for line in reversed(self.lines) if line.ledger == ledger)
        return next(own_lines, self.heads[ledger])

    def flush_lines(self) -> None:
        """Write the lines and the heads, at the end: no act reads its own lines."""
        for ledger, head in self.heads.items():
            last = self._last_line(ledger)
            head.seq, head.digest = last.seq, last.digest
        self.session.add_all(self.lines)
        self.session.flush()

    def after_commit(self, callback: Callable[[], object]) -> None:
        """Call a function after the commit: nothing slow may run while the lock is held."""
        self._after_commit.append(callback)


@contextmanager
def writing(
    engine: Engine | None = None, at: datetime | None = None, *, signing_in: bool = False
) -> Iterator[WriteTransaction]:
    """Take the write lock, run the act, commit; roll back on any error.

    Opens a new session (BEGIN IMMEDIATE on SQLite, the head rows locked on PostgreSQL), so that
    all reads see the state under the lock.

    :param engine: the engine to write with; that of the current application by default.
    :param at: the time of the act, cut to the second; now by default.
    :param signing_in: for the acts of sign-in and sign-out, which read-only allows.
    :raises Unavailable: ``storage_moved`` when the database file is no longer at its path.
    :raises ReadOnly: the act of a form, while the register takes none.
    """
    engine = engine or db.engine
    act_time = (at or now()).replace(microsecond=0)
    # Without autoflush, because acts flush what their later queries need; flushing before every
    # query would repeat the work many times.
    with Session(write_engine(engine), expire_on_commit=False, autoflush=False) as session:
        changed = _watch_changes(session)
        heads = {head.ledger: head for head in session.scalars(_LOCKED_HEADS)}
        tx = WriteTransaction(session, act_time, heads)
        service_mode.require_open(session, signing_in=signing_in)
        yield tx
        session.flush()
        if changed and not tx.lines:
            raise UnrecordedError(sorted(changed))
        tx.flush_lines()
        require_in_place = in_place_check(session.connection())
        session.commit()
        require_in_place()
    for callback in tx._after_commit:
        callback()
    public_seqs = (line.seq for line in tx.lines if line.ledger == models.Ledger.PUBLIC.value)
    if any(seq % ANALYSE_EVERY == 0 for seq in public_seqs):
        analyse_tables(engine)


def open_ledgers(session: Session) -> None:
    """Create the head row of each ledger; done once, by ``init``."""
    for ledger in models.Ledger:
        if session.get(models.LedgerHead, ledger.value) is None:
            session.add(models.LedgerHead(ledger=ledger.value, seq=0, digest=models.GENESIS))
    session.flush()


def _watch_changes(session: Session) -> set[str]:
    """A set that will hold the names of all classes changed in a session."""
    changed: set[str] = set()

    def note_objects(session: Session, _context: object, _instances: object) -> None:
        for instance in (*session.new, *session.dirty, *session.deleted):
            changed.add(type(instance).__name__)

    def note_statement(state: ORMExecuteState) -> None:
        # UPDATE, DELETE and INSERT statements change no object of the session.
        if state.is_update or state.is_delete or state.is_insert:
            changed.add("statement")

    event.listen(session, "before_flush", note_objects)
    event.listen(session, "do_orm_execute", note_statement)
    return changed
