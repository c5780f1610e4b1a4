"""Public pages are compressed for clients that accept it; pages with a secret never are."""

from __future__ import annotations

import gzip
import secrets

import pytest
from flask import Flask
from flask.testing import FlaskClient

from register.web.headers import MIN_SIZE, gzip_body

pytestmark = pytest.mark.one_database

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture
def client(app: Flask, desk) -> FlaskClient:
    desk.published(title="Interdiction de filmer le conseil")
    return app.test_client()


@pytest.mark.parametrize("address", ["/", "/incidents", "/incidents/1", "/incidents.atom"])
def test_a_public_page_is_the_same_compressed(client: FlaskClient, address: str) -> None:
    plain, small = client.get(address), client.get(address, headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data
    assert int(small.headers["Content-Length"]) == len(small.data) < len(plain.data) / 2
    assert plain.headers["Vary"] == small.headers["Vary"] == "Accept-Encoding"
    # The same page in other bytes: a weak tag.
    assert small.headers["ETag"] == f"W/{plain.headers['ETag']}"
    for tag in (plain.headers["ETag"], small.headers["ETag"]):
        again = client.get(address, headers={**GZIP, "If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        assert "Content-Encoding" not in again.headers
    # Cached, and served again.
    assert client.get(address, headers=GZIP).data == small.data
    head = client.head(address, headers=GZIP)
    assert (head.data, head.headers["Vary"]) == (b"", "Accept-Encoding")


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "br", "gzip;q=0, *;q=1"])
def test_a_client_without_gzip_gets_the_plain_page(client: FlaskClient, accepted: str) -> None:
    answer = client.get("/incidents/1", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert answer.data.startswith(b"<!doctype html>")


def test_pages_with_a_token_and_pages_of_members_stay_plain(client: FlaskClient, signed) -> None:
    for address in ("/signaler", "/suivi", "/compte/connexion", "/nulle-part"):
        assert "Content-Encoding" not in client.get(address, headers=GZIP).headers, address
    bruno = signed("bruno")
    for address in ("/", "/incidents/1", "/moderation"):
        answer = bruno.client.get(address, headers=GZIP)
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers, address


def test_small_or_incompressible_answers_stay_plain() -> None:
    assert gzip_body(b"x" * (MIN_SIZE - 1)) == b""
    assert gzip.decompress(gzip_body(b"x" * MIN_SIZE)) == b"x" * MIN_SIZE
    assert gzip_body(secrets.token_bytes(MIN_SIZE)) == b""
    assert gzip_body(b"y" * MIN_SIZE) == gzip_body(b"y" * MIN_SIZE)
