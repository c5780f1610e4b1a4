"""List of cases on the desk, with filters and search."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlencode

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.accounts.web import current_member
from register.cases import desk_lists, todo
from register.cases.desk_lists import ClaimFilter, DeskMatches, DeskQuery
from register.cases.filters import (
    FILTERS,
    LENGTH_LIMIT,
    WORDS,
    WORDS_LIMIT,
    CaseQuery,
    parse_page_number,
)
from register.cases.models import CaseState
from register.cases.todo_clauses import TodoContext, TodoKind
from register.cases.web.public import search_request, search_title
from register.cases.web.public.filter_panel import FilterChip, filter_titles
from register.db import db, now
from register.errors import Invalid, NotFound
from register.search import draft_search
from register.territory.resolve import PlaceReading
from register.territory.web import place_choice
from register.text.normalisation import one_line
from register.web.blueprints import desk
from register.web.error_messages import error_sentence
from register.web.l10n import typeset
from register.web.messages.desk import TODO_LABELS
from register.web.request_context import current_vocabulary, head, settings

Choice = TypeVar("Choice")
PATH = "/moderation/dossiers"
# States as addresses write them.
STATES: Mapping[str, CaseState] = {
    "brouillon": CaseState.DRAFT,
    "publie": CaseState.PUBLISHED,
    "retire": CaseState.WITHDRAWN,
    "reuni": CaseState.MERGED,
}
_STATE_CODES = {state: code for code, state in STATES.items()}
# Values of ``attend``; claimed cases have the parameter ``tenu``.
KINDS = tuple(kind for kind in TodoKind if kind is not TodoKind.CLAIMED)
# The parameters of the form.
FORM_PARAMETERS = frozenset({*FILTERS, "lieu", "etat", "tenu", "attend", "page"})
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
        if typed_place:
            return _place_redirect(typed_place, desk_query)
        if has_empty_parameters(request.args.to_dict(flat=False)):
            return redirect(list_address(desk_query), 303)
        return _list_page(desk_query)
    except Invalid as error:
        return _faulty_page(args, error)


def parse_list_query(args: Mapping[str, Sequence[str]]) -> DeskQuery:
    """The query of an address.

    :raises Invalid: an unknown value.
    """
    public = {name: values for name, values in args.items() if name not in ("page", "tri")}
    return DeskQuery(
        case_query=search_request.parse_search(public),
        state=choice_value(args, "etat", STATES),
        claim=choice_value(args, "tenu", {kind.value: kind for kind in ClaimFilter})
        or ClaimFilter.ANY,
        waiting_for=choice_value(args, "attend", {kind.value: kind for kind in KINDS}),
        page=parse_page_number(last_value(args, "page")),
    )


def choice_value(
    args: Mapping[str, Sequence[str]], name: str, choices: Mapping[str, Choice]
) -> Choice | None:
    """The choice of a parameter; None where it is empty.

    :raises Invalid: an unknown value.
    """
    code = last_value(args, name)
    if code and code not in choices:
        raise Invalid("filter", name=name, value=code[:LENGTH_LIMIT])
    return choices[code] if code else None


def last_value(args: Mapping[str, Sequence[str]], name: str) -> str:
    """The last value of a parameter, or empty."""
    texts = args.get(name, ())
    return one_line(texts[-1]) if texts else ""


def has_empty_parameters(
    args: Mapping[str, Sequence[str]], form_names: Collection[str] = FORM_PARAMETERS
) -> bool:
    """Whether an address has empty parameters of the form.

    :param form_names: the names of the form's fields.
    """
    return any(name in form_names and not all(map(one_line, texts)) for name, texts in args.items())


def list_parameters(desk_query: DeskQuery) -> Iterator[tuple[str, str]]:
    """The parameters of a list, in a fixed order and without defaults."""
    for name in FILTERS:
        for code in desk_query.case_query.values.get(name, ()):
            yield name, code
    if desk_query.state:
        yield "etat", _STATE_CODES[desk_query.state]
    if desk_query.claim:
        yield "tenu", desk_query.claim.value
    if desk_query.waiting_for:
        yield "attend", desk_query.waiting_for.value
    if desk_query.page > 1:
        yield "page", str(desk_query.page)


def list_address(desk_query: DeskQuery | None = None) -> str:
    """The address of a list, or of all cases."""
    query_string = urlencode(list(list_parameters(desk_query))) if desk_query else ""
    return f"{PATH}?{query_string}" if query_string else PATH


def filter_chips(desk_query: DeskQuery) -> list[FilterChip]:
    """The filters in force except the state, each with the address that removes it."""
    first_page = replace(desk_query, page=1)
    labels = filter_titles()
    filter_links = [
        FilterChip(
            _(
                "%(filter)s : %(value)s",
                filter=labels[name],
                value=search_title.value_label(current_vocabulary(), name, filter_value),
            ),
            list_address(
                replace(first_page, case_query=desk_query.case_query.without(name, filter_value))
            ),
        )
        for name, values in desk_query.case_query.values.items()
        for filter_value in values
    ]
    if desk_query.claim:
        holding_label = holding_labels()[desk_query.claim]
        filter_links.append(
            FilterChip(
                typeset(holding_label), list_address(replace(first_page, claim=ClaimFilter.ANY))
            )
        )
    if desk_query.waiting_for:
        waiting_label = typeset(str(TODO_LABELS[desk_query.waiting_for]))
        filter_links.append(
            FilterChip(waiting_label, list_address(replace(first_page, waiting_for=None)))
        )
    return filter_links


def holding_labels() -> dict[ClaimFilter, str]:
    """Filter by claim → its label."""
    return {
        ClaimFilter.MINE: _("En main : à vous"),
        ClaimFilter.TAKEN: _("En main : à quelqu’un"),
        ClaimFilter.FREE: _("En main : à personne"),
    }


def single_value(query: CaseQuery, name: str) -> str:
    """The value of a filter with a single one, which a field can show; else empty."""
    values = query.values.get(name, ())
    return values[0] if len(values) == 1 else ""


def _list_page(desk_query: DeskQuery) -> str:
    member = current_member.member()
    moment, _unread = todo.load_todo_context(
        db.session(), current_vocabulary(), now(), single=settings().single_moderator
    )
    search = search_request.run_search(desk_query.case_query)
    matches, unread = _find_matches(desk_query, moment, search) if search else (None, 0)
    page = desk_lists.query_desk_page(db.session(), member, desk_query, moment, matches)
    if page.number > page.pages:
        raise NotFound("no_such_page")
    ids = [case.id for case in page.cases]
    return _render_list(
        desk_query,
        page=page,
        waits=desk_lists.list_waiting_kinds(db.session(), member, ids, moment, _ROW_KINDS),
        unread=unread,
        reach=search.matches.state if search else "",
        unheeded=search.ignored_operator if search else "",
        mark=search_request.highlighter(search),
    )


def _find_matches(
    desk_query: DeskQuery, moment: TodoContext, search: search_request.TextSearch
) -> tuple[DeskMatches, int]:
    """Public cases found by the index, the others by their present texts; how many are unread."""
    member = current_member.member()
    clauses = desk_lists.list_clauses(member, desk_query, moment)
    draft_matches = draft_search.find_drafts(
        db.session(), member, search.search_query, current_vocabulary(), clauses
    )
    return DeskMatches(search.strength.keys(), draft_matches.ids), draft_matches.unread_count


def _render_list(desk_query: DeskQuery, **template_values: object) -> str:
    type_code = single_value(desk_query.case_query, "type")
    family_code = single_value(desk_query.case_query, "famille")
    form_fields = {WORDS, "tenu", "attend", "page"}
    form_fields |= {name for name, code in (("type", type_code), ("famille", family_code)) if code}
    return render_template(
        "cases/desk/list.html",
        desk_query=desk_query,
        first=list_address(desk_query.at_page(1)),
        states=STATES,
        counts=desk_lists.count_states(db.session(), current_member.member()),
        chips=filter_chips(desk_query),
        holdings=holding_labels(),
        kinds=KINDS,
        type=type_code,
        family=family_code,
        hidden_filters=[
            parameter
            for parameter in list_parameters(desk_query)
            if parameter[0] not in form_fields
        ],
        by_state={code: _state_address(desk_query, state) for code, state in STATES.items()},
        all_states=_state_address(desk_query, None),
        **template_values,
    )


def _state_address(desk_query: DeskQuery, state: CaseState | None) -> str:
    return list_address(replace(desk_query, state=state, page=1))


def _place_redirect(typed: str, desk_query: DeskQuery) -> ResponseReturnValue:
    """A redirect to the same list at the typed place, or the choice between its readings."""

    def place_address(reading: PlaceReading) -> str:
        query = place_choice.query_at_place(desk_query.case_query, reading)
        return list_address(replace(desk_query, case_query=query, page=1))

    places = place_choice.match_places(typed, place_address)
    if places.sole_choice:
        return redirect(places.sole_choice.address, 303)
    return render_template(
        "cases/desk/uncoded_places.html",
        matches=places,
        parameters=list(list_parameters(replace(desk_query, page=1))),
        back=list_address(desk_query),
    )


def _faulty_page(args: dict[str, list[str]], error: Invalid) -> ResponseReturnValue:
    """The page without results, with the refused words in their field.

    :raises Invalid: the error is not in the words, so no field can be corrected.
    """
    if not error.key.startswith("search_") and error.values.get("name") != WORDS:
        raise error
    typed = one_line(args[WORDS][-1])[:WORDS_LIMIT]
    desk_query = parse_list_query({name: texts for name, texts in args.items() if name != WORDS})
    return _render_list(desk_query, page=None, typed=typed, fault=error_sentence(error)), 400
