"""The seal key is replaced, and receipts and codes from before are still valid."""

from __future__ import annotations

import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from case_contents import a_case
from report_factory import a_report, nonce
from sqlalchemy import text
from sqlalchemy.orm import Session

from register import encryption
from register.cases.case_evidence import case_evidence
from register.errors import SealError
from register.evidence.sealed_files import new_file
from register.journal import writing
from register.key_store import KeyStore, default_url
from register.operations import rotation, setup
from register.operations.missing_data import incomplete_files
from register.reports import acts, queries, receipt_codes, report_content
from register.reports.report_files import report_files

pytestmark = pytest.mark.one_database


@pytest.fixture
def open_store(settings, engine):
    """``open_store()``: the key store that a process starting now opens."""
    stores = []

    def open_new():
        with Session(engine) as session:
            stores.append(setup.key_store(settings, session))
        return stores[-1]

    yield open_new
    for key_store in stores:
        key_store.close()


def test_receipts_and_codes_given_before_a_rotation_are_good_after_it(
    settings, engine, session, store, inbox, open_store
):
    form_nonce = nonce()
    with inbox.pen() as p:
        receipt = acts.receive(p, store, a_report(), form_nonce)
    report = queries.get_report(session, store, receipt.key)
    document = report_content.receipt_document(report.received, report.summary.day, "registre.test")
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
    for key_store in (store, open_store()):
        assert key_store.root == root
        key = queries.key_by_code(session, key_store, receipt.code)
        assert key == receipt.key
        assert queries.get_report(session, key_store, key).received.sent == a_report()
        with writing(engine) as pen:
            assert acts.receive(pen, key_store, a_report(), form_nonce).code == receipt.code
    assert receipt_codes.receipt_proof(session, document)[:2] == (report.summary.day, "")
    # The former key opens nothing any more, and what it had wrapped is overwritten.
    former_store = KeyStore(
        default_url(settings.seal_dir), former, setup.identity(session).instance_id
    )
    with pytest.raises(SealError, match="keystore_foreign"):
        former_store.require()
    former_store.close()


def test_files_sent_before_a_rotation_open_after_it(settings, engine, session, store, pen, cast):
    content = b"Un texte de la mairie. " * 100_000
    file = setup.sealed_files(settings, store).write(new_file("a.txt"), [content], 10**7)
    with pen() as tx:
        report = acts.receive(tx, store, a_report(), nonce(), files=[file])
    with pen() as tx:
        case = acts.accept(tx, store, report.key, by=cast.bruno, reason="Vu.", new=a_case())
    session.rollback()
    rotation.rotate(settings, engine)
    session.rollback()
    with closing(setup.key_store(settings, session)) as after:
        files = setup.sealed_files(settings, after)
        [of_report] = report_files(session, after, report.key)
        [(_row, of_case)] = case_evidence(session, after, case)
        assert of_report.manifest == of_case == file
        assert files.open(of_case).read() == content
        assert incomplete_files(session, after, files) == ([], set())


def test_a_key_store_in_its_own_database_is_rewrapped(
    server, settings, engine, session, store, tmp_path
):
    """Two machines share a store in PostgreSQL; each has its own copy of the seal key."""
    server.execute("DROP DATABASE IF EXISTS keys_apart", "CREATE DATABASE keys_apart")
    other_settings = replace(settings, key_store_url=server.url("keys_apart"))
    instance = setup.identity(session).instance_id
    former = encryption.load_key(settings.seal_dir)
    second_folder = tmp_path / "elsewhere"
    second_folder.mkdir()
    (second_folder / encryption.KEY_FILE).write_bytes(
        (settings.seal_dir / encryption.KEY_FILE).read_bytes()
    )
    first_store = KeyStore(other_settings.key_store_url, former, instance, settings.seal_dir)
    second_store = KeyStore(other_settings.key_store_url, former, instance, second_folder)
    try:
        first_store.make_store(store.root)
        key = second_store.new_key("before")
        path = rotation.prepare(other_settings, engine)
        (second_folder / encryption.PENDING_KEY_FILE).write_bytes(path.read_bytes())
        _path, count = rotation.rotate(other_settings, engine)
        assert count == 3
        assert (first_store.key("before"), first_store.root) == (key, store.root)
        assert second_store.key("before") == key
        assert second_store.new_key("after") == first_store.key("after")
        late_store = KeyStore(other_settings.key_store_url, former, instance)
        with pytest.raises(SealError, match="keystore_foreign"):
            late_store.require()
        late_store.close()
    finally:
        first_store.close()
        second_store.close()
        server.execute("DROP DATABASE keys_apart WITH (FORCE)")


