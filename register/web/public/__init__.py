"""The public pages: each view looks up and renders, and decides nothing."""

from __future__ import annotations

from flask import Blueprint, Flask

from register.web import validity
from register.web.public import (
    cards,
    data,
    feeds,
    home,
    incidents,
    pages,
    places,
    registre,
    sitemap,
)

ROUTES = (home, incidents, places, pages, data, feeds, registre, cards, sitemap)
from register.web.public import data, feeds, home, incidents, pages, places, registre, statistics

ROUTES = (home, incidents, places, pages, data, feeds, registre, statistics)
from register.web.public import citing, data, feeds, home, incidents, pages, places, registre

ROUTES = (home, incidents, citing, places, pages, data, feeds, registre)


def register(app: Flask) -> None:
    """Give an application its public pages."""
    blueprint = Blueprint("public", __name__)
    for module in ROUTES:
        module.route(blueprint)
    validity.attach(app, blueprint)
    app.register_blueprint(blueprint)
