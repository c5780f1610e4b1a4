"""Lists of cases, and one case."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.db import db
from register.errors import Moved, NotFound
from register.incidents import figures, filters, queries
from register.web.context import book, head
from register.web.public import addresses, casefile, choice, panel

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
    """The list, by filters; a typed place is first made a code."""
    args = request.args.to_dict(flat=False)
    typed = choice.typed(args.pop("lieu", []))
    if typed:
        return _at_place(typed, args)
    position = head()
    query = filters.parse(args, book())
    filters.require_places(db.session(), query)
    page = queries.listing(db.session(), query, book(), position)
    if page.number > page.pages:
        raise NotFound("no_such_page")
    summary = figures.summary(db.session(), book(), position)
    return render_template(
        "public/cases.html",
        page=page,
        query=query,
        summary=summary,
        panel=panel.drawn(query, book(), summary, position),
        chips=panel.chips(query, book()),
    )


def _at_place(typed: str, args: Mapping[str, Sequence[str]]) -> ResponseReturnValue:
    """To the same search at the typed place, or to the choice between its readings."""
    query = filters.parse(args, book())
    found = choice.read(typed, lambda reading: addresses.cases(choice.narrowed(query, reading)))
    if found.one:
        return redirect(found.one.address, 303)
    return render_template("public/choice.html", found=found, back=addresses.cases(query))


def case(number: str) -> ResponseReturnValue:
    """One case, as it reads now or at a version."""
    head()
    try:
        found = queries.one(db.session(), case_number(number), _version())
    except Moved as moved:
        return redirect(addresses.case(int(str(moved.values["number"]))), 301)
    return render_template(
        "public/case.html",
        case=found,
        file=casefile.open_file(db.session(), found, book()),
        cited_by=queries.cited_by(db.session(), found.number),
    )


def _version() -> int | None:
    given = request.args.get("version", "")
    if not given:
        return None
    if not _NUMBER.fullmatch(given):
        abort(400)
    return int(given)
