"""Public list of cases, its form with errors, the page of a case and of its differences."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from register.cases import cited_sources, invitations, queries, result_lists, timeline
from register.cases.filters import FILTERS, LENGTH_LIMIT, WORDS, WORDS_LIMIT, CaseQuery, SummaryPage
from register.cases.queries import MergedCase, PublicCase
from register.cases.result_lists import CaseSummary
from register.cases.web.field_texts import content_changes
from register.cases.web.public import (
    case_view,
    filter_panel,
    piece_view,
    search_request,
    search_title,
    structured_data,
)
from register.cases.web.public.case_view import case_description
from register.cases.web.public.search_suggestions import (
    NoResultsLinks,
    SearchSuggestions,
    shorter_searches,
)
from register.db import db, now
from register.errors import Invalid, Moved, NotFound
from register.search import query_parser
from register.territory.web import place_choice
from register.text.dates import paris_day
from register.text.normalisation import one_line
from register.web import list_query, messages, urls
from register.web.blueprints import public
from register.web.error_messages import error_sentence
from register.web.fragments import fragment
from register.web.list_query import QueryArgs
from register.web.maps import SearchMap
from register.web.query_parameters import nearest_name
from register.web.request_context import current_vocabulary, head

_FORM_PARAMETERS = frozenset({*FILTERS, "lieu", "tri", "page"})
# Text fields by their names, which are also their ids.
_TEXT_FIELDS = frozenset({WORDS, "media", "du", "au"})
_FILTER_ERRORS = frozenset({"filter", "filter_single", "filter_too_many"})


@public.get("/incidents")
def cases() -> ResponseReturnValue:
    """The list by words and filters; a typed place redirects to its code."""
    args = request.args.to_dict(flat=False)
    typed = place_choice.typed_place(args.pop("lieu", []))
    # Read the head first: the content must not be older than the position in its ETag.
    head()
    try:
        query = search_request.parse_search(args)
        address = urls.cases(query)
        if typed:
            return search_request.place_redirect(
                typed, query, urls.cases, "territory/place_choice.html", back=address
            )
        return list_query.canonical_redirect(_FORM_PARAMETERS, address) or _list_page(query)
    except Invalid as error:
        return faulty_form_page(args, error)


def _list_page(query: CaseQuery) -> str:
    result = search_request.run_search(query)
    search, numbers = result.text, tuple(result.page_numbers())
    page: SummaryPage[CaseSummary] = SummaryPage((), result.total, query.page)
    list_query.require_page(page.number, page.pages)
    has_no_results = not page.total and not query.is_bare
    return render_template(
        "cases/public/list.html",
        page=page,
        query=query,
        register_total=result.index.total,
        title="" if query.is_bare else search_title.page_title(query, page.total),
        map=SearchMap(result) if page.total else None,
        panel=filter_panel.panel_html(result),
        chips=list_query.filter_chips(filter_panel.labelled_filters(query), urls.cases),
        phrase=search_title.phrase(query),
        search=search,
        numbers=numbers,
        # A function, called only where the cache lacks a row.
        load_cases=lambda: result_lists.load_page(db.session(), result).cases,
        mark=search_request.highlighter(search, numbers),
        offers=SearchSuggestions(query, search) if search else None,
        shorter_searches=shorter_searches(query, search, page.total) if search else [],
        onward=NoResultsLinks(query, search) if has_no_results else None,
    )


def faulty_form_page(args: QueryArgs, error: Invalid) -> ResponseReturnValue:
    """The refused form with its errors, for a list and its feed.

    :raises Invalid: the error is in no field of the form, such as the page number.
    """
    if error.key not in _FILTER_ERRORS and not error.key.startswith("search_"):
        raise error
    remaining = {name: texts for name, texts in args.items() if name != "page"}
    # The sentence of each fault, after its field if it has one; refused texts by field.
    faults, typed = [], {}
    while True:
        try:
            query = search_request.parse_search(remaining)
            query_parser.parse(query.words)
            break
        except Invalid as fault:
            name = str(fault.values.get("name", WORDS))
            # KeyError instead of an endless loop, should an error name no remaining filter.
            removed_values = remaining.pop(name)
            field = name if name in _TEXT_FIELDS else ""
            faults.append((field, _fault_sentence(fault, name)))
            if field and len(removed_values) == 1:
                limit = WORDS_LIMIT if name == WORDS else LENGTH_LIMIT
                typed[name] = one_line(removed_values[0])[:limit]
    page = render_template(
        "cases/public/search_invalid.html",
        query=query,
        typed=typed.get(WORDS, query.words),
        faults=faults,
        panel=filter_panel.panel_html(search_request.run_search(query), typed),
    )
    return page, 400


def _fault_sentence(error: Invalid, name: str) -> str:
    """The sentence of an error, with the filter's title in the form."""
    if name == WORDS and error.key == "filter":
        return error_sentence(Invalid("search_too_long", limit=WORDS_LIMIT))
    filter_title = str(messages.filters.titles.get(name, name))
    if error.key != "filter":
        named = {"name": filter_title} if "name" in error.values else {}
        return error_sentence(Invalid(error.key, **{**error.values, **named}))
    typed = str(error.values.get("value", ""))
    near_value = nearest_name(typed, list(current_vocabulary().lists.get(name, ())))
    if name in ("du", "au"):
        sentence = _(
            "« %(field)s » : écrivez une année, un mois ou un jour, comme 2006, 2006-06 ou "
            "2006-06-26."
        )
    elif name in urls.PLACES or name == "epci":
        sentence = _("« %(filter)s » : aucun territoire ne porte le code %(value)s.")
    elif name in ("media", "endroit"):
        sentence = _("« %(filter)s » : %(value)s dépasse %(limit)s caractères.")
    elif near_value:
        sentence = _(
            "« %(filter)s » ne connaît pas la valeur %(value)s. La plus proche est « %(near)s »."
        )
    else:
        sentence = _("« %(filter)s » ne connaît pas la valeur %(value)s.")
    # No other error sentence quotes what was typed.
    titles = {"field": filter_title, "filter": filter_title, "near": near_value}
    quoted_value = search_title.quote_typed(typed)
    return str(sentence) % {**titles, "value": quoted_value, "limit": LENGTH_LIMIT}


