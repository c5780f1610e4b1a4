"""Communes, départements and régions; one without a case is a page like any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import groupby
from typing import NamedTuple

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from markupsafe import Markup

from register.cases import case_places, filters, result_lists
from register.cases.communes_with_cases import (
    BY_DEPARTEMENT,
    BY_GROUP,
    BY_REGION,
    REACH_KM,
    CommuneWithCases,
    communes_by,
    list_communes,
    nearest_communes,
)
from register.cases.filters import CaseQuery, SummaryPage
from register.cases.result_lists import CaseSummary
from register.cases.selection import Selection
from register.db import db
from register.errors import NotFound
from register.territory import place_queries
from register.territory.place_queries import (
    CommuneDetails,
    find_commune,
    is_commune_code,
    is_departement_code,
)
from register.territory.places import Area, territory
from register.territory.web import place_choice, place_names
from register.territory.web.place_choice import PlaceChoice, case_count
from register.text.dates import Language
from register.text.typography import french
from register.web import urls
from register.web.blueprints import public
from register.web.l10n import language, number
from register.web.list_query import require_page
from register.web.maps import locator, region_locator
from register.web.request_context import current_facet_index, current_vocabulary, head

PlaceRows = Sequence[Markup]

_ROW_HTML = Markup('<li><a href="{}"><span>{}</span> {}</a></li>')
_COUNT_HTML = Markup('<span class="num">{}<span class="vh"> {}</span></span>')
# Beyond this many, the départements lead to their communes: on a page of their own, and beside the
# cases of a région.
_MAX_COMMUNES = 300
_MAX_COMMUNES_OF_REGION = 60


@public.get("/communes")
def communes() -> ResponseReturnValue:
    """Find a place by what people call it, or see where there are cases."""
    if typed := place_choice.typed_place(request.args.getlist("q")):
        matches = place_choice.match_places(typed, place_choice.place_url)
        if matches.sole_choice:
            return redirect(matches.sole_choice.address, 303)
        return render_template("territory/place_choice.html", matches=matches, back=None)
    towns = list_communes(current_facet_index(), territory().communes, limit=_MAX_COMMUNES)
    departements = place_queries.departements()
    return render_template(
        "territory/communes.html",
        communes=_town_rows(towns),
        departements=_area_rows("departement", departements, include_empty=False),
    )


@public.get("/communes/<code>")
def commune(code: str) -> ResponseReturnValue:
    """A commune; a former code leads to the commune of today, which says so."""
    if code != code.upper() and is_commune_code(code.upper()):
        return redirect(urls.commune(code.upper()), 301)
    # Read first: what is shown must not be older than the position it is shown for.
    head()
    details = find_commune(code)
    if details is None:
        raise NotFound("no_such_place")
    if details.commune.code != code:
        return redirect(place_names.commune_url(details.commune.code, code), 301)
    alias_code = request.args.get(place_names.ALIAS_PARAMETER, "")
    alias = details.name_at_code(alias_code) if alias_code else None
    if alias_code and alias is None:
        # The code never led to this commune: no page of ours gave that address.
        raise NotFound("no_such_place")
    return _render_place(
        "commune",
        code,
        view=details,
        through=alias,
        around=lambda: _around(details),
        cases_of=case_count,
    )


def _around(details: CommuneDetails) -> dict[str, object]:
    """Other communes with cases: the nearest, and those of the same intercommunalité."""
    index, group = current_facet_index(), details.group
    group_towns = list_communes(index, communes_by(BY_GROUP)[group.code]) if group else ()
    is_alone = all(town.code == details.commune.code for town in group_towns)
    return {
        "near_rows": _town_rows(nearest_communes(index, details.commune)),
        "radius_km": REACH_KM,
        "group_label": place_names.group_label(group) if group else "",
        "group_rows": [] if is_alone else _town_rows(group_towns),
    }


@public.get("/departements")
def departements() -> ResponseReturnValue:
    """Every département, those with cases and the others."""
    rows = _area_rows("departement", place_queries.departements())
    return render_template("territory/departements.html", departements=rows)


@public.get("/departements/<code>")
def departement(code: str) -> ResponseReturnValue:
    """A département or an overseas collectivity."""
    if code != code.upper() and is_departement_code(code.upper()):
        return redirect(urls.departement(code.upper()), 301)
    area = place_queries.departement(code)
    if area is None:
        raise NotFound("no_such_place")
    return _render_place(
        "departement",
        code,
        area=area,
        region=place_queries.region(area.region_code) if area.region_code else None,
        communes=_town_rows(
            list_communes(current_facet_index(), communes_by(BY_DEPARTEMENT).get(code, ()))
        ),
        size=area.commune_count,
        locator_map=locator(code),
        namesakes=_namesakes(area.name),
    )


def _namesakes(name: str) -> list[PlaceChoice]:
    """What cases without a code call their place, in words that begin with a name."""
    return [
        place_choice.uncoded_choice(place, place_choice.place_url)
        for place in case_places.match_places(current_facet_index(), name, language())
        if place.is_prefix_match
    ]


@public.get("/regions")
def regions() -> ResponseReturnValue:
    """Every région."""
    rows = _area_rows("region", place_queries.regions())
    return render_template("territory/regions.html", regions=rows)


@public.get("/regions/<code>")
def region(code: str) -> ResponseReturnValue:
    """A région."""
    area = place_queries.region(code)
    if area is None:
        raise NotFound("no_such_place")
    towns = list_communes(
        current_facet_index(), communes_by(BY_REGION).get(code, ()), limit=_MAX_COMMUNES_OF_REGION
    )
    departements = place_queries.departements(code)
    return _render_place(
        "region",
        code,
        area=area,
        departements=_area_rows("departement", departements),
        locator_map=region_locator([member.code for member in departements]),
        communes=_town_rows(towns),
    )


def _render_place(kind: str, code: str, **variables: object) -> str:
    """The page of a place, with its cases and what they are."""
    number = filters.parse_page_number(request.args.get("page", ""))
    query = CaseQuery({kind: (code,)}, page=number)
    selection = Selection(current_facet_index(), query)
    page: SummaryPage[CaseSummary] = SummaryPage((), selection.total, number)
    require_page(page.number, page.pages)

    def years() -> list[tuple[str, list[CaseSummary]]]:
        """Cases that follow one another under their year; undated ones under an empty one."""
        cases = result_lists.load_page(db.session(), selection).cases
        return [(year, list(group)) for year, group in groupby(cases, lambda case: case.date[:4])]

    # As functions: a page that is cached calls none of them.
    return render_template(
        f"territory/{kind}.html",
        page=page,
        years=years,
        facts=cache(lambda: _place_facts(selection)),
        **variables,
    )


class CountedLink(NamedTuple):
    """A type or a year, how many cases have it, and the address of their list."""

    code: str
    case_count: int
    address: str


def _place_facts(selection: Selection) -> dict[str, object]:
    """What the cases of a place are: types in the order of the vocabulary, years from the last.

    ``undated``: those without a date, if any. ``first`` and ``last``: the years that the dated ones
    span, or nothing. ``address``: the list of all.
    """
    type_counts, year_counts = selection.count_codes("type"), selection.count_codes("annee")
    # A date lies in one year, so a case of no year has no date.
    undated_count = selection.total - sum(year_counts.values())
    address = urls.cases(selection.query.at_page(1))

    def counted_link(name: str, code: str, count: int) -> CountedLink:
        return CountedLink(code, count, f"{address}&{name}={code}")

    types = [code for code in current_vocabulary().lists["type"] if code in type_counts]
    years = sorted(year_counts, reverse=True)
    return {
        "types": [counted_link("type", code, type_counts[code]) for code in types],
        "years": [counted_link("annee", year, year_counts[year]) for year in years],
        "undated": counted_link("sans_date", "1", undated_count) if undated_count else None,
        "first": years[-1] if years else "",
        "last": years[0] if years else "",
        "address": address,
    }


# --- rows ---------------------------------------------------------------------------------------


def _place_row(address: str, name: str, cases: int) -> Markup:
    """A place that leads to its page, with its number of cases if there is any."""
    count_html = _COUNT_HTML.format(number(cases), ngettext("cas", "cas", cases)) if cases else ""
    return _ROW_HTML.format(address, french(name), count_html)


def _area_rows(kind: str, areas: Sequence[Area], *, include_empty: bool = True) -> PlaceRows:
    """Départements or régions by name, those without a case unless asked not to."""
    rows = []
    for area in sorted(areas, key=lambda area: area.folded):
        cases = case_count(kind, area.code)
        if cases or include_empty:
            rows.append(_place_row(urls.PLACES[kind](area.code), area.name, cases))
    return rows


def _town_rows(towns: tuple[CommuneWithCases, ...]) -> PlaceRows:
    """The rows of communes; those that bear one name are told apart by their département."""
    return _cached_town_rows(towns, language())


# The same communes are beside every commune of their intercommunalité.
@lru_cache(maxsize=512)
def _cached_town_rows(towns: tuple[CommuneWithCases, ...], _language: Language) -> PlaceRows:
    name_counts = Counter(town.name for town in towns)
    rows = []
    for town in towns:
        label = town.name
        if name_counts[town.name] > 1:
            area_name = place_names.place_name("departement", town.departement)
            label = place_queries.qualified_name(town.name, area_name)
        rows.append(_place_row(urls.commune(town.code), label, town.case_count))
    return rows
