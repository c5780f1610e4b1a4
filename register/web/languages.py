"""The page's language, taken from its address: French without prefix, English under ``/en/``.

The middleware removes the prefix before anything else sees the address, so that access control,
limits and the page cache have one address per page. The links of an English page get the prefix
when the response leaves, so that the code that writes an address (a cached map, a chart, the text
of an editorial page) need not know the language.

Cookies and ``Accept-Language`` are ignored: an address that is passed on shows the same page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import flask_babel
from flask import Flask, Response, g, has_request_context, request

from register.text.dates import Language

if TYPE_CHECKING:
    from register.web.headers import WSGI, StartResponse

PREFIX = "/en"
LANGUAGE_NAMES: Mapping[Language, str] = {"fr": "Français", "en": "English"}
_LANGUAGE_KEY = "register.language"

# Addresses without language: files, feeds, open data, pictures, machine-readable resources.
_SHARED = re.compile(
    r"/(?:static|api|healthz|readyz|metrics|\.well-known|favicon\.ico|robots\.txt|sitemap\.xml)(?:/|\Z)"
    r"|/registre/tete\Z|/incidents/[0-9]+/preuve\Z"
    # A refused download answers with a page, and therefore keeps the language.
    r"|(?!/suivi/|/moderation/).*\.(?:atom|csv|geojson|jsonl?|bib|ris|py|txt|xml)\Z"
)
# Only within tags: a text about links has "&lt;" where a tag has "<".
_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_LINK = re.compile(
    r'(?<!hreflang="fr" )(?<=\s)((?:href|action|formaction|data-preview|data-suggest)=")'
    r'(/(?!/)[^"?#]*)'
)


class LanguageMiddleware:
    """Removes the language prefix from the path and stores the language in the environ."""

    def __init__(self, app: WSGI) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Call the application with the path without prefix."""
        path = environ.get("PATH_INFO", "")
        plain_path = without_prefix(path)
        # Only this middleware sets the language.
        environ.pop(_LANGUAGE_KEY, None)
        if plain_path == path:
            return self.app(environ, start_response)
        if not plain_path or _SHARED.match(plain_path):
            return _redirect(plain_path or f"{PREFIX}/", environ, start_response)
        environ["PATH_INFO"] = plain_path
        environ[_LANGUAGE_KEY] = "en"
        return self.app(environ, start_response)


def attach(app: Flask) -> None:
    """Add the middleware and the localisation of links to an application."""
    app.after_request(_localise_links)
    app.wsgi_app = LanguageMiddleware(app.wsgi_app)  # type: ignore[method-assign]


def without_prefix(path: str) -> str:
    """A path without language prefix; empty for ``/en`` itself, which is not a page."""
    if path == PREFIX or path.startswith(f"{PREFIX}/"):
        return path.removeprefix(PREFIX)
    return path


def language() -> Language:
    """The language of the current request; French outside a request, as in the terminal."""
    return request_language(request.environ) if has_request_context() else "fr"


@contextmanager
def in_french() -> Iterator[None]:
    """Switch the request to French, for a text to somebody else: a letter to a town hall."""
    before = request.environ.pop(_LANGUAGE_KEY, None)
    _reset_lookups()
    try:
        yield
    finally:
        if before:
            request.environ[_LANGUAGE_KEY] = before
        _reset_lookups()


def _reset_lookups() -> None:
    """Drop what the request has cached in its language."""
    flask_babel.refresh()
    for name in ("register_catalogue", "register_book"):
        g.pop(name, None)


def request_language(environ: Mapping[str, Any]) -> Language:
    """The language of a request."""
    return cast(Language, environ.get(_LANGUAGE_KEY, "fr"))


def this_page(lang: Language) -> str:
    """The address of the current page in a language."""
    query_string = request.query_string.decode("latin-1")
    return in_language(f"{request.path}?{query_string}" if query_string else request.path, lang)


def in_language(address: str, lang: Language) -> str:
    """An address of this site with the prefix of a language.

    Unchanged for French, for an address without language, and when it has a prefix already.
    """
    path = address.partition("?")[0].partition("#")[0]
    has_prefix = path == PREFIX or path.startswith(f"{PREFIX}/")
    return address if lang == "fr" or has_prefix or _SHARED.match(path) else PREFIX + address


def _localise_links(response: Response) -> Response:
    """Add the prefix to the redirect and the links of an English page."""
    if language() == "fr":
        return response
    location = response.headers.get("Location", "").removeprefix(request.host_url.rstrip("/"))
    if location.startswith("/") and not location.startswith("//"):
        response.headers["Location"] = in_language(location, "en")
    if response.mimetype == "text/html" and not response.is_streamed:
        response.set_data(_TAG.sub(_localise_tag, response.get_data(as_text=True)))
    return response


def _localise_tag(tag: re.Match[str]) -> str:
    return _LINK.sub(lambda link: link[1] + in_language(link[2], "en"), tag[0])


def _redirect(path: str, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Redirect to another path with the same query."""
    query_string = environ.get("QUERY_STRING", "")
    # Two leading slashes would name another site.
    target_path = "/" + quote(path.lstrip("/").encode("latin-1"))
    target = f"{target_path}?{query_string}" if query_string else target_path
    start_response("308 Permanent Redirect", [("Location", target), ("Content-Length", "0")])
    return []
