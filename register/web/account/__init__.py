"""A member's own account: sign in and out, invitation, password, second factor, sessions."""

from __future__ import annotations

from flask import Blueprint, Flask

from register.web.account import own, signing_in

ROUTES = (signing_in, own)


def register(app: Flask) -> None:
    """Give an application its account pages."""
    blueprint = Blueprint("account", __name__, url_prefix="/compte")
    for module in ROUTES:
        module.route(blueprint)
    app.register_blueprint(blueprint)
