"""A backup of a large register, restored by the command in an empty folder."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from databases import open_engine
from raw_http import command, environ
from whole_copies import multiply

from benchmarks import seeding
from register.config import Settings

pytestmark = [pytest.mark.prove, pytest.mark.parametrize("settings", ["sqlite"], indirect=True)]

CASES = int(os.environ.get("PROVED_CASES", "100000"))
RESTORE_LIMIT = 600  # seconds


def _run(settings: Settings, *arguments: str) -> tuple[float, float, str]:
    """Seconds, seconds of processor and output of a command."""
    environment = {**environ(settings), "REGISTER_DATABASE_URL": settings.database_url}
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command(*arguments), env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - started, processor, done.stdout


def test_a_large_register_restores_within_ten_minutes(settings: Settings, tmp_path: Path) -> None:
    with open_engine(settings.database_url) as engine:
        seeding.fill_register(engine, tmp_path)
        multiply(engine, CASES)
    folder, keys = tmp_path / "backup", tmp_path / "keys"
    seconds, processor, _output = _run(
        settings, "backup", str(folder), "--keys", str(keys), "--same-device"
    )
    print(f"backup: {seconds:.0f} s, {processor:.0f} s of processor", flush=True)
    new = tmp_path / "new"
    empty = replace(
        settings,
        instance=new,
        database_url=f"sqlite:///{new / 'register.sqlite3'}",
        seal_dir=tmp_path / "new-seal",
    )
    seconds, processor, output = _run(empty, "restore", str(folder), "--keys", str(keys))
    megabytes = (new / "register.sqlite3").stat().st_size / 1e6
    print(f"restore: {seconds:.0f} s, {processor:.0f} s of processor, {megabytes:.0f} MB\n{output}")
    with open_engine(empty.database_url) as engine, engine.connect() as connection:
        sql = "SELECT count(*) FROM incident"
        assert connection.exec_driver_sql(sql).scalar() == CASES
    assert seconds < RESTORE_LIMIT
