"""The cases of the desk: lists, filters, search."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.db import db, now
from register.errors import Invalid, NotFound
from register.followers.search import drafts
from register.incidents import desk, tasks
from register.incidents.desk import Asked, Said
from register.incidents.filters import WORDS, WORDS_LIMIT
from register.incidents.models import State
from register.incidents.waiting import Kind, Moment
from register.territory.resolve import Reading
from register.text.clean import one_line
from register.web import members
from register.web.context import book, head, settings
from register.web.moderation import listed
from register.web.public import choice, words
from register.web.wording import say

# What a row says of itself beside its state.
_SHOWN = (Kind.REPLY, Kind.SECOND, Kind.READY)


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/dossiers", "cases", cases)


def cases() -> ResponseReturnValue:
    """The list, by words and filters; a typed place is first made a code."""
    args = request.args.to_dict(flat=False)
    place = choice.typed(args.pop("lieu", []))
    head()
    try:
        asked = listed.read(args)
        if place:
            return _at_place(place, asked)
        if listed.is_littered(request.args.to_dict(flat=False)):
            return redirect(listed.address(asked), 303)
        return _page(asked)
    except Invalid as error:
        return _to_put_right(args, error)


def _page(asked: Asked) -> str:
    member = members.member()
    moment, _unread = tasks.moment(db.session(), book(), now(), single=settings().single_moderator)
    found = words.sought(asked.query)
    said, unread = _said(asked, moment, found) if found else (None, 0)
    page = desk.listing(db.session(), member, asked, moment, said)
    if page.number > page.pages:
        raise NotFound("no_such_page")
    ids = [case.id for case in page.cases]
    return _drawn(
        asked,
        page=page,
        waits=desk.waits(db.session(), member, ids, moment, _SHOWN),
        unread=unread,
        reach=found.hits.state if found else "",
        unheeded=found.unheeded if found else "",
        mark=words.marker(found),
    )


def _said(asked: Asked, moment: Moment, found: words.Words) -> tuple[Said, int]:
    """The public cases that the index proposes, and the others by their present texts."""
    member = members.member()
    within = desk.clauses(member, asked, moment)
    private = drafts.find(db.session(), member, found.asked, book(), within)
    return Said(found.strength.keys(), private.ids), private.unread


def _drawn(asked: Asked, **told: object) -> str:
    return render_template(
        "moderation/cases.html",
        asked=asked,
        first=listed.address(asked.at(1)),
        states=listed.STATES,
        counts=desk.counts(db.session(), members.member()),
        chips=listed.chips(asked),
        holdings=listed.holdings(),
        kinds=listed.KINDS,
        type=listed.only(asked.query, "type"),
        family=listed.only(asked.query, "famille"),
        kept=_kept(asked),
        by_state={code: _in_state(asked, state) for code, state in listed.STATES.items()},
        all_states=_in_state(asked, None),
        **told,
    )


def _in_state(asked: Asked, state: State | None) -> str:
    return listed.address(replace(asked, state=state, page=1))


def _kept(asked: Asked) -> list[tuple[str, str]]:
    """The filters in force that the form has no field for."""
    fields = {WORDS, "tenu", "attend", "page"}
    fields |= {name for name in ("type", "famille") if listed.only(asked.query, name)}
    return [pair for pair in listed.pairs(asked) if pair[0] not in fields]


def _at_place(typed: str, asked: Asked) -> ResponseReturnValue:
    """To the same list at the typed place, or to the choice between its readings."""

    def at(reading: Reading) -> str:
        query = choice.narrowed(asked.query, reading)
        return listed.address(replace(asked, query=query, page=1))

    found = choice.read(typed, at)
    if found.one:
        return redirect(found.one.address, 303)
    return render_template(
        "moderation/places.html",
        found=found,
        kept=list(listed.pairs(replace(asked, page=1))),
        back=listed.address(asked),
    )


def _to_put_right(args: dict[str, list[str]], error: Invalid) -> ResponseReturnValue:
    """The page without what made no sense, which stays in its box.

    :raises Invalid: what was wrong is not the words; nobody typed it.
    """
    if not error.key.startswith("search_") and error.values.get("name") != WORDS:
        raise error
    typed = one_line(args[WORDS][-1])[:WORDS_LIMIT]
    asked = listed.read({name: values for name, values in args.items() if name != WORDS})
    return _drawn(asked, page=None, typed=typed, fault=say(error)), 400
