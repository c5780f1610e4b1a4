"""Servers of our own on a free port of loopback, ended by their process number."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

PATIENCE = 60  # seconds in which a server has to answer
TOP = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Memory:
    """Megabytes of what answers, with its supervisor, and of what keeps the index."""

    answering: float
    following: float


@dataclass(frozen=True)
class Server:
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
            told = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("GET", path, headers=told)
            answer = connection.getresponse()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, fields, answer.read()
        finally:
            connection.close()

    def memory(self) -> Memory:
        """Megabytes of the whole tree of processes, pages they share counted once."""
        found = {pid: _share(pid) / 1024 for pid in _tree(self.pid)}
        following = sum(size for pid, size in found.items() if _follows(pid))
        return Memory(sum(found.values()) - following, following)


@contextmanager
def register(workers: int | None = None) -> Iterator[Server]:
    """The register, as ``webcitoyen serve`` serves it."""
    command = [sys.executable, "-m", "register", "serve", "--port", "{port}"]
    with _served([*command, *_with(workers)]) as server:
        yield server


@contextmanager
def bare(workers: int | None = None) -> Iterator[Server]:
    """A bare page on the same server."""
    with _served([sys.executable, "-m", "benchmarks.bare", "{port}", *_with(workers)]) as server:
        yield server


def _with(workers: int | None) -> list[str]:
    return ["--workers", str(workers)] if workers else []


@contextmanager
def _served(command: list[str]) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [part.format(port=port) for part in command],
        stdout=subprocess.DEVNULL,
        # The servers' modules are not looked for in the current folder.
        env=os.environ | {"PYTHONPATH": str(TOP)},
    )
    server = Server(port, process.pid)
    try:
        _wait(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE)


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
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


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text(encoding="ascii").split():
            yield from _tree(int(child))


def _follows(pid: int) -> bool:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return b"register.server.follower" in command


def _share(pid: int) -> int:
    """Kilobytes of a process; with its share of what it has in common with others, for root."""
    name, figure = "smaps_rollup", "Pss:"
    if os.geteuid():
        # A process that keeps its memory to itself shows its shares to root alone.
        name, figure = "status", "RssAnon:"
    for line in Path(f"/proc/{pid}/{name}").read_text(encoding="ascii").splitlines():
        if line.startswith(figure):
            return int(line.split()[1])
    raise RuntimeError("no memory figure")
