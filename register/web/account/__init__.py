"""A member's own account: sign in and out, invitation, password, second factor, sessions."""

from __future__ import annotations

from flask import Blueprint, Flask


def register(app: Flask) -> None:
    """Give an application its account pages."""
    from register.web.account import factor, invitation, own, signing_in

    blueprint = Blueprint("account", __name__, url_prefix="/compte")
    for module in (signing_in, invitation, factor, own):
        module.route(blueprint)
    app.register_blueprint(blueprint)
