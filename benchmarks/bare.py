"""A bare Flask page with the register's own headers, on the register's own servers."""

from __future__ import annotations

import argparse
import os

from flask import Flask, Response

from register import create_app
from register.config import load
from register.server import process_start
from register.web import headers


def page() -> Flask:
    """One route, one string, the same headers on it."""
    app = Flask(__name__)
    settings = load()
    app.extensions["register.settings"] = settings
    headers.attach(app, settings)

    @app.get("/")
    def bare() -> Response:
        return Response("<!doctype html><title>Bonjour</title><p>Bonjour", mimetype="text/html")

    return app


def application() -> Flask:
    """A register that may be served, of which nothing but the bare page answers.

    The servers look at the register before they serve; the way of a request is the bare page's.
    """
    app = create_app()
    app.wsgi_app = page().wsgi_app  # type: ignore[method-assign]
    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    sockets = process_start.listen("127.0.0.1", arguments.port)
    for listener in sockets:
        listener.set_inheritable(True)
    command = process_start.parent_command(
        "benchmarks.bare:application",
        "bare",
        {process_start.WEB: 0},
        arguments.workers,
        [listener.fileno() for listener in sockets],
    )
    os.execv(command[0], command)