@public.get("/incidents/<number>")
def case(number: str) -> str:
    """The current version of a case, or the version of the address; a notice of a merged case."""
    try:
        public_case = load_requested_case(number)
    except Moved:
        merged_case = queries.load_merged_case(db.session(), urls.case_number(number))
        return render_template("cases/public/merged.html", **notice_values(merged_case))
    load_values = cache(partial(page_values, public_case))
    case_fragment = partial(fragment, public_case.number, public_case.version)
    description = case_fragment("description", caller=partial(case_description, public_case))
    return render_template(
        "cases/public/case.html",
        case=public_case,
        description=description,
        article=case_fragment("article", caller=lambda: _article(load_values())),
        structured_data=case_fragment(
            "structured", caller=lambda: _structured_case(load_values(), description)
        )
        if public_case.is_current
        else "",
    )


def _article(values: Mapping[str, Any]) -> Markup:
    html = render_template("cases/public/_article.html", **values)
    return Markup(html)  # noqa: S704 - rendered with every value escaped


def _structured_case(values: Mapping[str, Any], description: str) -> Markup:
    rank = values["changes"][-1].rank
    return structured_data.case(values["case"], values["file"], rank, description)


def page_values(public_case: PublicCase, desk_case: int | None = None) -> dict[str, Any]:
    """The values of the page of a case below the site's header, for its template.

    :param desk_case: as for :func:`piece_view.list_pieces`.
    """
    content = public_case.snapshot.content
    return {
        "case": public_case,
        "file": case_view.build_case_view(content, public_case.number),
        "events": timeline.case_timeline(content),
        "changes": queries.list_changes(db.session(), public_case),
        "source_facts": cited_sources.source_facts(
            db.session(), public_case.number, paris_day(now())
        ),
        "pieces": piece_view.list_pieces(public_case, desk_case),
        "source_titles": case_view.source_titles(content),
        "invitation": invitations.public_invitation(db.session(), public_case, paris_day(now())),
        "cited_by": queries.list_citing_cases(db.session(), public_case.number),
    }


def load_requested_case(number_text: str) -> PublicCase:
    """The case of an address, in the version that the query string asks for.

    :raises NotFound: no such case, or no such version of it.
    :raises Moved: it was merged into another, and the address asks for no version; see
        :func:`redirect_merged`.
    """
    head()
    number, version_text = urls.case_number(number_text), request.args.get("version", "")
    if version_text and not urls.NUMBER_PATTERN.fullmatch(version_text):
        abort(400)
    version = int(version_text) if version_text else None
    return queries.load_public_case(db.session(), number, version)


def notice_values(merged_case: MergedCase) -> dict[str, Any]:
    """The values of the notice at the address of a merged case."""
    session, remaining = db.session(), merged_case.merger.remaining
    changes = queries.list_changes(session, merged_case.case) if merged_case.case else []
    return {
        "notice": merged_case,
        "versions": [change for change in changes if change.rank],
        "remaining": result_lists.load_case_summaries(session, [remaining]).get(remaining),
    }


@public.errorhandler(Moved)
def redirect_merged(moved: Moved) -> ResponseReturnValue:
    """The file of the same name of the case that the case was merged into."""
    target = urls.case(int(str(moved.values["number"])))
    address = urls.case(int((request.view_args or {})["number"]))
    return redirect(request.path.replace(address, target, 1), 301)


@public.get("/incidents/<number>/versions/<before>-<after>")
def version_difference(number: str, before: str, after: str) -> str:
    """Two versions that readers may still read, word by word, with the notes between them.

    :raises NotFound: no such case or version, or the second version is not after the first.
    :raises Gone: the case is withdrawn or erased, or a version is hidden or destroyed.
    """
    # Read the head first: the content must not be older than the position in its ETag.
    head()
    case_number = urls.case_number(number)
    lines = [int(line) if urls.NUMBER_PATTERN.fullmatch(line) else 0 for line in (before, after)]
    if not 0 < lines[0] < lines[1]:
        raise NotFound("no_such_version")
    older, newer = (queries.load_public_case(db.session(), case_number, line) for line in lines)
    acts = queries.list_changes(db.session(), newer)
    ranks = {act.version: act.rank for act in acts}
    return render_template(
        "cases/public/version_difference.html",
        older=older,
        newer=newer,
        first=ranks[older.version],
        last=ranks[newer.version],
        acts=[act for act in acts if act.version > older.version],
        changes=content_changes(older.snapshot.content, newer.snapshot.content),
    )
