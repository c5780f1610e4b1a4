"""Requests refused before any page: addresses, hosts and bodies that no reader's browser sends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, Response, request
from werkzeug.test import Client, create_environ, run_wsgi_app

from register import config
from register.config import Settings
from register.web import errors, headers, request_validation


@pytest.fixture(scope="module")
def settings() -> Settings:
    with pytest.MonkeyPatch.context() as environ:
        for name in (
            *config.variable_names(),
            *(f"{name}_FILE" for name in config.variable_names()),
        ):
            environ.delenv(name, raising=False)
        return config.load()


def guarded_client(settings: Settings) -> Client:
    """A bare application behind request validation; it answers with what reached it."""
    app = Flask(__name__)

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def page(path: str) -> Response:
        body = request.get_data()
        counts = {"X-Length": str(len(body)), "X-Reader": str(request.remote_addr)}
        return Response(f"{request.scheme}://{request.host}/", headers=counts)

    request_validation.attach(app, settings)
    headers.attach(app, settings)
    return Client(app)


@pytest.fixture(scope="module")
def client(settings: Settings) -> Client:
    return guarded_client(settings)


def request_with(client: Client, path: str = "/", query: str = "", **environ: Any) -> Response:
    """Send a request with the environment as a server passes it, nothing corrected."""
    wsgi_environ = create_environ()
    wsgi_environ |= {"PATH_INFO": path, "QUERY_STRING": query, "RAW_URI": "/"} | environ
    return Response(*run_wsgi_app(client.application, wsgi_environ, buffered=True))


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/\xff", ""),
        ("/caf\xe9", ""),  # Latin-1, as a browser of 1999 sent it
        ("/\x00", ""),
        ("/incidents\x00.atom", ""),
        ("/a\x1bb", ""),
        ("/a\r\nb", ""),
        ("/\x7f", ""),
        ("/\xc2\x85", ""),  # C1, well encoded
        ("/\xed\xa0\x80", ""),  # a lone surrogate
        ("/\xc0\xaf", ""),  # "/" in more bytes than it needs
        ("", ""),
        ("incidents", ""),
        ("/", "q=%ff"),
        ("/", "q=caf%e9"),
        ("/", "q=\xe9"),
        ("/", "q=%00"),
        ("/", "%00=q"),
        ("/", "q=a%0d%0ab"),
    ],
)
def test_an_address_that_is_no_text_is_400(client: Client, path: str, query: str) -> None:
    assert request_with(client, path, query).status_code == 400


@pytest.mark.parametrize("query", ["q=" + "a" * 4095, "&".join(["type=a"] * 201), "&" * 200])
def test_a_long_address_is_414_and_the_bounds_are_on_the_page(client: Client, query: str) -> None:
    answer = request_with(client, "/", query)
    assert answer.status_code == 414
    assert "4 096 caractères, ou 200 paramètres" in answer.data.decode()


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/", ""),
        ("/caf\xc3\xa9", "q=caf%C3%A9"),
        ("/", "q=\xc3\xa9"),
        ("/", "q=100%"),  # a stray percent sign is text
        ("/", "q=" + "a" * 4094),
        ("/", "&".join(["type=a"] * 200)),
        ("/", "q=%E2%80%99"),
    ],
)
def test_an_address_in_text_goes_through(client: Client, path: str, query: str) -> None:
    assert request_with(client, path, query).status_code == 200


def test_a_host_named_in_the_request_line_is_400(client: Client) -> None:
    assert request_with(client, RAW_URI="http://evil.test/").status_code == 400


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "127.0.0.1:5000", "LOCALHOST:81", "[::1]:65535"]
)
def test_names_of_this_machine_are_accepted_at_any_port(client: Client, host: str) -> None:
    assert request_with(client, HTTP_HOST=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.test",
        "localhost.evil.test",
        "evil.test, localhost",
        "localhost@evil.test",
        "localhost:",
        "localhost:80:80",
        "localhost:999999",
        "localhost/",
        " localhost",
        "127.0.0.1.",
        "::1",
        "localhost\xff",
    ],
)
def test_a_foreign_or_odd_host_is_400(client: Client, host: str) -> None:
    assert request_with(client, HTTP_HOST=host).status_code == 400


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("registre.example", 200),
        ("registre.example:443", 200),
        ("Registre.Example", 200),
        ("registre.example:8443", 400),
        ("localhost", 400),
        ("127.0.0.1", 400),
        ("www.registre.example", 400),
    ],
)
def test_a_public_register_answers_to_its_name_alone(
    settings: Settings, host: str, status: int
) -> None:
    public = guarded_client(replace(settings, base_url="https://registre.example"))
    assert request_with(public, HTTP_HOST=host).status_code == status


def test_a_public_port_is_part_of_the_name(settings: Settings) -> None:
    public = guarded_client(replace(settings, base_url="https://registre.example:8443"))
    assert request_with(public, HTTP_HOST="registre.example:8443").status_code == 200
    assert request_with(public, HTTP_HOST="registre.example").status_code == 400


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 400),
        ({"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "3"}, 400),
        ({"HTTP_TRANSFER_ENCODING": ""}, 400),
        ({"CONTENT_LENGTH": "-1"}, 400),
        ({"CONTENT_LENGTH": "+3"}, 400),
        ({"CONTENT_LENGTH": "3, 3"}, 400),
        ({"CONTENT_LENGTH": "٣"}, 400),
        ({"CONTENT_LENGTH": "0x10"}, 400),
        ({"CONTENT_LENGTH": "9" * 5000}, 400),
        ({"CONTENT_LENGTH": str(1024 * 1024 + 1)}, 413),
        ({"CONTENT_LENGTH": str(10**14)}, 413),
        ({"CONTENT_LENGTH": ""}, 200),
        ({"CONTENT_LENGTH": "0"}, 200),
    ],
)
def test_a_body_has_a_plain_and_bounded_length(
    client: Client, environ: dict[str, str], status: int
) -> None:
    assert request_with(client, REQUEST_METHOD="POST", **environ).status_code == status


def test_a_body_up_to_the_limit_arrives_whole(client: Client) -> None:
    answer = client.post("/", data=b"x" * request_validation.BODY_LIMIT)
    assert (answer.status_code, answer.headers["X-Length"]) == (
        200,
        str(request_validation.BODY_LIMIT),
    )


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/moderation", request_validation.DESK_BODY_LIMIT),
        ("/moderation/dossiers/nouveau", request_validation.DESK_BODY_LIMIT),
        ("/compte/codes", request_validation.DESK_BODY_LIMIT),
        ("/signaler", request_validation.REPORT_BODY_LIMIT),
        ("/suivi/message", request_validation.REPORT_BODY_LIMIT),
    ],
)
def test_forms_of_members_and_reports_may_be_long(client: Client, path: str, size: int) -> None:
    answer = client.post(path, data=b"x" * size)
    assert (answer.status_code, answer.headers["X-Length"]) == (200, str(size))
    assert (
        request_with(client, path, REQUEST_METHOD="POST", CONTENT_LENGTH=str(size + 1)).status_code
        == 413
    )


@pytest.mark.parametrize("path", ["/moderations", "/signalers", "/x/moderation"])
def test_other_forms_have_a_small_limit(client: Client, path: str) -> None:
    length = str(request_validation.BODY_LIMIT + 1)
    assert (
        request_with(client, path, REQUEST_METHOD="POST", CONTENT_LENGTH=length).status_code == 413
    )


def test_a_members_form_is_read_whole_and_in_as_many_parts(settings: Settings) -> None:
    app = Flask(__name__)

    @app.post("/<path:path>")
    def form(path: str) -> str:
        return f"{len(request.form)} {len(request.form.get('a', ''))}"

    request_validation.attach(app, settings)
    client = Client(app)
    many = {f"n{place}": "x" for place in range(request_validation.DESK_FORM_PARTS - 1)}
    for path, data, answer in (
        ("/moderation/x", {"a": "x" * 900_000}, b"1 900000"),
        ("/moderation/x", many, f"{len(many)} 0".encode()),
        ("/x", {"a": "x" * 400_000}, b"1 400000"),
    ):
        response = client.post(
            path, data=in_parts(data), content_type="multipart/form-data; boundary=x"
        )
        assert (response.status_code, response.get_data()) == (200, answer)
    for data in ({"a": "x" * 600_000}, {f"n{place}": "x" for place in range(2_000)}):
        response = client.post(
            "/x", data=in_parts(data), content_type="multipart/form-data; boundary=x"
        )
        assert response.status_code == 413


def in_parts(data: dict[str, str]) -> bytes:
    """A form as a browser sends it in parts (RFC 7578)."""
    head = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    return ("".join(head.format(*pair) for pair in data.items()) + "--x--\r\n").encode()


def test_another_method_is_405(client: Client) -> None:
    for method in ("PUT", "DELETE", "TRACE", "PROPFIND"):
        assert request_with(client, REQUEST_METHOD=method).status_code == 405


def test_a_refusal_is_a_small_page_with_every_header(client: Client, settings: Settings) -> None:
    answer = request_with(client, "/<script>\xff", HTTP_HOST="evil.test")
    assert answer.content_type == "text/html; charset=utf-8"
    assert answer.get_data() == errors.plain_page(400)
    assert "script" not in answer.get_data(as_text=True)
    for name, value in headers.standard_headers(settings):
        assert answer.headers[name] == value


def test_a_refused_head_has_no_body(client: Client) -> None:
    answer = request_with(client, "/\xff", REQUEST_METHOD="HEAD")
    assert (answer.status_code, answer.get_data()) == (400, b"")


FORWARDED = {
    "HTTP_X_FORWARDED_FOR": "203.0.113.7",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "evil.test",
    "REMOTE_ADDR": "127.0.0.1",
}


def test_forwarded_headers_are_ignored_without_a_proxy(client: Client) -> None:
    answer = request_with(client, **FORWARDED)
    assert answer.headers["X-Reader"] == "127.0.0.1"
    assert answer.get_data(as_text=True) == "http://localhost/"


def test_a_trusted_proxy_sets_address_and_scheme_but_no_host(settings: Settings) -> None:
    answer = request_with(guarded_client(replace(settings, trusted_proxies=1)), **FORWARDED)
    assert answer.headers["X-Reader"] == "203.0.113.7"
    assert answer.get_data(as_text=True) == "https://localhost/"
