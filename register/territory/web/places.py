"""Communes, départements and régions; one without a case is a page like any other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.cases import filters, queries
from register.cases.filters import CaseQuery
from register.cases.queries import CasePage, CaseSummary
from register.db import db
from register.errors import NotFound
from register.territory import places
from register.territory.commune_details import AlternativeName
from register.territory.models import Departement
from register.territory.web import (
    place_choice,
    place_context,
    place_names,
    place_rows,
)
from register.territory.web.place_names import ALIAS_PARAMETER, CommuneView
from register.territory.web.place_rows import PlaceRows
from register.web import urls
from register.web.blueprints import public
from register.web.context import current_vocabulary, head
from register.web.drawings.locator_map import locator, region_locator

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
    towns = place_context.towns_with_cases().communes
    return render_template(
        "public/communes.html",
        communes=place_rows.town_rows(towns) if len(towns) <= _MAX_COMMUNES else [],
        departements=_departement_rows(places.departements(db.session()), include_empty=False),
    )


def _matches_page(typed: str) -> ResponseReturnValue:
    matches = place_choice.match_places(typed, place_choice.place_url)
    if matches.sole_choice:
        return redirect(matches.sole_choice.address, 303)
    return render_template("public/choice.html", matches=matches, back=None)


@public.get("/communes/<code>")
def commune(code: str) -> ResponseReturnValue:
    """A commune; a former code leads to the commune of today, which says so."""
    if code != code.upper() and places.is_commune_code(code.upper()):
        return redirect(urls.commune(code.upper()), 301)
    # Read first: what is shown must not be older than the position it is shown for.
    head()
    view = place_names.find_commune_view(code) if places.is_commune_code(code) else None
    if view is None:
        raise NotFound("no_such_place")
    if view.commune.code != code:
        return redirect(place_names.commune_url(view.commune.code, code), 301)
    alias = _requested_alias(view)
    page = _case_page("commune", code)
    return render_template(
        "public/commune.html",
        view=view,
        through=alias,
        page=page,
        years=by_year(page.cases),
        facts=place_context.place_facts("commune", code),
        around=place_context.neighbouring_communes(view),
        cases_of=place_context.area_case_count,
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
    all_departements = places.departements(db.session())
    return render_template(
        "public/departements.html", departements=_departement_rows(all_departements)
    )


@public.get("/departements/<code>")
def departement(code: str) -> ResponseReturnValue:
    """A département or an overseas collectivity."""
    if code != code.upper() and places.is_departement_code(code.upper()):
        return redirect(urls.departement(code.upper()), 301)
    is_code = places.is_departement_code(code)
    area = places.departement(db.session(), code) if is_code else None
    if area is None:
        raise NotFound("no_such_place")
    page = _case_page("departement", code)
    return render_template(
        "public/departement.html",
        area=area,
        region=places.region(db.session(), area.region_code) if area.region_code else None,
        communes=place_rows.town_rows(
            place_context.towns_with_cases().by_departement.get(code, ())
        ),
        size=places.commune_count(db.session(), departement=code),
        locator_map=locator(code),
        page=page,
        years=by_year(page.cases),
        facts=place_context.place_facts("departement", code),
    )


@public.get("/regions")
def regions() -> ResponseReturnValue:
    """Every région."""
    region_rows = [
        place_rows.place_row(
            urls.region(area.code), area.name, place_context.area_case_count("region", area.code)
        )
        for area in places.regions(db.session())
    ]
    return render_template("public/regions.html", regions=region_rows)


@public.get("/regions/<code>")
def region(code: str) -> ResponseReturnValue:
    """A région."""
    is_code = places.is_region_code(code)
    area = places.region(db.session(), code) if is_code else None
    if area is None:
        raise NotFound("no_such_place")
    page = _case_page("region", code)
    communes = place_context.towns_with_cases().by_region.get(code, ())
    region_departements = places.departements_of_region(db.session(), code)
    return render_template(
        "public/region.html",
        area=area,
        departements=_departement_rows(region_departements),
        locator_map=region_locator([member.code for member in region_departements]),
        communes=place_rows.town_rows(communes) if len(communes) <= _MAX_COMMUNES_OF_REGION else [],
        page=page,
        years=by_year(page.cases),
        facts=place_context.place_facts("region", code),
    )


def by_year(cases: Sequence[CaseSummary]) -> list[tuple[str, list[CaseSummary]]]:
    """Cases that follow one another under their year; the undated ones under an empty one."""
    return [(year, list(group)) for year, group in groupby(cases, lambda case: case.date[:4])]


def _case_page(kind: str, code: str) -> CasePage:
    position = head()
    number = filters.parse_page_number(request.args.get("page", ""))
    query = CaseQuery({kind: (code,)}, page=number)
    page = queries.query_case_page(db.session(), query, current_vocabulary(), position)
    if page.number > page.pages:
        raise NotFound("no_such_page")
    return page


def _departement_rows(
    departement_list: Sequence[Departement], *, include_empty: bool = True
) -> PlaceRows:
    """Départements in the order of their names, those without a case unless asked not to."""
    with_counts = [
        (land, place_context.area_case_count("departement", land.code)) for land in departement_list
    ]
    return [
        place_rows.place_row(urls.departement(land.code), land.name, cases)
        for land, cases in sorted(with_counts, key=lambda land_and_count: land_and_count[0].folded)
        if cases or include_empty
    ]
