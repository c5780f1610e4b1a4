"""Another seal key in the place of the one in use: what was given before still opens."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from report_factory import a_report, nonce
from sqlalchemy import text
from sqlalchemy.orm import Session

from register import encryption
from register.errors import SealError
from register.journal import writing
from register.key_store import KeyStore, default_url
from register.operations import rotation, setup
from register.reports import acts, queries, receipt_codes, report_content

pytestmark = pytest.mark.one_database


@pytest.fixture
def again(settings, engine):
    """``again()``: the key store as a process that starts now has it."""
    made = []

    def opened():
        with Session(engine) as session:
            made.append(setup.key_store(settings, session))
        return made[-1]

    yield opened
    for one in made:
        one.close()


def test_receipts_and_codes_given_before_a_rotation_are_good_after_it(
    settings, engine, session, store, inbox, again
):
    given = nonce()
    with inbox.pen() as p:
        filed = acts.receive(p, store, a_report(), given)
    file = queries.get_report(session, store, filed.key)
    document = report_content.receipt_document(file.received, file.summary.day, "registre.test")
    session.rollback()
    root = store.root
    former = encryption.load_key(settings.seal_dir)
    path, count = rotation.rotate(settings, engine)
    assert (path, count) == (settings.seal_dir / encryption.KEY_FILE, len(store.names()) + 2)
    assert encryption.load_key(settings.seal_dir) != former
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not (settings.seal_dir / encryption.PENDING_KEY_FILE).exists()
    session.rollback()
    setup.require_seal(settings, session)
    for each in (store, again()):
        assert each.root == root
        key = queries.key_by_code(session, each, filed.code)
        assert key == filed.key
        assert queries.get_report(session, each, key).received.sent == a_report()
        with writing(engine) as pen:
            assert acts.receive(pen, each, a_report(), given).code == filed.code
    assert receipt_codes.received_on(session, document) == file.summary.day
    # The former key opens nothing any more, and what it had wrapped is overwritten.
    old = KeyStore(default_url(settings.seal_dir), former, setup.identity(session).instance_id)
    with pytest.raises(SealError, match="keystore_foreign"):
        old.require()
    old.close()


def test_a_store_in_a_database_of_its_own_is_wrapped_again(
    server, settings, engine, session, store, tmp_path
):
    """Two machines share a store in PostgreSQL; each has its own copy of the seal key."""
    server.execute("DROP DATABASE IF EXISTS keys_apart", "CREATE DATABASE keys_apart")
    apart = replace(settings, key_store_url=server.url("keys_apart"))
    instance = setup.identity(session).instance_id
    former = encryption.load_key(settings.seal_dir)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / encryption.KEY_FILE).write_bytes(
        (settings.seal_dir / encryption.KEY_FILE).read_bytes()
    )
    here = KeyStore(apart.key_store_url, former, instance, settings.seal_dir)
    other = KeyStore(apart.key_store_url, former, instance, elsewhere)
    try:
        here.make_store(store.root)
        key = other.new_key("before")
        path = rotation.prepare(apart, engine)
        (elsewhere / encryption.PENDING_KEY_FILE).write_bytes(path.read_bytes())
        _path, count = rotation.rotate(apart, engine)
        assert count == 3
        assert (here.key("before"), here.root) == (key, store.root)
        assert other.key("before") == key
        assert other.new_key("after") == here.key("after")
        late = KeyStore(apart.key_store_url, former, instance)
        with pytest.raises(SealError, match="keystore_foreign"):
            late.require()
        late.close()
    finally:
        here.close()
        other.close()
        server.execute("DROP DATABASE keys_apart WITH (FORCE)")


def test_a_process_that_runs_on_wraps_no_report_by_the_former_key(settings, engine, store, again):
    _ = store.root
    rotation.rotate(settings, engine)
    with writing(engine) as pen:
        filed = acts.receive(pen, store, a_report(), nonce())
    with Session(engine) as session:
        assert queries.get_report(session, again(), filed.key).received is not None


def test_a_machine_without_the_new_key_refuses_and_loses_nothing(
    settings, engine, session, tmp_path, store
):
    """Until the new key is copied there; then it goes on, without being started again."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / encryption.KEY_FILE).write_bytes(
        (settings.seal_dir / encryption.KEY_FILE).read_bytes()
    )
    instance = setup.identity(session).instance_id
    other = KeyStore(
        default_url(settings.seal_dir), encryption.load_key(elsewhere), instance, elsewhere
    )
    key = other.new_key("before")
    rotation.rotate(settings, engine)
    for asked in (lambda: other.new_key("after"), lambda: other.key("before"), other.require):
        with pytest.raises(SealError, match="keystore_foreign"):
            asked()
    other.destroy(["nothing"])
    (elsewhere / "copied").write_bytes((settings.seal_dir / encryption.KEY_FILE).read_bytes())
    (elsewhere / "copied").replace(elsewhere / encryption.KEY_FILE)
    assert other.key("before") == key
    assert other.new_key("after") == store.key("after")
    other.close()


