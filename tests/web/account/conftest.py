"""Fixtures: an application that requires a second factor, clocks, telephones."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pyotp
import pytest
from flask import Flask

from register import create_app
from register.accounts import acts as accounts
from register.accounts import sessions, two_factor
from register.config import Settings
from register.db import db, housekeeping, now
from register.journal import writing
from register.web import request_context


@pytest.fixture
def app_with_factor(settings: Settings) -> Iterator[Flask]:
    """The application with a mandatory second factor, as in production."""
    app = create_app(replace(settings, require_2fa=True))
    app.testing = True
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@dataclass
class Clock:
    """A clock that can be advanced."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    """The clock of telephones and of ``advance_time``."""
    return Clock()


@pytest.fixture
def advance_time(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Callable[[timedelta], None]:
    """``advance_time(timedelta(hours=2))``: sessions and confirmations are two hours older."""
    for module in ("current_member", "passkey_pages", "reauthentication", "profile", "sign_in"):
        monkeypatch.setattr(f"register.accounts.web.{module}.now", clock.now)

    def move(by: timedelta) -> None:
        clock.ahead = by

    return move


@dataclass
class Telephone:
    """A generator of one-time codes, each used once."""

    secret: str
    clock: Clock
    codes: list[str] = field(default_factory=list)
    last_counter: int = 0

    def code(self) -> str:
        """The current code, or the one after the last used code."""
        self.last_counter = max(self.last_counter + 1, int(self.clock.now().timestamp()) // 30)
        return pyotp.HOTP(self.secret).at(self.last_counter)


@pytest.fixture
def telephone(clock: Clock) -> Callable[[Flask, int], Telephone]:
    """``telephone(app, member)``: give a member a second factor."""

    def give(app: Flask, member: int) -> Telephone:
        # Near the end of a half-minute the code would expire before it is checked.
        remaining = 30 - time.time() % 30
        if remaining < 3:
            time.sleep(remaining)
        phone = Telephone(two_factor.new_secret(), clock, two_factor.recovery_codes())
        with app.app_context(), writing() as pen:
            accounts.set_factor(
                pen, member, phone.secret, request_context.root_key(), phone.codes, 0
            )
        return phone

    return give


@pytest.fixture
def close_sessions() -> Callable[[int], None]:
    """``close_sessions(member)``: close all sessions of a member."""

    def end(member: int) -> None:
        with housekeeping(db.engine) as session:
            sessions.delete_sessions(session, member)

    return end
