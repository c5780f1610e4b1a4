"""HTTP as bytes on a socket, and a register served in separate processes.

``application`` is what they serve: the register, with pages that are slow, count the bytes of
their body, or fail.
"""

from __future__ import annotations

import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from flask import Blueprint, Flask, Response, request

from register import create_app
from register.config import Settings
from register.server import process_start
from register.server.process_start import WEB, WORKER

ADDRESS = "127.0.0.1"
SLOW = 0.6  # seconds that the slow page takes


def application() -> Flask:
    """The register of the environment, with the pages below."""
    app = create_app()
    attach_pages(app)
    return app


def application_ended_early() -> Flask:
    """The same, which gets TERM when it would say that it is ready."""
    kill = os.kill
    os.kill = lambda *_message: kill(os.getpid(), signal.SIGTERM)
    return application()


def attach_pages(app: Flask) -> None:
    """Give an application the pages below."""
    blueprint = _pages()
    # These pages have no forms of members.
    app.extensions["csrf"].exempt(blueprint)
    app.register_blueprint(blueprint)


def _pages() -> Blueprint:
    """A slow page, one that counts bytes, one that fails after its headers, and others."""
    blueprint = Blueprint("pages", __name__)

    @blueprint.route("/slow", methods=["GET", "POST"])
    def slow() -> str:
        time.sleep(SLOW)
        return "enfin"

    @blueprint.route("/count", methods=["POST"])
    def count() -> str:
        return str(len(request.get_data()))

    @blueprint.route("/pid", methods=["GET", "POST"])
    def pid() -> str:
        return str(os.getpid())

    @blueprint.route("/hang")
    def hang() -> str:
        # Python lets no other thread run meanwhile.
        return str(re.match("(a+)+$", "a" * 60 + "b"))

    @blueprint.route("/who")
    def who() -> str:
        return f"{request.remote_addr} {request.scheme} {request.host}"

    @blueprint.route("/late")
    def fail_late() -> Response:
        def body() -> Iterator[bytes]:
            raise RuntimeError("marqueur")
            yield b""

        return Response(body())

    return blueprint


# --- requests and answers ----------------------------------------------------------------------


def connect(port: int, source: str = "") -> socket.socket:
    """A connection to a port of this machine."""
    connection = socket.create_connection(
        (ADDRESS, port), timeout=20, source_address=(source, 0) if source else None
    )
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def free_port() -> int:
    """A port that is free, and below those that connections are given."""
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("", port)):
            return port


def get(path: bytes, *lines: bytes, host: bytes = b"127.0.0.1") -> bytes:
    head = [b"GET " + path + b" HTTP/1.1", b"Host: " + host, b"Connection: close", *lines]
    return b"\r\n".join(head) + b"\r\n\r\n"


def post(*lines: bytes, body: bytes = b"") -> bytes:
    head = [b"POST /count HTTP/1.1", b"Host: localhost", b"Connection: close", *lines]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def read_until_closed(connection: socket.socket) -> bytes:
    """Everything received until the server closes."""
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


