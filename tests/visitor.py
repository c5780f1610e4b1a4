"""A browser without JavaScript, as far as forms go: it reads pages and sends what is in them."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

SIGN_IN = "/compte/connexion"
# That of the whole cast (tests/conftest.py).
PASSWORD = "une-phrase-de-passe"


@dataclass
class PageForm:
    """A form of a page: where it goes, and what it would send as it stands."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        return {name for name, _value in self.fields}


class Forms(HTMLParser):
    """The forms of a page, and its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.text = ""
        self._open: PageForm | None = None
        self._writing: str | None = None
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._open = PageForm(told.get("action", ""), told.get("method", "get"))
            self.forms.append(self._open)
        elif self._open is None:
            return
        elif tag == "input" and told.get("name"):
            if told.get("type") not in ("checkbox", "radio") or "checked" in told:
                self._open.fields.append((told["name"], told.get("value", "")))
        elif tag == "textarea" and told.get("name"):
            self._writing = told["name"]
            self._open.fields.append((told["name"], ""))
        elif tag == "select":
            self._select = told["name"]
        elif tag == "option" and "selected" in told:
            self._open.fields.append((self._select, told.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea":
            self._writing = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._writing is not None and self._open is not None:
            name, value = self._open.fields.pop()
            self._open.fields.append((name, value + data.removeprefix("\n")))


class Visitor:
    """Reads pages and sends forms; each request in a context of its own, as a server has it."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.page = Forms("")
        self.answer: TestResponse | None = None

    def get(self, address: str, **more: object) -> TestResponse:
        return self._note(lambda: self.client.get(address, **more))  # type: ignore[arg-type]

    def post(self, address: str, data: object = None, **more: object) -> TestResponse:
        """What no page of ours asked for."""
        return self._note(lambda: self.client.post(address, data=data, **more))  # type: ignore[arg-type]

    def form(self, action: str) -> PageForm:
        """The form of the page that goes to an address."""
        found = [form for form in self.page.forms if form.action == action]
        assert found, (action, [form.action for form in self.page.forms])
        return found[0]

    def send(self, action: str, **typed: str) -> TestResponse:
        """Fill in the form that goes there, and send it."""
        form = self.form(action)
        assert form.method == "post"
        told = [(name, value) for name, value in form.fields if name not in typed]
        return self.post(action, _multi([*told, *typed.items()]))

    def follow(self) -> TestResponse:
        """Go where the last answer leads."""
        assert self.answer is not None
        assert self.answer.status_code == 303, self.answer.status
        return self.get(self.answer.headers["Location"])

    @property
    def text(self) -> str:
        """What the page says."""
        return " ".join(self.page.text.split())

    def cookie(self, name: str, path: str = "/") -> str:
        kept = self.client.get_cookie(name, path=path)
        return kept.value if kept else ""

    def _note(self, ask: Callable[[], TestResponse]) -> TestResponse:
        def whole() -> TestResponse:
            answer = ask()
            # A streamed answer is made while it is read, and in the same context.
            answer.get_data()
            return answer

        answer = self.answer = Context().run(whole)
        if answer.mimetype == "text/html":
            self.page = Forms(answer.get_data(as_text=True))
        return answer


def enter(
    app: Flask,
    email: str,
    password: str = PASSWORD,
    code: str = "",
    *,
    visitor: Visitor | None = None,
    address: str = SIGN_IN,
) -> Visitor:
    """Sign in by the sign-in page, as far as that goes; the browser it was done with."""
    visitor = visitor or Visitor(app)
    visitor.get(address)
    visitor.send(SIGN_IN, adresse=email, mot_de_passe=password, code_a_usage_unique=code)
    return visitor


def _multi(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for name, value in pairs:
        told.setdefault(name, []).append(value)
    return told
