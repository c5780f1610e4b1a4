"""Communes, départements and régions; one without a case is a page like any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.db import db
from register.errors import NotFound
from register.incidents import figures, filters, queries
from register.incidents.filters import Query
from register.incidents.queries import Listed, Page
from register.territory import places
from register.territory.models import Departement
from register.territory.sheets import Alias
from register.text.fold import fold_name
from register.web.context import book, gazetteer, head, known_places
from register.web.public import addresses, choice, suggestions, whereabouts
from register.web.public.whereabouts import THROUGH, Whereabouts

# Beyond this many, the départements lead to their communes.
_COMMUNES_SHOWN = 300

Places = list[tuple[str, str, int]]


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/communes", view_func=communes)
    blueprint.add_url_rule("/communes/suggest", view_func=suggestions.suggestions)
    blueprint.add_url_rule("/communes/<code>", view_func=commune)
    blueprint.add_url_rule("/departements", view_func=departements)
    blueprint.add_url_rule("/departements/<code>", view_func=departement)
    blueprint.add_url_rule("/regions", view_func=regions)
    blueprint.add_url_rule("/regions/<code>", view_func=region)


def communes() -> ResponseReturnValue:
    """Find a place by what people call it, or see where there are cases."""
    typed = choice.typed(request.args.getlist("q"))
    if typed:
        return _found(typed)
    position = head()
    known = _with_cases()
    return render_template(
        "public/communes.html",
        summary=figures.summary(db.session(), book(), position),
        communes=known if len(known) <= _COMMUNES_SHOWN else [],
    )


def _found(typed: str) -> ResponseReturnValue:
    found = choice.read(typed, choice.page_of)
    if found.one:
        return redirect(found.one.address, 303)
    return render_template("public/choice.html", found=found, back=None)


def commune(code: str) -> ResponseReturnValue:
    """A commune; a former code leads to the commune of today, which says so."""
    if code != code.upper() and places.is_commune_code(code.upper()):
        return redirect(addresses.commune(code.upper()), 301)
    # Read first: what is shown must not be older than the position it is shown for.
    head()
    here = whereabouts.of_commune(code) if places.is_commune_code(code) else None
    if here is None:
        raise NotFound("no_such_place")
    if here.commune.code != code:
        return redirect(whereabouts.page_of_commune(here.commune.code, code), 301)
    through = _through(here)
    page = _cases("commune", code)
    return render_template(
        "public/commune.html", here=here, through=through, page=page, years=by_year(page.cases)
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
    position = head()
    counted = figures.summary(db.session(), book(), position).departements
    counts = {code: count for code, _name, count in counted}
    every = [(row.code, row.name, counts.get(row.code, 0)) for row in _departements()]
    return render_template("public/departements.html", departements=every)


def departement(code: str) -> ResponseReturnValue:
    """A département or an overseas collectivity."""
    if code != code.upper() and places.is_departement_code(code.upper()):
        return redirect(addresses.departement(code.upper()), 301)
    known = places.is_departement_code(code)
    here = places.departement(db.session(), code) if known else None
    if here is None:
        raise NotFound("no_such_place")
    page = _cases("departement", code)
    return render_template(
        "public/departement.html",
        here=here,
        region=places.region(db.session(), here.region_code) if here.region_code else None,
        communes=_with_cases(code),
        size=places.commune_count(db.session(), departement=code),
        page=page,
        years=by_year(page.cases),
    )


def regions() -> ResponseReturnValue:
    """Every région."""
    return render_template("public/regions.html", regions=places.regions(db.session()))


def region(code: str) -> ResponseReturnValue:
    """A région."""
    known = places.is_region_code(code)
    here = places.region(db.session(), code) if known else None
    if here is None:
        raise NotFound("no_such_place")
    page = _cases("region", code)
    return render_template(
        "public/region.html",
        here=here,
        departements=[row for row in _departements() if row.region_code == code],
        page=page,
        years=by_year(page.cases),
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


def _departements() -> list[Departement]:
    found = places.departements(db.session())
    return sorted(found, key=lambda row: row.folded)


def _with_cases(departement: str | None = None) -> Places:
    """Communes that have cases: code, name, count, in the order of their names.

    Those that bear the same name are told apart by their département.
    """
    known = gazetteer()
    found = [
        (known.communes[code], count)
        for code, count in known_places().items()
        if code in known.communes and departement in (None, known.communes[code].parent)
    ]
    often = Counter(place.name for place, _count in found)
    rows = []
    for place, count in found:
        around = known.departements.get(place.parent or "") if often[place.name] > 1 else None
        name = whereabouts.named(place.name, around.name if around else "")
        rows.append((place.code, name, count))
    return sorted(rows, key=lambda row: fold_name(row[1]))
