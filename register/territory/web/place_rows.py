"""The rows of a list of places, drawn once: a page may have hundreds of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from flask_babel import ngettext
from markupsafe import Markup

from register.cases.communes_with_cases import CommuneWithCases
from register.territory.web import place_names
from register.text.dates import Language
from register.text.typography import french
from register.web import urls
from register.web.context import current_data_version
from register.web.l10n import number
from register.web.languages import language

PlaceRows = Sequence[Markup]

_ROW_HTML = Markup('<li><a href="{}"><span>{}</span> {}</a></li>')
_COUNT_HTML = Markup('<span class="num">{}<span class="vh"> {}</span></span>')


def place_row(address: str, name: str, case_count: int) -> Markup:
    """A place that leads to its page, with its number of cases if there is any."""
    count_html = (
        _COUNT_HTML.format(number(case_count), ngettext("cas", "cas", case_count))
        if case_count
        else ""
    )
    return _ROW_HTML.format(address, french(name), count_html)


def town_rows(towns: tuple[CommuneWithCases, ...]) -> PlaceRows:
    """The rows of communes; those that bear one name are told apart by their département."""
    return _cached_town_rows(towns, language(), current_data_version().territory)


# The same communes are beside every commune of their intercommunalité. What the rows are made of
# is in the key: the language, and the names of the départements by their version.
@lru_cache(maxsize=512)
def _cached_town_rows(
    towns: tuple[CommuneWithCases, ...], _language: Language, _territory: str
) -> PlaceRows:
    name_counts = Counter(town.name for town in towns)
    return [
        place_row(
            urls.commune(town.code),
            _town_label(town, is_unique=name_counts[town.name] == 1),
            town.case_count,
        )
        for town in towns
    ]


def _town_label(town: CommuneWithCases, *, is_unique: bool) -> str:
    if is_unique:
        return town.name
    return place_names.qualified_name(
        town.name, place_names.place_name("departement", town.departement)
    )
