"""Test clients that parse the forms of pages, fill them in and send them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import quote_from_bytes

from cast import PASSWORD
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from register.accounts import sessions
from register.accounts.web.current_member import TOKEN_FIELD
from register.db import db, housekeeping, now

SIGN_IN = "/compte/connexion"
URL_ENCODED = "application/x-www-form-urlencoded"
TEXT_INPUTS = frozenset({"text", "email", "url", "search", "number", "date", "tel"})

Pairs = list[tuple[str, str]]
Fields = dict[str, list[str]]


def multidict(pairs: Pairs) -> Fields:
    """The values of each field, as the test client takes them."""
    fields: Fields = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def encode(pairs: Pairs, *, is_multipart: bool) -> tuple[bytes, str]:
    """The body and content type of a form, lone surrogates included."""
    encoded = [(name, value.encode("utf-8", "surrogatepass")) for name, value in pairs]
    if not is_multipart:
        body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in encoded)
        return body.encode(), URL_ENCODED
    head = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n'
    parts = [head.format(name).encode() + value + b"\r\n" for name, value in encoded]
    return b"".join(parts) + b"--x--\r\n", "multipart/form-data; boundary=x"


# --- the forms of a page ----------------------------------------------------------------------


@dataclass
class PageForm:
    """A form of a page: its action, and the fields that it would send."""

    id: str
    action: str
    method: str
    fields: Pairs = field(default_factory=list)
    buttons: Pairs = field(default_factory=list)
    is_multipart: bool = False
    # Names of text fields; unchecked choices.
    boxes: list[str] = field(default_factory=list)
    unchecked_boxes: Pairs = field(default_factory=list)
    unchecked_radios: Pairs = field(default_factory=list)
    # Ids of fields marked as invalid and as required.
    invalid: list[str] = field(default_factory=list)
    required: list[str] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        return {name for name, _value in self.fields}


class FormParser(HTMLParser):
    """The forms of a page, their fields as HTML sends them (4.10.22.4), and the page's text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.text = ""
        self._form: PageForm | None = None
        self._textarea: list[str] | None = None
        self._name = ""
        self._options: list[str] = []
        self._selected: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            get = attributes.get
            self._form = PageForm(get("id", ""), get("action", ""), get("method", "get"))
            self._form.is_multipart = "enctype" in attributes
            self.forms.append(self._form)
        elif self._form is not None:
            self._add_control(self._form, tag, attributes)

    def _add_control(self, form: PageForm, tag: str, attributes: dict[str, str]) -> None:
        name, value = attributes.get("name", ""), attributes.get("value", "")
        if "aria-invalid" in attributes:
            form.invalid.append(attributes["id"])
        if "aria-required" in attributes:
            form.required.append(attributes["id"])
        if tag == "input":
            _add_input(form, attributes.get("type", "text"), name, value, "checked" in attributes)
        elif tag == "textarea":
            form.boxes.append(name)
            self._textarea, self._name = [], name
        elif tag == "select":
            self._name, self._options, self._selected = name, [], []
        elif tag == "option":
            self._options.append(value)
            if "selected" in attributes:
                self._selected.append(value)
        elif tag == "button":
            form.buttons.append((name, value))

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._textarea is not None:
            self._textarea.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea" and self._form and self._textarea is not None:
            # The line break right after the tag is the markup's, not the text's.
            text = "".join(self._textarea).removeprefix("\n")
            self._form.fields.append((self._name, text))
            self._textarea = None
        elif tag == "select" and self._form:
            chosen = self._selected or self._options[:1]
            self._form.fields += [(self._name, value) for value in chosen]


def _add_input(form: PageForm, kind: str, name: str, value: str, is_checked: bool) -> None:
    if not name or kind in ("submit", "button"):
        return
    if kind in TEXT_INPUTS:
        form.boxes.append(name)
    if kind == "checkbox" and not is_checked:
        form.unchecked_boxes.append((name, value))
    elif kind == "radio" and not is_checked:
        form.unchecked_radios.append((name, value))
    else:
        form.fields.append((name, value))


