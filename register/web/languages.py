"""Two languages, told apart by the address: French at the plain one, English under ``/en/``.

An address in English is the plain one with ``/en`` before it. That is taken off before anything
else looks at it, so that doors, limits and kept pages know one address for each page; and put
before the links of a page as it leaves, so that whatever makes an address (a map that is kept, a
figure, the text of an editorial page) need not know who reads it.

No cookie and no ``Accept-Language``: whoever is sent an address reads what the sender read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import quote

import flask_babel
from flask import Flask, Response, g, has_request_context, request

from register.text.dates import Language
from register.web.headers import WSGI, StartResponse

PREFIX = "/en"
LANGUAGE_NAMES: Mapping[Language, str] = {"fr": "Français", "en": "English"}
_LANGUAGE_KEY = "register.language"

# What is the same for everybody: files, feeds, data, pictures, and what machines read.
_SHARED = re.compile(
    r"/(?:static|api|healthz|readyz|metrics|\.well-known|favicon\.ico|robots\.txt|sitemap\.xml)(?:/|\Z)"
    r"|/registre/tete\Z|/incidents/[0-9]+/preuve\Z"
    # What answers with a page when it is refused is asked for in the reader's language.
    r"|(?!/suivi/|/moderation/).*\.(?:atom|csv|geojson|jsonl?|bib|ris|py|txt|xml)\Z"
)
# Within tags alone: a text may speak of links, and has "&lt;" where a tag has "<".
_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_LINK = re.compile(
    r'(?<!hreflang="fr" )(?<=\s)((?:href|action|formaction|data-preview|data-suggest)=")'
    r'(/(?!/)[^"?#]*)'
)


class LanguageMiddleware:
    """Takes the language off an address, and notes it."""

    def __init__(self, app: WSGI) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does, which sees the plain address."""
        path = environ.get("PATH_INFO", "")
        plain_path = without_prefix(path)
        # Nobody but this layer says which language it is.
        environ.pop(_LANGUAGE_KEY, None)
        if plain_path == path:
            return self.app(environ, start_response)
        if not plain_path or _SHARED.match(plain_path):
            return _redirect(plain_path or f"{PREFIX}/", environ, start_response)
        environ["PATH_INFO"] = plain_path
        environ[_LANGUAGE_KEY] = "en"
        return self.app(environ, start_response)


def attach(app: Flask) -> None:
    """Let an application answer in two languages."""
    app.after_request(_localise_links)
    app.wsgi_app = LanguageMiddleware(app.wsgi_app)  # type: ignore[method-assign]


def without_prefix(path: str) -> str:
    """A path without its language; empty for the bare prefix, which is no page."""
    if path == PREFIX or path.startswith(f"{PREFIX}/"):
        return path.removeprefix(PREFIX)
    return path


def language() -> Language:
    """The language that the reader asked for; French where nobody asks, as in the terminal."""
    return request_language(request.environ) if has_request_context() else "fr"


@contextmanager
def in_french() -> Iterator[None]:
    """Speak French for a while, to somebody else than the reader: a letter to a town hall."""
    before = request.environ.pop(_LANGUAGE_KEY, None)
    _reset_lookups()
    try:
        yield
    finally:
        if before:
            request.environ[_LANGUAGE_KEY] = before
        _reset_lookups()


def _reset_lookups() -> None:
    """Look up again what a request looks up once in its language."""
    flask_babel.refresh()
    for name in ("register_catalogue", "register_book"):
        g.pop(name, None)


def request_language(environ: Mapping[str, Any]) -> Language:
    """The language of a request."""
    return cast(Language, environ.get(_LANGUAGE_KEY, "fr"))


def this_page(lang: Language) -> str:
    """The address of the page that is asked for, in a language."""
    query_string = request.query_string.decode("latin-1")
    return in_language(f"{request.path}?{query_string}" if query_string else request.path, lang)


def in_language(address: str, lang: Language) -> str:
    """An address of this site as a reader of that language follows it."""
    if lang == "fr" or not _is_bilingual(address.partition("?")[0].partition("#")[0]):
        return address
    return PREFIX + address


def _is_bilingual(path: str) -> bool:
    """Whether there is something in two languages behind a path, which has none before it yet."""
    return not (path == PREFIX or path.startswith(f"{PREFIX}/") or _SHARED.match(path))


def _localise_links(response: Response) -> Response:
    """Let the links of an English page lead to English pages."""
    if language() == "fr":
        return response
    location = response.headers.get("Location", "").removeprefix(request.host_url.rstrip("/"))
    if location.startswith("/") and not location.startswith("//"):
        response.headers["Location"] = in_language(location, "en")
    if response.mimetype == "text/html" and not response.is_streamed:
        response.set_data(_TAG.sub(_localise_tag, response.get_data(as_text=True)))
    return response


def _localise_tag(match: re.Match[str]) -> str:
    return _LINK.sub(_english_link, match[0])


def _english_link(match: re.Match[str]) -> str:
    return match[1] + in_language(match[2], "en")


def _redirect(path: str, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Send the reader to where what they ask for really is."""
    query = environ.get("QUERY_STRING", "")
    # Two slashes would name another site.
    target_path = "/" + quote(path.lstrip("/").encode("latin-1"))
    target = f"{target_path}?{query}" if query else target_path
    start_response("308 Permanent Redirect", [("Location", target), ("Content-Length", "0")])
    return []
