"""The public pages: each view looks up and renders, and decides nothing."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask
from flask_wtf.csrf import CSRFProtect

from register.web import validity
from register.web.public import (
    cards,
    citing,
    data,
    feeds,
    home,
    incidents,
    pages,
    places,
    registre,
    sitemap,
    statistics,
    suggestions,
)

ROUTES = (
    home,
    incidents,
    citing,
    places,
    pages,
    data,
    feeds,
    registre,
    statistics,
    cards,
    sitemap,
)


def register(app: Flask) -> None:
    """Give an application its public pages."""
    blueprint = Blueprint("public", __name__)
    for module in ROUTES:
        module.route(blueprint)
    validity.attach(app, blueprint)
    app.register_blueprint(blueprint)
    # A public read that changes nothing: it is a POST only to keep what is typed out of addresses.
    cast(CSRFProtect, app.extensions["csrf"]).exempt(suggestions.suggestions)
