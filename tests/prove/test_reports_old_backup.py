"""Purged reports are unreadable even in an earlier copy of the instance, with the seal key."""

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
from report_batch import DECLINED, SPAM, WITHDRAWN, ReportBatch, sent
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

PURPOSES = ("sent", "contact", "message", "decision", "report key", "evidence manifest")


def _is_readable(keys: list[bytes], name: str, ciphertext: bytes) -> bool:
    """Whether any of the keys decrypts it, for any purpose."""
    for key, purpose in product(keys, PURPOSES):
        for associated in (f"report {name}".encode(), name.encode(), b""):
            try:
                encryption.decrypt(key, purpose, ciphertext, associated)
            except SealError:
                continue
            return True
    return False


def _ciphertexts(database: Path) -> Iterator[tuple[str, str, bytes]]:
    """The ciphertexts of a register, each with its report's key, its row's key and its bytes."""
    with closing(sqlite3.connect(database)) as connection:
        # Eight bytes in front of a contact say which of several it is.
        rows = connection.execute("SELECT key, sealed, substr(contact, 9), decision FROM report")
        for key, *ciphertexts in rows:
            yield from (
                (key, key, ciphertext) for ciphertext in ciphertexts if ciphertext is not None
            )
        for table in ("report_message", "report_evidence"):
            yield from connection.execute(f"SELECT report_key, key, sealed FROM {table}")


def test_an_old_backup_reveals_nothing_of_purged_reports(
    settings: Settings, engine: Engine, store: KeyStore, sent: ReportBatch
) -> None:
    folder = settings.instance.parent
    backup = folder / "backup"
    # By another process: closing a file frees the locks that SQLite holds on it in this one, and
    # the next connection to close would remove the log under the others.
    subprocess.run(["cp", "-r", settings.instance, backup], check=True)
    subprocess.run(["cp", "-r", seal_folder(settings), folder / "seal-before"], check=True)
    retention = purging.run_retention(
        engine, store, now() + timedelta(days=100), 24, confirmed=True
    ).done
    # The work on those that were accepted has not ended, and their term has not begun.
    purged = {key for part in (DECLINED, SPAM, WITHDRAWN) for key in sent.keys[part]}
    assert retention.purged == len(purged)

    copy = replace(
        settings, instance=backup, database_url=f"sqlite:///{backup / 'register.sqlite3'}"
    )
    key = encryption.load_key(seal_folder(settings))
    with closing(sqlite3.connect(backup / "register.sqlite3")) as connection:
        (instance_id,) = connection.execute("SELECT instance_id FROM identity").fetchone()
    present = KeyStore(default_url(seal_folder(settings)), key, instance_id)
    before = KeyStore(default_url(folder / "seal-before"), key, instance_id)
    keys = [key, present.root, *present.keys(present.names()).values()]

    ciphertexts = list(_ciphertexts(backup / "register.sqlite3"))
    purged_ciphertexts = [
        (name, bytes_) for report, name, bytes_ in ciphertexts if report in purged
    ]
    assert len(purged_ciphertexts) >= 2 * len(purged)
    assert not any(_is_readable(keys, name, bytes_) for name, bytes_ in purged_ciphertexts)
    # The counter-proof: the keys of that day would open all of it, and the present ones the rest.
    earlier_keys = before.keys(before.names())
    keys_by_report = {
        report: [earlier_keys[key] for key in earlier_keys if key.startswith(report)]
        for report, *_ in ciphertexts
    }
    assert all(
        _is_readable(keys_by_report[report], name, bytes_) for report, name, bytes_ in ciphertexts
    )
    remaining = [(name, bytes_) for report, name, bytes_ in ciphertexts if report not in purged]
    assert remaining
    assert all(_is_readable(keys, name, bytes_) for name, bytes_ in remaining[:5])

    _require_purged(copy, present, sent, purged)
    for folder_with_log in (settings.instance, seal_folder(settings)):
        assert not [path for path in folder_with_log.rglob("*-wal") if path.stat().st_size], (
            "a log was left"
        )
    # Nor do the store's own bytes hold what was destroyed.
    store_bytes = b"".join(path.read_bytes() for path in seal_folder(settings).iterdir())
    with closing(sqlite3.connect(folder / "seal-before" / "keys.sqlite3")) as connection:
        wrapped = dict(connection.execute("SELECT name, wrapped FROM report_key").fetchall())
    assert all(wrapped[name][13:] not in store_bytes for name in purged)
    assert any(wrapped[name][13:] in store_bytes for name in set(wrapped) - purged)
    for keys_ in (present, before):
        keys_.close()


def _require_purged(copy: Settings, store: KeyStore, sent: ReportBatch, purged: set[str]) -> None:
    """Require that the queries of a register on the copy return no content of purged reports."""
    app = create_app(copy)
    with app.app_context():
        session = db.session()
        assert set(session.scalars(select(Report.key))) == set(sent.keys)
        for key in sent.keys:
            report = queries.get_report(session, store, key)
            assert report.is_purged == (key in purged)
            if key in purged:
                contents = (report.received, report.contact, list(report.messages), report.case)
                assert not any(contents)
        db.session.remove()
        db.engine.dispose()
    with closing(restored_key_store(copy)) as restored:
        assert restored.names() == store.names()


def restored_key_store(copy: Settings) -> KeyStore:
    """The key store as a register that was restored from the copy finds it."""
    app = create_app(copy)
    with app.app_context():
        store = setup.key_store(copy, db.session())
        db.session.remove()
        db.engine.dispose()
    return store
