"""Backups of a register that other processes write: each restores whole, killed ones cost nothing.

The commands are run as an operator runs them; the writers are ``backup_writer.py``.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from databases import open_engine
from full_disk import MEANS, small_disk
from raw_http import command, environ, until
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.config import Settings
from register.db import sqlite_path
from register.operations import restore as restores
from register.operations import setup
from register.operations.backup_sets import sets
from register.operations.missing_data import incomplete_files
from register.reports.models import Report

pytestmark = pytest.mark.prove

BACKUPS = int(os.environ.get("PROVED_BACKUPS", "30"))
KILLS = 12
SEED = 20261128
WRITER = Path(__file__).with_name("backup_writer.py")


def _environ(settings: Settings) -> dict[str, str]:
    return {**environ(settings), "REGISTER_DATABASE_URL": settings.database_url}


class Writer:
    """A process that writes, and the keys of the reports that it acknowledged."""

    def __init__(self, settings: Settings) -> None:
        self.acknowledged: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, str(WRITER)], env=_environ(settings), stdout=subprocess.PIPE, text=True
        )
        threading.Thread(target=self._read, daemon=True).start()

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Stop the process for a while: what it writes during a restore makes others longer."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.acknowledged.append(line.strip())


@contextmanager
def _writers(settings: Settings, count: int = 2) -> Iterator[list[Writer]]:
    writers = [Writer(settings) for _count in range(count)]
    try:
        until(lambda: all(writer.acknowledged for writer in writers), 60)
        yield writers
        assert all(writer.process.poll() is None for writer in writers)
    finally:
        for writer in writers:
            writer.process.kill()
            writer.process.wait()


def _backup(settings: Settings, folder: Path, keys: Path) -> subprocess.Popen[str]:
    arguments = command("backup", str(folder), "--keys", str(keys), "--same-device")
    return subprocess.Popen(
        arguments,
        env=_environ(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _end(process: subprocess.Popen[str], seconds: float = 120) -> tuple[int, str]:
    """Exit code and output of a backup."""
    output = process.communicate(timeout=seconds)[0]
    return process.returncode, output


def _server(settings: Settings, request: pytest.FixtureRequest) -> object:
    return None if sqlite_path(settings.database_url) else request.getfixturevalue("server")


@contextmanager
def _empty(settings: Settings, folder: Path, server: object) -> Iterator[Settings]:
    url = f"sqlite:///{folder / 'register.sqlite3'}"
    on_server = sqlite_path(settings.database_url) is None
    if on_server:
        server.execute("CREATE DATABASE proved")  # type: ignore[attr-defined]
        url = server.url("proved")  # type: ignore[attr-defined]
    yield replace(
        settings, instance=folder, database_url=url, seal_dir=folder.with_name("new-seal")
    )
    shutil.rmtree(folder)
    shutil.rmtree(folder.with_name("new-seal"))
    if on_server:
        server.execute("DROP DATABASE proved WITH (FORCE)")  # type: ignore[attr-defined]


def _require_whole(
    settings: Settings, folder: Path, keys: Path, acknowledged: set[str]
) -> tuple[int, int]:
    """Restore the last backup; numbers of its reports and blobs."""
    restored = restores.restore(settings, folder, keys, lambda _done, _total: None)
    assert (restored.problems, restored.keyless, restored.replay.by_hand) == (0, 0, {})
    assert restored.manifest.problems == 0
    with open_engine(settings.database_url) as engine, Session(engine) as session:
        present = set(session.scalars(select(Report.key)))
        assert acknowledged <= present
        with closing(setup.key_store(settings, session)) as store:
            files = setup.sealed_files(settings, store)
            assert incomplete_files(session, store, files) == ([], set())
    return len(present), restored.manifest.blobs


def test_every_backup_taken_under_load_restores_whole(
    settings: Settings, cast: object, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder, keys = tmp_path / "backup", tmp_path / "keys"
    server = _server(settings, request)
    seconds, counts = [], []
    with _writers(settings) as writers:
        for _count in range(BACKUPS):
            before = {key for writer in writers for key in writer.acknowledged}
            started = time.monotonic()
            code, output = _end(_backup(settings, folder, keys))
            seconds.append(time.monotonic() - started)
            assert code == 0, output
            with ExitStack() as stack:
                for writer in writers:
                    stack.enter_context(writer.standing_still())
                empty = stack.enter_context(_empty(settings, tmp_path / "new", server))
                counts.append(_require_whole(empty, folder, keys, before))
            print(f"{seconds[-1]:.1f} s, reports and blobs {counts[-1]}", flush=True)
    assert len(sets(folder)) == BACKUPS
    print(f"{BACKUPS} of {BACKUPS}; {min(seconds):.1f} to {max(seconds):.1f} s; {counts[-1]}")


@pytest.mark.one_database
def test_a_killed_backup_leaves_the_last_one_usable(
    settings: Settings, cast: object, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder, keys = tmp_path / "backup", tmp_path / "keys"
    server = _server(settings, request)
    chance = random.Random(SEED)
    with _writers(settings, 1):
        started = time.monotonic()
        assert _end(_backup(settings, folder, keys))[0] == 0
        whole = time.monotonic() - started
        killed = 0
        for _count in range(KILLS):
            process = _backup(settings, folder, keys)
            time.sleep(chance.uniform(0.3 * whole, whole))
            process.send_signal(signal.SIGKILL)
            killed += _end(process)[0] < 0
            with _empty(settings, tmp_path / "new", server) as empty:
                _require_whole(empty, folder, keys, set())
        assert killed >= KILLS // 3
        assert _end(_backup(settings, folder, keys))[0] == 0
    for place in (folder, keys):
        assert list(place.glob(".*")) == []
    print(f"{killed} of {KILLS} were killed before their end")


@pytest.mark.one_database
@pytest.mark.skipif("disk" not in MEANS, reason="nothing can be mounted here")
def test_a_disk_that_fills_up_costs_the_backup_under_way_only(
    settings: Settings, cast: object, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder, keys = tmp_path / "backup", tmp_path / "keys"
    assert _end(_backup(settings, folder, keys))[0] == 0
    with small_disk(folder) as disk:
        disk.filled(0)
        code, output = _end(_backup(settings, folder, keys))
        assert code == 1
        assert "assez de place" in output
        disk.freed(0)
        names = [path.name for path in sets(folder)]
        assert len(names) == 1
    with _empty(settings, tmp_path / "new", _server(settings, request)) as empty:
        _require_whole(empty, folder, keys, set())
