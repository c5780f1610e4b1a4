"""What was purged is unreadable even in a copy of the instance from before, with the seal key."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from databases import seal_folder
from report_batch import ACCEPTED, DECLINED, SPAM, WITHDRAWN, ReportBatch, sent
from sqlalchemy import Engine, select

from register import create_app, encryption
from register.config import Settings
from register.db import db, now
from register.errors import SealError
from register.key_store import KeyStore, default_url
from register.operations import setup
from register.reports import queries
from register.reports.acts import purging
from register.reports.models import Report

pytestmark = [
    pytest.mark.prove,
    # Files are what is looked at: those of the embedded default.
    pytest.mark.parametrize("settings", ["sqlite"], indirect=True),
]

__all__ = ["sent"]  # the fixture of the other module

PURPOSES = ("sent", "contact", "message", "decision", "report key")


def _opens(keys: list[bytes], name: str, closed: bytes) -> bool:
    """Whether any of the keys opens it, for any purpose."""
    for key, purpose in product(keys, PURPOSES):
        for bound in (f"report {name}".encode(), name.encode(), b""):
            try:
                encryption.decrypt(key, purpose, closed, bound)
            except SealError:
                continue
            return True
    return False


def _closed(database: Path) -> Iterator[tuple[str, str, bytes]]:
    """All that is closed in a register: the report it is of, the row it is in, the bytes."""
    with closing(sqlite3.connect(database)) as connection:
        # Eight bytes in front of a contact say which of several it is.
        rows = connection.execute("SELECT key, sealed, substr(contact, 9), decision FROM report")
        for key, *sealed in rows:
            yield from ((key, key, closed) for closed in sealed if closed is not None)
        yield from connection.execute("SELECT report_key, key, sealed FROM report_message")


def test_an_old_backup_reveals_nothing_of_purged_reports(
    settings: Settings, engine: Engine, store: KeyStore, sent: ReportBatch
) -> None:
    folder = settings.instance.parent
    backup = folder / "backup"
    # By another process: closing a file frees the locks that SQLite holds on it in this one, and
    # the next connection to close would remove the log under the others.
    subprocess.run(["cp", "-r", settings.instance, backup], check=True)
    subprocess.run(["cp", "-r", seal_folder(settings), folder / "seal-before"], check=True)
    done = purging.run_retention(
        engine, store, now() + timedelta(days=100), 24, confirmed=True
    ).done
    gone = {key for part in (DECLINED, ACCEPTED, SPAM, WITHDRAWN) for key in sent.keys[part]}
    assert done.purged == len(gone)

    copy = replace(
        settings, instance=backup, database_url=f"sqlite:///{backup / 'register.sqlite3'}"
    )
    key = encryption.load_key(seal_folder(settings))
    with closing(sqlite3.connect(backup / "register.sqlite3")) as connection:
        (instance_id,) = connection.execute("SELECT instance_id FROM identity").fetchone()
    present = KeyStore(default_url(seal_folder(settings)), key, instance_id)
    before = KeyStore(default_url(folder / "seal-before"), key, instance_id)
    keys = [key, present.root, *present.keys(present.names()).values()]

    closed = list(_closed(backup / "register.sqlite3"))
    of_gone = [(name, bytes_) for report, name, bytes_ in closed if report in gone]
    assert len(of_gone) >= 2 * len(gone)
    assert not any(_opens(keys, name, bytes_) for name, bytes_ in of_gone)
    # The counter-proof: the keys of that day would open all of it, and the present ones the rest.
    old = before.keys(before.names())
    own = {report: [old[key] for key in old if key.startswith(report)] for report, *_ in closed}
    assert all(_opens(own[report], name, bytes_) for report, name, bytes_ in closed)
    left = [(name, bytes_) for report, name, bytes_ in closed if report not in gone]
    assert left
    assert all(_opens(keys, name, bytes_) for name, bytes_ in left[:5])

    _says_nothing(copy, present, sent, gone)
    for file in (settings.instance, seal_folder(settings)):
        assert not [path for path in file.rglob("*-wal") if path.stat().st_size], "a log was left"
    # Nor do the store's own bytes hold what was destroyed.
    stored = b"".join(path.read_bytes() for path in seal_folder(settings).iterdir())
    with closing(sqlite3.connect(folder / "seal-before" / "keys.sqlite3")) as connection:
        wrapped = dict(connection.execute("SELECT name, wrapped FROM report_key").fetchall())
    assert all(wrapped[name][13:] not in stored for name in gone)
    assert any(wrapped[name][13:] in stored for name in set(wrapped) - gone)
    for keys_ in (present, before):
        keys_.close()


def _says_nothing(copy: Settings, store: KeyStore, sent: ReportBatch, gone: set[str]) -> None:
    """The register itself, on the copy: its pages would show what the queries give."""
    app = create_app(copy)
    with app.app_context():
        session = db.session()
        assert set(session.scalars(select(Report.key))) == set(sent.keys)
        for key in sent.keys:
            file = queries.get_report(session, store, key)
            assert file.is_purged == (key in gone)
            if key in gone:
                told = (file.received, file.contact, list(file.messages), file.case)
                assert not any(told)
        db.session.remove()
        db.engine.dispose()
    with closing(opening_of(copy)) as opened:
        assert opened.names() == store.names()


def opening_of(copy: Settings) -> KeyStore:
    """The key store as a register that was restored from the copy finds it."""
    app = create_app(copy)
    with app.app_context():
        found = setup.key_store(copy, db.session())
        db.session.remove()
        db.engine.dispose()
    return found
