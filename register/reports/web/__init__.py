"""What a citizen sends, without an account, a cookie or JavaScript: a report, and its follow-up.

The forms here carry a token of their own in the place of a session: a cookie would be a trace on
the phone of whoever reports. What opens a report is its code, in the body of each request.
"""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, Response, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import Forbidden

from register.accounts.web import resubmission
from register.reports.web import follow_up_views, report_views, verify_receipt

ROUTES = (report_views, follow_up_views, verify_receipt)


def register(app: Flask) -> None:
    """Give an application its forms for citizens."""
    blueprint = Blueprint("submit", __name__)
    for module in ROUTES:
        module.route(blueprint)
    blueprint.before_request(_refuse_foreign)
    blueprint.after_request(_no_store)
    app.register_blueprint(blueprint)
    # Neither form has a session whose token it could bear, nor does either act in anybody's name.
    cast(CSRFProtect, app.extensions["csrf"]).exempt(blueprint)


def _refuse_foreign() -> None:
    if request.method == "POST" and resubmission.is_cross_site():
        raise Forbidden


def _no_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
