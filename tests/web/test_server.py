"""The real server on a real socket: what it lets in, what it answers itself, how it ends."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Blueprint, Flask, Response, request

from register import create_app
from register.config import Settings
from register.errors import ConfigError, SealError
from register.operations.schema import SchemaError
from register.web import server as serving
from register.web.errors import plain
from register.web.headers import SECURITY_HEADERS

SLOW = 0.6  # seconds that the slow page takes
ADDRESS = "127.0.0.1"


def pages() -> Blueprint:
    """A page that takes its time, one that counts what it was sent, one that breaks late."""
    blueprint = Blueprint("pages", __name__)

    @blueprint.route("/slow")
    def slow() -> str:
        time.sleep(SLOW)
        return "enfin"

    @blueprint.route("/count", methods=["POST"])
    def count() -> str:
        return str(len(request.get_data()))

    @blueprint.route("/late")
    def late() -> Response:
        def body() -> Iterator[bytes]:
            raise RuntimeError("marqueur")
            yield b""

        return Response(body())

    return blueprint


@pytest.fixture(scope="module")
def made(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with registers.new("sqlite", tmp_path_factory.mktemp("server")) as settings:
        yield settings


@pytest.fixture(scope="module")
def served(made: Settings) -> Flask:
    app = create_app(made)
    app.register_blueprint(pages())
    return app


class Running:
    """A server in a thread, stopped at the end of its test."""

    def __init__(self, app: Flask) -> None:
        self.server = serving.Server(app, ADDRESS, 0)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def connect(self) -> socket.socket:
        opened = socket.create_connection((ADDRESS, self.server.port), timeout=10)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def stop(self) -> None:
        self.server.stop()
        self.thread.join(15)
        assert not self.thread.is_alive()


@pytest.fixture
def running(served: Flask) -> Iterator[Running]:
    run = Running(served)
    yield run
    run.stop()


def answers(connection: socket.socket) -> bytes:
    """Everything that is sent until the server closes."""
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


def ask(running: Running, data: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are; status, headers and body of the one answer."""
    with running.connect() as connection:
        connection.sendall(data)
        if b"close" not in data.lower():
            connection.shutdown(socket.SHUT_WR)
        return parsed(answers(connection))


def parsed(data: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _between, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines), "a header is sent twice"
    return int(first.split()[1]), headers, body


def get(path: bytes, *lines: bytes, host: bytes = b"127.0.0.1") -> bytes:
    head = [b"GET " + path + b" HTTP/1.1", b"Host: " + host, b"Connection: close", *lines]
    return b"\r\n".join(head) + b"\r\n\r\n"


def post(*lines: bytes, body: bytes = b"") -> bytes:
    head = [b"POST /count HTTP/1.1", b"Host: localhost", b"Connection: close", *lines]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


