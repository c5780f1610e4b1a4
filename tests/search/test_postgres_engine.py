"""The search engine in PostgreSQL returns what the reference matcher returns, after any writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from search_documents import (
    START,
    by_number,
    case,
    documents,
    expected_matches,
    fill_index,
    random_documents,
    require_matcher_results,
    sample_queries,
    searches,
    word_query,
    writes,
)
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from register.db import engine_options, write_engine
from register.search import postgres, postgres_lexemes
from register.search.engine_interface import (
    Cursor,
    Document,
    IndexNotReady,
    QueryAlternative,
    QueryPart,
    SearchQuery,
)
from register.search.postgres import Postgres

pytestmark = pytest.mark.parametrize("settings", ["postgresql"], indirect=True)

LATER = Cursor(7, "bb", "made")
NOTHING = (), ()


@pytest.fixture
def index(engine) -> Iterator[Postgres]:
    """An empty index; a database that is used again may hold that of an earlier test."""
    execute(engine, "DROP SCHEMA IF EXISTS search CASCADE")
    postgres_index = Postgres(engine)
    yield postgres_index
    postgres_index.close()


def execute(engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def scalar(engine, statement: str, **parameters):
    with engine.connect() as connection:
        return connection.scalar(text(statement), parameters)


def matches(session, index: Postgres, query: SearchQuery) -> dict[int, int]:
    """The strength of each case that a page beginning now finds."""
    session.rollback()
    return index.find(session, query).strength


def schemas(engine) -> list[str]:
    with engine.connect() as connection:
        names = text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'search%'")
        return sorted(connection.scalars(names))


# --- what it finds --------------------------------------------------------------------------------


@given(st.lists(documents, max_size=8), writes, st.lists(searches, min_size=1, max_size=8))
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_search_engine_returns_what_the_reference_matcher_returns(
    session, index, first, writes, queries
):
    require_matcher_results(index, session, first, writes, queries)


@given(st.lists(documents, max_size=8), writes, st.lists(searches, min_size=1, max_size=8))
@hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_search_engine_returns_the_same_for_documents_that_are_too_long(
    session, index, first, writes, queries
):
    with pytest.MonkeyPatch.context() as patch:
        # A few tokens are too many, and a token that occurs twice.
        patch.setattr(postgres_lexemes, "POSITIONS_LIMIT", 10)
        patch.setattr(postgres_lexemes, "OCCURRENCES_LIMIT", 1)
        require_matcher_results(index, session, first, writes, queries)


@pytest.mark.parametrize("pairs", [postgres_lexemes.PAIRS, 1])
def test_a_phrase_matches_only_its_words_in_order(session, index, monkeypatch, pairs):
    # With one lexeme of pairs, a case has that of any phrase.
    monkeypatch.setattr(postgres_lexemes, "PAIRS", pairs)
    fill_index(
        index,
        case(1, "titre", "tribunal de grande instance"),
        case(2, "titre", "tribunal de grande taille et de grande instance"),
        case(3, "titre", "grande instance de tribunal"),
        case(4, "tribunal de grande instance"),
        case(5, "titre", "refus de filmer puis demande de filmer et filmer encore"),
    )
    assert matches(session, index, word_query("de", "filmer", "et")) == {5: 0}
    assert matches(session, index, word_query("de", "filmer", "encore")) == {}
    assert matches(session, index, word_query("refus", "de", "filmer", "et")) == {}
    assert matches(session, index, word_query("tribunal", "de", "grande", "instance")) == {
        1: 0,
        4: 1,
    }
    assert matches(session, index, word_query("grande", "instance")) == {1: 0, 2: 0, 3: 0, 4: 1}
    assert matches(session, index, word_query("instance", "grande")) == {}
    excluded = QueryPart(
        "x", (QueryAlternative(("tribunal", "de", "grande", "instance")),), excluded=True
    )
    assert matches(session, index, SearchQuery((excluded,))) == {2: 0, 3: 0, 5: 0}


def test_of_the_cases_with_its_words_a_quoted_phrase_reads_few_without_it(session, index, engine):
    apart = (case(number, "titre", f"conseil de{number} municipal") for number in range(1, 100))
    fill_index(index, *apart, case(100, "titre", "le conseil municipal"))
    query = word_query("conseil", "municipal", literal=True)
    assert matches(session, index, query) == {100: 0}
    (tsquery,) = postgres_lexemes.tsqueries(query.parts[0]).values()
    with engine.connect() as connection:
        connection.execute(postgres._BY_INDEX)
        condition = "number FROM search.document WHERE forms @@ %s::tsquery"
        stmt = f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT {condition}"
        (plan,) = connection.exec_driver_sql(stmt, (tsquery,)).scalar_one()
    assert plan["Plan"].get("Rows Removed by Index Recheck", 0) < 10


@pytest.mark.parametrize(
    "token",
    ["l'affaire", "a\\", "'", "\\'", "a & !b", "x | y", "(z)", "=a", "^b:*", "*", "-", "\n"],
)
def test_no_token_is_read_as_an_operator(session, index, token):
    fill_index(index, case(1, "mot"), Document(2, ((token, "mot"),), (), (), ((token,),)))
    assert matches(session, index, word_query(token)) == {2: 1}
    assert matches(session, index, word_query(token, "mot")) == {2: 1}
    assert matches(session, index, word_query(token, "mot", token)) == {}
    assert matches(session, index, word_query(token, prefix=True)) == {2: 0}
    assert index.forms(session) == sorted(["mot", token])


def test_a_query_part_without_alternatives_matches_nothing(session, index):
    fill_index(index, case(1, "mot"))
    assert matches(session, index, SearchQuery((QueryPart("x", ()),))) == {}
    assert matches(session, index, SearchQuery((QueryPart("x", (), excluded=True),))) == {1: 0}


@pytest.mark.parametrize(
    ("tokens", "is_long"),
    [
        # The title, a gap before each of the two fields, and two tokens at the end are the others.
        ([f"mot{number}" for number in range(16_378)], False),
        ([f"mot{number}" for number in range(16_379)], True),
        (["mot", "autre"] * 256, False),
        (["mot", "autre"] * 256 + ["mot"], True),
        ([f"mot{number:06}" * 6 for number in range(16_000)], True),
    ],
    ids=["positions", "one more", "occurrences", "one more occurrence", "bytes"],
)
def test_a_case_of_any_length_is_matched_exactly(engine, session, index, tokens, is_long):
    account = (*tokens, "avant", "fin")
    document, other = Document(1, (("titre",),), (account,), *NOTHING), case(2, "fin titre")
    fill_index(index, document, other)
    assert scalar(engine, "SELECT count(*) FROM search.long_document") == is_long
    for query in (
        word_query("titre"),
        word_query("avant", "fin"),
        word_query("fin", "avant"),
        word_query(tokens[-1], "avant"),
        word_query(tokens[-1], "fin"),
        word_query("titre", tokens[0]),
        SearchQuery((QueryPart("x", (QueryAlternative(("avant", "fin")),), excluded=True),)),
    ):
        assert matches(session, index, query) == expected_matches(query, [document, other])
    assert index.intact(deep=True)
    index.write(LATER, [case(1, "court")], [], scrub=True)
    assert matches(session, index, SearchQuery()) == {1: 0, 2: 0}
    assert scalar(engine, "SELECT count(*) FROM search.long_document") == 0


# --- commits --------------------------------------------------------------------------------------


def test_a_rebuild_removes_the_former_index(engine, session, index):
    fill_index(index, case(1, "un"))
    fill_index(index, case(2, "deux"), cursor=LATER)
    assert matches(session, index, SearchQuery()) == {2: 0}
    # Who reads the new one keeps nothing of the one before.
    assert index.intact(deep=True)
    assert schemas(engine) == ["search"]


@pytest.mark.parametrize("how", ["write", "scrub", "rebuild"])
def test_a_commit_that_fails_changes_nothing(engine, session, index, how):
    fill_index(index, case(1, "un"), case(2, "deux"))
    before = index.stamp()

    def failing(connection):
        raise RuntimeError("the power went away")

    writes = {
        "write": lambda: index.write(LATER, [case(1, "faux")], [2], scrub=False),
        "scrub": lambda: index.write(LATER, [case(1, "faux")], [2], scrub=True),
        "rebuild": lambda: fill_index(index, case(1, "faux"), cursor=LATER),
    }
    event.listen(write_engine(engine), "commit", failing)
    with pytest.raises(RuntimeError, match="power"):
        writes[how]()
    event.remove(write_engine(engine), "commit", failing)
    assert (index.stamp(), index.cursor()) == (before, START)
    assert matches(session, index, word_query("un")) == {1: 1}
    assert matches(session, index, word_query("faux")) == {}
    assert schemas(engine) == ["search"]
    index.write(LATER, [case(1, "vrai")], [2], scrub=False)
    assert matches(session, index, SearchQuery()) == {1: 0}


def test_writers_take_turns(engine, session, index):
    fill_index(index, case(1, "un"))
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(1482, 1)"))
        second = Thread(target=lambda: index.write(LATER, [], [1], scrub=False))
        second.start()
        second.join(0.2)
        assert second.is_alive()
        assert matches(session, index, SearchQuery()) == {1: 0}
    second.join(10)
    assert matches(session, index, SearchQuery()) == {}


def test_a_writer_that_is_behind_or_comes_second_changes_nothing(
    engine, session, index, monkeypatch
):
    fill_index(index, case(1, "un"), cursor=LATER)
    with pytest.raises(IndexNotReady):
        index.write(START, [case(2, "deux")], [1], scrub=False)
    monkeypatch.setattr(
        postgres, "_TAKE_TURN", text(postgres._TAKE_TURN.text.replace("'10s'", "'50ms'"))
    )
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(1482, 1)"))
        with pytest.raises(IndexNotReady):
            index.write(LATER, [case(2, "deux")], [1], scrub=False)
        with pytest.raises(IndexNotReady):
            fill_index(index, case(2, "deux"))
    assert (index.cursor(), matches(session, index, SearchQuery())) == (LATER, {1: 0})


def test_the_index_of_a_former_version_is_replaced_without_a_trace(engine, index, request):
    """Its tables had other columns, and functions that read them."""
    execute(
        engine,
        "CREATE SCHEMA search",
        "CREATE TABLE search.document (number integer PRIMARY KEY, lexemes text NOT NULL)",
        "CREATE TABLE search.cursor (seq bigint, digest text, made_with text, shape text)",
        "INSERT INTO search.document VALUES (1, '.secretunique')",
        "INSERT INTO search.cursor VALUES (1, 'aa', 'made', 'former')",
        "CREATE FUNCTION search.numbers(asked tsquery) RETURNS integer[] LANGUAGE sql"
        " AS $$ SELECT array_agg(number) FROM search.document $$",
    )
    assert (index.cursor(), index.intact(deep=False)) == (None, False)
    fill_index(index, case(1, "mot"))
    assert index.intact(deep=True)
    assert schemas(engine) == ["search"]
    assert b"secretunique" not in files(engine, request.getfixturevalue("server"))


# --- words that are gone --------------------------------------------------------------------------


def files(engine, server) -> bytes:
    """Everything that the server has written of this database, its log of changes apart."""
    number = scalar(engine, "SELECT oid FROM pg_database WHERE datname = current_database()")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
    top = Path(server.socket, "data", "base", str(number))
    return b"\n".join(path.read_bytes() for path in top.iterdir())


@pytest.mark.parametrize("removal", ["removed", "replaced"])
def test_a_scrub_leaves_a_removed_word_in_no_file(engine, session, index, request, removal):
    server = request.getfixturevalue("server")
    # So short that ANALYZE would keep whole documents as examples of what the tables hold.
    cases = by_number(
        random_documents(50, words=3), [case(17, "secretunique titre", "un autresecret ici")]
    )
    fill_index(index, *cases.values())
    execute(engine, "ANALYZE")
    words = (b"secretunique", b"autresecret")
    assert all(word in files(engine, server) for word in words)
    replacements = [] if removal == "removed" else [case(17, "titre")]
    index.write(LATER, replacements, [] if replacements else [17], scrub=False)
    assert matches(session, index, word_query("secretunique")) == {}
    session.rollback()
    # The rows are vacuumed, and the words still there: this is why everything is written again.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in ("document", "form"):
            connection.execute(text(f"VACUUM (INDEX_CLEANUP ON) search.{table}"))
    assert any(word in files(engine, server) for word in words)
    # A later scrub takes what earlier commits removed along.
    index.write(LATER, [], [], scrub=True)
    assert not any(word in files(engine, server) for word in words)
    cases = {
        n: document
        for n, document in by_number(cases.values(), replacements).items()
        if n != 17 or replacements
    }
    for query in sample_queries():
        assert matches(session, index, query) == expected_matches(query, cases.values())


def test_the_server_keeps_no_words_as_examples_of_what_the_tables_hold(engine, index):
    """They would stay in its catalogue, out of reach of a scrub."""
    fill_index(index, *[case(number, f"mot{number} secretunique") for number in range(1, 60)])
    execute(engine, "ANALYZE")
    with engine.connect() as connection:
        examples = connection.execute(
            text(
                "SELECT tablename, attname FROM pg_stats WHERE schemaname = 'search'"
                " AND concat(most_common_vals, histogram_bounds, most_common_elems) ~ '[a-z]{4}'"
                " AND attname NOT IN ('shape', 'made', 'made_with')"
            )
        ).all()
        column_count = connection.scalar(
            text("SELECT count(*) FROM pg_stats WHERE schemaname = 'search'")
        )
    assert examples == []
    assert column_count > 0


def test_the_words_of_the_scrubbing_commit_itself_are_in_no_file(engine, index, request):
    server = request.getfixturevalue("server")
    fill_index(index, case(1, "secretunique mot"), case(2, "mot"))
    index.write(LATER, [case(1, "mot")], [], scrub=True)
    assert b"secretunique" not in files(engine, server)


def test_an_index_that_is_still_read_is_dropped_by_a_later_check(engine, session, index):
    fill_index(index, case(1, "un"))
    # As a dump does. A page that has searched keeps nothing: its savepoint has ended.
    session.execute(text("SELECT FROM search.document")).all()
    index.write(LATER, [], [1], scrub=True)
    assert len(schemas(engine)) == 2
    # Who reads it does not keep others from reading, nor the follower from following.
    with Session(engine) as another:
        assert index.find(another, SearchQuery()).strength == {}
    index.write(LATER, [case(2, "deux")], [], scrub=False)
    assert index.intact(deep=True)
    assert len(schemas(engine)) == 2
    session.rollback()
    assert index.intact(deep=False)
    assert schemas(engine) == ["search"]


# --- searches of a page ---------------------------------------------------------------------------


def test_a_page_searches_the_index_as_it_was_when_the_page_began(engine, session, index):
    fill_index(index, case(1, "un"))
    session.execute(text("SELECT 1 FROM journal_head")).all()
    index.write(LATER, [case(2, "un")], [], scrub=False)
    answer = index.find(session, word_query("un"))
    assert (answer.cursor, answer.strength) == (START, {1: 1})
    assert index.forms(session) == ["un"]


def test_a_page_that_began_before_a_new_index_has_no_usable_index(engine, session, index):
    fill_index(index, case(1, "un"))
    session.execute(text("SELECT 1 FROM journal_head")).all()
    fill_index(index, case(1, "un"), case(2, "un"), cursor=LATER)
    for read in (
        lambda: index.find(session, word_query("un", "deux")),
        lambda: index.forms(session),
    ):
        with pytest.raises(IndexNotReady):
            read()
    assert session.scalar(text("SELECT count(*) FROM journal_head")) == 3
    assert matches(session, index, word_query("un")) == {1: 1, 2: 1}


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ("DROP SCHEMA search CASCADE", "it was thrown away"),
        ("DROP TABLE search.document CASCADE", "a table is not there"),
        ("DROP TABLE search.long_document", "a table is not there"),
        ("ALTER TABLE search.document DROP tokens CASCADE", "a column is not there"),
        ("DELETE FROM search.cursor", "nobody knows what it followed"),
        ("UPDATE search.cursor SET shape = 'older'", "other code made it"),
        ("DROP INDEX search.document_words", None),
    ],
)
def test_a_damaged_index_is_unready_and_the_transaction_of_the_page_goes_on(
    engine, session, index, damage, why
):
    fill_index(index, case(1, "un deux trois"))
    execute(engine, damage)
    session.execute(text("CREATE TEMPORARY TABLE told (word text)"))
    session.execute(text("INSERT INTO told VALUES ('avant')"))
    if why is None:
        # Without its index it answers all the same, slowly.
        assert index.find(session, word_query("deux")).strength == {1: 1}
        assert not index.intact(deep=False)
        return
    with pytest.raises(IndexNotReady) as refusal:
        index.find(session, word_query("un", "deux", "trois"))
    assert "deux" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    # The former work of the transaction is still there, and it may go on.
    assert session.scalars(text("SELECT word FROM told")).all() == ["avant"]
    assert not index.intact(deep=True)
    session.rollback()
    # The follower rebuilds it, whatever is there.
    fill_index(index, case(1, "un deux trois"))
    assert matches(session, index, word_query("un", "deux", "trois")) == {1: 1}
    assert index.intact(deep=True)


@pytest.mark.parametrize("damage", ["DROP SCHEMA search CASCADE", "DELETE FROM search.cursor"])
def test_writing_without_an_index_is_an_error(engine, session, index, damage):
    fill_index(index, case(1, "un"))
    execute(engine, damage)
    assert (index.stamp(), index.cursor(), index.intact(deep=False)) == ("", None, False)
    with pytest.raises(IndexNotReady):
        index.forms(session)
    for scrub in (False, True):
        with pytest.raises(IndexNotReady):
            index.write(LATER, [case(2, "deux")], [], scrub=scrub)


@pytest.mark.parametrize(
    "damage", ["TRUNCATE search.document", "DELETE FROM search.document WHERE number = 2"]
)
def test_rows_that_are_missing_are_noticed(engine, index, damage):
    fill_index(index, case(1, "un"), case(2, "deux"))
    assert index.intact(deep=True)
    execute(engine, damage)
    assert not index.intact(deep=True)


def test_an_index_without_read_permission_counts_as_missing(engine, index, request):
    fill_index(index, case(1, "un"))
    server = request.getfixturevalue("server")
    server.execute("DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN")
    url = make_url(engine.url).set(username="stranger")
    with foreign_index(url) as (unreadable_index, page):
        assert (
            unreadable_index.stamp(),
            unreadable_index.cursor(),
            unreadable_index.intact(deep=True),
        ) == ("", None, False)
        for read in (
            lambda: unreadable_index.find(page, word_query("un")),
            lambda: unreadable_index.forms(page),
        ):
            with pytest.raises(IndexNotReady):
                read()
        with pytest.raises(SQLAlchemyError):
            fill_index(unreadable_index, case(1, "un"))
    assert index.intact(deep=True)


@contextmanager
def foreign_index(url) -> Iterator[tuple[Postgres, Session]]:
    engine = create_engine(url, **engine_options(str(url)))
    postgres_index = Postgres(engine)
    try:
        with Session(engine) as page:
            yield postgres_index, page
    finally:
        postgres_index.close()
        engine.dispose()


def test_a_lost_connection_makes_the_index_unready_until_it_reconnects(engine, session, index):
    fill_index(index, case(1, "un"))
    stamp = index.stamp()
    session.execute(text("SELECT 1")).all()
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        with pytest.raises(IndexNotReady):
            index.find(session, word_query("un"))
        assert index.stamp() == ""
    assert index.stamp() == stamp
    session.rollback()
    assert matches(session, index, word_query("un")) == {1: 1}
