"""The key store: one data key for each report, and one for each case that rests on reports.

It stands beside the seal key or in a database of its own, outside the instance and outside every
backup of it. A key that is destroyed here takes with it whatever an old backup still holds: that
is what makes a purge reach copies that nobody can find any more. Keys are kept wrapped by the seal
key; the store's own copies are the operator's to limit (``docs/exploitation.md``).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from register import seal
from register.db import (
    engine_options,
    make_file,
    pen_engine,
    place_check,
    prepare,
    read_only,
    scrub,
    sqlite_path,
)
from register.errors import SealError, Unavailable

NAME = "keys.sqlite3"
_PURPOSE = "report key"
# The row that says whose store this is: the instance's id, closed with its seal key.
_OWN = "instance"
# Names asked for in one statement; SQLite takes 32,766 values, PostgreSQL 65,535.
_AT_ONCE = 500

_META = MetaData()
# Without a hidden row number, which would tell in which order reports came.
_KEYS = Table(
    "report_key",
    _META,
    Column("name", String(64), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


def url_in(folder: Path) -> str:
    """Where the store is, when nothing else is configured: a file beside the seal key."""
    return f"sqlite:///{folder / NAME}"


class KeyStore:
    """The store of one instance, and the seal key that wraps what is in it.

    :param url: an SQLAlchemy URL; nothing is opened before something is asked.
    :param seal_key: the seal key, known to be this instance's.
    :param seal_file: where the seal key stands; no new key is given while it is not there.
    :param reads_only: for a look at the store that writes nothing, no file either.
    """

    def __init__(
        self,
        url: str,
        seal_key: bytes,
        instance_id: str,
        *,
        seal_file: Path | None = None,
        reads_only: bool = False,
    ) -> None:
        self._seal_key = seal_key
        self._seal_file = seal_file
        self._instance = instance_id.encode()
        self._file = sqlite_path(url)
        if reads_only:
            self.engine: Engine = read_only(url)
        else:
            self.engine = create_engine(url, **engine_options(url))
            prepare(self.engine)

    def derived(self, purpose: str) -> bytes:
        """A key of one purpose, made from the seal key."""
        return seal.derived(self._seal_key, purpose)

    def make_store(self) -> None:
        """Make the store where there is none; one that is there is left as it is.

        :raises SealError: see :meth:`require`.
        """
        make_file(self.engine)
        if not inspect(self.engine).has_table(_KEYS.name):
            _META.create_all(self.engine)
            with self._writing() as connection:
                own = seal.sealed(self._seal_key, _PURPOSE, self._instance, _OWN.encode())
                connection.execute(insert(_KEYS).values(name=_OWN, wrapped=own))
        self.require()

    def require(self) -> None:
        """Let a store pass that is there and this instance's.

        :raises SealError: ``keystore_missing`` or ``keystore_foreign``.
        """
        try:
            # SQLite would make a file where there is none.
            there = (self._file is None or self._file.exists()) and inspect(self.engine).has_table(
                _KEYS.name
            )
        except SQLAlchemyError as error:
            raise SealError("keystore_missing", where=self.where) from error
        if not there:
            raise SealError("keystore_missing", where=self.where)
        try:
            with self.engine.connect() as connection:
                kept = connection.scalar(select(_KEYS.c.wrapped).where(_KEYS.c.name == _OWN))
            own = seal.opened(self._seal_key, _PURPOSE, kept or b"", _OWN.encode())
        except (SealError, SQLAlchemyError) as error:
            raise SealError("keystore_foreign", where=self.where) from error
        if own != self._instance:
            raise SealError("keystore_foreign", where=self.where)

    @property
    def where(self) -> str:
        """Where it is, for a sentence: a path, or a host and a database without a password."""
        return str(self._file or self.engine.url.render_as_string(hide_password=True))

    def new(self, name: str) -> bytes:
        """A new key of 32 bytes, on disk before this returns."""
        return self.several(name)[0]

    def several(self, *names: str) -> list[bytes]:
        """New keys, one for each name, all on disk at once before this returns."""
        keys = [secrets.token_bytes(32) for _name in names]
        rows = [
            {"name": name, "wrapped": seal.sealed(self._seal_key, _PURPOSE, key, name.encode())}
            for name, key in zip(names, keys, strict=True)
        ]
        with self._writing() as connection:
            connection.execute(insert(_KEYS), rows)
        return keys

    def key(self, name: str) -> bytes | None:
        """A key; None once it was destroyed.

        :raises SealError: as :meth:`keys`.
        """
        return self.keys([name]).get(name)

    def keys(self, names: Iterable[str]) -> dict[str, bytes]:
        """Those of some keys that are there.

        :raises SealError: ``seal_opens_nothing`` for a key that was not wrapped here,
            ``keystore_missing`` where the store cannot be read.
        """
        wanted, found = list(names), {}
        unwrapped = seal.opener(self._seal_key, _PURPOSE)
        with self._reading() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                rows = connection.execute(select(_KEYS).where(_KEYS.c.name.in_(some)))
                for row in rows:
                    found[row.name] = unwrapped(row.wrapped, row.name.encode())
        return found

    def names(self) -> set[str]:
        """What there are keys of.

        :raises SealError: ``keystore_missing`` where the store cannot be read.
        """
        with self._reading() as connection:
            return set(connection.scalars(select(_KEYS.c.name).where(_KEYS.c.name != _OWN)))

    def destroy(self, names: Collection[str]) -> None:
        """Destroy keys, for ever; their bytes are nowhere once :meth:`scrub` was called too."""
        wanted = [name for name in names if name != _OWN]
        if not wanted:
            return
        with self._writing() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                connection.execute(delete(_KEYS).where(_KEYS.c.name.in_(some)))

    def scrub(self) -> None:
        """Overwrite what is left of destroyed keys in the store's log."""
        scrub(self.engine)

    def close(self) -> None:
        """Let go of the store's connections."""
        self.engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self.engine.connect() as connection:
                require_in_place = place_check(connection)
                yield connection
                require_in_place()
        except SQLAlchemyError as error:
            raise SealError("keystore_missing", where=self.where) from error

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with pen_engine(self.engine).begin() as connection:
            require_in_place = place_check(connection)
            yield connection
        require_in_place()
        self._require_seal_key()

    def _require_seal_key(self) -> None:
        # A key that is wrapped by a seal key which is nowhere else opens nothing after the end of
        # this process.
        if self._seal_file is not None and not self._seal_file.exists():
            raise Unavailable("storage_moved")
