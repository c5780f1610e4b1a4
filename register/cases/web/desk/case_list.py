"""List of the desk's cases, with filters and search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from flask import render_template, request
from flask.typing import ResponseReturnValue

from register.accounts.web import current_member
from register.cases import desk_lists
from register.cases.desk_lists import ClaimFilter, DeskMatches, DeskQuery
from register.cases.filters import FILTERS, WORDS, WORDS_LIMIT, parse_page_number
from register.cases.models import CaseState
from register.cases.todo_clauses import TodoKind
from register.cases.web.desk import case_summaries
from register.cases.web.public import search_request
from register.cases.web.public.filter_panel import labelled_filters
from register.db import db
from register.errors import Invalid
from register.search import draft_search
from register.territory.web import place_choice
from register.text.normalisation import one_line
from register.web import list_query, messages
from register.web.blueprints import desk
from register.web.error_messages import error_sentence
from register.web.l10n import typeset
from register.web.list_query import FilterChip, QueryArgs, choice_value
from register.web.request_context import current_vocabulary, head

PATH = "/moderation/dossiers"
# States as addresses write them.
STATES: Mapping[str, CaseState] = {
    "brouillon": CaseState.DRAFT,
    "publie": CaseState.PUBLISHED,
    "retire": CaseState.WITHDRAWN,
    "reuni": CaseState.MERGED,
}
_STATE_CODES = {state: code for code, state in STATES.items()}
# The parameters of the form.
_FORM_PARAMETERS = frozenset({*FILTERS, "lieu", "etat", "tenu", "attend", "page"})
# Pending tasks that a line of the list shows with the state.
_ROW_KINDS = (TodoKind.REPLY, TodoKind.SECOND, TodoKind.READY)


@desk.get("/dossiers")
def cases() -> ResponseReturnValue:
    """The list by words and filters; a typed place redirects to its code."""
    args = request.args.to_dict(flat=False)
    typed_place = place_choice.typed_place(args.pop("lieu", []))
    head()
    try:
        desk_query = parse_list_query(args)
        address = list_address(desk_query)
        if typed_place:
            first_page = desk_query.at_page(1)
            return search_request.place_redirect(
                typed_place,
                desk_query.case_query,
                lambda query: list_address(replace(first_page, case_query=query)),
                "cases/desk/uncoded_places.html",
                parameters=list(list_parameters(first_page)),
                back=address,
            )
        return list_query.canonical_redirect(_FORM_PARAMETERS, address) or _list_page(desk_query)
    except Invalid as error:
        if not error.key.startswith("search_") and error.values.get("name") != WORDS:
            # Not in the words: the page has no field to correct.
            raise
        # Without results, with the refused words in their field.
        typed = one_line(args.pop(WORDS)[-1])[:WORDS_LIMIT]
        desk_query = parse_list_query(args)
        return _render_list(desk_query, page=None, typed=typed, fault=error_sentence(error)), 400


def parse_list_query(args: QueryArgs) -> DeskQuery:
    """The query of an address.

    :raises Invalid: an unknown value.
    """
    public = {name: values for name, values in args.items() if name not in ("page", "tri")}
    return DeskQuery(
        case_query=search_request.parse_search(public),
        state=choice_value(args, "etat", STATES),
        claim=choice_value(args, "tenu", {kind.value: kind for kind in ClaimFilter})
        or ClaimFilter.ANY,
        waiting_for=choice_value(args, "attend", {kind.value: kind for kind in TodoKind}),
        page=parse_page_number(list_query.last_value(args, "page")),
    )


def list_parameters(desk_query: DeskQuery) -> Iterator[tuple[str, str]]:
    """The parameters of a list, in a fixed order and without defaults."""
    yield from desk_query.case_query.pairs()
    if desk_query.state:
        yield "etat", _STATE_CODES[desk_query.state]
    if desk_query.claim:
        yield "tenu", desk_query.claim.value
    if desk_query.waiting_for:
        yield "attend", desk_query.waiting_for.value
    if desk_query.page > 1:
        yield "page", str(desk_query.page)


def list_address(desk_query: DeskQuery) -> str:
    """The address of a list."""
    return list_query.list_address(PATH, list_parameters(desk_query))


def filter_chips(desk_query: DeskQuery) -> list[FilterChip]:
    """The filters in force except the state, each with the address that removes it."""
    first_page = desk_query.at_page(1)
    removals = [
        (label, replace(first_page, case_query=case_query))
        for label, case_query in labelled_filters(desk_query.case_query)
    ]
    if desk_query.claim:
        claim_label = typeset(str(messages.filters.claims[desk_query.claim]))
        removals.append((claim_label, replace(first_page, claim=ClaimFilter.ANY)))
    if desk_query.waiting_for:
        waiting_label = typeset(str(messages.desk.todo_labels[desk_query.waiting_for]))
        removals.append((waiting_label, replace(first_page, waiting_for=None)))
    return list_query.filter_chips(removals, list_address)


def _list_page(desk_query: DeskQuery) -> str:
    session, member, vocabulary = db.session(), current_member.member(), current_vocabulary()
    moment = case_summaries.todo_context()
    search = search_request.run_search(desk_query.case_query).text
    matches, unread_count = None, 0
    if search:
        # Public cases are found by the index, the others by their present texts.
        clauses = desk_lists.list_clauses(member, desk_query, moment)
        draft_matches = draft_search.find_drafts(
            session, member, search.search_query, vocabulary, clauses
        )
        matches = DeskMatches(search.strength.keys(), draft_matches.ids)
        unread_count = draft_matches.unread_count
    page = desk_lists.query_desk_page(session, member, desk_query, moment, matches)
    list_query.require_page(page.number, page.pages)
    ids, mark = [case.id for case in page.cases], search_request.highlighter(search)
    waits = desk_lists.list_waiting_kinds(session, member, ids, moment, _ROW_KINDS)
    return _render_list(
        desk_query, page=page, waits=waits, unread=unread_count, search=search, mark=mark
    )


def _render_list(desk_query: DeskQuery, **template_values: object) -> str:
    # A field of the form shows one value; several are sent in hidden fields.
    selected = {
        name: codes[0]
        for name in ("type", "famille")
        if len(codes := desk_query.case_query.values.get(name, ())) == 1
    }
    form_fields = {WORDS, "tenu", "attend", "page", *selected}
    return render_template(
        "cases/desk/list.html",
        desk_query=desk_query,
        first=list_address(desk_query.at_page(1)),
        states=STATES,
        counts=desk_lists.count_states(db.session(), current_member.member()),
        chips=filter_chips(desk_query),
        kinds=TodoKind,
        selected=selected,
        hidden_filters=[
            (name, code) for name, code in list_parameters(desk_query) if name not in form_fields
        ],
        by_state={code: _state_address(desk_query, state) for code, state in STATES.items()},
        all_states=_state_address(desk_query, None),
        **template_values,
    )


def _state_address(desk_query: DeskQuery, state: CaseState | None) -> str:
    return list_address(replace(desk_query, state=state, page=1))
