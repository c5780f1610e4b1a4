"""The worker as a process: beside the server, killed, stopped, renewed, ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from raw_http import Served, command, environ, get, send_raw, serving, until
from sqlalchemy import Engine as Database

from register.config import Settings
from register.search import engine_interface as factory
from register.search.engine_interface import SearchEngine
from register.search.indexer import IndexStatus, read_index_status
from register.server.process_start import WORKER
from register.worker.lock import worker_lock

pytestmark = pytest.mark.prove

SOON = 15  # seconds, on a machine that does other things too; a second or two when it does not
# Root's power to write everywhere is taken from it.
POWERLESS = ["setpriv", "--bounding-set", "-all"] if os.geteuid() == 0 else []


@pytest.fixture
def variables(settings: Settings) -> dict[str, str]:
    """Environment variables of a process beside its folders."""
    return {"REGISTER_DATABASE_URL": settings.database_url}


@pytest.fixture
def index(settings: Settings, engine: Database) -> Iterator[SearchEngine]:
    search_index = factory.open_search_engine(settings, engine)
    yield search_index
    search_index.close()


@pytest.fixture
def read_status(engine: Database, index: SearchEngine) -> Callable[[], IndexStatus]:
    """``read_status()``: the present status of the index."""
    return lambda: read_index_status(engine, index)


@pytest.fixture
def has_worker(settings: Settings, engine: Database) -> Callable[[], bool]:
    """``has_worker()``: whether a worker has the lock."""
    return worker_lock(settings, engine).is_held


def is_following(status: IndexStatus) -> bool:
    return status.is_usable and status.is_current_version and status.lines_behind == 0


def run(
    settings: Settings, variables: dict[str, str], *words: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words),
        env=environ(settings) | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_follower_that_is_killed_comes_back_and_catches_up(
    settings, variables, read_status, has_worker, desk
) -> None:
    first = desk.published()
    with serving(settings, **variables) as (served, port):
        served.first_line()
        until(lambda: is_following(read_status()), SOON)
        for delay in (0.0, 0.3, 0.9):
            killed = served.child(WORKER)
            os.kill(killed, signal.SIGKILL)
            time.sleep(delay)
            desk.published()
            desk.withdrawn()
            until(lambda: is_following(read_status()), SOON)
            until(lambda killed=killed: served.child(WORKER) != killed)
        assert read_status().cases == 4
        until(has_worker)
        # Readers are answered all the time.
        assert send_raw(port, get(f"/incidents/{first.number}".encode()))[0] == 200
        assert served.logged().count('"event": "died", "process": "worker"') == 3
        assert '"process": "web"' not in served.logged()


def test_hup_renews_the_worker_and_term_ends_it(
    settings, variables, read_status, has_worker, desk
) -> None:
    with serving(settings, **variables) as (served, _port):
        served.first_line()
        until(lambda: is_following(read_status()), SOON)
        former = served.child(WORKER)
        served.send(signal.SIGHUP)
        until(lambda: served.child(WORKER) != former, 40)
        desk.published()
        until(lambda: is_following(read_status()), SOON)
        served.wait_for("renewed")
        last = served.child(WORKER)
        assert served.end() == 0
        assert not Path(f"/proc/{last}").exists()
        assert not has_worker()
        assert "killed" not in served.logged()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_the_follower_builds_the_index_once_its_folder_can_be_made(settings) -> None:
    (settings.instance / "index").write_text("in the way")
    with serving(settings) as (served, _port):
        served.first_line()
        until(lambda: "search_failing" in served.logged(), 15, served.logged)
        (settings.instance / "index").unlink()
        until(lambda: "search_healed" in served.logged(), 20, served.logged)
        assert served.logged().count("search_failing") == 1


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_the_follower_updates_the_index_once_it_may_be_written(settings, read_status, desk) -> None:
    """As the service's user finds it."""
    desk.published()
    served = Served([*POWERLESS, *command("follow")], settings)
    try:
        until(lambda: is_following(read_status()), SOON, served.logged)
        top = settings.instance / "index"
        folders = [top, *(path for path in top.iterdir() if path.is_dir())]
        for folder in folders:
            folder.chmod(0o500)
        desk.published()
        until(lambda: "search_failing" in served.logged(), SOON, served.logged)
        assert read_status().lines_behind == 1
        for folder in folders:
            folder.chmod(0o700)
        until(lambda: "search_healed" in served.logged(), 20, served.logged)
        assert is_following(read_status())
        assert served.logged().count("search_failing") == 1
        assert served.end() == 0
    finally:
        served.close()


