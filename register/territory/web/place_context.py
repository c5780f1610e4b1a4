"""What a place's page tells beside its cases: what they are, and where around there are others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from register.cases import area_counts, communes_with_cases, place_counts
from register.cases.communes_with_cases import CommunesWithCases
from register.cases.filters import CaseQuery
from register.db import db
from register.territory.web import place_names, place_rows
from register.territory.web.place_names import CommuneView
from register.territory.web.place_rows import PlaceRows
from register.web import urls
from register.web.context import commune_case_counts, current_data_version, current_vocabulary, head


class CountedLink(NamedTuple):
    """A type or a year, how many cases have it, and the address of their list."""

    code: str
    case_count: int
    address: str


@dataclass(frozen=True)
class PlaceFacts:
    """The cases of a place: types in the order of the vocabulary, years from the last.

    ``undated``: those without a date, if any. ``first`` and ``last``: the years that the dated ones
    span, or nothing. ``address``: the list of all.
    """

    types: Sequence[CountedLink]
    years: Sequence[CountedLink]
    undated: CountedLink | None
    first: str
    last: str
    address: str


@dataclass(frozen=True)
class NeighbouringCommunes:
    """Other communes with cases.

    ``near_rows``: within ``radius_km`` kilometres; ``group_label``: the intercommunalité in words, if any;
    ``group_rows``: all of it that have cases, if others than the commune do.
    """

    near_rows: PlaceRows
    radius_km: int
    group_label: str
    group_rows: PlaceRows


def place_facts(kind: str, code: str) -> PlaceFacts:
    """What the cases of a place are; nothing of a place without one.

    :param kind: ``commune``, ``departement`` or ``region``.
    """
    query, territory = CaseQuery({kind: (code,)}), current_data_version().territory
    cases = place_counts.count_types_and_years(
        db.session(), query, current_vocabulary(), head(), territory
    )
    address = urls.cases(query)

    def counted_link(name: str, value: str, count: int) -> CountedLink:
        return CountedLink(value, count, f"{address}&{name}={value}")

    types = [
        type_code for type_code in current_vocabulary().lists["type"] if type_code in cases.types
    ]
    years = sorted(cases.years, reverse=True)
    return PlaceFacts(
        types=[counted_link("type", type_code, cases.types[type_code]) for type_code in types],
        years=[counted_link("annee", year, cases.years[year]) for year in years],
        undated=counted_link("sans_date", "1", cases.undated) if cases.undated else None,
        first=years[-1] if years else "",
        last=years[0] if years else "",
        address=address,
    )


def neighbouring_communes(view: CommuneView) -> NeighbouringCommunes:
    """What lies around a commune."""
    towns = towns_with_cases()
    code, details = view.commune.code, view.details
    group_towns = towns.by_intercommunalite.get(details.group.code, ()) if details.group else ()
    is_alone = all(town.code == code for town in group_towns)
    return NeighbouringCommunes(
        near_rows=place_rows.town_rows(towns.nearest_to(code, details.point))
        if details.point
        else [],
        radius_km=communes_with_cases.REACH_KM,
        group_label=place_names.group_label(details.group) if details.group else "",
        group_rows=[] if is_alone else place_rows.town_rows(group_towns),
    )


def towns_with_cases() -> CommunesWithCases:
    """The communes that have cases."""
    return communes_with_cases.load_communes(
        db.session(), commune_case_counts(), head(), current_data_version().territory
    )


def area_case_count(kind: str, code: str) -> int:
    """How many cases a ``departement`` or a ``region`` has, as its page counts them."""
    return area_counts.count_by_area(db.session(), head(), current_data_version().territory).get(
        (kind, code), 0
    )
