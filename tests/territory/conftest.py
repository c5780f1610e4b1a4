"""Sessions on an empty database and on one with the whole territory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from territory_rows import AT

from register.db import Base, configure_engine, create_sqlite_file
from register.territory import dataset
from register.territory.gazetteer import Gazetteer, gazetteer


def _open_session(path: Path) -> Iterator[Session]:
    engine = create_engine(f"sqlite:///{path}")
    create_sqlite_file(engine)
    configure_engine(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Session]:
    """A session on a new database with empty tables."""
    yield from _open_session(tmp_path / "empty.sqlite3")


@pytest.fixture(scope="session")
def france(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session on the committed data, loaded once; tests only read it."""
    for session in _open_session(tmp_path_factory.mktemp("france") / "register.sqlite3"):
        dataset.load(session, at=AT)
        session.commit()
        yield session


@pytest.fixture(scope="session", name="gazetteer")
def _gazetteer() -> Gazetteer:
    """The gazetteer of the committed data."""
    return gazetteer()