CHUNKS = b"3\r\nabc\r\n0\r\n\r\n"
WANTED: dict[str, tuple[bytes, int]] = {
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
    "long-header": (get(b"/", b"X: " + b"a" * 20 * 1024), 431),
    "long-line": (get(b"/" + b"a" * 20 * 1024), 431),
    "long-query": (get(b"/?q=" + b"a" * 5000), 400),
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
    "chunked-expected": (
        post(b"Transfer-Encoding: chunked", b"Expect: 100-continue", body=CHUNKS),
        400,
    ),
    "negative": (post(b"Content-Length: -1"), 400),
    "two-lengths": (post(b"Content-Length: 3", b"Content-Length: 4", body=b"abcd"), 400),
    "word-length": (post(b"Content-Length: three", b"Expect: 100-continue"), 400),
    "long-body": (post(b"Content-Length: 1048577"), 413),
    "long-expected": (post(b"Content-Length: 1048577", b"Expect: 100-continue"), 413),
    "long-sent": (post(b"Content-Length: 3145728", body=b"x" * 3145728), 413),
    "endless-body": (post(b"Content-Length: 99999999999999999999"), 413),
    "put": (b"PUT /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
    "late": (get(b"/late"), 500),
}


@pytest.mark.parametrize("name", WANTED)
def test_every_answer_is_ours(running: Running, name: str) -> None:
    data, wanted = WANTED[name]
    status, headers, body = ask(running, data)
    assert status == wanted
    assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "Server" not in headers
    assert "Via" not in headers
    assert b"waitress" not in body.lower()
    assert b"evil" not in body
    if status >= 400:
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"<h1>" in body


@pytest.mark.parametrize("name", ["long-header", "bad-line", "chunked", "long-expected"])
def test_what_the_server_answers_itself_is_in_the_registers_words(
    running: Running, name: str
) -> None:
    data, status = WANTED[name]
    assert ask(running, data)[2] == plain(status)


def test_nothing_is_served_after_a_refused_body(running: Running) -> None:
    """The bytes after a refused head may be a second request that a proxy did not see."""
    hidden = get(b"/healthz")
    status, _headers, body = ask(running, post(b"Transfer-Encoding: chunked", body=hidden))
    assert (status, body) == (400, plain(400))


def test_a_body_up_to_the_limit_arrives_whole(running: Running) -> None:
    size = 1024 * 1024
    data = post(b"Content-Length: " + str(size).encode(), body=b"x" * size)
    assert ask(running, data)[::2] == (200, str(size).encode())


def test_a_head_of_fifteen_kibibytes_goes_through(running: Running) -> None:
    assert ask(running, get(b"/healthz", b"X: " + b"a" * 15 * 1024))[0] == 200


def test_half_sent_requests_shut_nobody_out(running: Running) -> None:
    halves = [running.connect() for _ in range(200)]
    try:
        for half in halves:
            half.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        assert ask(running, get(b"/healthz"))[0] == 200
    finally:
        for half in halves:
            half.close()


def test_a_silent_or_dripping_connection_is_closed(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "RECEIVING", 1)
    for listener in running.server._listeners:
        listener.adj.cleanup_interval = 0
        listener.next_channel_cleanup = 0
    with running.connect() as connection:
        begun = time.monotonic()
        closed = False
        while not closed and time.monotonic() - begun < 8:
            # One byte at a time is activity, and yet it never becomes a request.
            try:
                connection.sendall(b"G")
                closed = bool(select.select([connection], [], [], 0.2)[0])
            except OSError:
                closed = True
        assert closed


def drip(connection: socket.socket, seconds: float) -> None:
    """Send a byte now and then."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        connection.sendall(b"x")
        time.sleep(0.1)


def test_a_refused_sender_is_not_listened_to_for_ever(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "LINGERING", 1)
    for listener in running.server._listeners:
        listener.adj.cleanup_interval = 0
        listener.next_channel_cleanup = 0
    with running.connect() as connection:
        connection.sendall(post(b"Content-Length: 99999999"))
        assert parsed(answers(connection))[0] == 413
        with pytest.raises(OSError):
            drip(connection, seconds=8)


def test_nothing_of_a_request_is_logged(
    running: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    agent = b"User-Agent: marqueur"
    for path in (b"/marqueur", b"/late?q=marqueur", b"/%ff?marqueur"):
        ask(running, get(path, agent))
    ask(running, post(agent, b"X-Forwarded-For: 203.0.113.7", b"Transfer-Encoding: marqueur"))
    with running.connect() as connection:
        connection.sendall(get(b"/slow?marqueur", agent))
        connection.shutdown(socket.SHUT_RDWR)
    time.sleep(SLOW + 0.2)
    told = "".join(capfd.readouterr())
    assert "RuntimeError" in told  # the failure itself is told
    for secret in ("marqueur", "127.0.0.1", "203.0.113.7"):
        assert secret not in told


def test_a_taken_address_is_one_sentence(running: Running, served: Flask) -> None:
    for host, port in ((ADDRESS, running.server.port), ("192.0.2.1", 0), ("no such host", 0)):
        with pytest.raises(ConfigError) as raised:
            serving.Server(served, host, port)
        assert raised.value.key == "config_listen"


def test_stopping_finishes_what_is_under_way(served: Flask) -> None:
    run = Running(served)
    idle = run.connect()
    under_way, arriving = run.connect(), run.connect()
    under_way.sendall(get(b"/slow"))
    arriving.sendall(post(b"Content-Length: 3", body=b"a"))
    time.sleep(0.2)
    run.server.stop()
    time.sleep(0.2)
    arriving.sendall(b"bc")
    assert parsed(answers(under_way))[::2] == (200, b"enfin")
    assert parsed(answers(arriving))[::2] == (200, b"3")
    assert idle.recv(1) == b""
    run.thread.join(15)
    with pytest.raises(OSError):
        run.connect()
    for connection in (idle, under_way, arriving):
        connection.close()


def test_stopping_twice_does_no_harm(served: Flask) -> None:
    run = Running(served)
    run.stop()
    run.server.stop()


# --- the start -------------------------------------------------------------------------------


def test_a_register_that_is_whole_may_start(served: Flask) -> None:
    serving.require_startable(served)


def test_a_public_address_asks_who_publishes(served: Flask, made: Settings) -> None:
    public = replace(made, base_url="https://registre.example", publisher_name="Association")
    app = Flask(__name__)
    app.extensions["register.settings"] = public
    with pytest.raises(ConfigError) as raised:
        serving.require_startable(app)
    names = raised.value.values["names"]
    assert raised.value.key == "config_legal"
    assert "REGISTER_HOSTING_NAME" in names
    assert "REGISTER_PUBLISHER_NAME" not in names


def test_without_tables_nothing_starts(made: Settings, tmp_path) -> None:
    empty = replace(made, instance=tmp_path, database_url=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    with pytest.raises(SchemaError):
        serving.require_startable(create_app(empty))


def test_without_its_seal_key_nothing_starts(made: Settings, tmp_path) -> None:
    with pytest.raises(SealError) as raised:
        serving.require_startable(create_app(replace(made, seal_dir=tmp_path)))
    assert raised.value.key == "seal_missing"


MAIN = """
import sys
from register import create_app
from register.web.server import serve

serve(create_app(), "127.0.0.1", 0, lambda port: print(port, flush=True))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_starts_answers_and_ends_cleanly(made: Settings, number: int) -> None:
    environ = {name: value for name, value in os.environ.items() if "REGISTER_" not in name}
    environ |= {"REGISTER_INSTANCE": str(made.instance), "REGISTER_SEAL_DIR": str(made.seal_dir)}
    process = subprocess.Popen(
        [sys.executable, "-W", "error::ResourceWarning", "-c", MAIN],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        port = int(process.stdout.readline())
        with socket.create_connection((ADDRESS, port), timeout=10) as connection:
            connection.sendall(get(b"/readyz"))
            status, _headers, body = parsed(answers(connection))
        assert (status, re.findall(rb"failed", body)) == (200, [])
        process.send_signal(number)
        _told, logged = process.communicate(timeout=15)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert '"event": "serving"' in logged
    assert '"event": "stopped"' in logged
    assert ADDRESS not in logged


# --- what machines ask -----------------------------------------------------------------------


def test_readiness_names_what_is_missing_and_no_more(made: Settings, tmp_path) -> None:
    app = create_app(replace(made, seal_dir=tmp_path))
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"database": "ok", "schema": "ok", "seal": "failed"}
    assert str(tmp_path) not in answer.text
    assert app.test_client().get("/healthz").text == "ok\n"


def test_without_a_database_it_is_alive_and_not_ready(made: Settings, tmp_path) -> None:
    nowhere = f"sqlite:///{tmp_path / 'none' / 'register.sqlite3'}"
    client = create_app(replace(made, database_url=nowhere)).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, set(answer.json.values())) == (503, {"failed"})


def test_robots_are_kept_from_what_is_not_for_readers(served: Flask) -> None:
    assert "Disallow: /moderation/\n" in served.test_client().get("/robots.txt").text


def test_where_to_report_a_weakness(made: Settings) -> None:
    assert create_app(made).test_client().get("/.well-known/security.txt").status_code == 404
    told = replace(made, contact_email="contact@registre.example")
    answer = create_app(told).test_client().get("/.well-known/security.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert "Contact: mailto:contact@registre.example\n" in answer.text
    assert "Preferred-Languages: fr, en\n" in answer.text
    assert re.search(r"^Expires: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", answer.text, re.MULTILINE)
