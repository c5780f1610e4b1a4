"""How soon the follower does what it is told, and a search of many phrases is answered.

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
from search_documents import START, by_number, expected_matches, no_progress, random_documents
from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from register.config import Settings
from register.journal import head
from register.search import engine_interface as factory
from register.search.engine_interface import QueryAlternative, QueryPart, SearchEngine, SearchQuery
from register.search.leader_election import Lease, index_lease
from register.search.whoosh import Whoosh

pytestmark = pytest.mark.prove

FOLLOWED = 1.0  # seconds from a commit to an index that has it
ENDED = 1.5  # seconds from the signal to the end of the process
GIVEN = 1.5  # seconds until an operator's command has the lease
ANSWERED = 1.0  # seconds of the processor
TIMES = 15


@pytest.fixture
def index(settings: Settings, engine: Database) -> Iterator[SearchEngine]:
    made = factory.open_search_engine(settings, engine)
    yield made
    made.close()


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


def timed(do: Callable[[], object]) -> float:
    begun = time.monotonic()
    do()
    return time.monotonic() - begun


def test_a_commit_is_followed_within_a_second(
    settings: Settings, engine: Database, index: SearchEngine, desk: Any
) -> None:
    is_up = at_the_head(engine, index)
    took = []
    with following(settings, is_up):
        for _ in range(TIMES):
            desk.published()
            took.append(timed(lambda: until(is_up, 30)))
    print(f"{index.name}: followed after {statistics.median(took):.2f} s, at most {max(took):.2f}")
    assert statistics.median(took) <= FOLLOWED


def test_the_command_ends_on_term(
    settings: Settings, engine: Database, index: SearchEngine, desk: Any
) -> None:
    desk.published()
    took = []
    for number in (signal.SIGTERM, signal.SIGINT) * 2 + (signal.SIGTERM,):
        with following(settings, at_the_head(engine, index)) as served:
            took.append(timed(lambda served=served, number=number: served.end(number)))
            assert served.process.returncode == 0
    print(f"{index.name}: ended after {statistics.median(took):.2f} s, at most {max(took):.2f}")
    assert statistics.median(took) <= ENDED


def test_the_lease_is_handed_over_on_request(
    settings: Settings, engine: Database, index: SearchEngine
) -> None:
    took = []
    with following(settings, at_the_head(engine, index)):
        for _ in range(3):
            asking: Lease = index_lease(settings, engine)
            took.append(timed(lambda asking=asking: asking.claim(30)))
            assert asking.is_held()
            asking.release_all()
            until(lambda: index_lease(settings, engine).is_held(), 30)
    print(f"{index.name}: the lease after {max(took):.2f} s at most")
    assert max(took) <= GIVEN


def test_a_search_of_many_phrases_is_answered_in_time(tmp_path: Path) -> None:
    cases = by_number(random_documents(300))
    index = Whoosh(tmp_path / "index")
    index.rebuild(START, iter(cases.values()), len(cases), no_progress)
    common = [f"mot{number}" for number in range(1, 40)]
    ways = [
        tuple(QueryAlternative((common[(i * j) % 39], common[(i + j) % 39])) for j in range(20))
        for i in range(24)
    ]
    asked = SearchQuery(
        tuple(QueryPart("x", some, excluded=bool(i % 2)) for i, some in enumerate(ways))
    )
    begun = time.process_time()
    strength = index.find(None, asked).strength
    took = time.process_time() - begun
    print(f"480 phrases in 300 cases: {took:.2f} s")
    assert strength == expected_matches(asked, cases.values())
    assert took <= ANSWERED
    index.close()
