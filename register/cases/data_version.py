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
        literal = {"literal_binds": True}
        self._statement = str(_DATA_VERSION_STMT.compile(engine, compile_kwargs=literal))
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


class _Slot(Generic[Cached]):
    """Place of one value, which the first thread that holds its lock makes."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.made: list[Cached] = []


class VersionedMapCache(Generic[Key, Cached]):
    """Cache of up to ``limit`` values by key, for one version; emptied when it is full.

    One thread makes a value while others of the same key wait; other keys do not.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._version: Hashable = None
        self._slots: dict[Key, _Slot[Cached]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._slots)

    def get_or_make(self, version: Hashable, key: Key, make: Callable[[], Cached]) -> Cached:
        """Value of a version and key, made if it is not cached."""
        with self._lock:
            is_full = key not in self._slots and len(self._slots) >= self.limit
            if version != self._version or is_full:
                self._version, self._slots = version, {}
            slot = self._slots.setdefault(key, _Slot())
        with slot.lock:
            if not slot.made:
                slot.made.append(make())
            return slot.made[0]

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self._slots = {}
