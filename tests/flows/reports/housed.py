"""A register with its members, served from this process; and browsers that they have signed in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from flask import Flask
from people import Cast, hire
from playwright.sync_api import BrowserContext
from registers import opened
from signed import Signed

from register import create_app
from register.config import Settings
from register.db import db
from register.server.process_start import listen
from register.server.waitress_server import Server


@dataclass(frozen=True)
class House:
    """Where the register answers, its application, and who works there."""

    base: str
    app: Flask
    cast: Cast
    settings: Settings

    def sign_in(self, context: BrowserContext, name: str) -> None:
        """Make a browser that of a member who has just signed in."""
        cookie = Signed(self.app, getattr(self.cast, name)).client.get_cookie("registre")
        assert cookie
        context.add_cookies([{"name": "registre", "value": cookie.value, "url": self.base}])


@contextmanager
def housed(settings: Settings) -> Iterator[House]:
    """Hire the members of a register, and serve it on a free loopback port."""
    with opened(settings.database_url) as engine:
        cast = hire(engine)
    app = create_app(settings)
    with served(app) as base:
        yield House(base, app, cast, settings)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an application on a free loopback port; its address."""
    server = Server(app, listen("127.0.0.1", 0))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        thread.join(15)
        with suppress(RuntimeError), app.app_context():
            db.engine.dispose()
    assert not thread.is_alive()
