"""The desk: each view looks up, validates, calls one act and redirects."""

from __future__ import annotations

from flask import Blueprint, Flask

from register.web.moderation import (
    afterwards,
    cases,
    changing,
    dossier,
    editor,
    home,
    journal,
    keeping,
    pages,
    pages_past,
    publishing,
    reports,
    roster,
    versions,
)

ROUTES = (
    home,
    reports,
    cases,
    keeping,
    journal,
    dossier,
    editor,
    versions,
    publishing,
    afterwards,
    changing,
    roster,
    pages,
    pages_past,
)


def register(app: Flask) -> None:
    """Give an application its desk."""
    blueprint = Blueprint("moderation", __name__, url_prefix="/moderation")
    for module in ROUTES:
        module.route(blueprint)
    app.register_blueprint(blueprint)
