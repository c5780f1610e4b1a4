"""The follower as a process: beside what answers, killed, renewed, asked to give way, ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from raw_http import ADDRESS, Served, ask, command, environ, get, serving, until
from sqlalchemy import Engine as Database

from register.config import Settings
from register.search.engine_interface import SearchEngine
from register.search.indexer import IndexStatus, read_index_status
from register.search.leader_election import index_lease
from register.server import process_start

pytestmark = pytest.mark.prove

SOON = 15  # seconds, on a machine that does other things too; a second or two when it does not
# Root's power to write everywhere is taken from it.
POWERLESS = ["setpriv", "--bounding-set", "-all"] if os.geteuid() == 0 else []


@pytest.fixture
def told(settings: Settings) -> dict[str, str]:
    """What the environment of a process says beside its folders."""
    return {"REGISTER_DATABASE_URL": settings.database_url}


@pytest.fixture
def look(settings: Settings, engine: Database, index: SearchEngine):
    """``look()``: how the index stands."""
    lease = index_lease(settings, engine)

    def looked() -> IndexStatus:
        return read_index_status(engine, index, lease)

    yield looked
    lease.release_all()


def is_up(found: IndexStatus) -> bool:
    return found.is_usable and found.is_current_version and found.lines_behind == 0


def run(settings: Settings, told: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), env=environ(settings) | told, capture_output=True, text=True, timeout=60
    )


def test_a_follower_that_is_killed_comes_back_and_catches_up(settings, told, look, desk) -> None:
    first = desk.published()
    with serving(settings, **told) as (served, port):
        served.first_line()
        until(lambda: is_up(look()), SOON)
        for delay in (0.0, 0.3, 0.9):
            killed = served.child()
            os.kill(killed, signal.SIGKILL)
            time.sleep(delay)
            desk.published()
            desk.withdrawn()
            until(lambda: is_up(look()), SOON)
            until(lambda killed=killed: served.child() != killed)
        assert look().cases == 4
        assert look().has_follower
        # Nobody who reads has noticed.
        assert ask(port, get(f"/incidents/{first.number}".encode()))[0] == 200
        assert served.logged().count('"event": "died", "process": "follower"') == 3
        assert '"process": "worker"' not in served.logged()


@pytest.mark.parametrize("workers", [0, 1])
def test_hup_renews_the_follower_and_term_ends_it(settings, told, look, desk, workers: int) -> None:
    with serving(settings, workers, **told) as (served, _port):
        served.first_line()
        until(lambda: is_up(look()), SOON)
        former = served.child()
        served.send(signal.SIGHUP)
        served.wait_for("renewed", process="follower")
        until(lambda: served.child() != former)
        desk.published()
        until(lambda: is_up(look()), SOON)
        served.wait_for("renewed")
        last = served.child()
        assert served.end() == 0
        assert not Path(f"/proc/{last}").exists()
        assert not look().has_follower
        assert "killed" not in served.logged()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_an_index_that_cannot_be_made_is_made_once_it_can(settings) -> None:
    (settings.instance / "index").write_text("in the way")
    with serving(settings) as (served, _port):
        served.first_line()
        until(lambda: "search_failing" in served.logged(), 15, served.logged)
        (settings.instance / "index").unlink()
        until(lambda: "search_healed" in served.logged(), 20, served.logged)
        assert served.logged().count("search_failing") == 1


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_an_index_that_may_not_be_written_is_followed_once_it_may(settings, look, desk) -> None:
    """As the service's user finds it."""
    desk.published()
    served = Served([*POWERLESS, *command("follow")], settings)
    try:
        until(lambda: is_up(look()), SOON, served.logged)
        top = settings.instance / "index"
        folders = [top, *(path for path in top.iterdir() if path.is_dir())]
        for folder in folders:
            folder.chmod(0o500)
        desk.published()
        until(lambda: "search_failing" in served.logged(), SOON, served.logged)
        assert look().lines_behind == 1
        for folder in folders:
            folder.chmod(0o700)
        until(lambda: "search_healed" in served.logged(), 20, served.logged)
        assert is_up(look())
        assert served.logged().count("search_failing") == 1
        assert served.end() == 0
    finally:
        served.close()


