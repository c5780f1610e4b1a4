"""A register that was opened a moment ago, served and followed: nobody is a member of it yet."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from flask import Flask
from sqlalchemy import create_engine

from register import create_app
from register.config import Settings
from register.db import db, engine_options, prepare
from register.followers.wake import Ending
from register.operations import opening
from register.web.serving import follower
from register.web.serving.embedded import Server
from register.web.serving.listening import listen, port_of


@dataclass(frozen=True)
class Living:
    """Where it listens, and the link that ``webcitoyen init`` prints for the first member."""

    base: str
    first_link: str


@contextmanager
def living(settings: Settings) -> Iterator[Living]:
    """Serve and follow an empty register on a free loopback port, second factor asked for."""
    sockets = listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{port_of(sockets)}"
    settings = replace(settings, base_url=base, require_2fa=True)
    link = f"{base}/compte/invitation/{_first_token(settings)}"
    app = create_app(settings)
    with ExitStack() as ends:
        ends.callback(_let_go, app)
        ends.enter_context(_followed(app))
        ends.enter_context(_served(app, sockets))
        yield Living(base, link)


def _first_token(settings: Settings) -> str:
    engine = create_engine(settings.database_url, **engine_options(settings.database_url))
    prepare(engine)
    made = opening.first_invitation(engine)
    engine.dispose()
    assert made
    return made[0]


@contextmanager
def _served(app: Flask, sockets: list[socket.socket]) -> Iterator[None]:
    server = Server(app, sockets)
    with _running(server.run, server.stop):
        yield


@contextmanager
def _followed(app: Flask) -> Iterator[None]:
    ending = Ending()
    with _running(lambda: follower.run(app, ending), ending.ask):
        yield
    ending.close()


@contextmanager
def _running(run: object, stop: object) -> Iterator[None]:
    thread = threading.Thread(target=run)  # type: ignore[arg-type]
    thread.start()
    try:
        yield
    finally:
        stop()  # type: ignore[operator]
        thread.join(15)
    assert not thread.is_alive()


def _let_go(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()
