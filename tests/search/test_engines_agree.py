"""One search, one answer: the engine in a folder, the one in the database, and the judge.

The only difference that is allowed stands in ``docs/decisions/0014``: of a case with a megabyte of
lexemes, PostgreSQL does not index the end.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from search_documents import by_number, documents, expected_matches, sample_queries, searches
from search_documents import random_documents as made_up
from sqlalchemy import select

from register.cases import vocabulary
from register.cases.models import Incident
from register.db import db
from register.errors import Invalid
from register.search import document, postgres_tables, query_parser
from register.search.engine_interface import Cursor, Document, SearchEngine
from register.search.postgres import Postgres
from register.search.whoosh import Whoosh

HERE = Path(__file__).parent
TOLD = [
    one["q"]
    for name in ("searches.toml", "searches_elsewhere.toml")
    for one in tomllib.loads((HERE / name).read_text("utf-8"))["search"]
]
# What the tables of searches do not have: signs that are no words, and everything at once.
MORE = (
    '"conseil municipal" -filmer',
    '"tribunal de grande instance" film*',
    '-"droit de réponse"',
    "-blog -maire",
    "93sang30.com",
    '"le maire de"',
    "film* -filmer 2008 93",
    "l’affaire d'Hénin-Beaumont",
)

pytestmark = pytest.mark.parametrize("settings", ["postgresql"], indirect=True)


@pytest.fixture
def engines(engine, tmp_path) -> Iterator[tuple[SearchEngine, SearchEngine]]:
    """The two, empty."""
    both = Whoosh(tmp_path / "index"), Postgres(engine)
    yield both
    for one in both:
        one.close()


@pytest.fixture
def cases(demo_app) -> dict[int, Document]:
    """The documents of the demonstration."""
    with demo_app.app_context():
        numbers = db.session.scalars(select(Incident.number)).all()
        known = [number for number in numbers if number]
        found = document.documents(db.session, known, vocabulary.current_vocabulary(db.session))
        db.session.remove()
    return by_number(found)


def filled(engines, cases: dict[int, Document], seq: int = 1) -> None:
    for one in engines:
        one.rebuild(Cursor(seq, "aa", "made"), cases.values(), len(cases), lambda _d, _t: None)


def answers(session, engines, asked) -> list[dict[int, int]]:
    session.rollback()
    return [one.find(session, asked).strength for one in engines]


@pytest.mark.parametrize("demo_app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("sample", [10, 1_000], ids=["with runs", "without runs"])
def test_both_engines_agree_on_the_demonstration(session, engines, cases, sample, monkeypatch):
    monkeypatch.setattr(postgres_tables, "SAMPLE", sample)
    filled(engines, cases)
    assert len(cases) == 34
    some = 0
    for typed in (*TOLD, *MORE):
        try:
            asked = query_parser.parse(typed)
        except Invalid:
            continue
        expected = expected_matches(asked, cases.values())
        assert answers(session, engines, asked) == [expected, expected], typed
        some += bool(expected)
    assert some > 100
    session.rollback()
    forms = sorted({form for one in cases.values() for form in one.forms})
    assert [list(one.forms(session)) for one in engines] == [forms, forms]


@given(
    st.lists(documents, max_size=8),
    st.lists(documents, max_size=4),
    st.sets(st.integers(1, 8), max_size=3),
    st.booleans(),
    st.lists(searches, min_size=1, max_size=6),
)
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_both_engines_agree_after_any_sequence_of_writes(
    session, engines, first, second, gone, scrub, asked
):
    cases = by_number(first)
    filled(engines, cases)
    told = {number: one for number, one in by_number(second).items() if number not in gone}
    for one in engines:
        one.write(Cursor(2, "aa", "made"), told.values(), gone, scrub=scrub)
    cases = {number: one for number, one in (cases | told).items() if number not in gone}
    for search in asked:
        expected = expected_matches(search, cases.values())
        assert answers(session, engines, search) == [expected, expected]
    session.rollback()


def test_both_engines_agree_on_searches_of_many_words(session, engines, monkeypatch):
    monkeypatch.setattr(postgres_tables, "SAMPLE", 50)
    cases = by_number(made_up(200))
    filled(engines, cases)
    for asked in sample_queries(seed=3):
        expected = expected_matches(asked, cases.values())
        assert answers(session, engines, asked) == [expected, expected], asked
