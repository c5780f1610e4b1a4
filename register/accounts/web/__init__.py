"""A member's own account: sign in and out, invitation, password, second factor, sessions."""

from __future__ import annotations

from flask import Blueprint, Flask


def register(app: Flask) -> None:
    """Give an application its account pages."""
    from register.accounts.web import invitation, profile, sign_in, two_factor

    blueprint = Blueprint("account", __name__, url_prefix="/compte")
    for module in (sign_in, invitation, two_factor, profile):
        module.route(blueprint)
    app.register_blueprint(blueprint)
