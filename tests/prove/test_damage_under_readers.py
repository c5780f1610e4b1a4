"""An index that is destroyed twenty times under readers, whose pages stay 200 and say so.

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
from raw_http import EndableThread, get, running, send_raw, serving, until
from sqlalchemy import Engine as Database
from sqlalchemy import text

from register.config import POSTGRESQL, Settings
from register.search import engine_interface as factory
from register.search.indexer import read_index_status
from register.worker.lock import worker_lock

pytestmark = pytest.mark.prove

SEEDS = range(20)
CASES = 60
HEALING_LIMIT = 60.0  # seconds in which the follower has the index as it was; usually one or two
CATCHING_UP = "La recherche se met à jour".encode()
# Words of titles, of accounts alone, a phrase, a beginning, two words and a place.
SEARCHES = ("conseil", "zinzolin", '"récit numéro"', "film*", "maire caméra", "gagny pourpre")
OTHER_PAGES = ("/", "/incidents", "/incidents/1", "/communes/93032", "/incidents.atom?q=zinzolin")

Damage = Callable[[Settings, Database, random.Random], None]


# --- damages to a folder -----------------------------------------------------------------------


def _files(settings: Settings, *, larger_than: int = 0) -> list[Path]:
    paths = sorted((settings.instance / "index").rglob("*"))
    return [path for path in paths if path.is_file() and path.stat().st_size > larger_than]


def _delete(settings: Settings, _database: Database, _chance: random.Random) -> None:
    shutil.rmtree(settings.instance / "index")


def _truncate(settings: Settings, _database: Database, chance: random.Random) -> None:
    file = chance.choice(_files(settings, larger_than=1))
    with file.open("r+b") as stream:
        stream.truncate(chance.randrange(file.stat().st_size))


def _flip_bit(settings: Settings, _database: Database, chance: random.Random) -> None:
    file = chance.choice(_files(settings, larger_than=1))
    with file.open("r+b") as stream:
        place = chance.randrange(file.stat().st_size)
        stream.seek(place)
        (byte,) = stream.read(1)
        stream.seek(place)
        stream.write(bytes([byte ^ 1 << chance.randrange(8)]))


def _set_older_version(settings: Settings, _database: Database, chance: random.Random) -> None:
    """Written soundly by another version: of the layout, or of what documents are made of."""
    manifest = settings.instance / "index" / "current" / "manifest"
    state = json.loads(manifest.read_bytes().split(b"\n")[0])
    if chance.random() < 0.5:
        state["layout"] = "1 whoosh-2.7.5 little-endian"
    else:
        state["cursor"]["made_with"] = "an older one"
    body = json.dumps(state).encode()
    replacement = manifest.with_name("manifest.new")
    replacement.write_bytes(body + b"\n" + hashlib.sha256(body).hexdigest().encode())
    replacement.replace(manifest)


# --- damages to a schema -----------------------------------------------------------------------


def _execute(*statements: str) -> Damage:
    def damage(_settings: Settings, database: Database, _chance: random.Random) -> None:
        with database.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    return damage


DAMAGES: Mapping[str, Mapping[str, Damage]] = {
    "whoosh": {
        "deleted": _delete,
        "truncated": _truncate,
        "turned": _flip_bit,
        "older": _set_older_version,
    },
    # A byte that turns over in PostgreSQL's own files is for PostgreSQL to notice.
    POSTGRESQL: {
        "deleted": _execute("DROP SCHEMA search CASCADE"),
        "truncated": _execute("TRUNCATE search.cursor"),
        "turned": _execute("DROP TABLE search.document CASCADE"),
        "older": _execute("UPDATE search.cursor SET shape = 'an older one'"),
    },
}


# --- the readers -------------------------------------------------------------------------------


def search_answer(port: int, search: str) -> tuple[list[bytes], bool]:
    """The cases of a search in their order, and whether the page says that it is catching up."""
    status, _headers, body = send_raw(port, get(f"/incidents?q={quote(search)}".encode()))
    assert status == 200, (search, status)
    return re.findall(rb'href="/incidents/(\d+)"', body), CATCHING_UP in body


class Reader(EndableThread):
    """Opens page after page, and counts the answers by status."""

    def __init__(self, port: int, seed: int) -> None:
        super().__init__()
        self._port, self._chance = port, random.Random(seed)
        self.statuses: Counter[int] = Counter()
        self.catching_up_count = 0
        self.failures: list[object] = []

    def run(self) -> None:
        searches = [f"/incidents?q={quote(search)}" for search in SEARCHES]
        while not self.ending.is_set():
            path = self._chance.choice([*searches, *OTHER_PAGES])
            try:
                status, _headers, body = send_raw(self._port, get(path.encode()))
            except OSError as error:
                self.failures.append(error)
                continue
            self.statuses[status] += 1
            self.catching_up_count += CATCHING_UP in body
            if status != 200:
                self.failures.append((status, path))
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
    index, lock = factory.open_search_engine(settings, engine), worker_lock(settings, engine)
    damages = DAMAGES[settings.search]
    durations: list[float] = []

    def is_up() -> bool:
        status = read_index_status(engine, index)
        return (
            lock.is_held()
            and status.is_usable
            and status.is_current_version
            and status.lines_behind == 0
        )

    with serving(settings, REGISTER_DATABASE_URL=settings.database_url) as (served, port):
        served.first_line()
        until(is_up, HEALING_LIMIT, served.logged)
        before = [search_answer(port, search) for search in SEARCHES]
        assert all(numbers and not is_catching_up for numbers, is_catching_up in before), before
        with reading(port) as readers:
            for seed in SEEDS:
                damage = list(damages)[seed % len(damages)]
                start = time.monotonic()
                damages[damage](settings, engine, random.Random(seed))
                assert not is_up(), damage
                until(is_up, HEALING_LIMIT, served.logged)
                durations.append(time.monotonic() - start)
                assert [search_answer(port, search) for search in SEARCHES] == before, damage
        assert [failure for reader in readers for failure in reader.failures] == []
        assert '"event": "died"' not in served.logged()
        assert served.end() == 0
    pages = sum(reader.statuses[200] for reader in readers)
    print(
        f"{settings.search}: {len(durations)} damages, healed after"
        f" {statistics.median(durations):.1f} s"
        f" (at most {max(durations):.1f}); {pages:,} pages, all 200,"
        f" {sum(reader.catching_up_count for reader in readers):,} of which said that search is"
        " catching up"
    )
    # Readers opened pages during the damages, and some pages said so.
    assert pages > 20 * len(durations)
    assert sum(reader.catching_up_count for reader in readers) > 0
    index.close()
