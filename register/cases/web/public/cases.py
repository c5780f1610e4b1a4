"""Lists of cases, and one case."""

from __future__ import annotations

import re

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.cases import home_counts, public_history, queries, timeline
from register.cases.filters import Query
from register.cases.web.public import (
    case_view,
    filter_panel,
    no_results,
    search_form,
    search_suggestions,
    search_title,
    text_search,
)
from register.db import db
from register.errors import Invalid, Moved, NotFound
from register.territory.web import place_choice
from register.web import urls
from register.web.context import book, head
from register.web.drawings.map import france

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/incidents", view_func=cases)
    blueprint.add_url_rule("/incidents/<number>", view_func=case)


def case_number(text: str) -> int:
    """A case's number as an address writes it: no leading zero, at most nine digits.

    :raises NotFound: anything else; such an address never was a case's.
    """
    if not _NUMBER.fullmatch(text):
        raise NotFound("no_such_case")
    return int(text)


def cases() -> ResponseReturnValue:
    """The list, by words and filters; a typed place is first made a code."""
    args = request.args.to_dict(flat=False)
    typed = place_choice.typed(args.pop("lieu", []))
    # Read first: what is shown must not be older than the position it is shown for.
    head()
    try:
        query = search_form.search(args)
        if not typed and search_form.is_littered(request.args.items(multi=True)):
            # What the form sent of fields that nobody filled in is no part of an address to keep.
            return redirect(urls.cases(query), 303)
        return _at_place(typed, query) if typed else _listed(query, text_search.sought(query))
    except Invalid as error:
        return to_put_right(args, error)


def _listed(query: Query, found: text_search.Words | None) -> str:
    hits = found.strength if found else None
    page = queries.listing(db.session(), query, book(), head(), hits)
    if page.number > page.pages:
        raise NotFound("no_such_page")
    offered = search_suggestions.of(query, found)
    return render_template(
        "public/cases.html",
        page=page,
        query=query,
        summary=home_counts.summary(db.session(), book(), head()),
        title="" if query.is_bare else search_title.title(query, book(), page.total),
        map=france(query, hits) if page.total else None,
        panel=filter_panel.drawn(query, book(), head(), hits),
        chips=filter_panel.chips(query, book()),
        told=search_title.phrase(query, book()),
        unheeded=found.unheeded if found else "",
        reach=found.hits.state if found else "",
        offers=offered,
        onward=no_results.of(query, found, offered) if not (page.total or query.is_bare) else None,
        mark=text_search.marker(found),
    )


def _at_place(typed: str, query: Query) -> ResponseReturnValue:
    """To the same search at the typed place, or to the choice between its readings."""
    found = place_choice.read(
        typed, lambda reading: urls.cases(place_choice.narrowed(query, reading))
    )
    if found.one:
        return redirect(found.one.address, 303)
    return render_template("public/choice.html", found=found, back=urls.cases(query))


def to_put_right(args: search_form.Args, error: Invalid) -> ResponseReturnValue:
    """The form as it was filled, with what it got wrong; for a page and its feed.

    :raises Invalid: what was wrong is in no field, such as the number of a page.
    """
    if not search_form.is_of_a_field(error):
        raise error
    filled = search_form.filled(args)
    query, found = filled.query, text_search.sought(filled.query)
    counted = filter_panel.counts(query, book(), head(), found.strength if found else None)
    told = filter_panel.panel(query, book(), counted, filled.typed)
    page = render_template(
        "public/refused.html",
        query=query,
        typed=filled.typed.get("q", query.words),
        faults=filled.faults,
        panel=filter_panel.draw(told, query, open=True),
    )
    return page, 400


def case(number: str) -> ResponseReturnValue:
    """One case, as it reads now or at a version."""
    head()
    try:
        found = queries.one(db.session(), case_number(number), asked_version())
    except Moved as moved:
        return redirect(urls.case(int(str(moved.values["number"]))), 301)
    return render_template(
        "public/case.html",
        case=found,
        file=case_view.open_file(db.session(), found, book()),
        events=timeline.timeline(found.snapshot.content),
        changes=public_history.changes(db.session(), found),
        cited_by=queries.cited_by(db.session(), found.number),
    )


def asked_version() -> int | None:
    """The version that an address pins, if it does."""
    given = request.args.get("version", "")
    if not given:
        return None
    if not _NUMBER.fullmatch(given):
        abort(400)
    return int(given)
