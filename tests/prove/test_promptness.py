"""How soon the worker indexes and ends, and many phrases are answered.

``make test`` holds that these things happen at all; the seconds are looked at here, where nothing
else runs beside them.
"""

from __future__ import annotations

import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from raw_http import Served, command, until
from search_documents import START, by_number, expected_matches, random_documents
from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from register.config import Settings
from register.journal import head
from register.search import engine_interface as factory
from register.search.engine_interface import QueryAlternative, QueryPart, SearchEngine, SearchQuery
from register.search.whoosh import Whoosh

pytestmark = pytest.mark.prove

FOLLOW_LIMIT = 1.5  # seconds from a commit to an index that has it
END_LIMIT = 1.5  # seconds from the signal to the end of the process
ANSWER_LIMIT = 1.0  # seconds of the processor
REPETITIONS = 15


@pytest.fixture
def index(settings: Settings, engine: Database) -> Iterator[SearchEngine]:
    search_index = factory.open_search_engine(settings, engine)
    yield search_index
    search_index.close()


@contextmanager
def following(settings: Settings, is_up: Callable[[], bool]) -> Iterator[Served]:
    """The command that follows, once it is at the head of the ledger."""
    served = Served(command("follow"), settings, REGISTER_DATABASE_URL=settings.database_url)
    try:
        served.first_line()
        # An index that stood there already is up before its follower is.
        until(lambda: "elected" in served.logged() and is_up(), 30, served.logged)
        yield served
    finally:
        served.close()


def at_the_head(engine: Database, index: SearchEngine) -> Callable[[], bool]:
    def is_up() -> bool:
        with Session(engine) as session:
            cursor = index.cursor()
            return cursor is not None and cursor.seq == head(session).seq

    return is_up


def seconds_of(action: Callable[[], object]) -> float:
    start = time.monotonic()
    action()
    return time.monotonic() - start


def test_a_commit_is_followed_within_a_second(
    settings: Settings, engine: Database, index: SearchEngine, desk: Any
) -> None:
    is_up = at_the_head(engine, index)
    durations = []
    with following(settings, is_up):
        for _ in range(REPETITIONS):
            desk.published()
            durations.append(seconds_of(lambda: until(is_up, 30)))
    print(
        f"{index.name}: followed after {statistics.median(durations):.2f} s,"
        f" at most {max(durations):.2f}"
    )
    assert statistics.median(durations) <= FOLLOW_LIMIT


def test_the_command_ends_on_term(
    settings: Settings, engine: Database, index: SearchEngine, desk: Any
) -> None:
    desk.published()
    durations = []
    for number in (signal.SIGTERM, signal.SIGINT) * 2 + (signal.SIGTERM,):
        with following(settings, at_the_head(engine, index)) as served:
            durations.append(seconds_of(lambda served=served, number=number: served.end(number)))
            assert served.process.returncode == 0
    print(
        f"{index.name}: ended after {statistics.median(durations):.2f} s,"
        f" at most {max(durations):.2f}"
    )
    assert statistics.median(durations) <= END_LIMIT


def test_a_search_of_many_phrases_is_answered_in_time(tmp_path: Path) -> None:
    cases = by_number(random_documents(300))
    index = Whoosh(tmp_path / "index")
    index.rebuild(START, iter(cases.values()))
    common = [f"mot{number}" for number in range(1, 40)]
    alternatives = [
        tuple(QueryAlternative((common[(i * j) % 39], common[(i + j) % 39])) for j in range(20))
        for i in range(24)
    ]
    query = SearchQuery(
        tuple(
            QueryPart("x", phrases, excluded=bool(i % 2)) for i, phrases in enumerate(alternatives)
        )
    )
    start = time.process_time()
    strength = index.find(None, query).strength
    seconds = time.process_time() - start
    print(f"480 phrases in 300 cases: {seconds:.2f} s")
    assert strength == expected_matches(query, cases.values())
    assert seconds <= ANSWER_LIMIT
    index.close()
