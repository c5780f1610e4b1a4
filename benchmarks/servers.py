"""Servers of our own on a free port of loopback, ended by their process number."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

PATIENCE = 60  # seconds in which a server has to answer
TOP = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class MemoryUse:
    """Megabytes of what answers, with its parent process, and of what keeps the index."""

    answering_mb: float
    follower_mb: float


@dataclass(frozen=True)
class RegisterServer:
    """A running server: its port, and the process at the head of its tree."""

    port: int
    pid: int

    def url(self, path: str) -> str:
        """The whole address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by their names in lower case, body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            sent_headers = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("GET", path, headers=sent_headers)
            answer = connection.getresponse()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, fields, answer.read()
        finally:
            connection.close()

    def memory(self) -> MemoryUse:
        """Megabytes of the whole tree of processes, pages they share counted once."""
        sizes = {pid: _resident_kilobytes(pid) / 1024 for pid in _process_tree(self.pid)}
        follower_mb = sum(size for pid, size in sizes.items() if _is_follower(pid))
        return MemoryUse(sum(sizes.values()) - follower_mb, follower_mb)


@contextmanager
def run_register(
    workers: int | None = None, *, top: Path = TOP, environment: Mapping[str, str] | None = None
) -> Iterator[RegisterServer]:
    """The register, as ``webcitoyen serve`` serves it.

    :param top: the checkout whose code serves.
    :param environment: settings beside those of this process.
    """
    command = [sys.executable, "-m", "register", "serve", "--port", "{port}"]
    command += _workers_option(workers)
    with _run_server(command, top, environment or {}) as server:
        yield server


@contextmanager
def run_bare(workers: int | None = None) -> Iterator[RegisterServer]:
    """A bare page on the same server."""
    with _run_server(
        [sys.executable, "-m", "benchmarks.bare", "{port}", *_workers_option(workers)]
    ) as server:
        yield server


def _workers_option(workers: int | None) -> list[str]:
    return ["--workers", str(workers)] if workers else []


@contextmanager
def _run_server(
    command: list[str], top: Path = TOP, environment: Mapping[str, str] | None = None
) -> Iterator[RegisterServer]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [part.format(port=port) for part in command],
        stdout=subprocess.DEVNULL,
        cwd=top,
        # The servers start processes of their own in other folders.
        env=os.environ | {"PYTHONPATH": str(top), **(environment or {})},
    )
    server = RegisterServer(port, process.pid)
    try:
        _wait(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE)


def _wait(server: RegisterServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("the server ended")
        try:
            if server.get("/")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the server does not answer")


def _process_tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text(encoding="ascii").split():
            yield from _process_tree(int(child))


def _is_follower(pid: int) -> bool:
    # The name of the process; in commits before it had one, the module that it runs.
    if Path(f"/proc/{pid}/comm").read_text("utf-8") == "citoyen-worker\n":
        return True
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return b"register.server.follower" in command


def _resident_kilobytes(pid: int) -> int:
    """Kilobytes of a process; with its share of what it has in common with others, for root."""
    name, figure = "smaps_rollup", "Pss:"
    if os.geteuid():
        # A process that keeps its memory to itself shows its shares to root alone.
        name, figure = "status", "RssAnon:"
    for line in Path(f"/proc/{pid}/{name}").read_text(encoding="ascii").splitlines():
        if line.startswith(figure):
            return int(line.split()[1])
    raise RuntimeError("no memory figure")
