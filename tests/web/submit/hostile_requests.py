"""A client that sends arbitrary requests to the public forms and checks every response."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass

import pytest
from databases import open_engine, plain_app
from flask import Flask
from form_client import FormParser, Pairs, encode
from hostile_strings import active_markup
from report_factory import receipt_code
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from register.config import Settings
from register.key_store import KeyStore
from register.reports import queries

# Fields with free text, and fields with choices or tokens.
TEXT_FIELDS = (
    "recit",
    "lieu",
    "quand",
    "acteur_texte",
    "cible_texte",
    "liens",
    "contact",
    "site_web",
)
CHOICE_FIELDS = ("types", "acteur", "cible", "procedure", "lieu_code", "lieu_lu", "jeton", "etape")
ACCOUNT = "Le maire a fait éteindre ma caméra."

ADDRESSES = (
    "/signaler",
    "/signaler/ajouter",
    "/suivi",
    "/suivi/message",
    "/suivi/contact",
    "/suivi/retirer",
    "/suivi/recu.json",
    "/suivi/verifier",
)


@dataclass(frozen=True)
class ReporterAnswer:
    """A response: its status, its text and the fields of its forms."""

    status: int
    text: str
    response: TestResponse

    @property
    def code(self) -> str:
        """The code of a receipt; empty on any other page."""
        return receipt_code(self.status, self.text)

    def field_values(self, name: str) -> list[str]:
        """The values of a field in the forms of the page."""
        forms = FormParser(self.text).forms
        return [value for form in forms for field_name, value in form.fields if field_name == name]


class Stranger:
    """A client without cookies, with its own IP address."""

    def __init__(self, app: Flask, address: str = "192.0.2.1") -> None:
        self.app, self.address = app, address
        self.client = app.test_client(use_cookies=False)

    def get(self, path: str, **more: object) -> ReporterAnswer:
        return self.request("GET", path, **more)

    def send(
        self, path: str, pairs: Pairs, *, in_parts: bool = False, **more: object
    ) -> ReporterAnswer:
        """Send fields, lone surrogates included."""
        body, content_type = encode(pairs, is_multipart=in_parts)
        return self.raw(path, body, content_type, **more)

    def raw(self, path: str, body: bytes, kind: str, **more: object) -> ReporterAnswer:
        return self.request("POST", path, data=body, content_type=kind, **more)

    def report(self, **typed: str) -> ReporterAnswer:
        """Open the form, fill it in and send it."""
        return self.send("/signaler", form_pairs(self.form(), **typed))

    def form(self) -> str:
        """The token of a newly opened form."""
        (token,) = {*self.get("/signaler").field_values("jeton")}
        return token

    def request(self, method: str, path: str, **more: object) -> ReporterAnswer:
        """Send a request; check status, cookies, caching and active markup of the response."""
        options: dict[str, object] = {
            "method": method,
            "environ_base": {"REMOTE_ADDR": self.address},
        }

        def open_page() -> TestResponse:
            opened = self.client.open(path, **{**options, **more})  # type: ignore[arg-type]
            opened.get_data()
            return opened

        response = Context().run(open_page)
        request = (method, path, response.status)
        assert response.status_code < 500, request
        assert "Set-Cookie" not in response.headers, request
        # A refused method (405) has no page to cache.
        is_uncached = response.status_code == 405 or response.headers["Cache-Control"] == "no-store"
        assert is_uncached, request
        text = response.get_data(as_text=True)
        if response.mimetype == "text/html":
            assert active_markup(text) == [], request
        return ReporterAnswer(response.status_code, text, response)


def form_pairs(token: str, button: str = "envoyer", **typed: str) -> Pairs:
    """The fields of a form; ``recit`` is :data:`ACCOUNT` unless given."""
    fields = {"recit": ACCOUNT, "jeton": token, "etape": button, **typed}
    return list(fields.items())


def load_report(settings: Settings, store: KeyStore, code: str) -> queries.ReportView:
    """The report with a receipt code."""
    with open_engine(settings.database_url) as engine, Session(engine) as session:
        key = queries.key_by_code(session, store, code)
        assert key, "the code opens nothing"
        return queries.get_report(session, store, key)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application without a pushed context: each request has its own session."""
    with plain_app(settings) as app:
        yield app


@pytest.fixture
def amina(app: Flask) -> Stranger:
    return Stranger(app)
