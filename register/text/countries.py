"""Countries by ISO 3166-1 alpha-2 code, with names from CLDR (through Babel)."""

from __future__ import annotations

import re
from functools import cache

from babel import Locale

from register.text.normalisation import fold

# CLDR also names unions, test locales and exceptionally reserved codes.
_NOT_COUNTRIES = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
)


@cache
def _territory_names(language: str) -> dict[str, str]:
    territories = Locale.parse(language).territories
    return {
        code: name
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    }


def is_country(code: str) -> bool:
    """Whether ``code`` is a country's two upper-case letters."""
    return code in _territory_names("fr")


def country_name(code: str, language: str = "fr") -> str:
    """The country's name; an unknown code itself."""
    return _territory_names(language).get(code, code)


def countries(language: str = "fr") -> dict[str, str]:
    """Country names by code, ordered by name without regard to case and accents."""
    return dict(sorted(_territory_names(language).items(), key=lambda country: fold(country[1])))


def named_country(place: str) -> str:
    """The code of the country that ends a typed place ("Charleroi (Belgique)"); "" for none."""
    last = re.split(r"[(,]", place)[-1].strip(" )")
    return _codes_by_name().get(fold(last), "")


@cache
def _codes_by_name() -> dict[str, str]:
    return {
        fold(name): code
        for language in ("en", "fr")
        for code, name in _territory_names(language).items()
    }
