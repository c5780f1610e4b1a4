"""A register with its members, served from this process; and browsers that they have signed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cast import Cast, hire
from databases import open_engine, serve
from flask import Flask
from form_client import MemberClient
from playwright.sync_api import BrowserContext

from register import create_app
from register.config import Settings


@dataclass(frozen=True)
class ServedRegister:
    """Where the register answers, its application, and who works there."""

    base: str
    app: Flask
    cast: Cast
    settings: Settings

    def sign_in(self, context: BrowserContext, name: str) -> None:
        """Make a browser that of a member who has just signed in."""
        cookie = MemberClient(self.app, getattr(self.cast, name)).client.get_cookie("registre")
        assert cookie
        context.add_cookies([{"name": "registre", "value": cookie.value, "url": self.base}])


@contextmanager
def serve_register(settings: Settings) -> Iterator[ServedRegister]:
    """Hire the members of a register, and serve it on a free loopback port."""
    with open_engine(settings.database_url) as engine:
        cast = hire(engine)
    app = create_app(settings)
    with serve(app) as base:
        yield ServedRegister(base, app, cast, settings)
