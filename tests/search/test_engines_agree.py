"""Both search engines and the reference matcher return the same cases for each search."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from search_documents import (
    by_number,
    documents,
    expected_matches,
    forms_of,
    random_documents,
    sample_queries,
    searches,
)
from sqlalchemy import select

from register.cases import vocabulary
from register.cases.models import Incident
from register.db import db
from register.errors import Invalid
from register.search import document, query_parser
from register.search.engine_interface import Cursor, Document, SearchEngine
from register.search.postgres import Postgres
from register.search.whoosh import Whoosh

FOLDER = Path(__file__).parent
TABLED_SEARCHES = [
    entry["q"]
    for name in ("searches.toml", "searches_elsewhere.toml")
    for entry in tomllib.loads((FOLDER / name).read_text("utf-8"))["search"]
]
# Searches beside those of the tables: signs that are no words, and everything at once.
OTHER_SEARCHES = (
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
    """Both engines, with an empty index."""
    both = Whoosh(tmp_path / "index"), Postgres(engine)
    yield both
    for engine_under_test in both:
        engine_under_test.close()


@pytest.fixture
def cases(demo_app) -> dict[int, Document]:
    """The documents of the demonstration."""
    with demo_app.app_context():
        numbers = db.session.scalars(select(Incident.number)).all()
        public_numbers = [number for number in numbers if number]
        case_documents = document.documents(
            db.session, public_numbers, vocabulary.current_vocabulary(db.session)
        )
        db.session.remove()
    return by_number(case_documents)


def fill_engines(engines, cases: dict[int, Document], seq: int = 1) -> None:
    for engine in engines:
        engine.rebuild(Cursor(seq, "aa", "made"), cases.values())


def strengths(session, engines, query) -> list[dict[int, int]]:
    session.rollback()
    return [engine.find(session, query).strength for engine in engines]


@pytest.mark.parametrize("demo_app", ["sqlite"], indirect=True)
def test_both_engines_agree_on_the_demonstration(session, engines, cases):
    fill_engines(engines, cases)
    assert len(cases) == 34
    match_count = 0
    for typed in (*TABLED_SEARCHES, *OTHER_SEARCHES):
        try:
            query = query_parser.parse(typed)
        except Invalid:
            continue
        expected = expected_matches(query, cases.values())
        assert strengths(session, engines, query) == [expected, expected], typed
        match_count += bool(expected)
    assert match_count > 100
    session.rollback()
    forms = forms_of(cases.values())
    assert [list(engine.forms(session)) for engine in engines] == [forms, forms]


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
    session, engines, first_documents, second_documents, removed, scrub, queries
):
    cases = by_number(first_documents)
    fill_engines(engines, cases)
    written = {
        number: written_document
        for number, written_document in by_number(second_documents).items()
        if number not in removed
    }
    for engine in engines:
        engine.write(Cursor(2, "aa", "made"), written.values(), removed, scrub=scrub)
    cases = {
        number: case_document
        for number, case_document in (cases | written).items()
        if number not in removed
    }
    for query in queries:
        expected = expected_matches(query, cases.values())
        assert strengths(session, engines, query) == [expected, expected]
    session.rollback()


def test_both_engines_agree_on_searches_of_many_words(session, engines):
    cases = by_number(random_documents(200))
    fill_engines(engines, cases)
    for query in sample_queries(seed=3):
        expected = expected_matches(query, cases.values())
        assert strengths(session, engines, query) == [expected, expected], query
