"""Communes, départements and régions; one without a case is a page like any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from markupsafe import Markup

from register.cases import communes_with_cases, facets, filters, result_lists
from register.cases.communes_with_cases import CommunesWithCases, CommuneWithCases
from register.cases.filters import CaseQuery
from register.cases.result_lists import CasePage, CaseSummary
from register.db import db
from register.errors import NotFound
from register.territory import place_queries
from register.territory.models import Departement
from register.territory.place_queries import AlternativeName
from register.territory.web import place_choice, place_names
from register.territory.web.place_names import ALIAS_PARAMETER, CommuneView
from register.text.dates import Language
from register.text.typography import french
from register.web import urls
from register.web.blueprints import public
from register.web.drawings.maps import locator, region_locator
from register.web.l10n import number
from register.web.languages import language
from register.web.request_context import (
    commune_case_counts,
    current_data_version,
    current_vocabulary,
    head,
)

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


# Beyond this many, the départements lead to their communes: on a page of their own, and beside the
# cases of a région.
_MAX_COMMUNES = 300
_MAX_COMMUNES_OF_REGION = 60


@public.get("/communes")
def communes() -> ResponseReturnValue:
    """Find a place by what people call it, or see where there are cases."""
    typed = place_choice.typed_place(request.args.getlist("q"))
    if typed:
        return _matches_page(typed)
    towns = towns_with_cases().communes
    return render_template(
        "territory/communes.html",
        communes=town_rows(towns) if len(towns) <= _MAX_COMMUNES else [],
        departements=_departement_rows(
            place_queries.departements(db.session()), include_empty=False
        ),
    )


def _matches_page(typed: str) -> ResponseReturnValue:
    matches = place_choice.match_places(typed, place_choice.place_url)
    if matches.sole_choice:
        return redirect(matches.sole_choice.address, 303)
    return render_template("territory/place_choice.html", matches=matches, back=None)


@public.get("/communes/<code>")
def commune(code: str) -> ResponseReturnValue:
    """A commune; a former code leads to the commune of today, which says so."""
    if code != code.upper() and place_queries.is_commune_code(code.upper()):
        return redirect(urls.commune(code.upper()), 301)
    # Read first: what is shown must not be older than the position it is shown for.
    head()
    view = place_names.find_commune_view(code) if place_queries.is_commune_code(code) else None
    if view is None:
        raise NotFound("no_such_place")
    if view.commune.code != code:
        return redirect(place_names.commune_url(view.commune.code, code), 301)
    alias = _requested_alias(view)
    page = _case_page("commune", code)
    return render_template(
        "territory/commune.html",
        view=view,
        through=alias,
        page=page,
        years=by_year(page.cases),
        facts=place_facts("commune", code),
        around=neighbouring_communes(view),
        cases_of=area_case_count,
    )


def _requested_alias(view: CommuneView) -> AlternativeName | None:
    """The other place that the commune was asked for by, if any.

    :raises NotFound: a code that never led to this commune: no page of ours gave that address.
    """
    code = request.args.get(ALIAS_PARAMETER, "")
    alias = view.name_at_code(code) if code else None
    if code and alias is None:
        raise NotFound("no_such_place")
    return alias


@public.get("/departements")
def departements() -> ResponseReturnValue:
    """Every département, those with cases and the others."""
    all_departements = place_queries.departements(db.session())
    return render_template(
        "territory/departements.html", departements=_departement_rows(all_departements)
    )


@public.get("/departements/<code>")
def departement(code: str) -> ResponseReturnValue:
    """A département or an overseas collectivity."""
    if code != code.upper() and place_queries.is_departement_code(code.upper()):
        return redirect(urls.departement(code.upper()), 301)
    is_code = place_queries.is_departement_code(code)
    area = place_queries.departement(db.session(), code) if is_code else None
    if area is None:
        raise NotFound("no_such_place")
    page = _case_page("departement", code)
    return render_template(
        "territory/departement.html",
        area=area,
        region=place_queries.region(db.session(), area.region_code) if area.region_code else None,
        communes=town_rows(towns_with_cases().by_departement.get(code, ())),
        size=place_queries.commune_count(db.session(), departement=code),
        locator_map=locator(code),
        page=page,
        years=by_year(page.cases),
        facts=place_facts("departement", code),
    )


@public.get("/regions")
def regions() -> ResponseReturnValue:
    """Every région."""
    region_rows = [
        place_row(urls.region(area.code), area.name, area_case_count("region", area.code))
        for area in place_queries.regions(db.session())
    ]
    return render_template("territory/regions.html", regions=region_rows)


@public.get("/regions/<code>")
def region(code: str) -> ResponseReturnValue:
    """A région."""
    is_code = place_queries.is_region_code(code)
    area = place_queries.region(db.session(), code) if is_code else None
    if area is None:
        raise NotFound("no_such_place")
    page = _case_page("region", code)
    communes = towns_with_cases().by_region.get(code, ())
    region_departements = place_queries.departements_of_region(db.session(), code)
    return render_template(
        "territory/region.html",
        area=area,
        departements=_departement_rows(region_departements),
        locator_map=region_locator([member.code for member in region_departements]),
        communes=town_rows(communes) if len(communes) <= _MAX_COMMUNES_OF_REGION else [],
        page=page,
        years=by_year(page.cases),
        facts=place_facts("region", code),
    )


def by_year(cases: Sequence[CaseSummary]) -> list[tuple[str, list[CaseSummary]]]:
    """Cases that follow one another under their year; the undated ones under an empty one."""
    return [(year, list(group)) for year, group in groupby(cases, lambda case: case.date[:4])]


def _case_page(kind: str, code: str) -> CasePage:
    position = head()
    number = filters.parse_page_number(request.args.get("page", ""))
    query = CaseQuery({kind: (code,)}, page=number)
    page = result_lists.query_case_page(db.session(), query, current_vocabulary(), position)
    if page.number > page.pages:
        raise NotFound("no_such_page")
    return page


def _departement_rows(
    departement_list: Sequence[Departement], *, include_empty: bool = True
) -> PlaceRows:
    """Départements in the order of their names, those without a case unless asked not to."""
    with_counts = [(land, area_case_count("departement", land.code)) for land in departement_list]
    return [
        place_row(urls.departement(land.code), land.name, cases)
        for land, cases in sorted(with_counts, key=lambda land_and_count: land_and_count[0].folded)
        if cases or include_empty
    ]


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

    ``near_rows``: within ``radius_km`` kilometres; ``group_label``: the intercommunalité in words,
    if any; ``group_rows``: all of it that have cases, if others than the commune do.
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
    cases = facets.count_types_and_years(
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
        near_rows=town_rows(towns.nearest_to(code, details.point)) if details.point else [],
        radius_km=communes_with_cases.REACH_KM,
        group_label=place_names.group_label(details.group) if details.group else "",
        group_rows=[] if is_alone else town_rows(group_towns),
    )


def towns_with_cases() -> CommunesWithCases:
    """The communes that have cases."""
    return communes_with_cases.load_communes(
        db.session(), commune_case_counts(), head(), current_data_version().territory
    )


def area_case_count(kind: str, code: str) -> int:
    """How many cases a ``departement`` or a ``region`` has, as its page counts them."""
    return communes_with_cases.count_by_area(
        db.session(), head(), current_data_version().territory
    ).get((kind, code), 0)
