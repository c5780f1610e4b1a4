"""Version of the data behind a page, and caches that hold the values of one version."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from register.cases import vocabulary
from register.cases.vocabulary import Dataset
from register.journal import Ledger, LedgerHead, LedgerPosition
from register.journal.models import GENESIS
from register.pages import content as editorial
from register.postgresql import autocommit_engine

_HEAD = LedgerHead.__table__.c
_DATASET = Dataset.__table__.c


_DATA_VERSION_STMT = select(
    _HEAD.seq,
    _HEAD.digest,
    select(_DATASET.version).where(_DATASET.name == vocabulary.DATASET).scalar_subquery(),
    editorial.validity_mark(),
).where(_HEAD.ledger == Ledger.PUBLIC.value)


@dataclass(frozen=True)
class DataVersion:
    """Head of the public ledger and versions of vocabularies and editorial pages.

    ``pages`` marks the last revision of an editorial page, empty if there is none.
    """

    head: LedgerPosition
    vocabulary: str
    pages: str


def read_data_version(session: Session) -> DataVersion:
    """Current version; read before the data of a page, which is then at least as new."""
    return _from_row(session.execute(_DATA_VERSION_STMT).first())


class DataVersionReader:
    """Fast reader of the data version, for the cache lookup of every request.

    The compiled statement goes straight to the driver: a session costs ten times as much as the
    statement. The version serves only to look up cached pages; code that builds a page reads it
    again on its own connection.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine if engine.dialect.name == "sqlite" else autocommit_engine(engine)
        self._statement = str(
            _DATA_VERSION_STMT.compile(
                dialect=engine.dialect, compile_kwargs={"literal_binds": True}
            )
        )
        driver: Any = engine.dialect.dbapi
        self._errors: tuple[type[Exception], ...] = (SQLAlchemyError, driver.Error)

    def read(self) -> DataVersion | None:
        """Current version, or None when the database does not answer."""
        try:
            connection = self._engine.raw_connection()
        except self._errors:
            return None
        try:
            cursor = connection.cursor()
            cursor.execute(self._statement)
            # Fetch all rows: SQLite cannot truncate its log while a statement is open.
            version_rows = cursor.fetchall()
            cursor.close()
        except self._errors:
            # After a restart of the server, the next call gets a new connection.
            connection.invalidate()
            return None
        finally:
            connection.close()
        return _from_row(version_rows[0] if version_rows else None)


def _from_row(version_row: Sequence[Any] | None) -> DataVersion:
    if version_row is None:
        return DataVersion(LedgerPosition(0, GENESIS.hex()), "", "")
    seq, digest, vocabulary_version, pages_mark = version_row
    return DataVersion(
        LedgerPosition(seq, digest.hex()), vocabulary_version or "", pages_mark or ""
    )


Key = TypeVar("Key", bound=Hashable)
Cached = TypeVar("Cached")


class VersionedCache(Generic[Cached]):
    """Cache of one value for one version; one thread makes it while the others wait."""

    def __init__(self) -> None:
        self._cached: tuple[Hashable, Cached] | None = None
        self._lock = Lock()

    def get_or_make(self, version: Hashable, make: Callable[[], Cached]) -> Cached:
        """Value of a version, made if it is not cached."""
        with self._lock:
            if self._cached is None or self._cached[0] != version:
                # Free the old value first: two of them may not fit in memory.
                self._cached = None
                self._cached = (version, make())
            return self._cached[1]

    def clear(self) -> None:
        """Drop the cached value."""
        self._cached = None


class VersionedMapCache(Generic[Key, Cached]):
    """Cache of up to ``limit`` values by key, for one version; emptied when it is full.

    Two threads that miss the same key both make the value, and both get the one stored first.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._version: Hashable = None
        self._cached: dict[Key, Cached] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._cached)

    def get_or_make(self, version: Hashable, key: Key, make: Callable[[], Cached]) -> Cached:
        """Value of a version and key, made if it is not cached."""
        with self._lock:
            if version == self._version and key in self._cached:
                return self._cached[key]
        # Made outside the lock, so that a slow value does not block those of other keys.
        fresh = make()
        with self._lock:
            if version != self._version or len(self._cached) >= self.limit:
                self._cached = {}
                self._version = version
            return self._cached.setdefault(key, fresh)

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self._cached = {}
