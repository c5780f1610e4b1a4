"""Public list of cases and the page of a case."""

from __future__ import annotations

import re

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.cases import public_versions, queries, statistics, timeline
from register.cases.filters import CaseQuery
from register.cases.web.public import (
    case_view,
    filter_panel,
    no_results,
    search_request,
    search_suggestions,
    search_title,
)
from register.db import db
from register.errors import Invalid, Moved, NotFound
from register.territory.web import place_choice
from register.web import urls
from register.web.blueprints import public
from register.web.drawings.maps import search_map
from register.web.request_context import current_vocabulary, head

_NUMBER_PATTERN = re.compile(r"[1-9][0-9]{0,8}")


def case_number(number_text: str) -> int:
    """The case number of an address: no leading zero, at most nine digits.

    :raises NotFound: any other text.
    """
    if not _NUMBER_PATTERN.fullmatch(number_text):
        raise NotFound("no_such_case")
    return int(number_text)


@public.get("/incidents")
def cases() -> ResponseReturnValue:
    """The list by words and filters; a typed place redirects to its code."""
    args = request.args.to_dict(flat=False)
    typed = place_choice.typed_place(args.pop("lieu", []))
    # Read the head first: the content must not be older than the position in its ETag.
    head()
    try:
        query = search_request.parse_search(args)
        if not typed and search_request.has_empty_parameters(request.args.items(multi=True)):
            # Empty fields of the form are removed from the address.
            return redirect(urls.cases(query), 303)
        return (
            _place_redirect(typed, query)
            if typed
            else _list_page(query, search_request.run_search(query))
        )
    except Invalid as error:
        return faulty_form_page(args, error)


def _list_page(query: CaseQuery, search: search_request.TextSearch | None) -> str:
    strengths = search.strength if search else None
    page = queries.query_case_page(db.session(), query, current_vocabulary(), head(), strengths)
    if page.number > page.pages:
        raise NotFound("no_such_page")
    suggestions = search_suggestions.suggest_searches(query, search)
    return render_template(
        "cases/public/list.html",
        page=page,
        query=query,
        summary=statistics.load_register_summary(db.session(), current_vocabulary(), head()),
        title=""
        if query.is_bare
        else search_title.page_title(query, current_vocabulary(), page.total),
        map=search_map(query, strengths) if page.total else None,
        panel=filter_panel.cached_panel_html(query, current_vocabulary(), head(), strengths),
        chips=filter_panel.chips(query, current_vocabulary()),
        phrase=search_title.phrase(query, current_vocabulary()),
        unheeded=search.ignored_operator if search else "",
        reach=search.matches.state if search else "",
        offers=suggestions,
        onward=no_results.no_results_links(query, search, suggestions)
        if not (page.total or query.is_bare)
        else None,
        mark=search_request.highlighter(search),
    )


def _place_redirect(typed: str, query: CaseQuery) -> ResponseReturnValue:
    """A redirect to the same search at the typed place, or the choice between its readings."""
    places = place_choice.match_places(
        typed, lambda reading: urls.cases(place_choice.query_at_place(query, reading))
    )
    if places.sole_choice:
        return redirect(places.sole_choice.address, 303)
    return render_template("territory/place_choice.html", matches=places, back=urls.cases(query))


def faulty_form_page(args: search_request.QueryArgs, error: Invalid) -> ResponseReturnValue:
    """The refused form with its errors, for a list and its feed.

    :raises Invalid: the error is in no field of the form, such as the page number.
    """
    if not search_request.is_field_error(error):
        raise error
    filled_form = search_request.read_faulty_form(args)
    query, search = filled_form.query, search_request.run_search(filled_form.query)
    counts = filter_panel.facet_counts(
        query, current_vocabulary(), head(), search.strength if search else None
    )
    filters = filter_panel.build_panel(query, current_vocabulary(), counts, filled_form.typed)
    page = render_template(
        "cases/public/search_invalid.html",
        query=query,
        typed=filled_form.typed.get("q", query.words),
        faults=filled_form.faults,
        panel=filter_panel.render_panel(filters, query, open=True),
    )
    return page, 400


@public.get("/incidents/<number>")
def case(number: str) -> ResponseReturnValue:
    """The current version of a case, or the version of the address."""
    head()
    try:
        public_case = queries.load_public_case(
            db.session(), case_number(number), requested_version()
        )
    except Moved as moved:
        return redirect(urls.case(int(str(moved.values["number"]))), 301)
    return render_template(
        "cases/public/case.html",
        case=public_case,
        file=case_view.build_case_view(
            db.session(),
            public_case.snapshot.content,
            public_case.number,
            current_vocabulary(),
        ),
        events=timeline.case_timeline(public_case.snapshot.content),
        changes=public_versions.list_changes(db.session(), public_case),
        cited_by=queries.list_citing_cases(db.session(), public_case.number),
    )


def requested_version() -> int | None:
    """The version number in the address, if there is one."""
    version_text = request.args.get("version", "")
    if not version_text:
        return None
    if not _NUMBER_PATTERN.fullmatch(version_text):
        abort(400)
    return int(version_text)