def test_a_key_that_was_prepared_and_copied_stops_no_machine(settings, engine, session, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / encryption.KEY_FILE).write_bytes(
        (settings.seal_dir / encryption.KEY_FILE).read_bytes()
    )
    instance = setup.identity(session).instance_id
    other = KeyStore(
        default_url(settings.seal_dir), encryption.load_key(elsewhere), instance, elsewhere
    )
    path = rotation.prepare(settings, engine)
    assert path == settings.seal_dir / encryption.PENDING_KEY_FILE
    key = other.new_key("before")
    (elsewhere / encryption.PENDING_KEY_FILE).write_bytes(path.read_bytes())
    rotation.rotate(settings, engine)
    assert encryption.load_key(settings.seal_dir) == encryption.read_key(
        elsewhere / encryption.PENDING_KEY_FILE
    )
    assert other.key("before") == key
    assert len(other.new_key("after")) == 32
    other.close()


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_rotation_that_was_cut_short_is_finished_or_undone_at_the_next_start(
    settings, engine, session, store, wrapped
):
    former, root = encryption.load_key(settings.seal_dir), store.root
    pending = encryption.pending_key(settings.seal_dir)
    if wrapped:
        store.rewrap(pending)
    # Until then, whichever of the two opens the store is its key.
    setup.require_seal(settings, session)
    session.rollback()
    rotation.settle(settings, engine)
    assert encryption.load_key(settings.seal_dir) == (pending if wrapped else former)
    assert not (settings.seal_dir / encryption.PENDING_KEY_FILE).exists()
    setup.require_seal(settings, session)
    assert store.root == root


def test_a_rotation_whose_wrapping_fails_leaves_the_former_key_in_its_place(
    settings, engine, store, monkeypatch
):
    former = encryption.load_key(settings.seal_dir)
    monkeypatch.setattr(KeyStore, "rewrap", lambda *_given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        rotation.rotate(settings, engine)
    assert encryption.load_key(settings.seal_dir) == former
    assert store.is_wrapped_by(former)


def test_neither_key_is_given_up_while_the_other_is_not_known_to_open_the_store(
    settings, engine, store
):
    """The pending key is the store's, and cannot be read for a moment."""
    pending = encryption.pending_key(settings.seal_dir)
    store.rewrap(pending)
    path = settings.seal_dir / encryption.PENDING_KEY_FILE
    kept = path.read_bytes()
    path.write_bytes(b"")
    rotation.settle(settings, engine)
    assert path.exists()
    with pytest.raises(SealError, match="keystore_foreign"):
        rotation.rotate(settings, engine)
    path.write_bytes(kept)
    rotation.settle(settings, engine)
    assert encryption.load_key(settings.seal_dir) == pending


def test_one_rotation_at_a_time(settings, engine):
    with encryption.lock_folder(settings.seal_dir) as held:
        assert held
        with pytest.raises(SealError, match="seal_busy"):
            rotation.rotate(settings, engine)
        rotation.settle(settings, engine)
    rotation.rotate(settings, engine)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_no_byte_of_what_the_former_key_wrapped_is_left(settings, engine, store):
    store.new_key("a")
    with store.engine.connect() as connection:
        rows = connection.execute(text("SELECT wrapped FROM report_key")).scalars().all()
    store.close()
    rotation.rotate(settings, engine)
    stored = b"".join(path.read_bytes() for path in Path(settings.seal_dir).iterdir())
    assert not [row for row in rows if bytes(row)[13:] in stored]
