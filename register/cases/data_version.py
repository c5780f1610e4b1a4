"""What a page is made from besides its cases, in one look-up: ledger, words, places, texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, ScalarSelect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from register.cases import vocabulary
from register.db import alone
from register.journal import Head, Ledger, Position
from register.journal.canonical import GENESIS
from register.pages import queries as editorial
from register.territory import loader
from register.territory.models import Dataset

_HEAD = Head.__table__.c
_DATASET = Dataset.__table__.c


def _version(name: str) -> ScalarSelect[str]:
    return select(_DATASET.version).where(_DATASET.name == name).scalar_subquery()


_STANDING = select(
    _HEAD.seq,
    _HEAD.digest,
    _version(vocabulary.DATASET),
    _version(loader.NAME),
    editorial.mark(),
).where(_HEAD.ledger == Ledger.PUBLIC.value)


@dataclass(frozen=True)
class Standing:
    """The public ledger's last line, the versions of vocabularies and territory, and the mark of
    what administrators wrote last into an editorial page, empty when nobody did."""

    head: Position
    vocabulary: str
    territory: str
    pages: str


def standing(session: Session) -> Standing:
    """Where the register stands; asked first, so that nothing shown is older than what it says."""
    return _told(session.execute(_STANDING).first())


class Watch:
    """Reads where the register stands by the shortest way, for whoever asks at every request.

    The statement is put together once and handed to the driver: a session around it costs ten
    times the statement itself. What is read here is good for looking up what is kept; what is
    made from the database reads it again, on its own connection.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine if engine.dialect.name == "sqlite" else alone(engine)
        self._statement = str(
            _STANDING.compile(dialect=engine.dialect, compile_kwargs={"literal_binds": True})
        )
        driver: Any = engine.dialect.dbapi
        self._errors: tuple[type[Exception], ...] = (SQLAlchemyError, driver.Error)

    def read(self) -> Standing | None:
        """Where the register stands, or None when the database does not answer."""
        try:
            connection = self._engine.raw_connection()
        except self._errors:
            return None
        try:
            cursor = connection.cursor()
            cursor.execute(self._statement)
            # All of it: SQLite's log cannot be emptied while a statement is half read.
            rows = cursor.fetchall()
            cursor.close()
        except self._errors:
            # The server may have been started anew; the next who asks gets a new connection.
            connection.invalidate()
            return None
        finally:
            connection.close()
        return _told(rows[0] if rows else None)


def _told(row: Sequence[Any] | None) -> Standing:
    if row is None:
        return Standing(Position(0, GENESIS.hex()), "", "", "")
    seq, digest, words, places, pages = row
    return Standing(Position(seq, digest.hex()), words or "", places or "", pages or "")
