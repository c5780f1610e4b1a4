"""The headers of every answer, whoever makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from register import create_app
from register.web.headers import HSTS, SECURITY_HEADERS, HeadersMiddleware, standard_headers


@pytest.fixture(scope="module")
def plain_app(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with registers.new("sqlite", tmp_path_factory.mktemp("headers")) as settings:
        app = create_app(settings)
        app.testing = True
        yield app


@pytest.fixture
def client(plain_app: Flask) -> FlaskClient:
    return plain_app.test_client()


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/robots.txt", "/nulle-part", "/static/nothing.css", "/%ff"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_every_answer_has_the_security_headers(client: FlaskClient, path: str, method: str) -> None:
    answer = client.open(path, method=method)
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers.getlist(name) == [value]
    assert len(answer.headers.getlist("Cache-Control")) == 1
    assert "Set-Cookie" not in answer.headers
    assert "Server" not in answer.headers


def test_nothing_inline_and_nothing_from_elsewhere_may_run() -> None:
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives.pop("default-src") == "'none'"
    assert set(directives.values()) <= {"'self'", "'none'"}
    assert {"form-action", "base-uri", "frame-ancestors"} <= set(directives)


def test_hsts_is_sent_over_https_only(plain_app: Flask) -> None:
    settings = plain_app.extensions["register.settings"]
    assert "Strict-Transport-Security" not in dict(standard_headers(settings))
    public = replace(settings, base_url="https://registre.example")
    assert dict(standard_headers(public))["Strict-Transport-Security"] == HSTS


def test_headers_of_a_view_are_not_overwritten(plain_app: Flask) -> None:
    def app(_environ, start_response):
        start_response("200 OK", [("cache-control", "no-store")])
        return [b""]

    sent = []
    middleware = HeadersMiddleware(app, plain_app.extensions["register.settings"])
    list(middleware({}, lambda _status, headers, _exc: sent.extend(headers)))
    assert [value for name, value in sent if name.lower() == "cache-control"] == ["no-store"]
