"""The cases of the desk: lists, filters, search."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.accounts.web import current_member
from register.cases import desk_lists, todo
from register.cases.desk_lists import Asked, Said
from register.cases.filters import WORDS, WORDS_LIMIT
from register.cases.models import State
from register.cases.todo_clauses import Kind, Moment
from register.cases.web.desk import case_list_query
from register.cases.web.public import text_search
from register.db import db, now
from register.errors import Invalid, NotFound
from register.search import draft_search
from register.territory.resolve import Reading
from register.territory.web import place_choice
from register.text.sanitize import one_line
from register.web.context import book, head, settings
from register.web.error_messages import say

# What a row says of itself beside its state.
_SHOWN = (Kind.REPLY, Kind.SECOND, Kind.READY)


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/dossiers", "cases", cases)


def cases() -> ResponseReturnValue:
    """The list, by words and filters; a typed place is first made a code."""
    args = request.args.to_dict(flat=False)
    place = place_choice.typed(args.pop("lieu", []))
    head()
    try:
        asked = case_list_query.read(args)
        if place:
            return _at_place(place, asked)
        if case_list_query.is_littered(request.args.to_dict(flat=False)):
            return redirect(case_list_query.address(asked), 303)
        return _page(asked)
    except Invalid as error:
        return _to_put_right(args, error)


def _page(asked: Asked) -> str:
    member = current_member.member()
    moment, _unread = todo.moment(db.session(), book(), now(), single=settings().single_moderator)
    found = text_search.sought(asked.query)
    said, unread = _said(asked, moment, found) if found else (None, 0)
    page = desk_lists.listing(db.session(), member, asked, moment, said)
    if page.number > page.pages:
        raise NotFound("no_such_page")
    ids = [case.id for case in page.cases]
    return _drawn(
        asked,
        page=page,
        waits=desk_lists.waits(db.session(), member, ids, moment, _SHOWN),
        unread=unread,
        reach=found.hits.state if found else "",
        unheeded=found.unheeded if found else "",
        mark=text_search.marker(found),
    )


def _said(asked: Asked, moment: Moment, found: text_search.Words) -> tuple[Said, int]:
    """The public cases that the index proposes, and the others by their present texts."""
    member = current_member.member()
    within = desk_lists.clauses(member, asked, moment)
    private = draft_search.find(db.session(), member, found.asked, book(), within)
    return Said(found.strength.keys(), private.ids), private.unread


def _drawn(asked: Asked, **told: object) -> str:
    return render_template(
        "moderation/cases.html",
        asked=asked,
        first=case_list_query.address(asked.at(1)),
        states=case_list_query.STATES,
        counts=desk_lists.counts(db.session(), current_member.member()),
        chips=case_list_query.chips(asked),
        holdings=case_list_query.holdings(),
        kinds=case_list_query.KINDS,
        type=case_list_query.only(asked.query, "type"),
        family=case_list_query.only(asked.query, "famille"),
        kept=_kept(asked),
        by_state={code: _in_state(asked, state) for code, state in case_list_query.STATES.items()},
        all_states=_in_state(asked, None),
        **told,
    )


def _in_state(asked: Asked, state: State | None) -> str:
    return case_list_query.address(replace(asked, state=state, page=1))


def _kept(asked: Asked) -> list[tuple[str, str]]:
    """The filters in force that the form has no field for."""
    fields = {WORDS, "tenu", "attend", "page"}
    fields |= {name for name in ("type", "famille") if case_list_query.only(asked.query, name)}
    return [pair for pair in case_list_query.pairs(asked) if pair[0] not in fields]


def _at_place(typed: str, asked: Asked) -> ResponseReturnValue:
    """To the same list at the typed place, or to the choice between its readings."""

    def at(reading: Reading) -> str:
        query = place_choice.narrowed(asked.query, reading)
        return case_list_query.address(replace(asked, query=query, page=1))

    found = place_choice.read(typed, at)
    if found.one:
        return redirect(found.one.address, 303)
    return render_template(
        "moderation/places.html",
        found=found,
        kept=list(case_list_query.pairs(replace(asked, page=1))),
        back=case_list_query.address(asked),
    )


def _to_put_right(args: dict[str, list[str]], error: Invalid) -> ResponseReturnValue:
    """The page without what made no sense, which stays in its box.

    :raises Invalid: what was wrong is not the words; nobody typed it.
    """
    if not error.key.startswith("search_") and error.values.get("name") != WORDS:
        raise error
    typed = one_line(args[WORDS][-1])[:WORDS_LIMIT]
    asked = case_list_query.read({name: values for name, values in args.items() if name != WORDS})
    return _drawn(asked, page=None, typed=typed, fault=say(error)), 400
