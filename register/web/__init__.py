"""The only place that knows Flask requests."""

from __future__ import annotations

from flask import Flask


def attach(app: Flask) -> None:
    """Give an application its pages, guards and error pages."""
    from flask_babel import Babel

    from register.web import errors, guards, headers, health, jinja, logs, public

    settings = app.extensions["register.settings"]
    logs.attach(app)
    Babel(app, default_locale="fr", default_timezone="Europe/Paris")
    jinja.attach(app)
    errors.attach(app)
    public.register(app)
    health.attach(app, settings)
    guards.attach(app, settings)
    # The last one: what is put around the application before it carries its headers too.
    headers.attach(app, settings)
