"""The follower as a process: beside what answers, killed, renewed, asked to give way, ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine as Database
from wire import Served, ask, command, environ, get, serving, until

from register.config import Settings
from register.followers.locks import lease_of
from register.followers.search.condition import Condition, condition
from register.followers.search.engine import Engine

SOON = 15  # seconds, on a machine that does other things too; a second or two when it does not


@pytest.fixture
def told(settings: Settings) -> dict[str, str]:
    """What the environment of a process says beside its folders."""
    return {"REGISTER_DATABASE_URL": settings.database_url}


@pytest.fixture
def look(settings: Settings, engine: Database, index: Engine):
    """``look()``: how the index stands."""
    lease = lease_of(settings, engine)

    def looked() -> Condition:
        return condition(engine, index, lease)

    yield looked
    lease.leave()


def is_up(found: Condition) -> bool:
    return found.is_usable and found.present and found.behind == 0


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
        assert look().followed
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
        assert not look().followed
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
    """As the service's user finds it: root's power to write everywhere is taken from it here."""
    powerless = ["setpriv", "--bounding-set", "-all"] if os.geteuid() == 0 else []
    desk.published()
    served = Served([*powerless, *command("follow")], settings)
    try:
        until(lambda: is_up(look()), SOON, served.logged)
        top = settings.instance / "index"
        folders = [top, *(path for path in top.iterdir() if path.is_dir())]
        for folder in folders:
            folder.chmod(0o500)
        desk.published()
        until(lambda: "search_failing" in served.logged(), SOON, served.logged)
        assert look().behind == 1
        for folder in folders:
            folder.chmod(0o700)
        until(lambda: "search_healed" in served.logged(), 20, served.logged)
        assert is_up(look())
        assert served.logged().count("search_failing") == 1
        assert served.end() == 0
    finally:
        served.close()


def test_the_command_follows_alone_and_ends_in_a_second(settings, told, look, desk) -> None:
    desk.published()
    for number in (signal.SIGTERM, signal.SIGINT):
        served = Served(command("follow"), settings, **told)
        try:
            assert served.first_line() == "Web Citoyen suit le journal.\n"
            until(lambda: is_up(look()) and look().followed, SOON, served.logged)
            begun = time.monotonic()
            assert served.end(number) == 0
            assert time.monotonic() - begun < 1.5
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
        until(lambda: is_up(look()) and look().followed, SOON)
        assert look().cases == before.cases + 1
        assert "died" not in served.logged()
        assert "Suiveur\xa0: à l’œuvre\n" in run(settings, told, "search", "status").stdout
