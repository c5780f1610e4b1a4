"""The Flask application: its cookies are signed by a key that the key store keeps."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from register.errors import SealError
from register.web import request_context

_COOKIE_KEY = "register.cookie_key"


class _SessionInterface(SecureCookieSessionInterface):
    """Cookies as Flask signs them. Whoever brings none is answered without the key."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        try:
            return super().open_session(app, request)
        except SealError:
            # Without the key nobody is known; the pages that need it say what is missing.
            return self.session_class()


class Application(Flask):
    """A Flask application without a secret of its own."""

    session_interface = _SessionInterface()

    @property
    def secret_key(self) -> bytes:  # type: ignore[override]
        """What signs cookies and the tokens of their forms; the same on every machine.

        :raises SealError: seal key or key store missing or foreign, or no ``init`` yet.
        """
        if _COOKIE_KEY not in self.extensions:
            with self.app_context():
                self.extensions[_COOKIE_KEY] = request_context.derived_key(
                    request_context.COOKIE_PURPOSE
                )
        return bytes(self.extensions[_COOKIE_KEY])
