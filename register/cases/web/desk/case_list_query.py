"""The address of a list of the desk: how it is read and written, and its filters in words.

Filters that the public list has too bear the same names and mean the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlencode

from flask_babel import gettext as _

from register.cases.desk_lists import ClaimFilter, DeskQuery
from register.cases.filters import FILTERS, LENGTH_LIMIT, CaseQuery, parse_page_number
from register.cases.models import CaseState
from register.cases.todo_clauses import TodoKind
from register.cases.web.public import search_form, search_title
from register.cases.web.public.filter_panel import FilterChip, filter_titles
from register.errors import Invalid
from register.text.sanitize import one_line
from register.web.context import current_vocabulary
from register.web.l10n import typeset
from register.web.messages.desk import TODO_LABELS

Value = TypeVar("Value")

PATH = "/moderation/dossiers"
# States as addresses write them.
STATES: Mapping[str, CaseState] = {
    "brouillon": CaseState.DRAFT,
    "publie": CaseState.PUBLISHED,
    "retire": CaseState.WITHDRAWN,
    "reuni": CaseState.MERGED,
}
_STATE_CODES = {state: code for code, state in STATES.items()}
# What a list can be asked for; what one has in hand is said by ``tenu``.
KINDS = tuple(kind for kind in TodoKind if kind is not TodoKind.CLAIMED)
# The parameters of the form.
FORM_PARAMETERS = frozenset({*FILTERS, "lieu", "etat", "tenu", "attend", "page"})


def parse_list_query(args: Mapping[str, Sequence[str]]) -> DeskQuery:
    """What an address asks for.

    :raises Invalid: a value that makes no sense.
    """
    public = {name: values for name, values in args.items() if name not in ("page", "tri")}
    return DeskQuery(
        case_query=search_form.parse_search(public),
        state=choice_value(args, "etat", STATES),
        claim=choice_value(args, "tenu", {kind.value: kind for kind in ClaimFilter})
        or ClaimFilter.ANY,
        waiting_for=choice_value(args, "attend", {kind.value: kind for kind in KINDS}),
        page=parse_page_number(last_value(args, "page")),
    )


def choice_value(
    args: Mapping[str, Sequence[str]], name: str, choices: Mapping[str, Value]
) -> Value | None:
    """What a parameter stands for; None where it says nothing.

    :raises Invalid: a value that makes no sense.
    """
    code = last_value(args, name)
    if code and code not in choices:
        raise Invalid("filter", name=name, value=code[:LENGTH_LIMIT])
    return choices[code] if code else None


def last_value(args: Mapping[str, Sequence[str]], name: str) -> str:
    """What a parameter says; of several, the last."""
    texts = args.get(name, ())
    return one_line(texts[-1]) if texts else ""


def has_empty_parameters(
    args: Mapping[str, Sequence[str]], form_names: Collection[str] = FORM_PARAMETERS
) -> bool:
    """Whether an address has parameters of the form that say nothing.

    :param form_names: the names that the form has.
    """
    return any(name in form_names and not all(map(one_line, texts)) for name, texts in args.items())


def list_parameters(desk_query: DeskQuery) -> Iterator[tuple[str, str]]:
    """A list as name and value, in a fixed order; defaults are left out."""
    for name in FILTERS:
        for value in desk_query.case_query.values.get(name, ()):
            yield name, value
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
    """The filters in force but for the state, each with the way to take it off."""
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
    """Who has a case in hand, as a filter says it."""
    return {
        ClaimFilter.MINE: _("En main : à vous"),
        ClaimFilter.TAKEN: _("En main : à quelqu’un"),
        ClaimFilter.FREE: _("En main : à personne"),
    }


def single_value(query: CaseQuery, name: str) -> str:
    """The value of a filter that has one alone, so that a field can show it."""
    values = query.values.get(name, ())
    return values[0] if len(values) == 1 else ""
