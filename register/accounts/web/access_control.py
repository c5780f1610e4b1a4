"""Access control of the desk and of accounts, by the permissions of their views.

It applies to every path under ``/compte`` and ``/moderation``: a view is for members only, unless a
decorator of ``register/web/blueprints.py`` says otherwise. Strangers get the same answer at
every path: sign in. Responses must not be stored by browsers or proxies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from flask import Flask, Response, current_app, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden

from register.accounts.web import current_member, profile, reauthentication, sign_in
from register.accounts.web.current_member import is_member_path
from register.concurrency_limit import Bulkhead
from register.config import Settings
from register.db import db
from register.errors import ReadOnly
from register.journal.service_mode import read_mode
from register.web import errors
from register.web.blueprints import Audience, Permission, csrf, permission_of
from register.web.error_messages import error_sentence
from register.web.headers import SAFE_METHODS, WSGI, StartResponse
from register.web.request_context import take_mode

# Open views that show their form again when it has the token of another session.
_RETRY_VIEWS: Mapping[str, Callable[..., ResponseReturnValue]] = {
    "account.sign_in": sign_in.retry_sign_in_page,
    "account.invitation": partial(sign_in.invitation, is_other_browser=True),
    "account.password_link": partial(sign_in.password_link, is_other_browser=True),
}
# Sign-ins that are answered at a time: the ten that may be in the queues of ``passwords``, and two
# that are looked at or refused. The others wait before they are read, since threads that compute
# take the processor from one another and from readers; each has its turn within milliseconds.
_SIGN_INS = 12
_WAITING = 1_000  # more than a server has threads
_TURN_TIMEOUT = 5.0  # seconds, after which a sign-in is answered without a turn
# Their forms are taken in a read-only register.
_SIGN_IN_VIEWS = frozenset({"account.sign_in", "account.passkey_challenge"})


def attach_access_control(app: Flask, app_settings: Settings) -> None:
    """Add access control and the CSRF check to the views of an application."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-registre" if app_settings.is_secure else "registre",
        SESSION_COOKIE_SECURE=app_settings.is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # A form stays valid as long as its session.
        WTF_CSRF_TIME_LIMIT=None,
        # No check of Referer: Origin is checked, which browsers always send.
        WTF_CSRF_SSL_STRICT=False,
    )
    # Membership first, so that strangers do not learn which forms exist. Password and code last,
    # so that they are asked only of members who may do the act.
    app.before_request(_require_member)
    app.before_request(_require_open)
    csrf.init_app(app)
    app.before_request(_require_proof)
    app.register_error_handler(CSRFError, _handle_csrf_error)
    app.register_error_handler(ReadOnly, _handle_read_only)
    app.after_request(_forbid_caching)
    app.wsgi_app = SignInTurns(app.wsgi_app)  # type: ignore[method-assign]


class SignInTurns:
    """Middleware by which sign-ins take turns."""

    def __init__(self, app: WSGI) -> None:
        self.app, self._turns = app, Bulkhead(_SIGN_INS, _WAITING, _TURN_TIMEOUT)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Let the application answer, after a wait if it is a sign-in."""
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) != ("POST", current_member.SIGN_IN):
            return self.app(environ, start_response)
        with self._turns.turn_if_free():
            return self.app(environ, start_response)


def _require_member() -> ResponseReturnValue | None:
    if not is_member_path(request.path):
        return None
    if request.method not in SAFE_METHODS and reauthentication.is_cross_site():
        raise Forbidden
    permission = _requested_permission()
    audience = permission.audience
    if audience is Audience.ALL:
        return None
    signed_in = current_member.signed_in()
    if signed_in is None:
        if permission.form_reader is not None:
            # A stranger's files are not read.
            return redirect(current_member.SIGN_IN, 303)
        if request.method in SAFE_METHODS:
            query = request.query_string.decode("latin-1")
            address = f"{request.path}?{query}" if query else request.path
            return redirect(current_member.sign_in_url(address), 303)
        carried = reauthentication.rescued_form()
        if carried is None or request.path == current_member.SIGN_OUT:
            return redirect(current_member.SIGN_IN, 303)
        return sign_in.page_with_carried_form(carried)
    if audience is not Audience.BEFORE_SECOND_FACTOR and reauthentication.needs_factor(
        signed_in.member
    ):
        has_form = request.method not in SAFE_METHODS and permission.form_reader is None
        carried = reauthentication.rescued_form() if has_form else None
        if carried is None:
            return redirect(current_member.FACTOR, 303)
        return profile.factor_page(status=403, carried=carried)
    if audience is Audience.ADMINISTRATORS and not signed_in.member.is_administrator:
        raise Forbidden
    if permission.form_reader is not None and request.method not in SAFE_METHODS:
        permission.form_reader()
    return None


def _require_open() -> None:
    """Refuse the forms of members while the register takes none.

    Those of the public are refused by their acts, and keep pages of their own for an outage.
    """
    if request.method in SAFE_METHODS or not is_member_path(request.path):
        return
    with Session(db.engine) as session:
        state = read_mode(session)
    take_mode(state)
    if request.path != current_member.SIGN_OUT:
        state.require_open(signing_in=request.endpoint in _SIGN_IN_VIEWS)


def _requested_permission() -> Permission:
    return permission_of(current_app.view_functions.get(request.endpoint or ""))


def _require_proof() -> ResponseReturnValue | None:
    """Ask for password and code before a grave act."""
    if request.method in SAFE_METHODS or not is_member_path(request.path):
        return None
    proof = reauthentication.take_proof()
    grave_act = _requested_permission().grave_act
    if grave_act is None or grave_act.in_own_form:
        return None
    if not grave_act.when(**(request.view_args or {})):
        return None
    return reauthentication.require_proof(grave_act.words, proof)


def _handle_csrf_error(_error: CSRFError) -> ResponseReturnValue:
    """Answer a form with another session's token, or none: nothing is done, the input is kept."""
    retry_view = _RETRY_VIEWS.get(request.endpoint or "")
    if retry_view is not None:
        return retry_view(**(request.view_args or {}))
    carried = reauthentication.rescued_form()
    if carried is None:
        # Flask does not pass an error raised by a handler to another handler.
        return current_app.handle_http_exception(Forbidden())
    return reauthentication.resend_page(carried, 403)


def _handle_read_only(error: ReadOnly) -> ResponseReturnValue:
    """Answer a form that is not taken: a member sends it again from the page that keeps it."""
    if request.path == current_member.SIGN_IN:
        return sign_in.refused_sign_in_page(error_sentence(error))
    carried = reauthentication.rescued_form() if is_member_path(request.path) else None
    if carried is None:
        # By the operator's decision, not by a fault.
        return errors.error_page(503, error_sentence(error))
    return reauthentication.resend_page(carried, 503, error_sentence(error))


def _forbid_caching(response: Response) -> Response:
    if is_member_path(request.path):
        response.headers["Cache-Control"] = "no-store"
    return response
