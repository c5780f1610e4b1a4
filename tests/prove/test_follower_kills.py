"""A follower that is killed again and again between the ledger's commit and its own."""

from __future__ import annotations

import os
import random
import re
import signal
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from raw_http import EndableThread, get, running, send_raw, serving, until
from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from register.cases import acts, vocabulary
from register.cases.vocabulary import Vocabulary
from register.config import Settings
from register.journal import head
from register.search import engine_interface as factory
from register.search import query_parser
from register.search.engine_interface import SearchEngine, SearchQuery
from register.search.indexer import read_index_status
from register.search.service import CaseSearch
from register.server.process_start import WORKER
from register.worker.lock import worker_lock

pytestmark = pytest.mark.prove

CASES = 40
KILLS = 100
WORD = "zébulon"
WINDOW = 0.3  # seconds in which what was committed reaches the index
CONVERGENCE_LIMIT = 5.0  # seconds


class Reader(EndableThread):
    """Searches all the time for a word that every case has, as pages do."""

    def __init__(
        self, database: Database, index: SearchEngine, current: Vocabulary, port: int
    ) -> None:
        super().__init__()
        self._database, self._index, self._vocabulary = database, index, current
        self._port = port
        self.hidden: frozenset[int] = frozenset()
        self.searches = 0
        self.hidden_matches: list[int] = []

    def run(self) -> None:
        while not self.ending.is_set():
            hidden = self.hidden  # before the page begins
            self.hidden_matches += sorted(hidden & self.matching_cases())
            hidden = self.hidden
            self.hidden_matches += sorted(hidden & self._on_pages())
            self.searches += 1
            time.sleep(0.05)  # a busy day; without it, both cores would be the pages'

    def matching_cases(self) -> set[int]:
        with Session(self._database) as page:
            search = CaseSearch(page, self._index, self._vocabulary, head(page))
            return set(search.find(query_parser.parse(WORD)).strength)

    def _on_pages(self) -> set[int]:
        """The cases of all pages of the site's own search."""
        numbers: set[int] = set()
        for page in range(1, 10):
            path = f"/incidents?q={quote(WORD)}&page={page}"
            status, _headers, body = send_raw(self._port, get(path.encode()))
            if status == 404:
                break
            assert status == 200
            numbers |= set(map(int, re.findall(rb'"/incidents/(\d+)"', body)))
        assert numbers
        return numbers


@contextmanager
def reading(database: Database, index: SearchEngine, port: int) -> Iterator[Reader]:
    with Session(database) as session:
        current = vocabulary.current_vocabulary(session)
    with running([Reader(database, index, current, port)]) as (reader,):
        yield reader


# A reader that loses its files while it opens them leaves the opened ones to garbage collection.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_hundred_kills_show_nothing_and_lose_nothing(
    settings: Settings, engine: Database, desk
) -> None:
    chance = random.Random(4)
    index, lock = factory.open_search_engine(settings, engine), worker_lock(settings, engine)
    cases = [desk.published(title=f"Le {WORD} du conseil, cas {count}") for count in range(CASES)]
    durations = []

    def is_up() -> bool:
        status = read_index_status(engine, index)
        return (
            lock.is_held()
            and status.is_usable
            and status.is_current_version
            and status.lines_behind == 0
        )

    with serving(settings, REGISTER_DATABASE_URL=settings.database_url) as (served, port):
        with reading(engine, index, port) as reader:
            served.first_line()
            until(is_up, 30, served.logged)
            for count in range(KILLS):
                if count % 2:
                    cases.append(desk.published(title=f"Un autre {WORD}, cas {count}"))
                else:
                    removed = cases.pop(chance.randrange(len(cases)))
                    (erase if count % 10 == 0 else withdraw)(desk, removed)
                    reader.hidden |= {removed.number}
                time.sleep(chance.uniform(0, WINDOW))
                os.kill(served.child(WORKER), signal.SIGKILL)
                start = time.monotonic()
                until(lambda: not lock.is_held())
                public = {case.number for case in cases}
                assert reader.matching_cases() == public
                until(is_up, 4 * CONVERGENCE_LIMIT, served.logged)
                durations.append(time.monotonic() - start)
                with Session(engine) as session:
                    assert set(index.find(session, SearchQuery()).strength) == public
        assert served.logged().count('"event": "died", "process": "worker"') == len(durations)
        assert '"process": "web"' not in served.logged()
        assert served.end() == 0
    print(
        f"{settings.search}: {len(durations)} kills, followed again after"
        f" {statistics.median(durations):.1f}"
        f" s (at most {max(durations):.1f}), {reader.searches} searches, of which"
        f" {len(reader.hidden_matches)}"
        " showed what was taken back"
    )
    assert max(durations) <= CONVERGENCE_LIMIT
    assert reader.hidden_matches == []
    assert reader.searches > len(durations)
    index.close()


def withdraw(desk, case) -> None:
    with desk.pen() as p:
        acts.withdraw(p, case.id, by=desk.cast.bruno, restriction="erreur", reason="relu")


def erase(desk, case) -> None:
    with desk.pen() as p:
        acts.approve(p, case.id, by=desk.cast.chloe, purpose="erase")
        acts.erase(p, case.id, by=desk.cast.ada, restriction="donnee_personnelle")
