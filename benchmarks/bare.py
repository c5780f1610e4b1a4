"""A bare Flask page with the register's own headers, on the register's own server."""

from __future__ import annotations

import signal
import sys

from flask import Flask, Response

from register.config import load
from register.web import headers, server


def application() -> Flask:
    """One route, one string, the same headers on it."""
    app = Flask(__name__)
    settings = load()
    app.extensions["register.settings"] = settings
    app.extensions["register.settings"] = settings
    headers.attach(app, settings)

    @app.get("/")
    def page() -> Response:
        return Response("<!doctype html><title>Bonjour</title><p>Bonjour", mimetype="text/html")

    return app


if __name__ == "__main__":
    running = server.Server(application(), "127.0.0.1", int(sys.argv[1]))
    signal.signal(signal.SIGTERM, running.stop)
    running.run()
