"""The only place that knows Flask requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def attach(app: Flask) -> None:
    """Give an application its pages, guards and error pages."""
    from flask_babel import Babel

    from register.web import (
        account,
        assets,
        door,
        errors,
        guards,
        headers,
        health,
        jinja,
        kept,
        languages,
        limits,
        logs,
        machines,
        moderation,
        onion,
        public,
        submit,
    )

    settings = app.extensions["register.settings"]
    logs.attach(app)
    Babel(
        app,
        default_locale="fr",
        default_timezone="Europe/Paris",
        locale_selector=languages.language,
    )
    jinja.attach(app)
    errors.attach(app)
    limits.attach(app, settings)
    door.attach(app, settings)
    public.register(app)
    account.register(app)
    moderation.register(app)
    submit.register(app)
    health.attach(app)
    machines.attach(app)
    # Directly around Flask: no answer that is kept may escape what is put around it from here on.
    kept.attach(app)
    assets.attach(app, settings)
    guards.attach(app, settings)
    # The guards, and all within, know one address for a page, whatever its language.
    languages.attach(app)
    onion.attach(app, settings)
    # The last one: what is put around the application before it carries its headers too.
    headers.attach(app, settings)
