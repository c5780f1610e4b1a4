"""What a citizen sends, without an account, a cookie or JavaScript: a report, and its follow-up.

The forms here carry a token of their own in the place of a session: a cookie would be a trace on
the phone of whoever reports. What opens a report is its code, in the body of each request.
"""

from __future__ import annotations

from flask import Response, request
from werkzeug.exceptions import Forbidden

from register.accounts.web import reauthentication
from register.web.blueprints import submit
from register.web.permissions import csrf

# Neither form has a session whose token it could bear, nor does either act in anybody's name.
csrf.exempt(submit)


@submit.before_request
def _refuse_foreign() -> None:
    if request.method == "POST" and reauthentication.is_cross_site():
        raise Forbidden


@submit.after_request
def _no_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
