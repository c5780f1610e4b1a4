"""Public report form and follow-up, without account, cookie or JavaScript.

Their forms have a signed token instead of a session: a cookie would be a trace on the reporter's
phone. Each follow-up request sends the report's code in its body.
"""

from __future__ import annotations

from flask import Response, request
from werkzeug.exceptions import Forbidden

from register.accounts.web import reauthentication
from register.concurrency_limit import Bulkhead
from register.web.blueprints import csrf, submit
from register.web.request_validation import UPLOAD_PATHS

# Bodies in memory that are not whole yet; those of further requests stay in the system's buffers.
_body_turns = Bulkhead(40, 100, 5.0)

# These forms have no session to bind a CSRF token to, and act in no member's name.
csrf.exempt(submit)


@submit.before_request
def _refuse_foreign() -> None:
    if request.method == "POST" and reauthentication.is_cross_site():
        raise Forbidden


@submit.before_request
def _read_form() -> None:
    """Read the form in a turn; forms with files are read by their views."""
    if request.method == "POST" and request.path not in UPLOAD_PATHS:
        with _body_turns.turn():
            _ = request.form


@submit.after_request
def _no_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