class FilledForm:
    """The form with an id as it stands on a page; ``fields`` without the token."""

    def __init__(self, page: str, form: str = "dossier") -> None:
        parsed = next(
            (each for each in FormParser(page).forms if each.id == form), PageForm(form, "", "")
        )
        self.fields = multidict([pair for pair in parsed.fields if pair[0] != "csrf_token"])
        self.buttons = parsed.buttons
        self.invalid = parsed.invalid
        self.required = parsed.required

    def __getitem__(self, name: str) -> str:
        return self.fields[name][0]

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def sent(self, button: str = "garder", **changes: str) -> Fields:
        """The fields sent by a button after some were changed."""
        changed_fields = {name: [value] for name, value in changes.items()}
        return {**self.fields, **changed_fields, "faire": [button]}


# --- clients ----------------------------------------------------------------------------------


class FormClient:
    """Reads pages and sends forms; each request has its own context, as on a server."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.page = FormParser("")
        self.answer: TestResponse | None = None

    def get(self, address: str, **options: object) -> TestResponse:
        return self._request(lambda: self.client.get(address, **options))  # type: ignore[arg-type]

    def post(self, address: str, data: object = None, **options: object) -> TestResponse:
        """Send a POST request without a form."""
        return self._request(
            lambda: self.client.post(address, data=data, **options)  # type: ignore[arg-type]
        )

    def form(self, action: str) -> PageForm:
        """The form of the page with an action."""
        forms = [form for form in self.page.forms if form.action == action]
        assert forms, (action, [form.action for form in self.page.forms])
        return forms[0]

    def send(self, action: str, **typed: str) -> TestResponse:
        """Fill in the form with that action, and send it."""
        form = self.form(action)
        assert form.method == "post"
        unchanged = [(name, value) for name, value in form.fields if name not in typed]
        return self.post(action, multidict([*unchanged, *typed.items()]))

    def follow(self) -> TestResponse:
        """Follow the redirect of the last response."""
        assert self.answer is not None
        assert self.answer.status_code == 303, self.answer.status
        return self.get(self.answer.headers["Location"])

    @property
    def text(self) -> str:
        """The text of the page on one line."""
        return " ".join(self.page.text.split())

    def cookie(self, name: str, path: str = "/") -> str:
        cookie = self.client.get_cookie(name, path=path)
        return cookie.value if cookie else ""

    def _request(self, request: Callable[[], TestResponse]) -> TestResponse:
        def read_response() -> TestResponse:
            response = request()
            # A streamed response has to be read in the same context.
            response.get_data()
            return response

        response = self.answer = Context().run(read_response)
        if response.mimetype == "text/html":
            self.page = FormParser(response.get_data(as_text=True))
        return response


def sign_in(
    app: Flask,
    email: str,
    password: str = PASSWORD,
    code: str = "",
    *,
    visitor: FormClient | None = None,
    address: str = SIGN_IN,
) -> FormClient:
    """Sign in by the sign-in page; the client, signed in or not."""
    visitor = visitor or FormClient(app)
    visitor.get(address)
    visitor.send(SIGN_IN, adresse=email, mot_de_passe=password, code_a_usage_unique=code)
    return visitor


class MemberClient:
    """``get(address)`` and ``send(address, field=…)`` as a member who has just signed in."""

    def __init__(self, app: Flask, member: int, at: datetime | None = None) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        raw = secrets.token_hex(20)
        with app.app_context(), housekeeping(db.engine) as session:
            token = sessions.add_session(session, member, at or now())
        with self.client.session_transaction() as cookie:
            cookie[TOKEN_FIELD] = token
            cookie["csrf_token"] = raw
        # As Flask-WTF signs it (flask_wtf.csrf.generate_csrf).
        self.csrf = URLSafeTimedSerializer(app.secret_key or "", "wtf-csrf-token").dumps(raw)

    def get(self, address: str) -> TestResponse:
        """A page."""
        return self.client.get(address)

    def send(self, address: str, data: object = None, **fields: object) -> TestResponse:
        """Send a form, with the token of this session."""
        pairs = list(data.items()) if isinstance(data, dict) else list(data or [])  # type: ignore[call-overload]
        multi: dict[str, list[object]] = {}
        for name, value in [*pairs, *fields.items(), ("csrf_token", self.csrf)]:
            multi.setdefault(name, []).extend(value if isinstance(value, list) else [value])
        return self.client.post(address, data=multi)
