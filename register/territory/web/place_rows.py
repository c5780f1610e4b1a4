"""The rows of a list of places, drawn once: a page may have hundreds of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from flask_babel import ngettext
from markupsafe import Markup

from register.cases.communes_with_cases import Town
from register.territory.web import place_names
from register.text.dates import Language
from register.text.typography import french
from register.web import urls
from register.web.context import standing
from register.web.l10n import number
from register.web.languages import language

Rows = Sequence[Markup]

_ROW = Markup('<li><a href="{}"><span>{}</span> {}</a></li>')
_COUNT = Markup('<span class="num">{}<span class="vh"> {}</span></span>')


def row(address: str, name: str, cases: int) -> Markup:
    """A place that leads to its page, with its number of cases if there is any."""
    count = _COUNT.format(number(cases), ngettext("cas", "cas", cases)) if cases else ""
    return _ROW.format(address, french(name), count)


def of_towns(found: tuple[Town, ...]) -> Rows:
    """The rows of communes; those that bear one name are told apart by their département."""
    return _of_towns(found, language(), standing().territory)


# The same communes are beside every commune of their intercommunalité. What the rows are made of
# is in the key: the language, and the names of the départements by their version.
@lru_cache(maxsize=512)
def _of_towns(found: tuple[Town, ...], _language: Language, _territory: str) -> Rows:
    often = Counter(town.name for town in found)
    return [
        row(urls.commune(town.code), _named(town, alone=often[town.name] == 1), town.cases)
        for town in found
    ]


def _named(town: Town, *, alone: bool) -> str:
    if alone:
        return town.name
    return place_names.named(town.name, place_names.name_of("departement", town.departement))
