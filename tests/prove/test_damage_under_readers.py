"""An index that is destroyed, twenty times over, under readers who notice nothing but a sentence.

The site is served as the command serves it, by its worker and its follower; nobody mends anything.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from raw_http import EndableThread, ask, get, running, serving, until
from sqlalchemy import Engine as Database
from sqlalchemy import text

from register.config import POSTGRESQL, Settings
from register.search import engine_interface as factory
from register.search.indexer import read_index_status
from register.search.leader_election import index_lease

pytestmark = pytest.mark.prove

SEEDS = range(20)
CASES = 60
HEALED = 60.0  # seconds in which the follower has the index as it was; usually one or two
CATCHING_UP = "La recherche se met à jour".encode()
# Words of titles, of accounts alone, a phrase, a beginning, two words and a place.
SEARCHES = ("conseil", "zinzolin", '"récit numéro"', "film*", "maire caméra", "gagny pourpre")
OTHER_PAGES = ("/", "/incidents", "/incidents/1", "/communes/93032", "/incidents.atom?q=zinzolin")

Damage = Callable[[Settings, Database, random.Random], None]


# --- what befalls a folder ---------------------------------------------------------------------


def _files(settings: Settings, *, larger_than: int = 0) -> list[Path]:
    found = sorted((settings.instance / "index").rglob("*"))
    return [one for one in found if one.is_file() and one.stat().st_size > larger_than]


def _deleted(settings: Settings, _database: Database, _chance: random.Random) -> None:
    shutil.rmtree(settings.instance / "index")


def _truncated(settings: Settings, _database: Database, chance: random.Random) -> None:
    file = chance.choice(_files(settings, larger_than=1))
    with file.open("r+b") as opened:
        opened.truncate(chance.randrange(file.stat().st_size))


def _turned(settings: Settings, _database: Database, chance: random.Random) -> None:
    file = chance.choice(_files(settings, larger_than=1))
    with file.open("r+b") as opened:
        place = chance.randrange(file.stat().st_size)
        opened.seek(place)
        (byte,) = opened.read(1)
        opened.seek(place)
        opened.write(bytes([byte ^ 1 << chance.randrange(8)]))


def _older(settings: Settings, _database: Database, chance: random.Random) -> None:
    """Written soundly by another version: of the layout, or of what documents are made of."""
    current = settings.instance / "index" / "current"
    told = json.loads(current.read_bytes().split(b"\n")[0])
    if chance.random() < 0.5:
        told["layout"] = "0 whoosh-2.7.5 little-endian"
    else:
        told["cursor"]["made_with"] = "an older one"
    body = json.dumps(told).encode()
    fresh = current.with_name("current.new")
    fresh.write_bytes(body + b"\n" + hashlib.sha256(body).hexdigest().encode())
    fresh.replace(current)


# --- what befalls a schema ---------------------------------------------------------------------


def _say(*statements: str) -> Damage:
    def do(_settings: Settings, database: Database, _chance: random.Random) -> None:
        with database.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    return do


DAMAGES: Mapping[str, Mapping[str, Damage]] = {
    "whoosh": {"deleted": _deleted, "truncated": _truncated, "turned": _turned, "older": _older},
    # A byte that turns over in PostgreSQL's own files is for PostgreSQL to notice.
    POSTGRESQL: {
        "deleted": _say("DROP SCHEMA search CASCADE"),
        "truncated": _say("TRUNCATE search.cursor"),
        "turned": _say("DROP TABLE search.spoken CASCADE"),
        "older": _say("UPDATE search.cursor SET shape = 'an older one'"),
    },
}


# --- the readers -------------------------------------------------------------------------------


def answer(port: int, search: str) -> tuple[list[bytes], bool]:
    """The cases of a search in their order, and whether the page says that it is catching up."""
    status, _headers, body = ask(port, get(f"/incidents?q={quote(search)}".encode()))
    assert status == 200, (search, status)
    return re.findall(rb'href="/incidents/(\d+)"', body), CATCHING_UP in body


class Reader(EndableThread):
    """Goes from page to page, and counts what it was answered."""

    def __init__(self, port: int, seed: int) -> None:
        super().__init__()
        self._port, self._chance = port, random.Random(seed)
        self.statuses: Counter[int] = Counter()
        self.told = 0
        self.failed: list[object] = []

    def run(self) -> None:
        searches = [f"/incidents?q={quote(one)}" for one in SEARCHES]
        while not self.ending.is_set():
            path = self._chance.choice([*searches, *OTHER_PAGES])
            try:
                status, _headers, body = ask(self._port, get(path.encode()))
            except OSError as error:
                self.failed.append(error)
                continue
            self.statuses[status] += 1
            self.told += CATCHING_UP in body
            if status != 200:
                self.failed.append((status, path))
            time.sleep(0.01)


def reading(port: int) -> AbstractContextManager[list[Reader]]:
    return running([Reader(port, seed) for seed in range(2)])


def _publish(desk: Any) -> None:
    for count in range(CASES):
        desk.published(
            title=f"Le conseil, cas {count}" if count % 2 else f"La caméra, cas {count}",
            narrative=f"Le récit numéro {count} dit {'zinzolin' if count % 3 else 'pourpre'}.",
        )


def test_a_destroyed_index_heals_under_readers(
    settings: Settings, engine: Database, desk: Any
) -> None:
    _publish(desk)
    index, lease = factory.open_search_engine(settings, engine), index_lease(settings, engine)
    damages = DAMAGES[settings.search]
    took: list[float] = []

    def is_up() -> bool:
        found = read_index_status(engine, index, lease)
        return (
            found.has_follower
            and found.is_usable
            and found.is_current_version
            and found.lines_behind == 0
        )

    with serving(settings, REGISTER_DATABASE_URL=settings.database_url) as (served, port):
        served.first_line()
        until(is_up, HEALED, served.logged)
        before = [answer(port, search) for search in SEARCHES]
        assert all(shown and not told for shown, told in before), before
        with reading(port) as readers:
            for seed in SEEDS:
                how = list(damages)[seed % len(damages)]
                begun = time.monotonic()
                damages[how](settings, engine, random.Random(seed))
                assert not is_up(), how
                until(is_up, HEALED, served.logged)
                took.append(time.monotonic() - begun)
                assert [answer(port, search) for search in SEARCHES] == before, how
        assert [one for reader in readers for one in reader.failed] == []
        assert '"event": "died"' not in served.logged()
        assert served.end() == 0
    pages = sum(reader.statuses[200] for reader in readers)
    print(
        f"{settings.search}: {len(took)} damages, healed after {statistics.median(took):.1f} s"
        f" (at most {max(took):.1f}); {pages:,} pages, all 200,"
        f" {sum(reader.told for reader in readers):,} of which said that search is catching up"
    )
    # Readers were there while it happened, and were told.
    assert pages > 20 * len(took)
    assert sum(reader.told for reader in readers) > 0
    index.close()
    lease.release_all()
