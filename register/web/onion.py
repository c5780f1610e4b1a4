"""The ``Onion-Location`` header: a page's onion address, which Tor Browser offers its reader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Flask

from register.accounts.web.current_member import is_member_path
from register.config import Settings
from register.web.headers import WSGI, StartResponse
from register.web.languages import without_prefix

# What a path may hold as it is (RFC 3986 §3.3); all else is percent-encoded.
_PATH_SIGNS = "/:@!$&'()*+,;=~"


class OnionLocation:
    """Adds the header to the public pages that are asked for at the public address."""

    def __init__(self, app: WSGI, settings: Settings) -> None:
        self.app = app
        self.address, self.host = settings.onion_url, settings.onion_host

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does, with the header where it belongs."""
        if not self._is_for(environ):
            return self.app(environ, start_response)
        header = ("Onion-Location", self.address + _target(environ))

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(
                status, [*headers, header] if _is_page(status, headers) else headers, exc_info
            )

        return self.app(environ, start)

    def _is_for(self, environ: dict[str, Any]) -> bool:
        """Whether a reader may be sent from here to the onion address.

        Members and those who follow a report stay: their session and their form are of the address
        that they opened. Whoever came by the onion address is there already.
        """
        path = without_prefix(environ.get("PATH_INFO", ""))
        is_follow_up = path == "/suivi" or path.startswith("/suivi/")
        host = urlsplit(f"//{environ.get('HTTP_HOST', '')}").hostname
        is_read = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        return is_read and host != self.host and not (is_follow_up or is_member_path(path))


def _target(environ: dict[str, Any]) -> str:
    """Path and query of a request, the path encoded again (WSGI hands it over decoded)."""
    path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe=_PATH_SIGNS)
    query_string = environ.get("QUERY_STRING", "")
    return f"{path}?{query_string}" if query_string else path


def _is_page(status: str, headers: list[tuple[str, str]]) -> bool:
    content_type = next(
        (field_value for name, field_value in headers if name.lower() == "content-type"), ""
    )
    return status.startswith("200 ") and content_type.startswith("text/html")


def attach(app: Flask, settings: Settings) -> None:
    """Put the header around an application whose register has an onion address."""
    if settings.onion_url:
        app.wsgi_app = OnionLocation(app.wsgi_app, settings)  # type: ignore[method-assign]
