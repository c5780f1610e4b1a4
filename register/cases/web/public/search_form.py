"""What the form of a search was filled with, and what of it makes no sense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from register.cases import filters
from register.cases.filters import FILTERS, LENGTH_LIMIT, WORDS, WORDS_LIMIT, Query
from register.cases.web.public import filter_panel, search_title
from register.db import db
from register.errors import Invalid
from register.search import query_parser
from register.text.sanitize import one_line
from register.web import urls
from register.web.context import book
from register.web.error_messages import say

Args = Mapping[str, Sequence[str]]

# Fields that are written in, by their names, which are their ids as well.
_WRITTEN = frozenset({WORDS, "media", "du", "au"})
_OF_A_FILTER = frozenset({"filter", "filter_too_many"})
_SENT = frozenset({*FILTERS, "lieu", "tri", "page"})


@dataclass(frozen=True)
class Fault:
    """What a field got wrong, as a sentence; ``field`` is empty for one without a place to type."""

    field: str
    sentence: str


@dataclass(frozen=True)
class Filled:
    """A form as it came: the search that makes sense in it, the faults, what was written there."""

    query: Query
    faults: Sequence[Fault]
    typed: Mapping[str, str]


def search(args: Args) -> Query:
    """The search of an address.

    :raises Invalid: a value that makes no sense, or a page that there cannot be.
    """
    query = filters.parse(args, book())
    filters.require_places(db.session(), query)
    return query


def is_littered(pairs: Iterable[tuple[str, str]]) -> bool:
    """Whether an address has parameters of the form that say nothing."""
    return any(name in _SENT and not one_line(value) for name, value in pairs)


def is_of_a_field(error: Invalid) -> bool:
    """Whether the reader can put it right in the form; the number of a page he did not type."""
    return error.key in _OF_A_FILTER or error.key.startswith("search_")


def filled(args: Args) -> Filled:
    """A form that was filled in with something that makes no sense."""
    left = {name: values for name, values in args.items() if name != "page"}
    faults, typed = [], {}
    while True:
        try:
            query = search(left)
            query_parser.parse(query.words)
        except Invalid as error:
            name = str(error.values.get("name", WORDS))
            # A fault that no filter is left to bear would be told for ever.
            written = left.pop(name)
            faults.append(Fault(name if name in _WRITTEN else "", _sentence(error, name)))
            if name in _WRITTEN and len(written) == 1:
                typed[name] = one_line(written[0])[: WORDS_LIMIT if name == WORDS else LENGTH_LIMIT]
        else:
            return Filled(query, faults, typed)


def _sentence(error: Invalid, name: str) -> str:
    """What is wrong, with the filter as the form calls it."""
    if name == WORDS and error.key == "filter":
        return say(Invalid("search_too_long", limit=WORDS_LIMIT))
    if name in ("du", "au"):
        told = _(
            "« %(field)s » : écrivez une année, un mois ou un jour, comme 2006, 2006-06 ou "
            "2006-06-26.",
            field=filter_panel.titles()[name],
        )
        return str(told)
    called = filter_panel.titles().get(name, name)
    if error.key == "filter":
        return _unknown(name, called, str(error.values["value"]))
    if "name" in error.values:
        error = Invalid(error.key, **{**error.values, "name": called})
    return say(error)


def _unknown(name: str, called: str, given: str) -> str:
    """Which value a filter does not take, and why. Only here: no other error page quotes any."""
    value = search_title.quoted(given)
    if name in urls.PLACES:
        told = _("« %(filter)s » : aucun territoire ne porte le code %(value)s.")
    elif name in ("media", "endroit"):
        told = _("« %(filter)s » : %(value)s dépasse %(limit)s caractères.")
    else:
        told = _("« %(filter)s » ne connaît pas la valeur %(value)s.")
    return str(told) % {"filter": called, "value": value, "limit": LENGTH_LIMIT}
