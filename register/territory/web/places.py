"""Communes, départements and régions; one without a case is a page like any other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.cases import filters, queries
from register.cases.filters import Query
from register.cases.queries import Listed, Page
from register.db import db
from register.errors import NotFound
from register.territory import places
from register.territory.commune_details import Alias
from register.territory.models import Departement
from register.territory.web import (
    place_autocomplete,
    place_choice,
    place_context,
    place_names,
    place_rows,
)
from register.territory.web.place_names import THROUGH, Whereabouts
from register.territory.web.place_rows import Rows
from register.web import urls
from register.web.context import book, head
from register.web.drawings.locator_map import locator, locator_of

# Beyond this many, the départements lead to their communes: on a page of their own, and beside the
# cases of a région.
_COMMUNES_SHOWN = 300
_COMMUNES_BESIDE = 60


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/communes", view_func=communes)
    blueprint.add_url_rule(
        "/communes/suggest", view_func=place_autocomplete.suggestions, methods=["GET", "POST"]
    )
    blueprint.add_url_rule("/communes/<code>", view_func=commune)
    blueprint.add_url_rule("/departements", view_func=departements)
    blueprint.add_url_rule("/departements/<code>", view_func=departement)
    blueprint.add_url_rule("/regions", view_func=regions)
    blueprint.add_url_rule("/regions/<code>", view_func=region)


def communes() -> ResponseReturnValue:
    """Find a place by what people call it, or see where there are cases."""
    typed = place_choice.typed(request.args.getlist("q"))
    if typed:
        return _found(typed)
    known = place_context.with_cases().every
    return render_template(
        "public/communes.html",
        communes=place_rows.of_towns(known) if len(known) <= _COMMUNES_SHOWN else [],
        departements=_departements(places.departements(db.session()), empty=False),
    )


def _found(typed: str) -> ResponseReturnValue:
    found = place_choice.read(typed, place_choice.page_of)
    if found.one:
        return redirect(found.one.address, 303)
    return render_template("public/choice.html", found=found, back=None)


def commune(code: str) -> ResponseReturnValue:
    """A commune; a former code leads to the commune of today, which says so."""
    if code != code.upper() and places.is_commune_code(code.upper()):
        return redirect(urls.commune(code.upper()), 301)
    # Read first: what is shown must not be older than the position it is shown for.
    head()
    here = place_names.of_commune(code) if places.is_commune_code(code) else None
    if here is None:
        raise NotFound("no_such_place")
    if here.commune.code != code:
        return redirect(place_names.page_of_commune(here.commune.code, code), 301)
    through = _through(here)
    page = _cases("commune", code)
    return render_template(
        "public/commune.html",
        here=here,
        through=through,
        page=page,
        years=by_year(page.cases),
        facts=place_context.facts("commune", code),
        around=place_context.around(here),
        cases_of=place_context.cases_of,
    )


def _through(here: Whereabouts) -> Alias | None:
    """The other place that the commune was asked for by, if any.

    :raises NotFound: a code that never led to this commune: no page of ours gave that address.
    """
    code = request.args.get(THROUGH, "")
    through = here.through(code) if code else None
    if code and through is None:
        raise NotFound("no_such_place")
    return through


def departements() -> ResponseReturnValue:
    """Every département, those with cases and the others."""
    found = places.departements(db.session())
    return render_template("public/departements.html", departements=_departements(found))


def departement(code: str) -> ResponseReturnValue:
    """A département or an overseas collectivity."""
    if code != code.upper() and places.is_departement_code(code.upper()):
        return redirect(urls.departement(code.upper()), 301)
    known = places.is_departement_code(code)
    here = places.departement(db.session(), code) if known else None
    if here is None:
        raise NotFound("no_such_place")
    page = _cases("departement", code)
    return render_template(
        "public/departement.html",
        here=here,
        region=places.region(db.session(), here.region_code) if here.region_code else None,
        communes=place_rows.of_towns(place_context.with_cases().by_departement.get(code, ())),
        size=places.commune_count(db.session(), departement=code),
        drawn=locator(code),
        page=page,
        years=by_year(page.cases),
        facts=place_context.facts("departement", code),
    )


def regions() -> ResponseReturnValue:
    """Every région."""
    every = [
        place_rows.row(urls.region(one.code), one.name, place_context.cases_of("region", one.code))
        for one in places.regions(db.session())
    ]
    return render_template("public/regions.html", regions=every)


def region(code: str) -> ResponseReturnValue:
    """A région."""
    known = places.is_region_code(code)
    here = places.region(db.session(), code) if known else None
    if here is None:
        raise NotFound("no_such_place")
    page = _cases("region", code)
    communes = place_context.with_cases().by_region.get(code, ())
    inside = places.departements_of_region(db.session(), code)
    return render_template(
        "public/region.html",
        here=here,
        departements=_departements(inside),
        drawn=locator_of([one.code for one in inside]),
        communes=place_rows.of_towns(communes) if len(communes) <= _COMMUNES_BESIDE else [],
        page=page,
        years=by_year(page.cases),
        facts=place_context.facts("region", code),
    )


def by_year(cases: Sequence[Listed]) -> list[tuple[str, list[Listed]]]:
    """Cases that follow one another under their year; the undated ones under an empty one."""
    return [(year, list(group)) for year, group in groupby(cases, lambda case: case.date[:4])]


def _cases(kind: str, code: str) -> Page:
    position = head()
    number = filters.page_number(request.args.get("page", ""))
    query = Query({kind: (code,)}, page=number)
    page = queries.listing(db.session(), query, book(), position)
    if page.number > page.pages:
        raise NotFound("no_such_page")
    return page


def _departements(found: Sequence[Departement], *, empty: bool = True) -> Rows:
    """Départements in the order of their names, those without a case unless asked not to."""
    counted = [(one, place_context.cases_of("departement", one.code)) for one in found]
    return [
        place_rows.row(urls.departement(one.code), one.name, cases)
        for one, cases in sorted(counted, key=lambda pair: pair[0].folded)
        if cases or empty
    ]
