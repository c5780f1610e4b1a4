"""Key store: the root key, and data keys of reports and of the cases made from them.

It is beside the seal key or in a database of its own, outside the instance and its backups.
Destroying a key makes the report unreadable in every old backup too. Keys are wrapped by the seal
key; the operator limits how long copies of the store are kept (``docs/exploitation.md``).

All keys of the whole register are derived from the root key by purpose (HKDF): for cookies, forms,
receipt codes and second factors. The root key stays when the seal key is replaced.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from register import db as database
from register import encryption, postgresql
from register.errors import SealError, Unavailable

STORE_FILE = "keys.sqlite3"
_PURPOSE = "report key"
# The row that identifies the owner of the store: the instance's id, encrypted with its seal key.
_INSTANCE_ROW = "instance"
_ROOT_ROW = "root"
_RESERVED_NAMES = {_INSTANCE_ROW, _ROOT_ROW}
# Names in one statement; SQLite takes 32,766 parameters, PostgreSQL 65,535.
_BATCH_SIZE = 500

_META = sa.MetaData()
# Without rowid, which would reveal the order in which reports came.
_KEYS = sa.Table(
    "report_key",
    _META,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


def default_url(folder: Path) -> str:
    """The default URL of the store: a file beside the seal key."""
    return f"sqlite:///{folder / STORE_FILE}"


class KeyStore:
    """The key store of one instance, with the seal key that wraps its keys.

    :param url: an SQLAlchemy URL; the first operation connects to it.
    :param folder: folder of the seal key, read again when the store is wrapped by another one; no
        new key is issued while it contains none.
    :param reads_only: write nothing, no file either.
    """

    def __init__(
        self,
        url: str,
        seal_key: bytes,
        instance_id: str,
        folder: Path | None = None,
        *,
        reads_only: bool = False,
    ) -> None:
        self._seal_key = seal_key
        self._folder = folder
        self.instance_id = instance_id
        self._instance = instance_id.encode()
        self._root: bytes | None = None
        self._derived_keys: dict[str, bytes] = {}
        self._file = database.sqlite_path(url)
        if reads_only:
            self.engine: sa.Engine = database.read_only_engine(url)
        else:
            file_options = database.engine_options(url) if self._file else None
            self.engine = sa.create_engine(url, **file_options or postgresql.key_store_options())
            database.configure_engine(self.engine)
        # On a server, one small pool for reads and writes.
        self.write_engine = database.write_engine(self.engine) if self._file else self.engine

    @property
    def root(self) -> bytes:
        """The root key, read once: it never changes.

        :raises SealError: as :meth:`keys`, and ``root_missing`` before the upgrade that makes it.
        """
        self._root = self._root or self.key(_ROOT_ROW)
        if self._root is None:
            raise SealError("root_missing")
        return self._root

    def derived_key(self, purpose: str) -> bytes:
        """The key of one purpose, derived from the root key; raises as :attr:`root`."""
        if purpose not in self._derived_keys:
            self._derived_keys[purpose] = encryption.derive_key(self.root, purpose)
        return self._derived_keys[purpose]

    def make_store(self, root: bytes | None = None, *, create: bool = True) -> None:
        """Make the store if it does not exist, and the root key in a store that has none.

        :param root: root key of a new register. The default is the seal key, which had this role
            in former versions.
        :param create: whether to make a missing store.
        :raises SealError: see :meth:`require`.
        """
        if not self._exists():
            if not create:
                raise SealError("keystore_missing", where=self.where)
            database.create_sqlite_file(self.engine)
            with self.write_engine.begin() as connection:
                _META.create_all(connection)
                root_key = root or self._seal_key
                self._insert(connection, {_INSTANCE_ROW: self._instance, _ROOT_ROW: root_key})
            return
        # Before its lock is taken: a store of another instance is not written to.
        if not self._find_seal_key():
            raise self._foreign_error()
        with self._write_connection() as connection:
            if connection.scalar(_wrapped_key_stmt(_ROOT_ROW)) is None:
                self._insert(connection, {_ROOT_ROW: root or self._seal_key})
        self.require()

    def require(self) -> None:
        """Require the store to exist, to be this instance's and to hold a root key.

        :raises SealError: ``keystore_missing``, ``keystore_foreign``, ``root_missing``.
        """
        if not self._exists():
            raise SealError("keystore_missing", where=self.where)
        if not self._find_seal_key():
            raise self._foreign_error()
        _ = self.root

    def _exists(self) -> bool:
        """Whether the store exists, which SQLite would create; raises as :meth:`require`."""
        try:
            has_file = self._file is None or self._file.exists()
            return has_file and sa.inspect(self.engine).has_table(_KEYS.name)
        except SQLAlchemyError as error:
            raise self._unreadable_error(error) from error

    @property
    def where(self) -> str:
        """The place of the store for messages: a path, or a URL without password."""
        return str(self._file or self.engine.url.render_as_string(hide_password=True))

    def new_key(self, name: str) -> bytes:
        """A new key of 32 bytes, committed to disk."""
        return self.new_keys(name)[0]

    def new_keys(self, *names: str) -> list[bytes]:
        """New keys, one for each name, committed to disk in one transaction.

        :raises SealError: ``keystore_foreign`` when the store is wrapped by another seal key than
            this machine's: no key is ever wrapped by a former one.
        """
        keys = [secrets.token_bytes(32) for _name in names]
        with self._write_connection() as connection:
            self._insert(connection, dict(zip(names, keys, strict=True)))
        return keys

    def key(self, name: str) -> bytes | None:
        """A key, None when it does not exist any more; raises as :meth:`keys`."""
        return self.keys([name]).get(name)

    def keys(self, names: Iterable[str]) -> dict[str, bytes]:
        """The existing keys among some names.

        :raises SealError: ``seal_opens_nothing`` for a key that another instance wrapped,
            ``keystore_missing`` or ``keystore_away`` when the store cannot be read,
            ``keystore_foreign`` when it is wrapped by another seal key than this machine's.
        """
        key_names = list(names)
        try:
            return self._unwrap_keys(key_names)
        except SealError as error:
            if error.key != "seal_opens_nothing":
                raise
            # The seal key may have been replaced since it was read.
            if not self._find_seal_key():
                raise self._foreign_error() from error
            return self._unwrap_keys(key_names)

    def _unwrap_keys(self, key_names: list[str]) -> dict[str, bytes]:
        keys = {}
        unwrap = encryption.decryptor(self._seal_key, _PURPOSE)
        with self._read_connection() as connection:
            for start in range(0, len(key_names), _BATCH_SIZE):
                batch = key_names[start : start + _BATCH_SIZE]
                for key_row in connection.execute(sa.select(_KEYS).where(_KEYS.c.name.in_(batch))):
                    keys[key_row.name] = unwrap(key_row.wrapped, key_row.name.encode())
        return keys

    def names(self) -> set[str]:
        """The names of all keys but the reserved ones; raises as :meth:`keys`."""
        with self._read_connection() as connection:
            return set(connection.scalars(sa.select(_KEYS.c.name))) - _RESERVED_NAMES

    def destroy(self, names: Collection[str]) -> None:
        """Destroy keys for ever; call :meth:`empty_log` to remove their bytes from the log too."""
        deletable = [name for name in names if name not in _RESERVED_NAMES]
        if not deletable:
            return
        with self._locked_connection() as (connection, _own):
            for start in range(0, len(deletable), _BATCH_SIZE):
                batch = deletable[start : start + _BATCH_SIZE]
                connection.execute(_KEYS.delete().where(_KEYS.c.name.in_(batch)))

    def rewrap(self, seal_key: bytes) -> int:
        """Wrap every key, the root key too, by another seal key in one transaction.

        Other writers wait for it, and then read again which seal key the store has.

        :returns: the number of keys.
        :raises SealError: as :meth:`keys`.
        """
        with self._write_connection(exclusive=True) as connection:
            unwrap = encryption.decryptor(self._seal_key, _PURPOSE)
            rewrapped = []
            for key_row in connection.execute(sa.select(_KEYS)):
                key = unwrap(key_row.wrapped, key_row.name.encode())
                rewrapped.append({"of": key_row.name, "by": _wrap(seal_key, key_row.name, key)})
            update_stmt = _KEYS.update().where(_KEYS.c.name == sa.bindparam("of"))
            connection.execute(update_stmt.values(wrapped=sa.bindparam("by")), rewrapped)
        self._seal_key = seal_key
        return len(rewrapped)

    def copy_to(self, url: str) -> int:
        """Copy every wrapped key into another store, which may be an earlier copy.

        :returns: the number of keys.
        :raises SealError: ``keystore_foreign`` for the store of another instance.
        """
        with self._read_connection() as connection:
            wrapped_keys = [dict(row) for row in connection.execute(sa.select(_KEYS)).mappings()]
        copy = KeyStore(url, self._seal_key, self._instance.decode(), self._folder)
        with closing(copy):
            if copy._exists() and not copy.is_wrapped_by(self._seal_key):
                raise copy._foreign_error()
            with copy.write_engine.begin() as connection:
                _META.create_all(connection)
                connection.execute(_KEYS.delete())
                connection.execute(_KEYS.insert(), wrapped_keys)
            copy.require()
        return len(wrapped_keys)

    def is_wrapped_by(self, seal_key: bytes) -> bool:
        """Whether the store is this instance's, wrapped by a seal key; raises as :meth:`keys`."""
        return self._is_wrapped_by(seal_key, self._instance_row())

    def _instance_row(self) -> bytes | None:
        with self._read_connection() as connection:
            return connection.scalar(_wrapped_key_stmt(_INSTANCE_ROW))

    def empty_log(self) -> None:
        """Overwrite the bytes of destroyed keys in the store's log."""
        database.empty_log(self.engine)

    def close(self) -> None:
        """Close the store's connections."""
        self.engine.dispose()

    def _insert(self, connection: sa.Connection, keys: dict[str, bytes]) -> None:
        for name, key in keys.items():
            wrapped = _wrap(self._seal_key, name, key)
            connection.execute(_KEYS.insert().values(name=name, wrapped=wrapped))

    def _is_wrapped_by(self, seal_key: bytes, instance_row: bytes | None) -> bool:
        owner = _INSTANCE_ROW.encode()
        try:
            instance = encryption.decrypt(seal_key, _PURPOSE, instance_row or b"", owner)
        except SealError:
            return False
        return instance == self._instance

    def _find_seal_key(self, instance_row: bytes | None = None) -> bool:
        """Adopt the seal key that decrypts the store: the current one, or one of the folder's.

        :returns: whether there is one.
        """
        if instance_row is None:
            instance_row = self._instance_row()
        if self._is_wrapped_by(self._seal_key, instance_row):
            return True
        # Twice, because the pending key may replace the other between the two reads.
        for folder in (self._folder, self._folder):
            for seal_key in encryption.present_keys(folder) if folder else ():
                if self._is_wrapped_by(seal_key, instance_row):
                    self._seal_key = seal_key
                    return True
        return False

    def _foreign_error(self) -> SealError:
        path = (self._folder or Path()) / encryption.KEY_FILE
        return SealError("keystore_foreign", where=self.where, path=str(path))

    @contextmanager
    def _read_connection(self) -> Iterator[sa.Connection]:
        try:
            with self.engine.connect() as connection:
                require_in_place = database.in_place_check(connection)
                yield connection
                require_in_place()
        except SQLAlchemyError as error:
            raise self._unreadable_error(error) from error

    def _unreadable_error(self, error: SQLAlchemyError) -> SealError:
        may_return = self._file is None or database.is_locked(error)
        is_away = may_return and isinstance(error, OperationalError | PoolTimeout)
        return SealError("keystore_away" if is_away else "keystore_missing", where=self.where)

    @contextmanager
    def _locked_connection(
        self, *, exclusive: bool = False
    ) -> Iterator[tuple[sa.Connection, bytes | None]]:
        """A write transaction that excludes rotations, and the wrapped instance row.

        :param exclusive: for the rotation itself, which excludes all other writers.
        """
        with self.write_engine.begin() as connection:
            require_in_place = database.in_place_check(connection)
            instance_row = connection.scalar(
                _wrapped_key_stmt(_INSTANCE_ROW).with_for_update(read=not exclusive)
            )
            yield connection, instance_row
        require_in_place()

    @contextmanager
    def _write_connection(self, *, exclusive: bool = False) -> Iterator[sa.Connection]:
        with self._locked_connection(exclusive=exclusive) as (connection, instance_row):
            # Not None, for which another connection would be opened.
            if not self._find_seal_key(instance_row or b""):
                raise self._foreign_error()
            yield connection
        # Without a seal key on disk, nothing could unwrap the new keys after the end of this
        # process.
        if self._folder is not None and not any(encryption.present_keys(self._folder)):
            raise Unavailable("storage_moved")


def _wrapped_key_stmt(name: str) -> sa.Select[bytes]:
    return sa.select(_KEYS.c.wrapped).where(_KEYS.c.name == name)


def _wrap(seal_key: bytes, name: str, key: bytes) -> bytes:
    return encryption.encrypt(seal_key, _PURPOSE, key, name.encode())
