"""The server on a real socket, and the checks before it starts."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from shutil import disk_usage

import pytest
from flask import Flask
from raw_http import (
    ADDRESS,
    REQUESTS,
    SLOW,
    Served,
    connect,
    get,
    is_closed,
    parse_response,
    post,
    read_response,
    read_until_closed,
    send_raw,
    serving,
)
from sqlalchemy import create_engine, text

from register import create_app
from register.config import Settings
from register.db import write_engine
from register.errors import ConfigError, SealError
from register.operations import outages, setup
from register.operations.database_use import DatabaseInUse, require_unused
from register.operations.schema import SchemaError
from register.server.process_start import listen, port_of
from register.server.startup_checks import require_local, require_pages, require_servable
from register.web.errors import plain_page
from register.web.headers import SECURITY_HEADERS

# Requests that gunicorn refuses before the application sees them, in its own words. Behind a proxy
# none arrives: nginx and Caddy refuse them too.
REFUSED_BY_SERVER = {
    "bad-line", "words", "small-method", "bad-header", "space-header", "bare-cr", "bad-scheme",
    "latin-1", "raw-nul", "two-hosts", "long-etag", "chunked-1.0",
    "chunked-and-length",
    "gzip", "negative", "two-lengths", "word-length", "late",
}  # fmt: skip


@pytest.fixture(scope="module")
def site_settings(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with registers.new("sqlite", tmp_path_factory.mktemp("server")) as settings:
        yield settings


@pytest.fixture(scope="module")
def service(site_settings: Settings) -> Iterator[tuple[Served, int]]:
    with serving(site_settings) as (served, port):
        served.first_line()
        yield served, port


@pytest.fixture
def port(service: tuple[Served, int]) -> int:
    return service[1]


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_served_or_refused(port: int, name: str) -> None:
    data, expected = REQUESTS[name]
    status, headers, body = send_raw(port, data)
    assert b"evil" not in body
    if name in REFUSED_BY_SERVER:
        assert status >= 400
        assert headers["Connection"] == "close"
        return
    assert status == expected
    assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    if status >= 400:
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"<h1>" in body


def test_nothing_is_served_after_a_refused_body(port: int) -> None:
    """The bytes after a refused head may be a second request that a proxy did not see."""
    hidden = get(b"/healthz")
    status, _headers, body = send_raw(port, post(b"Transfer-Encoding: chunked", body=hidden))
    assert (status, body) == (400, plain_page(400))


def test_a_body_up_to_the_limit_arrives_whole(port: int) -> None:
    size = 1024 * 1024
    data = post(b"Content-Length: " + str(size).encode(), body=b"x" * size)
    assert send_raw(port, data)[::2] == (200, str(size).encode())


def test_a_body_that_breaks_off_is_not_read_as_a_whole_one(port: int) -> None:
    data = post(b"Content-Length: 1000", body=b"x" * 999)
    with connect(port) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        assert parse_response(read_until_closed(connection))[0] == 400


def test_a_head_of_fifteen_kibibytes_goes_through(port: int) -> None:
    assert send_raw(port, get(b"/healthz", b"X: " + b"a" * 15 * 1024))[0] == 200


def _head(connection: socket.socket, etag: str, headers: str = "") -> bytes:
    request = f"GET /regions HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {etag}\r\n{headers}\r\n"
    connection.sendall(request.encode())
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        data += connection.recv(65536)
    return data


def test_a_reader_who_has_the_page_keeps_the_connection(port: int) -> None:
    """A feed reader asks for its fifty feeds one after the other, and has most of them."""
    with connect(port) as connection:
        connection.sendall(b"GET /regions HTTP/1.1\r\nHost: localhost\r\n\r\n")
        _status, headers, _body = read_response(connection)
        for _time in range(3):
            data = _head(connection, headers["ETag"])
            assert data.startswith(b"HTTP/1.1 304 ")
            assert b"Connection: close" not in data
        assert not is_closed(connection, 0.2)
        assert b"Connection: close" in _head(connection, headers["ETag"], "Connection: close\r\n")
        assert is_closed(connection, 5)


def test_nothing_of_a_request_is_logged(service: tuple[Served, int]) -> None:
    served, port = service
    agent = b"User-Agent: marqueur"
    for path in (b"/marqueur", b"/late?q=marqueur", b"/%ff?marqueur", b"http://[/marqueur"):
        send_raw(port, get(path, agent, b"X-Forwarded-For: 203.0.113.7"))
    send_raw(port, post(agent, b"Transfer-Encoding: marqueur"))
    with connect(port, "127.0.0.77") as connection:
        connection.sendall(b"marqueur\r\n\r\n")
        read_until_closed(connection)
    with connect(port, "127.0.0.77") as connection:
        connection.sendall(get(b"/slow?marqueur", agent))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    time.sleep(SLOW + 0.2)
    log = served.logged()
    assert "RuntimeError" in log  # the failure itself is logged
    for secret in ("marqueur", "127.0.0", "203.0.113.7"):
        assert secret not in log


# --- addresses -----------------------------------------------------------------------------------


def test_a_register_that_is_served_is_not_migrated(
    service: tuple[Served, int], site_settings: Settings
) -> None:
    """Nobody may have asked for a page that reads it yet."""
    assert send_raw(service[1], get(b"/healthz"))[0] == 200
    engine = create_engine(site_settings.database_url)
    with pytest.raises(DatabaseInUse):
        require_unused(engine)


def test_a_taken_address_is_one_sentence(port: int) -> None:
    for host, number in ((ADDRESS, port), ("192.0.2.1", 0), ("no such host", 0)):
        with pytest.raises(ConfigError) as raised:
            listen(host, number)
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


def test_without_a_proxy_only_this_machine_is_served(site_settings: Settings) -> None:
    behind_proxy = replace(site_settings, trusted_proxies=1)
    for host in ("127.0.0.1", "::1", "localhost"):
        require_local(site_settings, host)
    for host in ("0.0.0.0", "::", "192.0.2.1", ""):
        require_local(behind_proxy, host)
        with pytest.raises(ConfigError) as raised:
            require_local(site_settings, host)
        assert raised.value.key == "config_proxy"


# --- the start -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(site_settings: Settings) -> Flask:
    return create_app(site_settings)


def test_a_register_that_is_whole_may_start(served: Flask) -> None:
    require_servable(served)


def test_a_public_address_needs_a_publisher_and_a_host(
    served: Flask, site_settings: Settings
) -> None:
    public = replace(
        site_settings, base_url="https://registre.example", publisher_name="Association"
    )
    app = Flask(__name__)
    app.extensions["register.settings"] = public
    with pytest.raises(ConfigError) as raised:
        require_servable(app)
    names = raised.value.values["names"]
    assert raised.value.key == "config_legal"
    assert "REGISTER_HOSTING_NAME" in names
    assert "REGISTER_PUBLISHER_NAME" not in names


def test_without_tables_nothing_starts(site_settings: Settings, tmp_path) -> None:
    empty = replace(
        site_settings, instance=tmp_path, database_url=f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    )
    with pytest.raises(SchemaError):
        require_servable(create_app(empty))


def test_an_upgrade_that_stopped_halfway_is_finished_before_anything_starts(
    served: Flask, site_settings: Settings
) -> None:
    engine = create_engine(site_settings.database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE dataset SET version = 'a b' WHERE name = 'case_code'"))
    with pytest.raises(SchemaError) as raised:
        require_servable(served)
    assert raised.value.key == "codes_outdated"
    setup.refresh(write_engine(engine))
    require_servable(served)
    engine.dispose()


def test_without_its_seal_key_nothing_starts(site_settings: Settings, tmp_path) -> None:
    with pytest.raises(SealError) as raised:
        require_servable(create_app(replace(site_settings, seal_dir=tmp_path)))
    assert raised.value.key == "seal_missing"


def test_without_its_templates_nothing_starts(site_settings: Settings, tmp_path) -> None:
    app = create_app(site_settings)
    app.jinja_loader.searchpath[:] = [str(tmp_path)]
    with pytest.raises(ConfigError) as raised:
        require_pages(app)
    assert raised.value.key == "config_templates"
    assert app.test_client().get("/readyz").json["pages"] == "failed"
    (tmp_path / "half.html").write_text("{% if")
    with pytest.raises(ConfigError) as raised:
        require_pages(app)
    assert raised.value.values == {"path": "half.html"}


def test_a_process_that_serves_reads_no_template_again(site_settings: Settings, tmp_path) -> None:
    app = create_app(replace(site_settings))
    loader = app.jinja_loader
    app.jinja_env.auto_reload = True
    require_pages(app)
    assert not app.jinja_env.auto_reload
    loader.searchpath[:] = [str(tmp_path)]
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
        require_servable(served)
    assert raised.value.key == "config_database_read_only"


# --- addresses for machines ------------------------------------------------------------------


def test_readiness_names_what_is_missing_and_no_more(site_settings: Settings, tmp_path) -> None:
    app = create_app(replace(site_settings, seal_dir=tmp_path))
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    states = {"database": "ok", "schema": "ok", "seal": "failed", "pages": "ok", "writes": "ok"}
    assert answer.json == states
    assert str(tmp_path) not in answer.text
    assert app.test_client().get("/healthz").text == "ok\n"


def test_without_a_database_it_is_alive_and_not_ready(site_settings: Settings, tmp_path) -> None:
    nowhere = f"sqlite:///{tmp_path / 'none' / 'register.sqlite3'}"
    client = create_app(replace(site_settings, database_url=nowhere)).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    failed = dict.fromkeys(("database", "schema", "seal", "writes"), "failed")
    assert (answer.status_code, answer.json) == (503, failed | {"pages": "ok"})


def test_a_full_disk_or_a_read_only_database_is_not_ready(
    site_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app(site_settings).test_client()
    assert client.get("/readyz").json["writes"] == "ok"
    with monkeypatch.context() as patch:
        nearly_full = disk_usage("/")._replace(free=1024)
        patch.setattr(outages, "disk_usage", lambda _path: nearly_full)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json["writes"]) == (503, "failed")
    monkeypatch.setattr("os.access", lambda _path, _mode: False)  # whoever is root may write all
    assert client.get("/readyz").json["writes"] == "failed"


def test_a_health_check_is_asked_for_by_address_and_nothing_else_is(
    site_settings: Settings,
) -> None:
    client = create_app(replace(site_settings, base_url="https://registre.example")).test_client()
    for host in ("127.0.0.1:8000", "localhost:8000", "[::1]", "10.0.3.7:8000"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200, host
        assert client.get("/", headers={"Host": host}).status_code == 400, host
    for host in ("evil.test", "registre.example.evil.test", "10.0.3", ""):
        assert client.get("/healthz", headers={"Host": host}).status_code == 400, host


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
