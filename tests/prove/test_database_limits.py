"""A real PostgreSQL server under eight processes, and when it stands still."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from databases import init_on_server, open_engine
from raw_http import free_port, get, send_raw, until
from report_clients import Serve

from benchmarks import cluster
from register import demo

pytestmark = pytest.mark.prove

WORKERS, CLIENTS, SECONDS = 8, 160, 20
PROMPT = 3.0  # seconds


@pytest.fixture(scope="module")
def crowded():
    """A PostgreSQL server with its default of 100 connections."""
    with cluster.running_server(cluster.postgres_programs(), "max_connections=100") as started:
        started.execute("CREATE DATABASE register", "CREATE DATABASE keys")
        yield started


@pytest.fixture(scope="module")
def shared_settings(crowded, registers, tmp_path_factory):
    """A register with the sample cases, its key store on the server too."""
    with registers.new("sqlite", tmp_path_factory.mktemp("crowded")) as plain:
        settings = init_on_server(
            plain,
            database_url=crowded.url("register"),
            key_store_url=crowded.url("keys"),
            seal_dir=tmp_path_factory.mktemp("keys"),
        )
        with open_engine(settings.database_url) as engine:
            demo.import_demo_cases(engine, settings.instance, lambda *_: None)
        yield settings


@contextmanager
def serving(settings, *options):
    served = Serve(
        settings,
        free_port(),
        *options,
        REGISTER_DATABASE_URL=settings.database_url,
        REGISTER_KEY_STORE_URL=settings.key_store_url,
        REGISTER_SEARCH="postgresql",
    )
    try:
        until(served.is_up, 180, served.logged)
        yield served
    finally:
        served.end()
        served.close()


def _connections(crowded):
    with open_engine(crowded.url("postgres")) as engine, engine.connect() as connection:
        return connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'webcitoyen%%'"
        ).scalar()


def test_eight_processes_serve_160_clients_at_100_connections(crowded, shared_settings):
    statuses: Counter[int] = Counter()
    most = 0
    ends = threading.Event()

    def read(number):
        count = 0
        while not ends.is_set():
            count += 1
            address = (
                f"/incidents?q=mairie&utm_content={number}-{count}" if count % 3 else "/signaler"
            )
            statuses[send_raw(served.port, get(address.encode()))[0]] += 1

    with (
        serving(shared_settings, "--workers", str(WORKERS)) as served,
        ThreadPoolExecutor(CLIENTS) as threads,
    ):
        for number in range(CLIENTS):
            threads.submit(read, number)
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            most = max(most, _connections(crowded))
            time.sleep(0.5)
        ends.set()
    print(f"{dict(statuses)}, at most {most} connections")
    assert set(statuses) == {200}
    assert most <= WORKERS * 8 + 10


def test_a_server_that_stands_still_gives_503_within_seconds(crowded, shared_settings):
    processes = _processes(crowded.socket)
    with serving(shared_settings) as served:
        assert send_raw(served.port, get(b"/"))[0] == 200
        waits = []
        for number in processes():
            os.kill(number, signal.SIGSTOP)
        try:
            for address in (b"/", b"/incidents?q=mairie", b"/incidents/1", b"/readyz", b"/"):
                started = time.monotonic()
                status = send_raw(served.port, get(address))[0]
                waits.append((address, status, round(time.monotonic() - started, 2)))
        finally:
            for number in processes():
                os.kill(number, signal.SIGCONT)
        print(waits)
        assert {status for _address, status, _seconds in waits} == {503}
        assert max(seconds for _address, _status, seconds in waits) < PROMPT
        until(lambda: send_raw(served.port, get(b"/"))[0] == 200, 10)


def _processes(folder):
    """The processes of a server: the postmaster first, then its children."""
    postmaster = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    def all_of_them():
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text("ascii")
        return [postmaster, *map(int, children.split())]

    return all_of_them