def read_response(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """The next response of a connection that stays open; it has a Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    status, headers, body = parse_response(data)
    while len(body) < int(headers["Content-Length"]):
        body += _more(connection)
    return status, headers, body


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("closed before the answer was whole")
    return part


def send_raw(port: int, data: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send raw bytes; status, headers and body of the only response."""
    with connect(port) as connection:
        with suppress(ConnectionError):  # refused before all was sent
            connection.sendall(data)
        if b"close" not in data.lower():
            connection.shutdown(socket.SHUT_WR)
        return parse_response(read_until_closed(connection))


def parse_response(data: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _between, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines), "a header is sent twice"
    return int(first.split()[1]), headers, body


CHUNKS = b"3\r\nabc\r\n0\r\n\r\n"
# Requests and their expected status. What gunicorn refuses itself is in its own words.
REQUESTS: dict[str, tuple[bytes, int]] = {
    "page": (get(b"/healthz"), 200),
    "missing": (get(b"/nulle-part"), 404),
    "static": (get(b"/static/nothing.css"), 404),
    "posted": (post(b"Content-Length: 3", body=b"abc"), 200),
    "latin-1": (get(b"/caf\xe9"), 400),
    "quoted-latin-1": (get(b"/caf%e9"), 400),
    "ff": (get(b"/%ff"), 400),
    "nul": (get(b"/%00"), 400),
    "nul-query": (get(b"/?q=%00"), 400),
    "raw-nul": (get(b"/\x00"), 400),
    "evil-host": (get(b"/", host=b"evil.test"), 400),
    "two-hosts": (get(b"/", b"Host: evil.test"), 400),
    "absolute": (get(b"http://evil.test/healthz"), 400),
    "no-host": (b"GET /healthz HTTP/1.0\r\nConnection: close\r\n\r\n", 400),
    "bad-line": (b"GET\r\nConnection: close\r\n\r\n", 400),
    "words": (b"hello there, server\r\nConnection: close\r\n\r\n", 400),
    "small-method": (b"get / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400),
    "bad-header": (get(b"/", b"No colon here"), 400),
    "space-header": (get(b"/", b"Host : evil.test"), 400),
    "bare-cr": (get(b"/", b"X: a\rY: b"), 400),
    "bad-scheme": (get(b"http://[/"), 400),
    "long-header": (get(b"/", b"X: " + b"a" * 20 * 1024), 400),
    "long-headers": (get(b"/healthz", *(b"X-%d: " % n + b"a" * 600 for n in range(40))), 400),
    "long-line": (get(b"/" + b"a" * 20 * 1024), 400),
    "long-etag": (get(b"/healthz", b'If-None-Match: "' + b"a" * 1024 * 1024 + b'"'), 400),
    "many-etags": (get(b"/healthz", b"If-None-Match: " + b'"a", ' * 1000), 200),
    "long-query": (get(b"/?q=" + b"a" * 5000), 414),
    "chunked": (post(b"Transfer-Encoding: chunked", body=CHUNKS), 400),
    "chunked-case": (post(b"transfer-ENCODING: Chunked", body=CHUNKS), 400),
    "chunked-and-length": (
        post(b"Content-Length: 3", b"Transfer-Encoding: chunked", body=CHUNKS),
        400,
    ),
    "chunked-1.0": (
        b"POST /count HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n" + CHUNKS,
        400,
    ),
    "gzip": (post(b"Transfer-Encoding: gzip", body=CHUNKS), 400),
    "negative": (post(b"Content-Length: -1"), 400),
    "two-lengths": (post(b"Content-Length: 3", b"Content-Length: 4", body=b"abcd"), 400),
    "word-length": (post(b"Content-Length: three", b"Expect: 100-continue"), 400),
    "long-body": (post(b"Content-Length: 1048577"), 413),
    "long-sent": (post(b"Content-Length: 3145728", body=b"x" * 3145728), 413),
    "put": (b"PUT /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
    "late": (get(b"/late"), 500),
}
# --- processes ---------------------------------------------------------------------------------


class Served:
    """A service in processes of its own, by its parent process, and its output."""

    def __init__(
        self,
        command: list[str],
        settings: Settings,
        fds: tuple[int, ...] = (),
        log: BinaryIO | None = None,
        **variables: str,
    ) -> None:
        self.log = log or tempfile.TemporaryFile("w+b")  # noqa: SIM115 # closed with the process
        self.process = subprocess.Popen(
            command,
            env=environ(settings) | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
            pass_fds=fds,
            text=True,
        )

    def first_line(self) -> str:
        """Its first line of output: it serves."""
        line = self.process.stdout.readline()
        assert line, self.logged()
        return line

    def logged(self) -> str:
        """Its log so far."""
        return os.pread(self.log.fileno(), 1 << 20, 0).decode()

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def wait_for(self, event: str, count: int = 1, seconds: float = 60, process: str = "") -> None:
        """Wait until the log has that event, of a process where one is named, ``count`` times."""
        log_text = f'"event": "{event}"' + (f', "process": "{process}"' if process else "")
        until(lambda: self.logged().count(log_text) >= count, seconds, self.logged)

    def child(self, name: str) -> int:
        """The number of the web server or the worker."""
        # Never 0, which would mean the tests themselves.
        numbers: list[int] = []
        until(lambda: bool(numbers.extend(_children(self.process.pid, name)) or numbers))
        return numbers[0]

    def answering(self) -> int:
        """The number of the process that answers, or of one of them."""
        web = self.child(WEB)
        return next(_children(web, WEB), web)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Stop it; its exit code."""
        self.send(number)
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()


def _children(parent: int, name: str) -> Iterator[int]:
    with suppress(OSError):
        path = Path(f"/proc/{parent}/task/{parent}/children")
        for number in map(int, path.read_text("ascii").split()):
            if Path(f"/proc/{number}/comm").read_text("utf-8") == f"citoyen-{name}\n":
                yield number


def until(
    condition: Callable[[], bool], seconds: float = 10, describe: Callable[[], str] = lambda: ""
) -> None:
    """Wait until a condition holds; fail with ``describe()`` after some seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, describe()
        time.sleep(0.02)


def environ(settings: Settings) -> dict[str, str]:
    """The environment variables of a command on a test register."""
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith("REGISTER_")
    }
    folder = Path(__file__).resolve().parent
    variables["PYTHONPATH"] = os.pathsep.join([str(folder), str(folder.parent)])
    variables["REGISTER_INSTANCE"] = str(settings.instance)
    variables["REGISTER_SEAL_DIR"] = str(settings.seal_dir)
    return variables


@contextmanager
def serving(
    settings: Settings,
    processes: int = 1,
    log: BinaryIO | None = None,
    prefix: Sequence[str] = (),
    app: str = "raw_http:application",
    **variables: str,
) -> Iterator[tuple[Served, int]]:
    """An application, by default the one above, served as by the command, and its port.

    :param processes: that answer.
    :param log: the file of its log, a temporary one by default.
    :param prefix: a command that runs the command.
    :param variables: further environment variables.
    """
    sockets = process_start.listen(ADDRESS, 0)
    port = process_start.port_of(sockets)
    fds = [listener.fileno() for listener in sockets]
    children = {WEB: 0, WORKER: 0}
    command = process_start.parent_command(app, "prêt", children, processes, fds)
    served = Served([*prefix, *command], settings, tuple(fds), log, **variables)
    for listener in sockets:
        listener.close()
    try:
        yield served, port
    finally:
        served.close()


def command(*arguments: str) -> list[str]:
    """``webcitoyen …`` in this interpreter."""
    return [sys.executable, "-m", "register", *arguments]


def is_closed(connection: socket.socket, seconds: float) -> bool:
    """Whether the other side has closed within that time."""
    readable, _, _ = select.select([connection], [], [], seconds)
    try:
        return bool(readable) and connection.recv(1) == b""
    except ConnectionError:
        return True


class EndableThread(threading.Thread):
    """A thread that runs until its event ``ending`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.ending = threading.Event()


Threads = TypeVar("Threads", bound=Sequence[EndableThread])


@contextmanager
def running(threads: Threads) -> Iterator[Threads]:
    """Run threads until the block ends."""
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        for thread in threads:
            thread.ending.set()
        for thread in threads:
            thread.join(30)
