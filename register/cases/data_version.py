"""What a page is made from besides its cases, in one look-up: ledger, words, places, texts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

from sqlalchemy import Engine, ScalarSelect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from register.cases import vocabulary
from register.db import autocommit_engine
from register.journal import Ledger, LedgerHead, LedgerPosition
from register.journal.canonical import GENESIS
from register.pages import queries as editorial
from register.territory import loader
from register.territory.models import Dataset

_HEAD = LedgerHead.__table__.c
_DATASET = Dataset.__table__.c


def _dataset_version(name: str) -> ScalarSelect[str]:
    return select(_DATASET.version).where(_DATASET.name == name).scalar_subquery()


_DATA_VERSION_STMT = select(
    _HEAD.seq,
    _HEAD.digest,
    _dataset_version(vocabulary.DATASET),
    _dataset_version(loader.DATASET_NAME),
    editorial.validity_mark(),
).where(_HEAD.ledger == Ledger.PUBLIC.value)


@dataclass(frozen=True)
class DataVersion:
    """The public ledger's last line, the versions of vocabularies and territory, and the mark of
    what administrators wrote last into an editorial page, empty when nobody did."""

    head: LedgerPosition
    vocabulary: str
    territory: str
    pages: str


def read_data_version(session: Session) -> DataVersion:
    """Where the register stands; asked first, so that nothing shown is older than what it says."""
    return _from_row(session.execute(_DATA_VERSION_STMT).first())


class DataVersionReader:
    """Reads where the register stands by the shortest way, for whoever asks at every request.

    The statement is put together once and handed to the driver: a session around it costs ten
    times the statement itself. What is read here is good for looking up what is kept; what is
    made from the database reads it again, on its own connection.
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
        """Where the register stands, or None when the database does not answer."""
        try:
            connection = self._engine.raw_connection()
        except self._errors:
            return None
        try:
            cursor = connection.cursor()
            cursor.execute(self._statement)
            # All of it: SQLite's log cannot be emptied while a statement is half read.
            version_rows = cursor.fetchall()
            cursor.close()
        except self._errors:
            # The server may have been started anew; the next who asks gets a new connection.
            connection.invalidate()
            return None
        finally:
            connection.close()
        return _from_row(version_rows[0] if version_rows else None)


def _from_row(version_row: Sequence[Any] | None) -> DataVersion:
    if version_row is None:
        return DataVersion(LedgerPosition(0, GENESIS.hex()), "", "", "")
    seq, digest, vocabulary_version, territory_version, pages_mark = version_row
    return DataVersion(
        LedgerPosition(seq, digest.hex()),
        vocabulary_version or "",
        territory_version or "",
        pages_mark or "",
    )


Key = TypeVar("Key", bound=Hashable)
Cached = TypeVar("Cached")


class VersionedCache(Generic[Cached]):
    """One thing of a moment. Of the readers who come first, one makes it and the others wait."""

    def __init__(self) -> None:
        self._cached: tuple[Hashable, Cached] | None = None
        self._lock = Lock()

    def get_or_make(self, version: Hashable, make: Callable[[], Cached]) -> Cached:
        """The thing of a moment, made now if nobody has asked for it yet."""
        with self._lock:
            if self._cached is None or self._cached[0] != version:
                # The former goes first: nothing of it is needed for the next.
                self._cached = None
                self._cached = (version, make())
            return self._cached[1]

    def clear(self) -> None:
        """Keep nothing."""
        self._cached = None


class VersionedMapCache(Generic[Key, Cached]):
    """Some things of a moment, each with a key, at most so many: one more, and all go.

    Two readers who ask for the same at once both make it, and both get what is kept.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._version: Hashable = None
        self._cached: dict[Key, Cached] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._cached)

    def get_or_make(self, version: Hashable, key: Key, make: Callable[[], Cached]) -> Cached:
        """The thing of a moment with a key, made now if nobody has asked for it yet."""
        with self._lock:
            if version == self._version and key in self._cached:
                return self._cached[key]
        # Made outside: one that takes long holds up nobody who asks for another.
        fresh = make()
        with self._lock:
            if version != self._version or len(self._cached) >= self.limit:
                self._cached = {}
                self._version = version
            return self._cached.setdefault(key, fresh)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._cached = {}
