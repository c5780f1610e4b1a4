"""A member's browser, as tests hold it: signed in, and able to send the forms of its session."""

from __future__ import annotations

import secrets
from datetime import datetime

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from register.accounts import sessions
from register.accounts.web.current_member import TOKEN_FIELD
from register.db import db, housekeeping, now


class Signed:
    """``get(address)`` and ``send(address, field=…)`` as a member whose session was opened now."""

    def __init__(self, app: Flask, member: int, at: datetime | None = None) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        raw = secrets.token_hex(20)
        with app.app_context(), housekeeping(db.engine) as opened:
            token = sessions.open_session(opened, member, at or now())
        with self.client.session_transaction() as session:
            session[TOKEN_FIELD] = token
            session["csrf_token"] = raw
        # As Flask-WTF signs it (flask_wtf.csrf.generate_csrf).
        self.csrf = URLSafeTimedSerializer(app.secret_key or "", "wtf-csrf-token").dumps(raw)

    def get(self, address: str) -> TestResponse:
        """A page."""
        return self.client.get(address)

    def send(self, address: str, data: object = None, **fields: object) -> TestResponse:
        """A form, with the token of this session."""
        told = list(data.items()) if isinstance(data, dict) else list(data or [])  # type: ignore[call-overload]
        pairs = [*told, *fields.items(), ("csrf_token", self.csrf)]
        multi: dict[str, list[object]] = {}
        for name, value in pairs:
            multi.setdefault(name, []).extend(value if isinstance(value, list) else [value])
        return self.client.post(address, data=multi)
