"""No process of a served register leaves its memory on a disk, or to another program."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from raw_http import environ, get, send_raw, serving, until

from register.config import Settings
from register.server.process_start import WEB, WORKER

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="macOS has no /proc and no prctl")

# Root reads the memory of any process: without its powers it is a user like another, whom the
# kernel refuses a process that is not dumpable (ptrace(2), "ptrace access mode checking").
POWERLESS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"] if os.geteuid() == 0 else []


@pytest.fixture(scope="module")
def site_settings(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with registers.new("sqlite", tmp_path_factory.mktemp("memory")) as settings:
        yield settings


@pytest.fixture(autouse=True)
def _setpriv() -> None:
    if POWERLESS and not shutil.which("setpriv"):
        pytest.skip("root without setpriv")


def is_readable(number: int) -> bool:
    """Whether another program of the same user reads the memory of a process."""
    read = [*POWERLESS, "cat", f"/proc/{number}/environ"]
    return subprocess.run(read, capture_output=True).returncode == 0


def core_limit(number: int) -> list[str]:
    """The soft and the hard limit of a process's core files."""
    limits = Path(f"/proc/{number}/limits").read_text("ascii").splitlines()
    (line,) = [line for line in limits if line.startswith("Max core file size")]
    return line.split()[4:6]


def test_the_check_reads_a_process_that_is_not_protected() -> None:
    process = subprocess.Popen([*POWERLESS, "sleep", "30"])
    try:
        until(lambda: b"sleep" in Path(f"/proc/{process.pid}/cmdline").read_bytes()[:6])
        assert is_readable(process.pid)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("processes", [1, 2])
def test_no_process_of_a_service_leaves_its_memory(site_settings: Settings, processes: int) -> None:
    with serving(site_settings, processes, prefix=POWERLESS) as (served, port):
        served.first_line()
        assert send_raw(port, get(b"/healthz"))[0] == 200
        for number in (
            served.process.pid,
            served.child(WEB),
            served.answering(),
            served.child(WORKER),
        ):
            until(lambda number=number: not is_readable(number))
            assert core_limit(number) == ["0", "0"]
        assert served.end() == 0


def test_a_command_is_protected_too(site_settings: Settings) -> None:
    """It opens the seal key and reads reports like the service."""
    arguments = [*POWERLESS, sys.executable, "-m", "register", "follow"]
    process = subprocess.Popen(
        arguments, env=environ(site_settings), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline()
        assert core_limit(process.pid) == ["0", "0"]
        assert not is_readable(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        process.stdout.close()
