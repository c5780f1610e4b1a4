"""Lists of cases, and one case."""

from __future__ import annotations

import re

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.db import db
from register.errors import Invalid, Moved, NotFound
from register.incidents import figures, history, queries, timeline
from register.incidents.filters import Query
from register.web.context import book, head
from register.web.drawings.map import france
from register.web.public import (
    addresses,
    casefile,
    choice,
    form,
    offers,
    onward,
    panel,
    phrase,
    words,
)

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
    typed = choice.typed(args.pop("lieu", []))
    # Read first: what is shown must not be older than the position it is shown for.
    head()
    try:
        query = form.search(args)
        if not typed and form.is_littered(request.args.items(multi=True)):
            # What the form sent of fields that nobody filled in is no part of an address to keep.
            return redirect(addresses.cases(query), 303)
        return _at_place(typed, query) if typed else _listed(query, words.sought(query))
    except Invalid as error:
        return to_put_right(args, error)


def _listed(query: Query, found: words.Words | None) -> str:
    hits = found.strength if found else None
    page = queries.listing(db.session(), query, book(), head(), hits)
    if page.number > page.pages:
        raise NotFound("no_such_page")
    offered = offers.of(query, found)
    return render_template(
        "public/cases.html",
        page=page,
        query=query,
        summary=figures.summary(db.session(), book(), head()),
        title="" if query.is_bare else phrase.title(query, book(), page.total),
        map=france(query, hits) if page.total else None,
        panel=panel.drawn(query, book(), head(), hits),
        chips=panel.chips(query, book()),
        told=phrase.phrase(query, book()),
        unheeded=found.unheeded if found else "",
        reach=found.hits.state if found else "",
        offers=offered,
        onward=onward.of(query, found, offered) if not (page.total or query.is_bare) else None,
        mark=words.marker(found),
    )


def _at_place(typed: str, query: Query) -> ResponseReturnValue:
    """To the same search at the typed place, or to the choice between its readings."""
    found = choice.read(typed, lambda reading: addresses.cases(choice.narrowed(query, reading)))
    if found.one:
        return redirect(found.one.address, 303)
    return render_template("public/choice.html", found=found, back=addresses.cases(query))


def to_put_right(args: form.Args, error: Invalid) -> ResponseReturnValue:
    """The form as it was filled, with what it got wrong; for a page and its feed.

    :raises Invalid: what was wrong is in no field, such as the number of a page.
    """
    if not form.is_of_a_field(error):
        raise error
    filled = form.filled(args)
    query, found = filled.query, words.sought(filled.query)
    counted = panel.counts(query, book(), head(), found.strength if found else None)
    told = panel.panel(query, book(), counted, filled.typed)
    page = render_template(
        "public/refused.html",
        query=query,
        typed=filled.typed.get("q", query.words),
        faults=filled.faults,
        panel=panel.draw(told, query, open=True),
    )
    return page, 400


def case(number: str) -> ResponseReturnValue:
    """One case, as it reads now or at a version."""
    head()
    try:
        found = queries.one(db.session(), case_number(number), asked_version())
    except Moved as moved:
        return redirect(addresses.case(int(str(moved.values["number"]))), 301)
    return render_template(
        "public/case.html",
        case=found,
        file=casefile.open_file(db.session(), found, book()),
        events=timeline.timeline(found.snapshot.content),
        changes=history.changes(db.session(), found),
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
