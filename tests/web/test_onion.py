"""The onion address beside the public one: where it is offered, and that it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from test_config import ONION

from register import create_app
from register.config import Settings

PUBLIC = "https://registre.example"


@pytest.fixture(scope="module")
def site_settings(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with registers.new("sqlite", tmp_path_factory.mktemp("onion")) as settings:
        yield settings


@pytest.fixture(scope="module")
def app(site_settings: Settings) -> Flask:
    app = create_app(replace(site_settings, base_url=PUBLIC, onion_url=f"http://{ONION}"))
    app.testing = True
    return app


def _location(app: Flask, path: str, base: str = PUBLIC, method: str = "GET") -> str | None:
    answer = app.test_client().open(path, method=method, base_url=base)
    assert answer.status_code < 500
    return answer.headers.get("Onion-Location")


@pytest.mark.parametrize(
    "path", ["/", "/incidents", "/incidents?q=caf%C3%A9%20noir", "/en/", "/signaler", "/methode"]
)
def test_a_public_page_names_itself_at_the_onion_address(app: Flask, path: str) -> None:
    assert _location(app, path) == f"http://{ONION}{path}"


@pytest.mark.parametrize(
    "path",
    [
        "/suivi",
        "/en/suivi",
        "/suivi/verifier",
        "/compte/connexion",
        "/en/compte/connexion",
        "/moderation",
        "/nulle-part",
        "/robots.txt",
        "/incidents.atom",
    ],
)
def test_other_addresses_have_no_onion_location(app: Flask, path: str) -> None:
    assert _location(app, path) is None


def test_forms_and_onion_requests_get_no_onion_location(app: Flask) -> None:
    assert _location(app, "/signaler", method="POST") is None
    assert _location(app, "/", base=f"http://{ONION}") is None


def test_a_register_without_an_onion_address_offers_none(site_settings: Settings) -> None:
    assert _location(create_app(replace(site_settings, base_url=PUBLIC)), "/") is None


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (ONION, 200),
        (f"{ONION}:80", 200),
        (f"{ONION}:8080", 400),
        ("a" * 56 + ".onion", 400),
        ("registre.example", 200),
    ],
)
def test_the_register_answers_at_both_addresses_and_no_other(
    app: Flask, host: str, status: int
) -> None:
    assert app.test_client().get("/", headers={"Host": host}).status_code == status


def test_cookies_at_an_onion_address_are_secure(site_settings: Settings) -> None:
    app = create_app(replace(site_settings, base_url=f"http://{ONION}"))
    answer = app.test_client().get("/compte/connexion", base_url=f"https://{ONION}")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-registre=")
    assert "Secure" in cookie
    # Over plain HTTP a browser would not take it to heart, and Tor has no certificate to ask for.
    assert "Strict-Transport-Security" not in answer.headers


def test_signing_in_works_at_the_onion_address(app: Flask) -> None:
    """A form of the page there is not taken for one of another site."""
    client = app.test_client()
    page = client.get("/compte/connexion", base_url=f"http://{ONION}")
    assert page.status_code == 200
    origin = {"Origin": f"http://{ONION}", "Sec-Fetch-Site": "same-origin"}
    answer = client.post("/compte/connexion", base_url=f"http://{ONION}", headers=origin)
    assert b"adresse" in answer.data
    foreign = {"Origin": PUBLIC}
    answer = client.post("/compte/connexion", base_url=f"http://{ONION}", headers=foreign)
    assert answer.status_code == 403
