"""The key store, in SQLite and in PostgreSQL: encrypted keys, one owner, complete destruction."""

from __future__ import annotations

import stat
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from register import encryption
from register.db import sqlite_path
from register.errors import SealError, Unavailable
from register.key_store import KeyStore

SEAL_KEY = bytes(range(32))
INSTANCE = "6b0a2f0e-0000-4000-8000-000000000000"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The URL of a new store; its database is dropped after the test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'seal' / 'keys.sqlite3'}"
        return
    server = request.getfixturevalue("server")
    server.execute("CREATE DATABASE keys_of_a_test")
    yield server.url("keys_of_a_test")
    server.execute("DROP DATABASE keys_of_a_test WITH (FORCE)")


@pytest.fixture
def open_store(url):
    """``open_store()``: the store as another process opens it, with its seal key and instance."""
    stores = []

    def open_another(key=SEAL_KEY, instance=INSTANCE):
        stores.append(KeyStore(url, key, instance))
        return stores[-1]

    yield open_another
    for store in stores:
        store.close()


def _bytes(url):
    """The bytes of all files of the store."""
    path = sqlite_path(url)
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def test_keys_are_created_read_and_destroyed(open_store):
    store = open_store()
    store.make_store()
    names = [f"{number:032x}" for number in range(1_200)]
    keys = {name: store.new_key(name) for name in names[:3]}
    assert len(set(keys.values())) == 3
    assert all(len(key) == 32 for key in keys.values())
    # Another process reads the same keys.
    assert open_store().keys(names) == keys
    assert (open_store().key(names[0]), store.key("unknown")) == (keys[names[0]], None)
    assert store.names() == set(names[:3])
    store.destroy(names[1:])
    store.empty_log()
    assert open_store().keys(names) == {names[0]: keys[names[0]]}
    store.destroy([])
    store.destroy(["instance"])
    store.require()
    assert store.names() == {names[0]}


def test_a_name_has_one_key(open_store):
    store = open_store()
    store.make_store()
    key = store.new_key("case 1")
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        store.new_key("case 1")
    assert store.key("case 1") == key


def test_creating_the_key_store_again_leaves_its_keys(open_store):
    store = open_store()
    store.make_store()
    key = store.new_key("a")
    open_store().make_store()
    assert store.key("a") == key


def test_a_store_without_a_root_key_gets_the_seal_key_as_root(open_store):
    """With it, the receipt codes and ciphertexts of former versions stay valid."""
    store = open_store()
    store.make_store(bytes(32))
    key = store.new_key("a")
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM report_key WHERE name = 'root'"))
    earlier = open_store()
    for attempt in (earlier.require, lambda: earlier.derived_key("receipt code")):
        with pytest.raises(SealError, match="root_missing"):
            attempt()
    for _ in range(2):
        earlier.make_store(create=False)
    assert earlier.root == SEAL_KEY
    assert earlier.derived_key("receipt code") == encryption.derive_key(SEAL_KEY, "receipt code")
    assert open_store().key("a") == key
    earlier.destroy(["root"])
    assert open_store().root == SEAL_KEY
    assert earlier.names() == {"a"}


def test_a_missing_store_is_not_created_without_permission(open_store):
    with pytest.raises(SealError, match="keystore_missing"):
        open_store().make_store(create=False)


def test_reading_a_missing_store_does_not_create_it(open_store, url):
    store = open_store()
    with pytest.raises(SealError) as refused:
        store.require()
    assert (refused.value.key, refused.value.values["where"]) == ("keystore_missing", store.where)
    path = sqlite_path(url)
    assert path is None or not path.exists()


def test_reading_a_deleted_store_is_refused_as_missing(open_store):
    store = open_store()
    for read in (store.names, lambda: store.key("case 1"), lambda: store.keys(["case 1"])):
        with pytest.raises(SealError) as raised:
            read()
        assert (raised.value.key, raised.value.values["where"]) == ("keystore_missing", store.where)


def test_the_store_of_another_instance_or_seal_key_is_refused(open_store):
    open_store().make_store()
    for other in (open_store(key=bytes(32)), open_store(instance="another")):
        for attempt in (other.require, other.make_store):
            with pytest.raises(SealError) as refused:
                attempt()
            assert refused.value.key == "keystore_foreign"


def test_a_store_without_the_row_of_its_instance_is_refused(open_store):
    store = open_store()
    store.make_store()
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM report_key"))
    with pytest.raises(SealError) as refused:
        open_store().require()
    assert refused.value.key == "keystore_foreign"


def test_a_key_is_decrypted_under_its_own_name_only(open_store):
    """A writer of the store cannot exchange the keys of two reports."""
    store = open_store()
    store.make_store()
    store.new_key("a")
    store.new_key("b")
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM report_key WHERE name = 'b'"))
        connection.execute(text("UPDATE report_key SET name = 'b' WHERE name = 'a'"))
    with pytest.raises(SealError) as refused:
        store.key("b")
    assert refused.value.key == "seal_opens_nothing"


