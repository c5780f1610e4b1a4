"""What the form of a search was filled with, and what of it makes no sense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from register.cases import filters
from register.cases.filters import FILTERS, LENGTH_LIMIT, WORDS, WORDS_LIMIT, CaseQuery
from register.cases.web.public import filter_panel, search_title
from register.db import db
from register.errors import Invalid
from register.search import query_parser
from register.text.sanitize import one_line
from register.web import urls
from register.web.context import current_vocabulary
from register.web.error_messages import error_sentence

QueryArgs = Mapping[str, Sequence[str]]

# Fields that are written in, by their names, which are their ids as well.
_TEXT_FIELDS = frozenset({WORDS, "media", "du", "au"})
_FILTER_ERRORS = frozenset({"filter", "filter_too_many"})
_FORM_PARAMETERS = frozenset({*FILTERS, "lieu", "tri", "page"})


@dataclass(frozen=True)
class FieldFault:
    """What a field got wrong, as a sentence; ``field`` is empty for one without a place to type."""

    field: str
    sentence: str


@dataclass(frozen=True)
class FaultyForm:
    """A form as it came: the search that makes sense in it, the faults, what was written there."""

    query: CaseQuery
    faults: Sequence[FieldFault]
    typed: Mapping[str, str]


def parse_search(args: QueryArgs) -> CaseQuery:
    """The search of an address.

    :raises Invalid: a value that makes no sense, or a page that there cannot be.
    """
    query = filters.parse(args, current_vocabulary())
    filters.require_places(db.session(), query)
    return query


def has_empty_parameters(pairs: Iterable[tuple[str, str]]) -> bool:
    """Whether an address has parameters of the form that say nothing."""
    return any(name in _FORM_PARAMETERS and not one_line(text_value) for name, text_value in pairs)


def is_field_error(error: Invalid) -> bool:
    """Whether the reader can put it right in the form; the number of a page he did not type."""
    return error.key in _FILTER_ERRORS or error.key.startswith("search_")


def read_faulty_form(args: QueryArgs) -> FaultyForm:
    """A form that was filled in with something that makes no sense."""
    remaining = {name: texts for name, texts in args.items() if name != "page"}
    faults, typed = [], {}
    while True:
        try:
            query = parse_search(remaining)
            query_parser.parse(query.words)
        except Invalid as error:
            name = str(error.values.get("name", WORDS))
            # A fault that no filter is left to bear would be told for ever.
            removed_values = remaining.pop(name)
            faults.append(
                FieldFault(name if name in _TEXT_FIELDS else "", _fault_sentence(error, name))
            )
            if name in _TEXT_FIELDS and len(removed_values) == 1:
                typed[name] = one_line(removed_values[0])[
                    : WORDS_LIMIT if name == WORDS else LENGTH_LIMIT
                ]
        else:
            return FaultyForm(query, faults, typed)


def _fault_sentence(error: Invalid, name: str) -> str:
    """What is wrong, with the filter as the form calls it."""
    if name == WORDS and error.key == "filter":
        return error_sentence(Invalid("search_too_long", limit=WORDS_LIMIT))
    if name in ("du", "au"):
        date_hint = _(
            "« %(field)s » : écrivez une année, un mois ou un jour, comme 2006, 2006-06 ou "
            "2006-06-26.",
            field=filter_panel.filter_titles()[name],
        )
        return str(date_hint)
    filter_title = filter_panel.filter_titles().get(name, name)
    if error.key == "filter":
        return _unknown_value(name, filter_title, str(error.values["value"]))
    if "name" in error.values:
        error = Invalid(error.key, **{**error.values, "name": filter_title})
    return error_sentence(error)


def _unknown_value(name: str, filter_title: str, typed_value: str) -> str:
    """Which value a filter does not take, and why. Only here: no other error page quotes any."""
    quoted_value = search_title.quote_typed(typed_value)
    if name in urls.PLACES:
        sentence = _("« %(filter)s » : aucun territoire ne porte le code %(value)s.")
    elif name in ("media", "endroit"):
        sentence = _("« %(filter)s » : %(value)s dépasse %(limit)s caractères.")
    else:
        sentence = _("« %(filter)s » ne connaît pas la valeur %(value)s.")
    return str(sentence) % {"filter": filter_title, "value": quoted_value, "limit": LENGTH_LIMIT}
