"""Language of a page, and the counts, dates, countries and typography in it.

The language is taken from the address: French without prefix, English under ``/en/``. The
middleware removes the prefix before anything else sees the address, so that access control, limits
and the page cache have one address per page. The links of an English page get the prefix when the
response leaves, so that the code that writes an address (a cached map, a chart, the text of an
editorial page) need not know the language.

Cookies and ``Accept-Language`` are ignored: an address that is passed on shows the same page.

The text of a case keeps its language and French typography: ``text.typography.french``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import flask_babel
from babel import Locale
from babel.units import format_unit
from flask import Flask, Response, g, has_request_context, request
from flask_babel import gettext as _

from register.text import countries as iso_countries
from register.text import dates, typography
from register.text.dates import Language

if TYPE_CHECKING:
    from register.web.headers import WSGI, StartResponse

PREFIX = "/en"
LANGUAGE_NAMES: Mapping[Language, str] = {"fr": "Français", "en": "English"}
_LANGUAGE_KEY = "register.language"

# Addresses without language: files, feeds, open data, pictures, machine-readable resources.
_SHARED = re.compile(
    r"/(?:static|api|healthz|readyz|metrics|\.well-known|favicon\.ico|robots\.txt|sitemap\.xml)(?:/|\Z)"
    r"|/registre/tete\Z|/incidents/[0-9]+/(?:preuve\Z|pieces/)"
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
            # Two leading slashes would name another site.
            target_path = (plain_path or f"{PREFIX}/").lstrip("/")
            target = "/" + quote(target_path.encode("latin-1"))
            if query_string := environ.get("QUERY_STRING", ""):
                target += f"?{query_string}"
            headers = [("Location", target), ("Content-Length", "0")]
            start_response("308 Permanent Redirect", headers)
            return []
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
    """The language of the current request; French outside a request, as in the terminal.

    Babel's too, which asks for it once in a request, and again after :func:`switch_language`.
    """
    return request_language(request.environ) if has_request_context() else "fr"


@contextmanager
def in_french() -> Iterator[None]:
    """Switch the request to French, for a text to somebody else: a letter to a town hall."""
    before = language()
    switch_language("fr")
    try:
        yield
    finally:
        switch_language(before)


def switch_language(lang: Language) -> None:
    """Answer the rest of the request in another language than that of its address."""
    request.environ[_LANGUAGE_KEY] = lang
    # What the request has cached in its language.
    flask_babel.refresh()
    g.pop("register_book", None)


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
    has_prefix = path != without_prefix(path)
    return address if lang == "fr" or has_prefix or _SHARED.match(path) else PREFIX + address


def _localise_links(response: Response) -> Response:
    """Add the prefix to the redirect and the links of an English page."""
    if language() == "fr":
        return response
    location = response.headers.get("Location", "").removeprefix(request.host_url.rstrip("/"))
    if location.startswith("/") and not location.startswith("//"):
        response.headers["Location"] = in_language(location, "en")
    is_plain = not response.is_streamed and not response.content_encoding
    if response.mimetype == "text/html" and is_plain:
        page = _TAG.sub(
            lambda tag: _LINK.sub(lambda link: link[1] + in_language(link[2], "en"), tag[0]),
            response.get_data(as_text=True),
        )
        response.set_data(page)
    return response


# --- counts, dates, countries and typography ------------------------------------------------

# Sentences and dates of the cache of typeset texts.
_CACHE_SIZE = 4096

_QUOTED = re.compile(r'"([^"]*)"')

cached_typeset = lru_cache(maxsize=_CACHE_SIZE)(typography.typeset)


def typeset(sentence: str) -> str:
    """A sentence of the register with the spaces and apostrophes of the page's language."""
    return cached_typeset(sentence, language())


def with_label(name: str, text: str) -> str:
    """A text after its label: "Titre : trop long"."""
    return str(_("%(name)s : %(text)s", name=name, text=text))


def quoted(text: str) -> str:
    """A text in quotation marks; quotations within it get inner marks."""
    inner = "“\\1”" if language() == "fr" else "‘\\1’"
    return typeset(_("« %(text)s »", text=_QUOTED.sub(inner, text)))


def number(value: int) -> str:
    """An integer with its digits grouped in threes."""
    return typography.number(value, language())


def size_words(size: int) -> str:
    """A size in bytes: "312 octets", "45 ko", "1,2 Mo"."""
    for factor, unit in ((1_000_000, "digital-megabyte"), (1_000, "digital-kilobyte")):
        if size >= factor:
            value = size / factor
            shown = round(value, 1) if value < 10 else round(value)
            return str(format_unit(shown, unit, "short", locale=flask_babel.get_locale()))
    return str(format_unit(size, "digital-byte", "long", locale=flask_babel.get_locale()))


def count_words(count: int, *, feminine: bool = False) -> str:
    """A count, in letters when it is small."""
    return typography.count_words(count, language(), feminine=feminine)


def edtf_words(edtf: str | None) -> str:
    """A partial date in words; an unknown one is worded by the caller."""
    return dates.date_words(edtf, language())


def day_words(day: date | datetime) -> str:
    """A whole day in words."""
    return dates.day_words(day, language())


def clock(moment: datetime) -> str:
    """The hour and minute of a time in Paris: "10 h 30", in English "10:30"."""
    local_time = moment.astimezone(dates.PARIS)
    if language() == "en":
        return f"{local_time.hour}:{local_time:%M}"
    return f"{local_time.hour}\u00a0h\u00a0{local_time:%M}"


def country_name(code: str) -> str:
    """The name of a country; an unknown code itself."""
    return iso_countries.country_name(code, language())


def language_name(code: str) -> str:
    """The name of a language (CLDR, through Babel); an unknown code itself."""
    return str(Locale.parse(language()).languages.get(code, code))


def countries() -> Mapping[str, str]:
    """Country names by code, ordered by name."""
    return iso_countries.countries(language())
