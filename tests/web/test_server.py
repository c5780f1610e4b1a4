"""The embedded server on a real socket: what it lets in, what it answers itself, how it ends."""

from __future__ import annotations

import re
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from flask import Flask
from raw_http import (
    ADDRESS,
    EMBEDDED_SERVER_REQUESTS,
    REQUESTS,
    SLOW,
    attach_pages,
    connect,
    get,
    is_closed,
    parse_response,
    post,
    read_response,
    read_until_closed,
    send_raw,
    until,
)
from sqlalchemy import create_engine, text

from register import create_app
from register.config import Settings
from register.db import write_engine
from register.errors import ConfigError, SealError
from register.operations import setup
from register.operations.schema import SchemaError
from register.server import waitress_server, waitress_strict
from register.server.process_start import listen, port_of
from register.server.startup_checks import require_startable
from register.server.waitress_strict import Turns
from register.web.errors import plain_page
from register.web.headers import SECURITY_HEADERS

KEEP = b"POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"


@pytest.fixture(scope="module")
def site_settings(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with registers.new("sqlite", tmp_path_factory.mktemp("server")) as settings:
        yield settings


@pytest.fixture(scope="module")
def served(site_settings: Settings) -> Flask:
    app = create_app(site_settings)
    attach_pages(app)
    return app


class Running:
    """A server in a thread, stopped at the end of its test."""

    def __init__(self, app: Flask) -> None:
        self.server = waitress_server.Server(app, listen(ADDRESS, 0))
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def connect(self) -> socket.socket:
        return connect(self.server.port)

    def stop(self) -> None:
        self.server.stop()
        self.thread.join(15)
        assert not self.thread.is_alive()


@pytest.fixture
def running(served: Flask) -> Iterator[Running]:
    run = Running(served)
    yield run
    run.stop()


def exchange(running: Running, data: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are; status, headers and body of the one answer."""
    return send_raw(running.server.port, data)


@pytest.mark.parametrize("name", [*REQUESTS, *EMBEDDED_SERVER_REQUESTS])
def test_every_error_answer_of_the_server_is_the_registers(running: Running, name: str) -> None:
    data, expected = (REQUESTS | EMBEDDED_SERVER_REQUESTS)[name]
    status, headers, body = exchange(running, data)
    assert status == expected
    assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "Server" not in headers
    assert "Via" not in headers
    assert b"waitress" not in body.lower()
    assert b"evil" not in body
    if status >= 400:
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"<h1>" in body


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("bad-line", 400),
        ("chunked", 400),
        ("long-expected", 413),
        # The status of a request that is not understood, the advice of one that is too long.
        ("long-header", 431),
        ("long-etag", 431),
    ],
)
def test_what_the_server_answers_itself_is_in_the_registers_words(
    running: Running, name: str, status: int
) -> None:
    data, _status = (REQUESTS | EMBEDDED_SERVER_REQUESTS)[name]
    assert exchange(running, data)[2] == plain_page(status)


def test_nothing_is_served_after_a_refused_body(running: Running) -> None:
    """The bytes after a refused head may be a second request that a proxy did not see."""
    hidden = get(b"/healthz")
    status, _headers, body = exchange(running, post(b"Transfer-Encoding: chunked", body=hidden))
    assert (status, body) == (400, plain_page(400))


def test_a_body_up_to_the_limit_arrives_whole(running: Running) -> None:
    size = 1024 * 1024
    data = post(b"Content-Length: " + str(size).encode(), body=b"x" * size)
    assert exchange(running, data)[::2] == (200, str(size).encode())


def test_a_head_of_fifteen_kibibytes_goes_through(running: Running) -> None:
    assert exchange(running, get(b"/healthz", b"X: " + b"a" * 15 * 1024))[0] == 200


def _head(connection: socket.socket, etag: str, headers: str = "") -> bytes:
    request = f"GET /regions HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {etag}\r\n{headers}\r\n"
    connection.sendall(request.encode())
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        data += connection.recv(65536)
    return data


def test_a_reader_who_has_the_page_keeps_the_connection(running: Running) -> None:
    """A feed reader asks for its fifty feeds one after the other, and has most of them."""
    with running.connect() as connection:
        connection.sendall(b"GET /regions HTTP/1.1\r\nHost: localhost\r\n\r\n")
        _status, headers, _body = read_response(connection)
        for _time in range(3):
            data = _head(connection, headers["Etag"])
            assert data.startswith(b"HTTP/1.1 304 ")
            assert b"Connection: close" not in data
        assert not is_closed(connection, 0.2)
        assert b"Connection: close" in _head(connection, headers["Etag"], "Connection: close\r\n")
        assert is_closed(connection, 5)


def test_no_connection_waits_for_the_event_of_another(
    served: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread gives its connection back at any moment, and the loop must see it."""
    turn = Turns.turn
    # Longer than a client's patience: one that is overlooked does not get its answer at all.
    monkeypatch.setattr(Turns, "turn", lambda self, timeout: turn(self, timeout and 60))
    run = Running(served)
    statuses: list[int] = []

    def post_again_and_again() -> None:
        with run.connect() as connection, suppress(OSError):
            for _ in range(150):
                connection.sendall(KEEP)
                statuses.append(read_response(connection)[0])

    threads = [threading.Thread(target=post_again_and_again) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.setattr(Turns, "turn", turn)
    run.stop()
    assert statuses == [200] * 1200


def test_half_sent_requests_shut_nobody_out(running: Running) -> None:
    halves = [running.connect() for _ in range(200)]
    try:
        for half in halves:
            half.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        assert exchange(running, get(b"/healthz"))[0] == 200
    finally:
        for half in halves:
            half.close()


def test_a_silent_or_dripping_connection_is_closed(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waitress_strict, "RECEIVING", 1)
    for listener in running.server._listeners:
        listener.adj.cleanup_interval = 0
        listener.next_channel_cleanup = 0
    with running.connect() as connection:
        start = time.monotonic()
        closed = False
        while not closed and time.monotonic() - start < 8:
            # One byte at a time is activity, and yet it never becomes a request.
            try:
                connection.sendall(b"G")
                closed = bool(select.select([connection], [], [], 0.2)[0])
            except OSError:
                closed = True
        assert closed


def drip(connection: socket.socket, seconds: float) -> None:
    """Send a byte now and then."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        connection.sendall(b"x")
        time.sleep(0.1)


def test_a_refused_sender_is_not_listened_to_for_ever(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waitress_strict, "LINGERING", 1)
    for listener in running.server._listeners:
        listener.adj.cleanup_interval = 0
        listener.next_channel_cleanup = 0
    with running.connect() as connection:
        connection.sendall(post(b"Content-Length: 99999999"))
        assert parse_response(read_until_closed(connection))[0] == 413
        with pytest.raises(OSError):
            drip(connection, seconds=8)


def test_nothing_of_a_request_is_logged(
    running: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    agent = b"User-Agent: marqueur"
    for path in (b"/marqueur", b"/late?q=marqueur", b"/%ff?marqueur"):
        exchange(running, get(path, agent))
    exchange(running, post(agent, b"X-Forwarded-For: 203.0.113.7", b"Transfer-Encoding: marqueur"))
    with running.connect() as connection:
        connection.sendall(get(b"/slow?marqueur", agent))
        connection.shutdown(socket.SHUT_RDWR)
    time.sleep(SLOW + 0.2)
    log = "".join(capfd.readouterr())
    assert "RuntimeError" in log  # the failure itself is logged
    for secret in ("marqueur", "127.0.0.1", "203.0.113.7"):
        assert secret not in log


def test_a_taken_address_is_one_sentence(running: Running) -> None:
    for host, port in ((ADDRESS, running.server.port), ("192.0.2.1", 0), ("no such host", 0)):
        with pytest.raises(ConfigError) as raised:
            listen(host, port)
        assert raised.value.key == "config_listen"


def test_a_host_is_listened_to_on_all_its_addresses_under_one_port() -> None:
    sockets = listen("localhost", 0)
    try:
        assert {listener.getsockname()[1] for listener in sockets} == {port_of(sockets)}
        with socket.create_connection(("localhost", port_of(sockets)), timeout=5):
            pass
    finally:
        for listener in sockets:
            listener.close()


def test_stopping_finishes_what_is_under_way(served: Flask) -> None:
    run = Running(served)
    idle = run.connect()
    slow, arriving = run.connect(), run.connect()
    slow.sendall(get(b"/slow"))
    arriving.sendall(post(b"Content-Length: 3", body=b"a"))
    time.sleep(0.2)
    run.server.stop()
    time.sleep(0.2)
    arriving.sendall(b"bc")
    assert parse_response(read_until_closed(slow))[::2] == (200, b"enfin")
    assert parse_response(read_until_closed(arriving))[::2] == (200, b"3")
    assert idle.recv(1) == b""
    run.thread.join(15)
    with pytest.raises(OSError):
        run.connect()
    for connection in (idle, slow, arriving):
        connection.close()


def test_stopping_twice_does_no_harm(served: Flask) -> None:
    run = Running(served)
    run.stop()
    run.server.stop()


def test_stopping_answers_those_who_are_still_in_the_queue(served: Flask) -> None:
    sockets = listen(ADDRESS, 0)
    waiting = [connect(port_of(sockets)) for _ in range(60)]
    server = waitress_server.Server(served, sockets)
    for connection in waiting:
        connection.sendall(get(b"/healthz"))
    server.stop()
    server.run()
    for connection in waiting:
        with connection:
            assert parse_response(read_until_closed(connection))[0] == 200


def is_refused(running: Running) -> bool:
    try:
        running.connect().close()
    except OSError:
        return True
    return False


def test_retiring_answers_each_connection_once_more(
    served: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waitress_server, "PARTING", 4)
    run = Running(served)
    idle, second, slow = run.connect(), run.connect(), run.connect()
    with idle, second, slow:
        for connection in (idle, second):
            connection.sendall(KEEP)
            assert "Connection" not in read_response(connection)[1]
        slow.sendall(get(b"/slow"))
        time.sleep(0.1)
        run.server.retire()
        # Its copy of the socket is closed, and here there is no other.
        until(lambda: is_refused(run))
        second.sendall(KEEP)
        status, headers, body = read_response(second)
        assert (status, headers["Connection"], body) == (200, "close", b"3")
        assert is_closed(second, 2)
        assert not is_closed(idle, 0)
        assert parse_response(read_until_closed(slow))[::2] == (200, b"enfin")
        assert is_closed(idle, 10)
        run.thread.join(5)
        assert not run.thread.is_alive()


def test_a_retiring_server_can_still_be_stopped(served: Flask) -> None:
    run = Running(served)
    with run.connect() as idle:
        idle.sendall(KEEP)
        read_response(idle)
        run.server.retire()
        time.sleep(0.2)
        start = time.monotonic()
        run.stop()
        assert time.monotonic() - start < 3


# --- the start -------------------------------------------------------------------------------


def test_a_register_that_is_whole_may_start(served: Flask) -> None:
    require_startable(served)


def test_a_public_address_needs_a_publisher_and_a_host(
    served: Flask, site_settings: Settings
) -> None:
    public = replace(
        site_settings, base_url="https://registre.example", publisher_name="Association"
    )
    app = Flask(__name__)
    app.extensions["register.settings"] = public
    with pytest.raises(ConfigError) as raised:
        require_startable(app)
    names = raised.value.values["names"]
    assert raised.value.key == "config_legal"
    assert "REGISTER_HOSTING_NAME" in names
    assert "REGISTER_PUBLISHER_NAME" not in names


def test_without_tables_nothing_starts(site_settings: Settings, tmp_path) -> None:
    empty = replace(
        site_settings, instance=tmp_path, database_url=f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    )
    with pytest.raises(SchemaError):
        require_startable(create_app(empty))


def test_an_upgrade_that_stopped_halfway_is_finished_before_anything_starts(
    served: Flask, site_settings: Settings
) -> None:
    engine = create_engine(site_settings.database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE dataset SET version = 'a b' WHERE name = 'case_code'"))
    with pytest.raises(SchemaError) as raised:
        require_startable(served)
    assert raised.value.key == "codes_outdated"
    setup.refresh(write_engine(engine))
    require_startable(served)
    engine.dispose()


def test_without_its_seal_key_nothing_starts(site_settings: Settings, tmp_path) -> None:
    with pytest.raises(SealError) as raised:
        require_startable(create_app(replace(site_settings, seal_dir=tmp_path)))
    assert raised.value.key == "seal_missing"


def test_without_its_templates_nothing_starts(site_settings: Settings, tmp_path) -> None:
    app = create_app(site_settings)
    app.jinja_loader.searchpath[:] = [str(tmp_path)]
    with pytest.raises(ConfigError) as raised:
        require_startable(app)
    assert raised.value.key == "config_templates"
    assert app.test_client().get("/readyz").json["pages"] == "failed"
    (tmp_path / "half.html").write_text("{% if")
    with pytest.raises(ConfigError) as raised:
        require_startable(app)
    assert raised.value.values == {"path": "half.html"}


def test_a_process_that_serves_reads_no_template_again(site_settings: Settings, tmp_path) -> None:
    app = create_app(replace(site_settings))
    app.jinja_env.auto_reload = True
    require_startable(app)
    assert not app.jinja_env.auto_reload
    app.jinja_loader.searchpath[:] = [str(tmp_path)]
    for path in ("/", "/incidents", "/nulle-part"):
        assert "<h1" in app.test_client().get(path).text
    assert app.test_client().get("/readyz").status_code == 200


def test_a_data_folder_that_cannot_be_made_is_one_sentence(
    site_settings: Settings, tmp_path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as raised:
        create_app(replace(site_settings, instance=tmp_path / "file" / "instance"))
    assert raised.value.key == "config_instance"


def test_a_database_that_cannot_be_written_stops_the_start(
    served: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda _path, _mode: False)  # whoever is root may write all
    with pytest.raises(ConfigError) as raised:
        require_startable(served)
    assert raised.value.key == "config_database_read_only"


# --- addresses for machines ------------------------------------------------------------------


def test_readiness_names_what_is_missing_and_no_more(site_settings: Settings, tmp_path) -> None:
    app = create_app(replace(site_settings, seal_dir=tmp_path))
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"database": "ok", "schema": "ok", "seal": "failed", "pages": "ok"}
    assert str(tmp_path) not in answer.text
    assert app.test_client().get("/healthz").text == "ok\n"


def test_without_a_database_it_is_alive_and_not_ready(site_settings: Settings, tmp_path) -> None:
    nowhere = f"sqlite:///{tmp_path / 'none' / 'register.sqlite3'}"
    client = create_app(replace(site_settings, database_url=nowhere)).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    states = {"database": "failed", "schema": "failed", "seal": "failed", "pages": "ok"}
    assert (answer.status_code, answer.json) == (503, states)


def test_robots_txt_disallows_the_desk(served: Flask) -> None:
    assert "Disallow: /moderation\n" in served.test_client().get("/robots.txt").text


def test_where_to_report_a_weakness(site_settings: Settings) -> None:
    assert (
        create_app(site_settings).test_client().get("/.well-known/security.txt").status_code == 404
    )
    with_contact = replace(site_settings, contact_email="contact@registre.example")
    answer = create_app(with_contact).test_client().get("/.well-known/security.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert "Contact: mailto:contact@registre.example\n" in answer.text
    assert "Preferred-Languages: fr, en\n" in answer.text
    assert re.search(r"^Expires: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", answer.text, re.MULTILINE)
