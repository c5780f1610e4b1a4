"""Those who send what no browser sends, to the forms of citizens; each answer is looked at."""

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

# What is typed, and what is chosen; a choice that was never offered is one more way to err.
TYPED = ("recit", "lieu", "quand", "acteur_texte", "cible_texte", "liens", "contact", "site_web")
CHOSEN = ("types", "acteur", "cible", "procedure", "lieu_code", "lieu_lu", "jeton", "etape")
HONEST = "Le maire a fait éteindre ma caméra."

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
    """What came back, its forms read as a browser does."""

    status: int
    text: str
    sent: TestResponse

    @property
    def code(self) -> str:
        """The code of a receipt; empty on any other page."""
        return receipt_code(self.status, self.text)

    def kept(self, name: str) -> list[str]:
        """What the forms of the page hold under a name."""
        forms = FormParser(self.text).forms
        return [value for form in forms for known, value in form.fields if known == name]


class Stranger:
    """Somebody without any cookie, from an address of their own."""

    def __init__(self, app: Flask, address: str = "192.0.2.1") -> None:
        self.app, self.address = app, address
        self.client = app.test_client(use_cookies=False)

    def get(self, path: str, **more: object) -> ReporterAnswer:
        return self.ask("GET", path, **more)

    def send(
        self, path: str, pairs: Pairs, *, in_parts: bool = False, **more: object
    ) -> ReporterAnswer:
        """Send fields, half characters as they are."""
        body, content_type = encode(pairs, is_multipart=in_parts)
        return self.raw(path, body, content_type, **more)

    def raw(self, path: str, body: bytes, kind: str, **more: object) -> ReporterAnswer:
        return self.ask("POST", path, data=body, content_type=kind, **more)

    def report(self, **typed: str) -> ReporterAnswer:
        """Open the form, fill it in and send it."""
        return self.send("/signaler", filled(self.form(), **typed))

    def form(self) -> str:
        """The token of a form that was just opened."""
        (jeton,) = {*self.get("/signaler").kept("jeton")}
        return jeton

    def ask(self, method: str, path: str, **more: object) -> ReporterAnswer:
        """Ask for something, and look at the answer."""
        options: dict[str, object] = {
            "method": method,
            "environ_base": {"REMOTE_ADDR": self.address},
        }

        def opened_page() -> TestResponse:
            answer = self.client.open(path, **{**options, **more})  # type: ignore[arg-type]
            answer.get_data()
            return answer

        response = Context().run(opened_page)
        where = (method, path, response.status)
        assert response.status_code < 500, where
        assert "Set-Cookie" not in response.headers, where
        # What is no page at all says nothing of anybody.
        unkept = response.status_code == 405 or response.headers["Cache-Control"] == "no-store"
        assert unkept, where
        text = response.get_data(as_text=True)
        if response.mimetype == "text/html":
            assert active_markup(text) == [], where
        return ReporterAnswer(response.status_code, text, response)


def filled(token: str, button: str = "envoyer", **typed: str) -> Pairs:
    """The fields of a form; ``recit`` says something honest unless it is what is tried."""
    fields = {"recit": HONEST, "jeton": token, "etape": button, **typed}
    return list(fields.items())


def received(settings: Settings, store: KeyStore, code: str) -> queries.ReportView:
    """The report that a code opens."""
    with open_engine(settings.database_url) as engine, Session(engine) as session:
        key = queries.key_by_code(session, store, code)
        assert key, "the code opens nothing"
        return queries.get_report(session, store, key)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application without a context of its own: each request reads the register anew."""
    with plain_app(settings) as app:
        yield app


@pytest.fixture
def amina(app: Flask) -> Stranger:
    return Stranger(app)
