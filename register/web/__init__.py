"""The only place that knows Flask requests."""

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
    # Directly around Flask: no answer that is kept may escape what is put around it from here on.
    page_cache.attach(app)
    assets.attach(app, settings)
    request_validation.attach(app, settings)
    # The guards, and all within, know one address for a page, whatever its language.
    languages.attach(app)
    onion.attach(app, settings)
    # The last one: what is put around the application before it carries its headers too.
    headers.attach(app, settings)
