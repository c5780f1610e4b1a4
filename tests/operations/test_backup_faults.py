"""Backups in bad hours: a killed rotation, a wrong clock, leftovers of what was lost."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import timedelta

import pytest
from backup_places import no_progress
from cast import AT
from databases import open_engine
from report_factory import nonce
from sqlalchemy.orm import Session

from register import encryption
from register.db import sqlite_path
from register.incoming import acts as incoming
from register.incoming.content import ReplyContent
from register.incoming.models import Incoming
from register.journal import Act
from register.key_store import STORE_FILE
from register.operations import replay_list, setup
from register.operations.backup_sets import BackupError
from register.operations.rehearsal import rehearse


@pytest.mark.one_database
def test_a_log_that_outlived_its_database_is_not_played_into_the_restored_one(places, engine):
    """SQLite plays a log into any database of its name."""
    places.back_up(engine)
    log = places.empty.instance / "register.sqlite3-wal"
    log.parent.mkdir()
    log.touch()
    if not sqlite_path(places.empty.database_url):
        assert places.restore().problems == 0  # nothing plays it
        return
    with pytest.raises(BackupError, match="restore_not_empty"):
        places.restore()


@pytest.mark.one_database
def test_a_log_that_outlived_its_keys_brings_none_back(places, engine, store):
    logs = [
        place / f"{STORE_FILE}-wal" for place in (places.settings.seal_dir, places.empty.seal_dir)
    ]
    logs[1].parent.mkdir(mode=0o700)
    with store.engine.connect():
        store.new_key("0" * 32)
        shutil.copy(*logs)
    store.destroy(["0" * 32])
    places.back_up(engine)
    assert places.restore().problems == 0
    with (
        open_engine(places.empty.database_url) as copy,
        Session(copy) as session,
        closing(setup.key_store(places.empty, session)) as keys,
    ):
        assert keys.names() == set()


@pytest.mark.one_database
def test_a_rotation_that_was_killed_before_its_end_costs_no_backup(places, engine, store):
    folder = places.settings.seal_dir
    store.rewrap(encryption.pending_key(folder))
    assert (folder / encryption.PENDING_KEY_FILE).exists()
    places.back_up(engine)
    restored = places.restore()
    assert (restored.problems, restored.keyless) == (0, 0)


@pytest.mark.one_database
def test_a_rehearsal_without_a_key_in_use_is_not_noted_as_one(
    places, engine, inbox, store, settings
):
    store.destroy([inbox.received().key])
    places.back_up(engine)
    assert rehearse(settings, engine, AT, no_progress).keyless == 1
    assert replay_list.read_note(store, replay_list.REHEARSAL) is None


@pytest.mark.one_database
def test_a_backup_of_a_clock_that_was_ahead_is_not_taken_for_the_last_one(places, engine):
    """Its keys would be those of that time, for ever."""
    places.back_up(engine, AT + timedelta(days=8000))
    with pytest.raises(BackupError, match="backup_clock"):
        places.back_up(engine, AT)


@pytest.mark.one_database
def test_a_file_of_somebody_else_among_the_blobs_costs_no_backup(
    places, engine, desk, case_files, settings
):
    case_files.added(desk.published().id)
    (blob,) = settings.instance.glob("evidence/*/??/*")
    for name in (".nfs0001", f"{blob.name}~", "à lire.txt"):
        blob.with_name(name).write_text("x")
    assert places.back_up(engine).manifest.blobs == 1
    assert places.restore().problems == 0


@pytest.mark.one_database
def test_what_was_sealed_beside_a_reply_and_purged_is_purged_again(
    places, engine, desk, store, pen
):
    words = ReplyContent(
        author="Commune",
        capacity="le maire",
        text="Non.",
        proof="Au standard",
        role="authority",
        passages="x",
    )
    case = desk.published()
    with pen() as p:
        received = incoming.receive(p, store, case.number, words, nonce())
    made = places.back_up(engine, AT)
    later = AT + timedelta(days=400)
    assert incoming.run_retention(engine, store, later) == 1
    places.back_up(engine, later, kept_days=1000)
    restored = places.restore(name=made.manifest.name)
    assert (restored.problems, restored.keyless) == (0, 0)
    assert restored.replay.done[Act.INCOMING_PURGED] == 1
    with open_engine(places.empty.database_url) as copy, Session(copy) as session:
        row = session.get_one(Incoming, received.key)
        assert (row.sealed_content, row.purged_on is None) == (None, False)
