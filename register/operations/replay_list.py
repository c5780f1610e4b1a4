"""List of what was destroyed or hidden, by which a restored register does it again.

It is a table beside the keys, outside the database and its backups: acts, ids and codes, no text.
The worker derives it from the journal. What it names is recognised by the events of journal lines,
which stay the same after a restore, where ids and numbers are used again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from register.cases.acts.evidence import PARTED
from register.cases.models import Incident
from register.journal import Act, JournalEntry, Ledger, head
from register.key_store import KeyStore
from register.reports.models import Report

_META = sa.MetaData()
_ENTRIES = sa.Table(
    "replay_entry",
    _META,
    sa.Column("act", sa.String(20), primary_key=True),
    sa.Column("subject", sa.String(40), primary_key=True),
    sa.Column("event", sa.String(36), nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    # Without rowid, which would reveal the order of reports.
    sqlite_with_rowid=False,
)
# Rows that are no act: how far the journal went, the last backup and the last rehearsal.
HEAD, BACKUP, REHEARSAL = "head", "backup", "rehearsal"

# What an act is about: a case or a member, by the event of its first line; the destruction of
# passages, by the event of its redaction; else the word under which its line has a random key.
CASE, MEMBER, DESTRUCTION, REPORT = "case", "member", "destruction", "report"
# In this order they are done again: an erased case is not withdrawn as well, a report is withdrawn
# before it is gone.
SUBJECTS: Mapping[Act, str] = {
    Act.ERASED: CASE,
    Act.DISCARDED: CASE,
    Act.DESTROYED: DESTRUCTION,
    Act.SOURCE_DROPPED: "copy",
    Act.REPORT_WITHDRAWN: REPORT,
    Act.REPORT_DESTROYED: REPORT,
    Act.REPORT_PURGED: REPORT,
    Act.WITHDRAWN: CASE,
    Act.REDACTED: CASE,
    Act.SOURCE_WITHDRAWN: CASE,
    Act.EVIDENCE_REMOVED: "evidence",
    Act.COPY_REMOVED: "evidence",
    Act.REPORT_FILE_REMOVED: "file",
    Act.INCOMING_PURGED: "incoming",
    Act.CONTACT_ERASED: "contact",
    Act.REPORT_MASKED: REPORT,
    Act.MEMBER_ROLE: MEMBER,
    Act.MEMBER_DISABLED: MEMBER,
    Act.PASSKEY_REMOVED: "passkey",
    Act.MEMBER_FACTOR: MEMBER,
    Act.MEMBER_FACTOR_RESET: MEMBER,
    Act.MEMBER_PASSWORD: MEMBER,
}
# Secrets that the former ones would replace again.
SECRET_ACTS = frozenset({Act.MEMBER_PASSWORD, Act.MEMBER_FACTOR, Act.MEMBER_FACTOR_RESET})
# Acts after which another one is not to be done again.
_UNDONE = {
    Act.RESTORED: Act.WITHDRAWN,
    Act.MEMBER_ENABLED: Act.MEMBER_DISABLED,
    Act.MEMBER_RESET: Act.MEMBER_DISABLED,
}
_READ_ACTS = [act.value for act in (*SUBJECTS, *_UNDONE)]
_DETAILS = ("by", "restriction", "role")


@dataclass(frozen=True)
class ReplayEntry:
    """An act that is done again after a restore.

    :param subject: the event of the first line about a case or member, that of the redaction for
        the destruction of its passages, or the random key of a report or file.
    :param event: the event of the act's own line.
    """

    act: str
    subject: str
    event: str
    details: Mapping[str, Any]


def entries(store: KeyStore) -> list[ReplayEntry]:
    """All entries."""
    return _read(store, sa.true())


def _read(store: KeyStore, clause: sa.ColumnElement[bool]) -> list[ReplayEntry]:
    """Some entries; none in a store of a former version, which has no such table."""
    with store.engine.connect() as connection:
        if not sa.inspect(connection).has_table(_ENTRIES.name):
            return []
        stmt = sa.select(_ENTRIES).where(clause).order_by(_ENTRIES.c.event)
        rows = connection.execute(stmt).all()
    return [ReplayEntry(row.act, row.subject, row.event, json.loads(row.details)) for row in rows]


def update(session: Session, store: KeyStore, after: Mapping[str, int] | None = None) -> None:
    """Add what the journal says since some lines, and how far it goes; may be repeated.

    :param after: number of a line by ledger; by default every line is read.
    """
    changes: dict[tuple[str, str], ReplayEntry | None] = {}
    for line in _lines(session, after or {}):
        for entry in _line_entries(session, line):
            is_undone = _UNDONE.get(line.act) == entry.act
            changes[entry.act, entry.subject] = None if is_undone else entry
    public = head(session, Ledger.PUBLIC)
    number = session.scalar(sa.select(sa.func.max(Incident.number))) or 0
    if after and not changes and public.seq == after[Ledger.PUBLIC.value]:
        return
    store.require()
    position = {"seq": public.seq, "digest": public.digest, "number": number}
    changes[HEAD, Ledger.PUBLIC.value] = ReplayEntry(HEAD, Ledger.PUBLIC.value, "", position)
    with _writing(store) as connection:
        for (act, subject), change in changes.items():
            _delete(connection, act, subject)
            if change is not None:
                _insert(connection, change)


def note(store: KeyStore, kind: str, details: Mapping[str, Any]) -> None:
    """Note the last backup or rehearsal."""
    with _writing(store) as connection:
        _delete(connection, kind, kind)
        _insert(connection, ReplayEntry(kind, kind, "", details))


def read_note(store: KeyStore, kind: str) -> Mapping[str, Any] | None:
    """The details of a row that is no act; None without one."""
    return next((entry.details for entry in _read(store, _ENTRIES.c.act == kind)), None)


def note_time(store: KeyStore, kind: str) -> datetime | None:
    """When the last backup or rehearsal was made; None without one."""
    last = read_note(store, kind)
    return datetime.fromisoformat(last["at"]) if last else None


def copy(source: Iterable[ReplayEntry], store: KeyStore) -> None:
    """Replace the list of a store."""
    with _writing(store) as connection:
        connection.execute(_ENTRIES.delete())
        for entry in source:
            _insert(connection, entry)


def missing_from(session: Session, candidates: Iterable[ReplayEntry]) -> list[ReplayEntry]:
    """The acts among some entries whose lines a register does not have."""
    acts = [entry for entry in candidates if entry.event]
    recorded: set[str] = set()
    for start in range(0, len(acts), 500):
        events = [entry.event for entry in acts[start : start + 500]]
        stmt = sa.select(JournalEntry.event).where(JournalEntry.event.in_(events))
        recorded |= set(session.scalars(stmt))
    return [entry for entry in acts if entry.event not in recorded]


def _lines(session: Session, after: Mapping[str, int]) -> Iterator[Any]:
    columns = (
        JournalEntry.ledger,
        JournalEntry.seq,
        JournalEntry.act,
        JournalEntry.event,
        JournalEntry.incident_id,
        JournalEntry.private_json,
    )
    for ledger in Ledger:
        stmt = sa.select(*columns).where(
            JournalEntry.ledger == ledger.value,
            JournalEntry.act.in_(_READ_ACTS),
            JournalEntry.seq > after.get(ledger.value, 0),
        )
        yield from session.execute(stmt.order_by(JournalEntry.seq))


def _line_entries(session: Session, line: Any) -> Iterator[ReplayEntry]:
    """The entry that a line adds or takes off, if any; two for an account that was reset."""
    act, private = Act(line.act), json.loads(line.private_json)
    listed = _UNDONE.get(act, act)
    kind = SUBJECTS[listed]
    subject: str | None = None
    details = {name: private[name] for name in _DETAILS if private.get(name)}
    if kind == CASE:
        subject = _first_event(session, line.incident_id)
    elif kind == MEMBER:
        subject = _event(session, Act.MEMBER_ADDED, line, kind)
    elif kind == DESTRUCTION:
        subject = _event(session, Act.REDACTED, line, kind)
    # Rows that were counted, and copies that a case had, follow from other acts; a file that left
    # with its case was not destroyed.
    elif not (private.get("counted") or private.get("kept") or private.get("why") == PARTED):
        subject = private.get(kind)
        details |= _key_details(session, kind, private)
    if subject:
        yield ReplayEntry(listed.value, subject, line.event, details)
        if act is Act.MEMBER_RESET:
            yield ReplayEntry(Act.MEMBER_PASSWORD.value, subject, line.event, details)


def _key_details(session: Session, kind: str, private: Mapping[str, Any]) -> dict[str, Any]:
    """State and reason of a destroyed report, which outlive its texts; why a file was removed."""
    if kind == REPORT:
        report = session.get(Report, private.get(kind, ""))
        return {"state": report.state, "reason": report.reason} if report is not None else {}
    # A code; in other lines a digest.
    return {"why": private["why"]} if "why" in private else {}


def _first_event(session: Session, incident_id: int | None) -> str | None:
    stmt = sa.select(JournalEntry.event).where(
        JournalEntry.incident_id == incident_id, JournalEntry.ledger == Ledger.DESK.value
    )
    return session.scalar(stmt.order_by(JournalEntry.seq).limit(1))


def _event(session: Session, act: Act, later: Any, name: str) -> str | None:
    """The event of the first line of an act with the case and a private detail of a later line."""
    value = json.loads(later.private_json).get(name)
    stmt = sa.select(JournalEntry.event, JournalEntry.private_json).where(
        JournalEntry.ledger == act.ledger.value,
        JournalEntry.act == act.value,
        JournalEntry.incident_id == later.incident_id,
    )
    for line in session.execute(stmt.order_by(JournalEntry.seq)):
        if json.loads(line.private_json).get(name) == value:
            return str(line.event)
    return None


@contextmanager
def _writing(store: KeyStore) -> Iterator[sa.Connection]:
    with store.write_engine.begin() as connection:
        _META.create_all(connection)
        yield connection


def _delete(connection: sa.Connection, act: str, subject: str) -> None:
    connection.execute(
        _ENTRIES.delete().where(_ENTRIES.c.act == act, _ENTRIES.c.subject == subject)
    )


def _insert(connection: sa.Connection, entry: ReplayEntry) -> None:
    details = json.dumps(dict(entry.details), sort_keys=True, ensure_ascii=False)
    connection.execute(
        _ENTRIES.insert().values(
            act=entry.act, subject=entry.subject, event=entry.event, details=details
        )
    )