def test_a_process_that_runs_on_wraps_no_report_by_the_former_key(
    settings, engine, store, open_store
):
    _ = store.root
    rotation.rotate(settings, engine)
    with writing(engine) as pen:
        receipt = acts.receive(pen, store, a_report(), nonce())
    with Session(engine) as session:
        assert queries.get_report(session, open_store(), receipt.key).received is not None


def test_a_machine_without_the_new_key_refuses_and_loses_nothing(
    settings, engine, session, tmp_path, store
):
    """Until the new key is copied there; then it goes on, without being started again."""
    second_folder = tmp_path / "elsewhere"
    second_folder.mkdir()
    (second_folder / encryption.KEY_FILE).write_bytes(
        (settings.seal_dir / encryption.KEY_FILE).read_bytes()
    )
    instance = setup.identity(session).instance_id
    second_store = KeyStore(
        default_url(settings.seal_dir), encryption.load_key(second_folder), instance, second_folder
    )
    key = second_store.new_key("before")
    rotation.rotate(settings, engine)
    for access in (
        lambda: second_store.new_key("after"),
        lambda: second_store.key("before"),
        second_store.require,
    ):
        with pytest.raises(SealError, match="keystore_foreign"):
            access()
    second_store.destroy(["nothing"])
    (second_folder / "copied").write_bytes((settings.seal_dir / encryption.KEY_FILE).read_bytes())
    (second_folder / "copied").replace(second_folder / encryption.KEY_FILE)
    assert second_store.key("before") == key
    assert second_store.new_key("after") == store.key("after")
    second_store.close()


def test_a_key_that_was_prepared_and_copied_stops_no_machine(settings, engine, session, tmp_path):
    second_folder = tmp_path / "elsewhere"
    second_folder.mkdir()
    (second_folder / encryption.KEY_FILE).write_bytes(
        (settings.seal_dir / encryption.KEY_FILE).read_bytes()
    )
    instance = setup.identity(session).instance_id
    second_store = KeyStore(
        default_url(settings.seal_dir), encryption.load_key(second_folder), instance, second_folder
    )
    path = rotation.prepare(settings, engine)
    assert path == settings.seal_dir / encryption.PENDING_KEY_FILE
    key = second_store.new_key("before")
    (second_folder / encryption.PENDING_KEY_FILE).write_bytes(path.read_bytes())
    rotation.rotate(settings, engine)
    assert encryption.load_key(settings.seal_dir) == encryption.read_key(
        second_folder / encryption.PENDING_KEY_FILE
    )
    assert second_store.key("before") == key
    assert len(second_store.new_key("after")) == 32
    second_store.close()


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
    monkeypatch.setattr(KeyStore, "rewrap", lambda *_args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        rotation.rotate(settings, engine)
    assert encryption.load_key(settings.seal_dir) == former
    assert store.is_wrapped_by(former)


def test_both_keys_are_kept_until_one_is_known_to_open_the_store(settings, engine, store):
    """The pending key is the store's, and cannot be read for a moment."""
    pending = encryption.pending_key(settings.seal_dir)
    store.rewrap(pending)
    path = settings.seal_dir / encryption.PENDING_KEY_FILE
    content = path.read_bytes()
    path.write_bytes(b"")
    rotation.settle(settings, engine)
    assert path.exists()
    with pytest.raises(SealError, match="keystore_foreign"):
        rotation.rotate(settings, engine)
    path.write_bytes(content)
    rotation.settle(settings, engine)
    assert encryption.load_key(settings.seal_dir) == pending


def test_one_rotation_at_a_time(settings, engine):
    with encryption.lock_folder(settings.seal_dir) as is_locked:
        assert is_locked
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
