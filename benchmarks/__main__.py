"""``python -m benchmarks``: every ratio of the project, measured in one run."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import cases
from benchmarks.load import Measure, measure

PAGES = {
    "liste": "/incidents",
    "cas": "/incidents/500",
    "commune": "/communes/{commune}",
    "accueil": "/",
    "liste filtrée": "/incidents?famille=justice&departement=93",
}
FLAT = ("liste", "cas", "commune")


def main() -> None:
    """Measure, print, end with 1 when a bar is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", default="1000,10000,100000")
    options.add_argument("--seconds", type=int, default=4)
    told = options.parse_args()
    sizes = [int(size) for size in told.sizes.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["REGISTER_INSTANCE"] = f"{folder}/instance"
        os.environ["REGISTER_SEAL_DIR"] = f"{folder}/seal"
        sys.exit(0 if _run(Path(folder), sizes, told.seconds) else 1)


def _run(folder: Path, sizes: list[int], seconds: int) -> bool:
    from register import create_app
    from register.db import db
    from register.journal import writing
    from register.members import accounts
    from register.members.models import Role
    from register.operations import opening

    app = create_app()
    with app.app_context():
        opening.init(app.extensions["register.settings"], db.engine)
        with writing() as pen:
            by = accounts.add(pen, "a@bench.example", Role.ADMINISTRATOR, "x" * 16).id
            second = accounts.add(pen, "b@bench.example", Role.MODERATOR, "x" * 16).id
        rate = cases.seed(db.engine, folder, by, second)
        print(f"import: {rate:.0f} rows/s (bar 100)")
        with _served([sys.executable, "-m", "benchmarks.bare"]) as (port, _pid):
            bare = measure(f"http://127.0.0.1:{port}/", seconds)
        print(f"bare Flask page: {bare.rate:.0f} req/s, p95 {bare.p95:.1f} ms")
        good, costs = rate >= 100, {}
        for size in sizes:
            cases.grow(db.engine, size)
            good &= _size(size, bare, seconds, costs, db.engine)
    for name in FLAT:
        ratio = costs[name][0] / costs[name][-1]
        print(f"{name}: cost from {sizes[0]} to {sizes[-1]} cases × {ratio:.2f} (bar 2)")
        good &= ratio <= 2
    return good


def _size(
    size: int, bare: Measure, seconds: int, costs: dict[str, list[float]], engine: object
) -> bool:
    good = True
    command = [sys.executable, "-m", "register", "serve", "--port"]
    with _served(command) as (port, pid):
        for name, path in PAGES.items():
            path = path.format(commune="92062")
            found = measure(f"http://127.0.0.1:{port}{path}", seconds)
            ratio = found.rate / bare.rate
            made = measure(f"http://127.0.0.1:{port}{path}", seconds, fresh=True)
            costs.setdefault(name, []).append(made.rate)
            print(
                f"{size:>7} {name:<14} {found.rate:>7.0f} req/s  {ratio:.3f} of bare"
                f"  p95 {found.p95:.1f} ms; made anew {made.rate:>5.0f} req/s"
                f"  {made.rate / bare.rate:.3f}  p95 {made.p95:.1f} ms"
            )
            if size == 10_000 and name in FLAT:
                good &= ratio >= 0.08
        memory = _memory(pid)
    print(f"{size:>7} memory         {memory:.0f} MB (bar 150)")
    return good and memory <= 150


def _memory(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no memory figure")


@contextmanager
def _served(command: list[str]) -> Iterator[tuple[int, int]]:
    """A server process of our own on a free port of loopback, ended by its pid."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL)
    try:
        _wait(port, process)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("the server ended")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server does not answer")


if __name__ == "__main__":
    main()
