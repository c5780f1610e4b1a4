"""The cases of the desk: lists, filters, search."""

from __future__ import annotations

from dataclasses import replace

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.accounts.web import current_member
from register.cases import desk_lists, todo
from register.cases.desk_lists import DeskMatches, DeskQuery
from register.cases.filters import WORDS, WORDS_LIMIT
from register.cases.models import CaseState
from register.cases.todo_clauses import TodoContext, TodoKind
from register.cases.web.desk import case_list_query
from register.cases.web.public import text_search
from register.db import db, now
from register.errors import Invalid, NotFound
from register.search import draft_search
from register.territory.resolve import PlaceReading
from register.territory.web import place_choice
from register.text.sanitize import one_line
from register.web.blueprints import desk
from register.web.context import current_vocabulary, head, settings
from register.web.error_messages import error_sentence

# What a row says of itself beside its state.
_ROW_KINDS = (TodoKind.REPLY, TodoKind.SECOND, TodoKind.READY)


@desk.get("/dossiers")
def cases() -> ResponseReturnValue:
    """The list, by words and filters; a typed place is first made a code."""
    args = request.args.to_dict(flat=False)
    typed_place = place_choice.typed_place(args.pop("lieu", []))
    head()
    try:
        desk_query = case_list_query.parse_list_query(args)
        if typed_place:
            return _place_redirect(typed_place, desk_query)
        if case_list_query.has_empty_parameters(request.args.to_dict(flat=False)):
            return redirect(case_list_query.list_address(desk_query), 303)
        return _list_page(desk_query)
    except Invalid as error:
        return _faulty_page(args, error)


def _list_page(desk_query: DeskQuery) -> str:
    member = current_member.member()
    moment, _unread = todo.load_todo_context(
        db.session(), current_vocabulary(), now(), single=settings().single_moderator
    )
    search = text_search.run_search(desk_query.case_query)
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
        mark=text_search.highlighter(search),
    )


def _find_matches(
    desk_query: DeskQuery, moment: TodoContext, search: text_search.TextSearch
) -> tuple[DeskMatches, int]:
    """The public cases that the index proposes, and the others by their present texts."""
    member = current_member.member()
    clauses = desk_lists.list_clauses(member, desk_query, moment)
    draft_matches = draft_search.find_drafts(
        db.session(), member, search.search_query, current_vocabulary(), clauses
    )
    return DeskMatches(search.strength.keys(), draft_matches.ids), draft_matches.unread_count


def _render_list(desk_query: DeskQuery, **template_values: object) -> str:
    return render_template(
        "moderation/cases.html",
        asked=desk_query,
        first=case_list_query.list_address(desk_query.at_page(1)),
        states=case_list_query.STATES,
        counts=desk_lists.count_states(db.session(), current_member.member()),
        chips=case_list_query.filter_chips(desk_query),
        holdings=case_list_query.holding_labels(),
        kinds=case_list_query.KINDS,
        type=case_list_query.single_value(desk_query.case_query, "type"),
        family=case_list_query.single_value(desk_query.case_query, "famille"),
        kept=_hidden_filters(desk_query),
        by_state={
            code: _state_address(desk_query, state)
            for code, state in case_list_query.STATES.items()
        },
        all_states=_state_address(desk_query, None),
        **template_values,
    )


def _state_address(desk_query: DeskQuery, state: CaseState | None) -> str:
    return case_list_query.list_address(replace(desk_query, state=state, page=1))


def _hidden_filters(desk_query: DeskQuery) -> list[tuple[str, str]]:
    """The filters in force that the form has no field for."""
    fields = {WORDS, "tenu", "attend", "page"}
    fields |= {
        name
        for name in ("type", "famille")
        if case_list_query.single_value(desk_query.case_query, name)
    }
    return [
        parameter
        for parameter in case_list_query.list_parameters(desk_query)
        if parameter[0] not in fields
    ]


def _place_redirect(typed: str, desk_query: DeskQuery) -> ResponseReturnValue:
    """To the same list at the typed place, or to the choice between its readings."""

    def place_address(reading: PlaceReading) -> str:
        query = place_choice.query_at_place(desk_query.case_query, reading)
        return case_list_query.list_address(replace(desk_query, case_query=query, page=1))

    places = place_choice.match_places(typed, place_address)
    if places.sole_choice:
        return redirect(places.sole_choice.address, 303)
    return render_template(
        "moderation/places.html",
        found=places,
        kept=list(case_list_query.list_parameters(replace(desk_query, page=1))),
        back=case_list_query.list_address(desk_query),
    )


def _faulty_page(args: dict[str, list[str]], error: Invalid) -> ResponseReturnValue:
    """The page without what made no sense, which stays in its box.

    :raises Invalid: what was wrong is not the words; nobody typed it.
    """
    if not error.key.startswith("search_") and error.values.get("name") != WORDS:
        raise error
    typed = one_line(args[WORDS][-1])[:WORDS_LIMIT]
    desk_query = case_list_query.parse_list_query(
        {name: texts for name, texts in args.items() if name != WORDS}
    )
    return _render_list(desk_query, page=None, typed=typed, fault=error_sentence(error)), 400