@pytest.mark.parametrize("damage", ["missing", "turned over"])
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_pages_say_that_search_lags_while_the_index_may_not_be_written(
    settings, read_status, desk, damage: str
) -> None:
    account_search = "/incidents?q=zinzolin"
    case = desk.published(narrative="Un mot rare, zinzolin, que seul le récit dit.")
    other_cases = [desk.published() for _ in range(2)]
    with serving(settings, prefix=POWERLESS) as (served, port):
        served.first_line()
        until(lambda: is_following(read_status()), SOON, served.logged)
        before = [search_answer(port, path) for path in ("/incidents?q=filmer", account_search)]
        assert before == [
            (200, False, {published.number for published in (case, *other_cases)}),
            (200, False, {case.number}),
        ]
        with unwritable(settings.instance / "index", damage):
            until(lambda: "search_failing" in served.logged(), SOON, served.logged)
            assert not read_status().is_usable
            # New searches: the pages and matches that are kept are as right as before.
            assert search_answer(port, "/incidents?q=interdiction") == (200, True, before[0][2])
            # Accounts are searched by the index alone: the page says that it did not search them.
            assert search_answer(port, "/incidents?q=rare+zinzolin") == (200, True, set())
            for path in ("/", "/incidents", f"/incidents/{case.number}", "/incidents.atom?q=maire"):
                assert send_raw(port, get(path.encode()))[0] == 200
        until(lambda: "search_healed" in served.logged(), 30, served.logged)
        assert is_following(read_status())
        assert [
            search_answer(port, "/incidents?q=filmer"),
            search_answer(port, account_search),
        ] == before
        assert served.logged().count("search_failing") == 1
        assert '"process": "web"' not in served.logged()


def search_answer(port: int, path: str) -> tuple[int, bool, set[int]]:
    """Status, whether the page says that search is catching up, and the cases it shows."""
    status, _headers, body = send_raw(port, get(path.encode()))
    numbers = re.findall(rb'"/incidents/(\d+)"', body)
    return status, "La recherche se met à jour".encode() in body, set(map(int, numbers))


@contextmanager
def unwritable(folder: Path, damage: str) -> Iterator[None]:
    """An index that is damaged and that its own user can neither mend nor replace for now."""
    current, lock = folder / "current", folder / "lock"
    # The lock first: from here on nobody begins to write, whatever he finds.
    lock.chmod(0o400)
    if damage == "missing":
        current.unlink()
    else:
        manifest = current / "manifest"
        content = manifest.read_bytes()
        manifest.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    folder.chmod(0o500)
    try:
        yield
    finally:
        folder.chmod(0o700)
        lock.chmod(0o600)


def test_the_follow_command_runs_alone_and_ends_on_term(
    settings, variables, read_status, has_worker, desk
) -> None:
    desk.published()
    for number in (signal.SIGTERM, signal.SIGINT):
        served = Served(command("follow"), settings, **variables)
        try:
            assert served.first_line() == "Web Citoyen suit le journal.\n"
            until(lambda: is_following(read_status()) and has_worker(), SOON, served.logged)
            # It has the lock a moment before it says so.
            served.wait_for("elected")
            start = time.monotonic()
            assert served.end(number) == 0
            assert time.monotonic() - start < 2
            assert re.findall(r'"event": "(\w+)"', served.logged()) == ["following", "elected"]
        finally:
            served.close()


def test_the_index_is_rebuilt_beside_a_running_service(
    settings, variables, read_status, has_worker, desk
) -> None:
    desk.published()
    with serving(settings, **variables) as (served, _port):
        served.first_line()
        until(lambda: is_following(read_status()), SOON)
        before = read_status()
        rebuild = run(settings, variables, "search", "rebuild")
        assert (rebuild.returncode, rebuild.stdout) == (0, "Index refait.\n"), rebuild.stderr
        desk.published()
        until(lambda: is_following(read_status()) and has_worker(), SOON)
        assert read_status().cases == before.cases + 1
        assert "died" not in served.logged()
        assert "Suiveur\xa0: à l’œuvre\n" in run(settings, variables, "search", "status").stdout


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_worker_that_stands_still_loses_its_place_and_writes_nothing_after(
    settings, variables, read_status, desk
) -> None:
    first = Served(command("follow"), settings, **variables)
    second = None
    try:
        until(lambda: "elected" in first.logged(), SOON, first.logged)
        second = Served(command("follow"), settings, **variables)
        until(lambda: "following" in second.logged(), SOON, second.logged)
        for elected, candidate in ((first, second), (second, first)):
            desk.published()
            # In the middle of its work, or just before or after.
            time.sleep(0.9)
            elected.send(signal.SIGSTOP)
            start = time.monotonic()
            elections = election_count(candidate)
            desk.published()
            until(lambda: election_count(candidate) > elections, 40, candidate.logged)  # noqa: B023
            until(lambda: is_following(read_status()), SOON, candidate.logged)
            print(f"taken over after {time.monotonic() - start:.1f} s")
            elected.send(signal.SIGCONT)
            time.sleep(3)
            assert is_following(read_status())
            assert election_count(candidate) == elections + 1
        assert (first.end(), second.end()) == (0, 0)
    finally:
        first.close()
        if second:
            second.close()


def election_count(served: Served) -> int:
    """How often it became the worker; one that was stopped in the middle of a job logs its end."""
    return len(re.findall('"(?:elected|search_healed)"', served.logged()))