@pytest.mark.parametrize("damage", ["missing", "turned over"])
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_pages_say_that_search_lags_while_the_index_may_not_be_written(
    settings, look, desk, damage: str
) -> None:
    told_in_the_account = "/incidents?q=zinzolin"
    filed = desk.published(narrative="Un mot rare, zinzolin, que seul le récit dit.")
    others = [desk.published() for _ in range(2)]
    with unprivileged(settings) as (served, port):
        served.first_line()
        until(lambda: is_up(look()), SOON, served.logged)
        before = [answer(port, path) for path in ("/incidents?q=filmer", told_in_the_account)]
        assert before == [
            (200, False, {one.number for one in (filed, *others)}),
            (200, False, {filed.number}),
        ]
        with unwritable(settings.instance / "index", damage):
            until(lambda: "search_failing" in served.logged(), SOON, served.logged)
            assert not look().is_usable
            assert answer(port, "/incidents?q=filmer") == (200, True, before[0][2])
            # An account is read by the index alone: the page says that it did not look there.
            assert answer(port, told_in_the_account) == (200, True, set())
            for path in (
                "/",
                "/incidents",
                f"/incidents/{filed.number}",
                "/incidents.atom?q=maire",
            ):
                assert ask(port, get(path.encode()))[0] == 200
        until(lambda: "search_healed" in served.logged(), 30, served.logged)
        assert is_up(look())
        assert [answer(port, "/incidents?q=filmer"), answer(port, told_in_the_account)] == before
        assert served.logged().count("search_failing") == 1
        assert '"process": "worker"' not in served.logged()


def answer(port: int, path: str) -> tuple[int, bool, set[int]]:
    """Status, whether the page says that search is catching up, and the cases it shows."""
    status, _headers, body = ask(port, get(path.encode()))
    shown = re.findall(rb'"/incidents/(\d+)"', body)
    return status, "La recherche se met à jour".encode() in body, set(map(int, shown))


@contextmanager
def unprivileged(settings: Settings) -> Iterator[tuple[Served, int]]:
    """The site as the service's user runs it, and its port."""
    sockets = process_start.listen(ADDRESS, 0)
    port = process_start.port_of(sockets)
    fds = tuple(opened.fileno() for opened in sockets)
    words = process_start.python_command(
        process_start.SUPERVISOR, "raw_http:application", "prêt", "0", *map(str, fds)
    )
    served = Served([*POWERLESS, *words], settings, fds)
    process_start.close(sockets)
    try:
        yield served, port
    finally:
        served.close()


@contextmanager
def unwritable(folder: Path, damage: str) -> Iterator[None]:
    """An index that is damaged and that its own user can neither mend nor replace for now."""
    current, lock = folder / "current", folder / "lock"
    # The lock first: from here on nobody begins to write, whatever he finds.
    lock.chmod(0o400)
    if damage == "missing":
        current.unlink()
    else:
        told = current.read_bytes()
        current.write_bytes(bytes([told[0] ^ 1]) + told[1:])
    folder.chmod(0o500)
    try:
        yield
    finally:
        folder.chmod(0o700)
        lock.chmod(0o600)


def test_the_follow_command_runs_alone_and_ends_on_term(settings, told, look, desk) -> None:
    desk.published()
    for number in (signal.SIGTERM, signal.SIGINT):
        served = Served(command("follow"), settings, **told)
        try:
            assert served.first_line() == "Web Citoyen suit le journal.\n"
            until(lambda: is_up(look()) and look().has_follower, SOON, served.logged)
            assert served.end(number) == 0
            assert re.findall(r'"event": "(\w+)"', served.logged()) == [
                "following",
                "elected",
                "stopped",
            ]
        finally:
            served.close()


def test_the_index_is_made_anew_beside_a_service(settings, told, look, desk) -> None:
    desk.published()
    with serving(settings, **told) as (served, _port):
        served.first_line()
        until(lambda: is_up(look()), SOON)
        before = look()
        made = run(settings, told, "search", "rebuild")
        assert (made.returncode, made.stdout) == (0, "Index refait.\n"), made.stderr
        desk.published()
        until(lambda: is_up(look()) and look().has_follower, SOON)
        assert look().cases == before.cases + 1
        assert "died" not in served.logged()
        assert "Suiveur\xa0: à l’œuvre\n" in run(settings, told, "search", "status").stdout