def test_a_key_is_never_stored_in_clear(open_store, url):
    store = open_store()
    store.make_store()
    key = store.new_key("a")
    with store.engine.connect() as connection:
        rows = connection.execute(text("SELECT name, wrapped FROM report_key")).all()
    stored = b"".join(bytes(row.wrapped) for row in rows)
    for secret in (key, SEAL_KEY, encryption.derive_key(SEAL_KEY, "report key")):
        assert secret not in stored
        assert secret.hex().encode() not in stored
        assert sqlite_path(url) is None or secret not in _bytes(url)


def test_the_location_of_the_store_is_shown_without_its_password(open_store, url):
    store = open_store()
    path = sqlite_path(url)
    assert store.where == str(path) if path else "keys_of_a_test" in store.where
    with_password = KeyStore("postgresql+psycopg://u:motdepasse@h/keys", SEAL_KEY, INSTANCE)
    assert "motdepasse" not in with_password.where
    with_password.close()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_sqlite_file_is_private_durable_and_without_an_order_of_rows(open_store, url):
    store = open_store()
    store.make_store()
    store.new_key("a")
    path = sqlite_path(url)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert set(modes) >= {"keys.sqlite3", "keys.sqlite3-wal"}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        with pytest.raises(OperationalError, match="no such column"):
            connection.exec_driver_sql("SELECT rowid FROM report_key")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_files_contain_no_byte_of_a_destroyed_key(open_store, url):
    store = open_store()
    store.make_store()
    names = [f"{number:032x}" for number in range(60)]
    for name in names:
        store.new_key(name)
    with store.engine.connect() as connection:
        rows = connection.execute(text("SELECT name, wrapped FROM report_key")).all()
    wrapped = {row.name: row.wrapped for row in rows}
    assert all(wrapped[name][:40] in _bytes(url) for name in names)
    store.destroy(names[:40])
    store.empty_log()
    remaining = _bytes(url)
    assert [
        name for name in names[:40] if wrapped[name][:40] in remaining or name.encode() in remaining
    ] == []
    assert all(wrapped[name][:40] in remaining for name in names[40:])
    assert len(store.keys(names)) == 20


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "keys.sqlite3").write_bytes(b"no database, whatever it is called" * 40)
    store = KeyStore(f"sqlite:///{tmp_path / 'keys.sqlite3'}", SEAL_KEY, INSTANCE)
    with pytest.raises(SealError) as refused:
        store.require()
    assert refused.value.key == "keystore_missing"
    store.close()


def test_a_read_only_store_is_never_created(url, open_store):
    store = open_store()
    store.make_store()
    key = store.new_key("one")
    reader = KeyStore(url, SEAL_KEY, INSTANCE, reads_only=True)
    assert reader.key("one") == key
    # Both databases refuse the write, each with its own error.
    with pytest.raises(DBAPIError):
        reader.new_key("two")
    reader.close()
    assert store.names() == {"one"}


def test_reading_a_key_of_a_missing_store_is_refused(tmp_path):
    store = KeyStore(f"sqlite:///{tmp_path / 'keys.sqlite3'}", SEAL_KEY, INSTANCE)
    with pytest.raises(SealError) as refused:
        store.key("one")
    assert refused.value.key == "keystore_missing"
    store.close()


def test_no_data_key_is_issued_without_a_stored_seal_key(tmp_path):
    path, seal_key = encryption.make_key(tmp_path / "seal")
    store = KeyStore(
        f"sqlite:///{tmp_path / 'seal' / 'keys.sqlite3'}", seal_key, INSTANCE, path.parent
    )
    store.make_store()
    path.unlink()
    with pytest.raises(Unavailable):
        store.new_key("one")
    store.close()


@pytest.fixture
def new_database(server):
    """``new_database(name)``: the URL of a PostgreSQL database, dropped after the test."""
    names = []

    def create(name):
        server.execute(f"CREATE DATABASE {name}")
        names.append(name)
        return server.url(name)

    yield create
    for name in names:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_keys_are_copied_to_another_store_again_and_again(open_store, new_database):
    store = open_store()
    store.make_store()
    name = "a" * 32
    key = store.new_key(name)
    target = new_database("copied_keys")
    assert [store.copy_to(target) for _ in range(2)] == [3, 3]
    with closing(KeyStore(target, SEAL_KEY, INSTANCE)) as copy:
        assert copy.key(name) == key
    foreign = new_database("foreign_keys")
    with closing(KeyStore(foreign, bytes(32), "another")) as other:
        other.make_store()
    with pytest.raises(SealError, match="keystore_foreign"):
        store.copy_to(foreign)
