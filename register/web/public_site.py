"""The public pages: each view looks up and renders, and decides nothing."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask
from flask_wtf.csrf import CSRFProtect

from register.cases.web.public import (
    cases,
    citations,
    home,
    open_data,
    sitemap,
    social_cards,
    statistics,
)
from register.feeds.web import views
from register.journal.web import public_journal
from register.pages.web import public
from register.territory.web import place_autocomplete, places
from register.web import etag

ROUTES = (
    home,
    cases,
    citations,
    places,
    public,
    open_data,
    views,
    public_journal,
    statistics,
    social_cards,
    sitemap,
)


def register(app: Flask) -> None:
    """Give an application its public pages."""
    blueprint = Blueprint("public", __name__)
    for module in ROUTES:
        module.route(blueprint)
    etag.attach(app, blueprint)
    app.register_blueprint(blueprint)
    # A public read that changes nothing: it is a POST only to keep what is typed out of addresses.
    cast(CSRFProtect, app.extensions["csrf"]).exempt(place_autocomplete.suggestions)
