"""Under load: nothing is lost when the server is renewed or ends; slow clients harm nobody."""

from __future__ import annotations

import os
import signal
import ssl
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from proxies import PROXIED, PROXIES, Proxy, make_certificate, running_proxy
from raw_http import (
    EndableThread,
    Served,
    command,
    connect,
    get,
    read_response,
    read_until_closed,
    running,
    send_raw,
    serving,
    until,
)

from register.config import Settings

pytestmark = pytest.mark.prove

POSTING = 8  # clients
RENEWALS = 5
HALF_OPEN = DRIPPING = 150
SECONDS = 15
READERS = 4


@pytest.fixture(scope="module")
def register_settings(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with registers.new("sqlite", tmp_path_factory.mktemp("serving")) as settings:
        yield settings


# --- those who post ----------------------------------------------------------------------------


class Poster(EndableThread):
    """Posts in a loop on one connection, opens another when the answer says that it closes."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port
        self.answer_count = 0
        self.processes: set[bytes] = set()
        self.lost: list[str] = []
        self.unanswered: list[str] = []  # on a connection that no process had answered yet
        self.refused_at = 0.0

    def run(self) -> None:
        while not self.ending.is_set():
            try:
                connection = connect(self.port)
            except ConnectionRefusedError:
                self.refused_at = time.monotonic()
                return
            except ConnectionResetError as error:
                # The listening socket was closed while the system connected.
                self.unanswered.append(repr(error))
                continue
            with connection:
                self._post_on(connection)

    def _post_on(self, connection) -> None:
        errors = self.unanswered
        while not self.ending.is_set():
            try:
                connection.sendall(REQUEST)
                status, headers, body = read_response(connection)
            except OSError as error:
                errors.append(repr(error))
                return
            errors = self.lost
            assert status == 200
            self.answer_count += 1
            self.processes.add(body)
            if headers.get("Connection", "").lower() == "close":
                return
            time.sleep(0.002)


REQUEST = b"POST /pid HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nabcd"


def posters(port: int) -> AbstractContextManager[list[Poster]]:
    return running([Poster(port) for _ in range(POSTING)])


def test_nothing_posted_is_lost_over_five_hups(register_settings: Settings) -> None:
    with serving(register_settings) as (served, port):
        served.first_line()
        with posters(port) as threads:
            for count in range(1, RENEWALS + 1):
                time.sleep(1)
                served.send(signal.SIGHUP)
                served.wait_for("renewed", count, 30)
            time.sleep(2)
        assert [thread.lost + thread.unanswered for thread in threads] == [[]] * POSTING
        answer_count = sum(thread.answer_count for thread in threads)
        processes = set().union(*(thread.processes for thread in threads))
        print(f"{answer_count} posts answered by {len(processes)} processes")
        assert len(processes) == RENEWALS + 1
        assert answer_count > 500
        assert served.end() == 0


def test_everything_in_flight_is_answered_on_term(register_settings: Settings) -> None:
    answer_count = 0
    for _ in range(5):
        with serving(register_settings) as (served, port):
            served.first_line()
            with posters(port) as threads:
                time.sleep(1)
                served.send(signal.SIGTERM)
                assert served.process.wait(30) == 0
                until(lambda threads=threads: all(thread.refused_at for thread in threads))
            assert [thread.lost for thread in threads] == [[]] * POSTING
            answer_count += sum(thread.answer_count for thread in threads)
    print(f"{answer_count} posts answered over five ends")


# --- those who are slow ------------------------------------------------------------------------


class Reader(threading.Thread):
    """Reads a page again and again, each time on a new connection."""

    def __init__(self, proxy: Proxy, until_when: float) -> None:
        super().__init__()
        self.proxy, self.until_when = proxy, until_when
        self.durations: list[float] = []

    def run(self) -> None:
        while time.monotonic() < self.until_when:
            start = time.monotonic()
            with tls(self.proxy) as connection:
                connection.sendall(get(b"/incidents", host=b"localhost"))
                assert read_until_closed(connection).startswith(b"HTTP/1.1 200 ")
            self.durations.append(time.monotonic() - start)
            time.sleep(0.005)


def tls(proxy: Proxy) -> ssl.SSLSocket:
    """A connection to a proxy."""
    context = ssl._create_unverified_context()
    return context.wrap_socket(connect(proxy.port), server_hostname="localhost")


def p95(proxy: Proxy, seconds: float) -> float:
    """The 95th percentile of the duration of reads, in milliseconds."""
    readers = [Reader(proxy, time.monotonic() + seconds) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(60)
    durations = [seconds_of_read for reader in readers for seconds_of_read in reader.durations]
    assert len(durations) > 50
    return statistics.quantiles(durations, n=20)[-1] * 1000


@contextmanager
def slow_clients(proxy: Proxy) -> Iterator[None]:
    """Half of them stop in the middle of their head; the others go on, a byte a second."""
    with ExitStack() as stack:
        half_open = [stack.enter_context(tls(proxy)) for _ in range(HALF_OPEN)]
        dripping = [stack.enter_context(tls(proxy)) for _ in range(DRIPPING)]
        for connection in half_open:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        for number, connection in enumerate(dripping):
            head = b"POST /count HTTP/1.1\r\nHost: localhost\r\n"
            body = b"Content-Length: 1000\r\n\r\n" if number % 2 else b"X-Slow: "
            connection.sendall(head + body)
        ending = threading.Event()
        sent = []

        def drip() -> None:
            while not ending.wait(1):
                for connection in dripping:
                    connection.sendall(b"x")
                sent.append(len(dripping))

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join(10)
        # None was shut out for being slow, as long as this.
        assert len(sent) >= SECONDS - 3


@contextmanager
def proxied(name: str, settings: Settings, folder: Path) -> Iterator[tuple[Served, Proxy]]:
    """A register behind an example proxy."""
    certificate = folder / "certificate"
    certificate.mkdir()
    with serving(settings, **PROXIED) as (served, port):
        served.first_line()
        with running_proxy(name, port, make_certificate(certificate), folder / name) as proxy:
            yield served, proxy


@pytest.mark.parametrize("name", PROXIES)
def test_slow_clients_do_not_slow_the_readers(
    register_settings: Settings, tmp_path: Path, name: str
) -> None:
    with proxied(name, register_settings, tmp_path) as (_served, proxy):
        p95(proxy, 2)
        before = p95(proxy, SECONDS / 3)
        with slow_clients(proxy):
            with_slow_clients = [p95(proxy, SECONDS / 3) for _ in range(3)]
        after = p95(proxy, SECONDS / 3)
        during = [round(milliseconds, 1) for milliseconds in with_slow_clients]
        summary = f"{name}: alone {before:.1f} and {after:.1f} ms, beside {during}"
        print(summary)
        # The middle one of three: this machine may have other things to do for a moment.
        assert statistics.median(with_slow_clients) <= 2 * (before + after) / 2, summary


def test_bodies_on_their_way_take_bounded_memory(register_settings: Settings) -> None:
    """150 reports of two megabytes that stop before their end: the system keeps most of them."""
    with serving(register_settings) as (served, port), ExitStack() as stack:
        served.first_line()
        send_raw(port, get(b"/incidents"))
        before = _megabytes(served.answering())
        head = b"POST /signaler HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n"
        head += b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        for _ in range(150):
            connection = stack.enter_context(connect(port))
            connection.sendall(head)
            connection.setblocking(False)
            sent = 0
            with suppress(BlockingIOError):
                while sent < 1_900_000:
                    sent += connection.send(b"x" * 65536)
        time.sleep(2)
        during = _megabytes(served.answering())
        print(f"{before:.0f} MB, with 150 bodies on their way {during:.0f} MB")
        assert during < before + 150


# --- what it costs -----------------------------------------------------------------------------


def test_the_parent_is_small(register_settings: Settings) -> None:
    with serving(register_settings) as (served, port):
        served.first_line()
        send_raw(port, get(b"/incidents"))
        megabytes = _megabytes(served.process.pid)
        print(f"parent {megabytes:.1f} MB")
        assert megabytes < 20


def _megabytes(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text("ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def test_a_start_loads_the_application_once(register_settings: Settings) -> None:
    """From the command to the first answer, of all processes; loaded twice, it costs twice that."""
    load = [sys.executable, "-c", "import gc; gc.disable(); from register import cli"]
    starts, loads = [], []
    for _round in range(3):
        before = _children_seconds()
        subprocess.run(load, check=True)
        loads.append(_children_seconds() - before)
        starts.append(_start_seconds(register_settings))
    print(f"start: {min(starts):.2f} s of processor, {min(loads):.2f} of them to load modules")
    assert min(starts) < 2.2 * min(loads)


def _start_seconds(register_settings: Settings) -> float:
    served = Served(command("serve", "--port", "0"), register_settings)
    try:
        port = int(served.first_line().rpartition(":")[2])
        assert send_raw(port, get(b"/healthz"))[0] == 200
        return sum(map(_processor_seconds, _tree(served.process.pid)))
    finally:
        served.end()
        served.close()


def _children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _tree(process: int) -> Iterator[int]:
    yield process
    children = Path(f"/proc/{process}/task/{process}/children").read_text("ascii")
    for child in map(int, children.split()):
        yield from _tree(child)


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
