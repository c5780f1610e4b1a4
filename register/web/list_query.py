"""Query of a list in its address: parameters, canonical address, chips of the filters in force."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from flask import redirect, request
from werkzeug import Response

from register.cases.filters import LENGTH_LIMIT
from register.errors import Invalid, NotFound
from register.text.normalisation import one_line

# The parameters of an address, each with its values in their order.
QueryArgs = Mapping[str, Sequence[str]]
Query = TypeVar("Query")
Choice = TypeVar("Choice")


@dataclass(frozen=True)
class FilterChip:
    """A filter in force, in words, and the address of the same list without it."""

    text: str
    address: str


@dataclass(frozen=True)
class FacetOption:
    """A choice of a filter: the value that it sends, its label, its state and its number of cases.

    ``count``: cases of the search with this value alone of its filter; None where not counted.
    """

    code: str
    label: str
    selected: bool
    count: int | None = None


def last_value(args: QueryArgs, name: str) -> str:
    """The last value of a parameter on one line, or empty."""
    return one_line(args[name][-1]) if args.get(name) else ""


def choice_value(args: QueryArgs, name: str, choices: Mapping[str, Choice]) -> Choice | None:
    """The choice of a parameter; None where it is empty.

    :raises Invalid: ``filter``, for an unknown value.
    """
    code = last_value(args, name)
    if code and code not in choices:
        raise Invalid("filter", name=name, value=code[:LENGTH_LIMIT])
    return choices[code] if code else None


def list_address(path: str, parameters: Iterable[tuple[str, str]]) -> str:
    """The address of a list with these parameters."""
    query_string = urlencode(list(parameters))
    return f"{path}?{query_string}" if query_string else path


def canonical_redirect(form_parameters: Collection[str], address: str) -> Response | None:
    """A redirect of a request with empty fields of the form; None for an address without them.

    :param address: the same list without the empty fields.
    """
    is_canonical = all(
        name not in form_parameters or one_line(typed)
        for name, typed in request.args.items(multi=True)
    )
    return None if is_canonical else redirect(address, 303)


def filter_chips(
    queries_by_label: Iterable[tuple[str, Query]], address: Callable[[Query], str]
) -> list[FilterChip]:
    """The chips of the filters in force.

    :param queries_by_label: each filter in words, and the query without it at its first page.
    """
    return [FilterChip(label, address(query)) for label, query in queries_by_label]


def require_page(number: int, pages: int) -> None:
    """Check that a list of so many pages has one of this number.

    :raises NotFound: ``no_such_page``.
    """
    if number > pages:
        raise NotFound("no_such_page")
