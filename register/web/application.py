"""Flask application whose cookies are signed by a key from the key store."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from register.errors import SealError
from register.web import request_context

_COOKIE_KEY = "register.cookie_key"


class _SessionInterface(SecureCookieSessionInterface):
    """Flask's signed cookies; a request without one does not need the key."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        try:
            return super().open_session(app, request)
        except SealError:
            # Without the key nobody is signed in; the pages that need the key report the error.
            return self.session_class()


class Application(Flask):
    """A Flask application without ``SECRET_KEY`` in its configuration."""

    session_interface = _SessionInterface()

    @property
    def secret_key(self) -> bytes:  # type: ignore[override]
        """The key that signs cookies and CSRF tokens; the same on every machine.

        :raises SealError: seal key or key store missing or foreign, or no ``init`` yet.
        """
        if _COOKIE_KEY not in self.extensions:
            with self.app_context():
                self.extensions[_COOKIE_KEY] = request_context.derived_key(
                    request_context.COOKIE_PURPOSE
                )
        return bytes(self.extensions[_COOKIE_KEY])
