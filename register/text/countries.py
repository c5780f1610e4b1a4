"""Countries by ISO 3166-1 alpha-2 code, with French names from CLDR (through Babel)."""

from __future__ import annotations

from functools import cache

from babel import Locale

from register.text.normalisation import fold

# CLDR also names unions, test locales and codes that are reserved for exceptions.
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
    """The country's name, or the code itself when it is none."""
    return _territory_names(language).get(code, code)


def countries(language: str = "fr") -> dict[str, str]:
    """Every country's code and name, in the order of names as people sort them."""
    return dict(sorted(_territory_names(language).items(), key=lambda country: fold(country[1])))
