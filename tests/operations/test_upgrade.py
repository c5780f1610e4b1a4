"""Registers that earlier versions made, brought to this one with all they hold.

``instances/`` has their databases as SQL, without the territory, which every version brings anew:
``b`` is the demonstration as it was made before cases could be found by their words.
"""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from register.db import engine_options, now, prepare, sqlite_path
from register.followers.search import chosen, following, searching
from register.incidents import queries, vocabulary
from register.incidents.filters import Query
from register.incidents.models import Incident, State
from register.incidents.verify import verify
from register.journal import head
from register.operations import opening, schema

INSTANCES = Path(__file__).with_name("instances")


@pytest.fixture
def upgraded(settings, request):
    """An earlier version's register, as ``webcitoyen upgrade`` leaves it."""
    path = sqlite_path(settings.database_url)
    if path is None:
        pytest.fail("an earlier register is an SQLite file here")
    path.unlink()
    told = gzip.decompress((INSTANCES / f"{request.param}.sql.gz").read_bytes()).decode("utf-8")
    with sqlite3.connect(path) as old:
        old.executescript(told)
    old.close()
    engine = create_engine(settings.database_url, **engine_options(settings.database_url))
    prepare(engine)
    schema.upgrade(engine, settings.database_url, now())
    opening.refresh(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("upgraded", ["b"], indirect=True)
def test_an_earlier_register_has_all_its_cases_and_finds_them_by_words(upgraded, settings):
    schema.require(upgraded)
    with Session(upgraded) as session:
        public = select(func.count()).select_from(Incident).where(Incident.state == State.PUBLISHED)
        assert session.scalar(public) == 34
        assert list(verify(session, [])) == []
    index = chosen.engine_of(settings, upgraded)
    assert following.catch_up(upgraded, index)
    with Session(upgraded) as session:
        book, where = vocabulary.book(session), head(session)
        hits = searching.find(session, index, "vidéaste gagny", book, where)
        assert hits.reach == searching.Reach.WHOLE
        (case,) = queries.listed(session, list(hits.strength)).values()
        assert case.commune == "93032"
        assert queries.listing(session, Query({"commune": ("93032",)}), book, where).total == 2
    index.close()
