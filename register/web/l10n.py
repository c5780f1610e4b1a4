"""Counts, dates, countries and typography in the language of the page.

The text of a case keeps its language and French typography: ``text.typography.french``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache

from babel import Locale
from flask_babel import gettext as _

from register.text import countries as iso_countries
from register.text import dates, typography
from register.web.languages import language

# Sentences and dates of the cache of typeset texts.
_CACHE_SIZE = 4096

_QUOTED = re.compile(r'"([^"]*)"')

_typeset = lru_cache(maxsize=_CACHE_SIZE)(typography.typeset)


def typeset(sentence: str) -> str:
    """A sentence of the register with the spaces and apostrophes of the page's language."""
    return _typeset(sentence, language())


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


def count_words(count: int, *, feminine: bool = False) -> str:
    """A count, in letters when it is small."""
    return typography.count_words(count, language(), feminine=feminine)


def edtf_words(edtf: str | None) -> str:
    """A partial date in words; an unknown one is worded by the caller."""
    return dates.date_words(edtf, language())


def day_words(day: date | datetime) -> str:
    """A whole day in words."""
    return dates.day_words(day, language())


def country_name(code: str) -> str:
    """The name of a country; an unknown code itself."""
    return iso_countries.country_name(code, language())


def language_name(code: str) -> str:
    """The name of a language (CLDR, through Babel); an unknown code itself."""
    return str(Locale.parse(language()).languages.get(code, code))


def countries() -> Mapping[str, str]:
    """Country names by code, ordered by name."""
    return iso_countries.countries(language())
