"""The key store, as a file and on PostgreSQL: nothing in clear, nobody else's, and gone is gone."""

from __future__ import annotations

import stat

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
    """Where a store can be made; its database is gone afterwards."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'seal' / 'keys.sqlite3'}"
        return
    server = request.getfixturevalue("server")
    server.execute("CREATE DATABASE keys_of_a_test")
    yield server.url("keys_of_a_test")
    server.execute("DROP DATABASE keys_of_a_test WITH (FORCE)")


@pytest.fixture
def opened(url):
    """``opened()``: the store as a process has it; another key or instance on request."""
    made = []

    def again(key=SEAL_KEY, instance=INSTANCE):
        made.append(KeyStore(url, key, instance))
        return made[-1]

    yield again
    for one in made:
        one.close()


def _bytes(url):
    """Every byte of the store that is on disk."""
    path = sqlite_path(url)
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def test_keys_are_created_read_and_destroyed(opened):
    store = opened()
    store.make_store()
    names = [f"{number:032x}" for number in range(1_200)]
    made = {name: store.new_key(name) for name in names[:3]}
    assert len(set(made.values())) == 3
    assert all(len(key) == 32 for key in made.values())
    # Another process finds the same ones.
    assert opened().keys(names) == made
    assert (opened().key(names[0]), store.key("unknown")) == (made[names[0]], None)
    assert store.names() == set(names[:3])
    store.destroy(names[1:])
    store.empty_log()
    assert opened().keys(names) == {names[0]: made[names[0]]}
    store.destroy([])
    store.destroy(["instance"])
    store.require()
    assert store.names() == {names[0]}


def test_a_name_has_one_key(opened):
    store = opened()
    store.make_store()
    key = store.new_key("case 1")
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        store.new_key("case 1")
    assert store.key("case 1") == key


def test_creating_the_key_store_again_changes_nothing(opened):
    store = opened()
    store.make_store()
    key = store.new_key("a")
    opened().make_store()
    assert store.key("a") == key


def test_a_store_from_before_root_keys_gets_its_seal_key_as_root(opened):
    """So that every receipt code, check value and ciphertext of then is still the same."""
    store = opened()
    store.make_store(bytes(32))
    key = store.new_key("a")
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM report_key WHERE name = 'root'"))
    earlier = opened()
    for ask in (earlier.require, lambda: earlier.derived_key("receipt code")):
        with pytest.raises(SealError, match="root_missing"):
            ask()
    for _ in range(2):
        earlier.make_store(create=False)
    assert earlier.root == SEAL_KEY
    assert earlier.derived_key("receipt code") == encryption.derive_key(SEAL_KEY, "receipt code")
    assert opened().key("a") == key
    earlier.destroy(["root"])
    assert opened().root == SEAL_KEY
    assert earlier.names() == {"a"}


def test_a_missing_store_is_made_only_where_it_may_be(opened):
    with pytest.raises(SealError, match="keystore_missing"):
        opened().make_store(create=False)


def test_reading_a_missing_store_does_not_create_it(opened, url):
    store = opened()
    with pytest.raises(SealError) as refused:
        store.require()
    assert (refused.value.key, refused.value.values["where"]) == ("keystore_missing", store.where)
    path = sqlite_path(url)
    assert path is None or not path.exists()


def test_a_store_that_is_gone_while_it_is_used_says_so(opened):
    store = opened()
    for read in (store.names, lambda: store.key("case 1"), lambda: store.keys(["case 1"])):
        with pytest.raises(SealError) as raised:
            read()
        assert (raised.value.key, raised.value.values["where"]) == ("keystore_missing", store.where)


def test_another_instances_store_is_refused(opened):
    opened().make_store()
    for other in (opened(key=bytes(32)), opened(instance="another")):
        for ask in (other.require, other.make_store):
            with pytest.raises(SealError) as refused:
                ask()
            assert refused.value.key == "keystore_foreign"


def test_a_store_without_its_own_row_is_nobodys(opened):
    store = opened()
    store.make_store()
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM report_key"))
    with pytest.raises(SealError) as refused:
        opened().require()
    assert refused.value.key == "keystore_foreign"


def test_a_key_opens_under_its_own_name_only(opened):
    """Whoever may write to the store cannot have one report opened with another's key."""
    store = opened()
    store.make_store()
    store.new_key("a")
    store.new_key("b")
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM report_key WHERE name = 'b'"))
        connection.execute(text("UPDATE report_key SET name = 'b' WHERE name = 'a'"))
    with pytest.raises(SealError) as refused:
        store.key("b")
    assert refused.value.key == "seal_opens_nothing"


def test_a_key_is_never_stored_in_clear(opened, url):
    store = opened()
    store.make_store()
    key = store.new_key("a")
    with store.engine.connect() as connection:
        rows = connection.execute(text("SELECT name, wrapped FROM report_key")).all()
    kept = b"".join(bytes(row.wrapped) for row in rows)
    for secret in (key, SEAL_KEY, encryption.derive_key(SEAL_KEY, "report key")):
        assert secret not in kept
        assert secret.hex().encode() not in kept
        assert sqlite_path(url) is None or secret not in _bytes(url)


def test_the_location_of_the_store_is_shown_without_its_password(opened, url):
    store = opened()
    path = sqlite_path(url)
    assert store.where == str(path) if path else "keys_of_a_test" in store.where
    secret = KeyStore("postgresql+psycopg://u:motdepasse@h/keys", SEAL_KEY, INSTANCE)
    assert "motdepasse" not in secret.where
    secret.close()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_its_file_is_its_owners_only_safe_from_a_power_cut_and_without_an_order(opened, url):
    store = opened()
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
def test_of_a_destroyed_key_no_byte_is_left(opened, url):
    store = opened()
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
    left = _bytes(url)
    assert [
        name for name in names[:40] if wrapped[name][:40] in left or name.encode() in left
    ] == []
    assert all(wrapped[name][:40] in left for name in names[40:])
    assert len(store.keys(names)) == 20


def test_another_file_is_not_taken_for_a_key_store(tmp_path):
    (tmp_path / "keys.sqlite3").write_bytes(b"no database, whatever it is called" * 40)
    store = KeyStore(f"sqlite:///{tmp_path / 'keys.sqlite3'}", SEAL_KEY, INSTANCE)
    with pytest.raises(SealError) as refused:
        store.require()
    assert refused.value.key == "keystore_missing"
    store.close()


def test_a_read_only_store_is_never_created(url, opened):
    store = opened()
    store.make_store()
    key = store.new_key("one")
    looking = KeyStore(url, SEAL_KEY, INSTANCE, reads_only=True)
    assert looking.key("one") == key
    # As each database refuses to write.
    with pytest.raises(DBAPIError):
        looking.new_key("two")
    looking.close()
    assert store.names() == {"one"}


def test_a_missing_store_is_reported_as_missing(tmp_path):
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
