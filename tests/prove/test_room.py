"""Distinct searches of many clients leave room for cached pages and ``/healthz``.

At 10,000 cases; ``ROOM_CASES=100000`` takes some minutes more.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from urllib.parse import quote

import pytest

from benchmarks import servers, texts
from benchmarks.two_commits import _FILL
from register.web.page_cache import RETRY_AFTER

pytestmark = pytest.mark.prove

CASES = int(os.environ.get("ROOM_CASES", "10000"))
CLIENTS, SECONDS = 24, 10
LIMITS = {"/": 0.05, "/incidents/7": 0.05, "/healthz": 0.1}  # seconds, median


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("room")
    settings = {
        "REGISTER_INSTANCE": str(folder / "instance"),
        "REGISTER_SEAL_DIR": str(folder / "seal"),
    }
    for command in (
        ["-c", _FILL, str(folder), str(CASES)],
        ["-m", "register", "search", "rebuild"],
    ):
        subprocess.run(
            [sys.executable, *command], cwd=servers.TOP, env=os.environ | settings, check=True
        )
    return settings


def answer(port: int, path: str) -> tuple[int, str | None]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.getheader("Retry-After")


def test_24_clients_of_distinct_searches_leave_cached_pages_quick(environment) -> None:
    statuses: Counter[int] = Counter()
    ending = threading.Event()

    def search(client: int) -> None:
        words, turn = texts.common, client
        while not ending.is_set():
            text = quote(f"{words[turn % len(words)]} {words[turn * 7 % len(words)]} -mot{turn}")
            status, retry_after = answer(server.port, f"/incidents?q={text}")
            assert status in (200, 503)
            statuses[status] += 1
            if status == 503:
                assert retry_after == str(RETRY_AFTER)
                ending.wait(RETRY_AFTER)
            turn += CLIENTS

    with servers.run_register(environment=environment) as server:
        for path in LIMITS:
            answer(server.port, path)
        clients = [threading.Thread(target=search, args=(client,)) for client in range(CLIENTS)]
        for client in clients:
            client.start()
        times: dict[str, list[float]] = {path: [] for path in LIMITS}
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            for path, durations in times.items():
                begun = time.perf_counter()
                assert answer(server.port, path)[0] == 200
                durations.append(time.perf_counter() - begun)
        ending.set()
        for client in clients:
            client.join()
    medians = {path: statistics.median(durations) for path, durations in times.items()}
    worst = {path: max(durations) for path, durations in times.items()}
    print(f"{CASES} cases: {dict(statuses)}, median {medians}, slowest {worst}")
    assert statuses[200] > 0
    assert all(medians[path] < limit for path, limit in LIMITS.items()), medians
