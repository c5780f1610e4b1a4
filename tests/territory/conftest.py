"""The whole territory loaded once, and small made-up data sets to load one after the other."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from register.db import Base, prepare
from register.territory import loader
from register.territory.gazetteer import Gazetteer, gazetteer
from register.territory.regenerate.derive import COMMUNES

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Session]:
    """A session on a new database with empty tables."""
    engine = create_engine(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    prepare(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture(scope="session")
def france(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session on the committed data, loaded; read only by agreement."""
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('france') / 'register.sqlite3'}")
    prepare(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        loader.load(session, at=AT)
        session.commit()
        yield session
    engine.dispose()


@pytest.fixture(scope="session")
def names(france: Session) -> Gazetteer:
    """The gazetteer of the committed data."""
    return gazetteer(france)


class Writer(Protocol):
    """Writes a data set of a few rows and says in which folder."""

    def __call__(self, name: str, *communes: dict[str, str], **tables: str) -> Path: ...


def row(code: str, nom: str, kind: str = "commune-actuelle", **cells: Any) -> dict[str, str]:
    """One line of communes.csv, every other cell sensibly filled."""
    usual = {"departement": code[:2], "region": "11", "population": "10"}
    point = {"lat": "48.5", "lon": "2.5", "precision": "geonames"}
    return {"code": code, "nom": nom, "type": kind, **usual, **point, **cells}


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """See :class:`Writer`; ``tables`` replaces the text of the small tables."""

    def written(name: str, *communes: dict[str, str], **tables: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        text = io.StringIO()
        lines = csv.DictWriter(text, COMMUNES, restval="", lineterminator="\n")
        lines.writeheader()
        lines.writerows(communes)
        (folder / "communes.csv.gz").write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
        small = {
            "epci": "code,nom,type\n200000001,CC des Essais,CC\n",
            "departements": "code,nom,region\n77,Seine-et-Marne,11\n988,Nouvelle-Calédonie,\n",
            "regions": "code,nom\n11,Île-de-France\n",
        } | tables
        for table, content in small.items():
            (folder / f"{table}.csv").write_text(content, "utf-8")
        (folder / "departements.geo.json").write_text("{}", "utf-8")
        return folder

    return written
