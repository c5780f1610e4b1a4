"""Counts, dates, countries and the marks of a sentence, in the language of whoever reads.

What is written in a case stays as it was written and has French marks: ``text.typography.french``.
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

# Sentences and dates are shown again and again; beyond this the oldest are made anew.
_CACHE_SIZE = 4096

_QUOTED = re.compile(r'"([^"]*)"')

_typeset = lru_cache(maxsize=_CACHE_SIZE)(typography.typeset)


def typeset(sentence: str) -> str:
    """A sentence of ours with the spaces and apostrophes of its language."""
    return _typeset(sentence, language())


def with_label(name: str, text: str) -> str:
    """Something with its name before it: "Titre : trop long"."""
    return str(_("%(name)s : %(text)s", name=name, text=text))


def quoted(text: str) -> str:
    """A text between the marks of a quotation; one within it has others."""
    inner = "“\\1”" if language() == "fr" else "‘\\1’"
    return typeset(_("« %(text)s »", text=_QUOTED.sub(inner, text)))


def number(value: int) -> str:
    """An integer with its digits in threes."""
    return typography.number(value, language())


def count_words(count: int, *, feminine: bool = False) -> str:
    """A count in letters if it is small."""
    return typography.count_words(count, language(), feminine=feminine)


def edtf_words(edtf: str | None) -> str:
    """A partial date in words; the caller says what an unknown one is called."""
    return dates.date_words(edtf, language())


def day_words(day: date | datetime) -> str:
    """A whole day in words."""
    return dates.day_words(day, language())


def country_name(code: str) -> str:
    """A country, or the code itself when it is none."""
    return iso_countries.country_name(code, language())


def language_name(code: str) -> str:
    """A language in words, or its code when it has none there (CLDR, through Babel)."""
    return str(Locale.parse(language()).languages.get(code, code))


def countries() -> Mapping[str, str]:
    """Every country's code and name, in the order of names."""
    return iso_countries.countries(language())
