"""The door of the desk: shut to all but members, but for a short list of open ones.

It stands before every address under ``/compte`` and ``/moderation``, so that a new view is shut
until somebody writes it into a list here. A stranger is told the same at every address: sign
in. What is behind it is never kept by a browser or a proxy.
"""

from __future__ import annotations

from flask import Flask, Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import Forbidden

from register.config import Settings
from register.web import members

SHUT = ("/compte", "/moderation")
# Who is nobody yet must be able to come in.
OPEN: frozenset[str] = frozenset({"account.sign_in"})
# What an administrator alone may open.
ADMINISTRATORS: frozenset[str] = frozenset()
# Acts that cannot be taken back: password and code are asked for again.
GRAVE: frozenset[str] = frozenset()

_protect = CSRFProtect()


def attach(app: Flask, settings: Settings) -> None:
    """Put the door and the check of forms before an application's views."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-registre" if settings.is_https else "registre",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # A form left open over lunch is still the form of this session.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.is_https,
    )
    # The door first: a stranger learns nothing of which forms there are.
    app.before_request(_door)
    _protect.init_app(app)
    app.register_error_handler(CSRFError, _forged)
    app.after_request(_unkept)


def is_shut(path: str) -> bool:
    """Whether an address is behind the door, whether or not there is a view at it."""
    return any(path == shut or path.startswith(f"{shut}/") for shut in SHUT)


def _door() -> ResponseReturnValue | None:
    if not is_shut(request.path) or request.endpoint in OPEN:
        return None
    found = members.signed_in()
    if found is None:
        return redirect("/compte/connexion", 303)
    if request.endpoint in ADMINISTRATORS and not found.member.is_administrator:
        raise Forbidden
    return None


def _unkept(response: Response) -> Response:
    if is_shut(request.path):
        response.headers["Cache-Control"] = "no-store"
    return response


def _forged(_error: CSRFError) -> ResponseReturnValue:
    raise Forbidden
