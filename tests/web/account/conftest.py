"""The application where a second factor is needed, and a telephone that gives its codes."""

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
def strict(settings: Settings) -> Iterator[Flask]:
    """The application as it is run: without a second factor one gets no further."""
    app = create_app(replace(settings, require_2fa=True))
    app.testing = True
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@dataclass
class Clock:
    """By how much everybody's clock is ahead."""

    by: timedelta = timedelta()

    def now(self) -> datetime:
        return now() + self.by


@pytest.fixture
def clock() -> Clock:
    """The clock of the telephone, and of whoever asked for ``later``."""
    return Clock()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Callable[[timedelta], None]:
    """``later(timedelta(hours=2))``: sessions, and what was confirmed, are that much older."""
    for module in ("current_member", "reauthentication", "profile"):
        monkeypatch.setattr(f"register.accounts.web.{module}.now", clock.now)

    def move(by: timedelta) -> None:
        clock.by = by

    return move


@dataclass
class Telephone:
    """An application of codes; it never gives the same one twice, as somebody who waits."""

    secret: str
    clock: Clock
    codes: list[str] = field(default_factory=list)
    last: int = 0

    def code(self) -> str:
        """The code of now, or of the half-minute after the last one: clocks may be early."""
        self.last = max(self.last + 1, int(self.clock.now().timestamp()) // 30)
        return pyotp.HOTP(self.secret).at(self.last)


@pytest.fixture
def telephone(clock: Clock) -> Callable[[Flask, int], Telephone]:
    """``telephone(app, member)``: give a member a second factor."""

    def give(app: Flask, member: int) -> Telephone:
        # Not at the very end of a half-minute: its code would be too old when it arrives.
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
def ended() -> Callable[[int], None]:
    """``ended(member)``: all sessions of a member are over."""

    def end(member: int) -> None:
        with housekeeping(db.engine) as session:
            sessions.delete_sessions(session, member)

    return end
