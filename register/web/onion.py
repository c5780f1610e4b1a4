"""``Onion-Location`` header, with which Tor Browser offers the onion address of a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Flask

from register.accounts.web.current_member import is_member_path
from register.config import Settings
from register.web.headers import WSGI, StartResponse
from register.web.languages import without_prefix

# Characters of a path that need no percent-encoding (RFC 3986 §3.3).
_PATH_SIGNS = "/:@!$&'()*+,;=~"


class OnionLocation:
    """Middleware that adds the header to public pages requested at the public address."""

    def __init__(self, app: WSGI, settings: Settings) -> None:
        self.app = app
        self.address, self.host = settings.onion_url, settings.onion_host

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Pass the application's response on, with the header on pages."""
        if not self._is_for(environ):
            return self.app(environ, start_response)
        # WSGI hands over the path decoded.
        target = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe=_PATH_SIGNS)
        if environ.get("QUERY_STRING"):
            target += f"?{environ['QUERY_STRING']}"
        header = ("Onion-Location", self.address + target)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(
                status, [*headers, header] if _is_page(status, headers) else headers, exc_info
            )

        return self.app(environ, start)

    def _is_for(self, environ: dict[str, Any]) -> bool:
        """Whether a request may be offered the onion address.

        Not the pages of members and of report follow-up, whose session belongs to the address at
        which it was opened; nor requests at the onion address itself.
        """
        path = without_prefix(environ.get("PATH_INFO", ""))
        is_follow_up = path == "/suivi" or path.startswith("/suivi/")
        host = urlsplit(f"//{environ.get('HTTP_HOST', '')}").hostname
        is_read = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        return is_read and host != self.host and not (is_follow_up or is_member_path(path))


def _is_page(status: str, headers: list[tuple[str, str]]) -> bool:
    content_type = next(
        (field_value for name, field_value in headers if name.lower() == "content-type"), ""
    )
    return status.startswith("200 ") and content_type.startswith("text/html")


def attach(app: Flask, settings: Settings) -> None:
    """Add the middleware to an application that has an onion address."""
    if settings.onion_url:
        app.wsgi_app = OnionLocation(app.wsgi_app, settings)  # type: ignore[method-assign]
