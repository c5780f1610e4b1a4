"""What all faces share, and its assembly around a Flask application."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def attach(app: Flask) -> None:
    """Give an application its pages, guards and error pages."""
    from flask_babel import Babel

    from register.accounts.web import access_control
    from register.web import (
        assets,
        errors,
        etag,
        headers,
        languages,
        limits,
        logs,
        onion,
        page_cache,
        request_validation,
        routes,
        template_env,
    )

    settings = app.extensions["register.settings"]
    logs.attach(app)
    Babel(
        app,
        default_locale="fr",
        default_timezone="Europe/Paris",
        locale_selector=languages.language,
    )
    template_env.attach(app)
    errors.attach(app)
    limits.attach(app, settings)
    access_control.attach_access_control(app, settings)
    etag.attach(app)
    routes.attach(app)
    # Directly around Flask: every middleware added below also applies to cached pages.
    page_cache.attach(app)
    assets.attach(app, settings)
    request_validation.attach(app, settings)
    # Outside request validation, which then sees one address per page in both languages.
    languages.attach(app)
    onion.attach(app, settings)
    # Last, so that the answers of every other middleware get the headers too.
    headers.attach(app, settings)
