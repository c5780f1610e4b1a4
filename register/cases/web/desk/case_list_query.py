"""The address of a list of the desk: how it is read and written, and its filters in words.

Filters that the public list has too bear the same names and mean the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlencode

from flask_babel import gettext as _

from register.cases.desk_lists import Asked, Holding
from register.cases.filters import FILTERS, LENGTH_LIMIT, Query, page_number
from register.cases.models import State
from register.cases.todo_clauses import Kind
from register.cases.web.public import search_form, search_title
from register.cases.web.public.filter_panel import Chip, titles
from register.errors import Invalid
from register.text.sanitize import one_line
from register.web.context import book
from register.web.l10n import typeset
from register.web.messages.desk import WAITING

Value = TypeVar("Value")

PATH = "/moderation/dossiers"
# States as addresses write them.
STATES: Mapping[str, State] = {
    "brouillon": State.DRAFT,
    "publie": State.PUBLISHED,
    "retire": State.WITHDRAWN,
    "reuni": State.MERGED,
}
_NAMED = {state: code for code, state in STATES.items()}
# What a list can be asked for; what one has in hand is said by ``tenu``.
KINDS = tuple(kind for kind in Kind if kind is not Kind.HELD)
# The parameters of the form.
NAMES = frozenset({*FILTERS, "lieu", "etat", "tenu", "attend", "page"})


def read(args: Mapping[str, Sequence[str]]) -> Asked:
    """What an address asks for.

    :raises Invalid: a value that makes no sense.
    """
    public = {name: values for name, values in args.items() if name not in ("page", "tri")}
    return Asked(
        query=search_form.search(public),
        state=one(args, "etat", STATES),
        holding=one(args, "tenu", {kind.value: kind for kind in Holding}) or Holding.ANY,
        waiting=one(args, "attend", {kind.value: kind for kind in KINDS}),
        page=page_number(last(args, "page")),
    )


def one(args: Mapping[str, Sequence[str]], name: str, values: Mapping[str, Value]) -> Value | None:
    """What a parameter stands for; None where it says nothing.

    :raises Invalid: a value that makes no sense.
    """
    given = last(args, name)
    if given and given not in values:
        raise Invalid("filter", name=name, value=given[:LENGTH_LIMIT])
    return values[given] if given else None


def last(args: Mapping[str, Sequence[str]], name: str) -> str:
    """What a parameter says; of several, the last."""
    given = args.get(name, ())
    return one_line(given[-1]) if given else ""


def is_littered(args: Mapping[str, Sequence[str]], ours: Collection[str] = NAMES) -> bool:
    """Whether an address has parameters of the form that say nothing.

    :param ours: the names that the form has.
    """
    return any(name in ours and not all(map(one_line, values)) for name, values in args.items())


def pairs(asked: Asked) -> Iterator[tuple[str, str]]:
    """A list as name and value, in a fixed order; defaults are left out."""
    for name in FILTERS:
        for value in asked.query.values.get(name, ()):
            yield name, value
    if asked.state:
        yield "etat", _NAMED[asked.state]
    if asked.holding:
        yield "tenu", asked.holding.value
    if asked.waiting:
        yield "attend", asked.waiting.value
    if asked.page > 1:
        yield "page", str(asked.page)


def address(asked: Asked | None = None) -> str:
    """The address of a list, or of all cases."""
    text = urlencode(list(pairs(asked))) if asked else ""
    return f"{PATH}?{text}" if text else PATH


def chips(asked: Asked) -> list[Chip]:
    """The filters in force but for the state, each with the way to take it off."""
    first = replace(asked, page=1)
    named = titles()
    told = [
        Chip(
            _(
                "%(filter)s : %(value)s",
                filter=named[name],
                value=search_title.value(book(), name, one),
            ),
            address(replace(first, query=asked.query.without(name, one))),
        )
        for name, values in asked.query.values.items()
        for one in values
    ]
    if asked.holding:
        held = holdings()[asked.holding]
        told.append(Chip(typeset(held), address(replace(first, holding=Holding.ANY))))
    if asked.waiting:
        waits = typeset(str(WAITING[asked.waiting]))
        told.append(Chip(waits, address(replace(first, waiting=None))))
    return told


def holdings() -> dict[Holding, str]:
    """Who has a case in hand, as a filter says it."""
    return {
        Holding.MINE: _("En main : à vous"),
        Holding.TAKEN: _("En main : à quelqu’un"),
        Holding.FREE: _("En main : à personne"),
    }


def only(query: Query, name: str) -> str:
    """The value of a filter that has one alone, so that a field can show it."""
    values = query.values.get(name, ())
    return values[0] if len(values) == 1 else ""
