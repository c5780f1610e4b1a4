"""Table of the register's filters: name, accepted values and the cases that they select.

Pages, feeds, exports and the API read this table, so that one query string always selects the
same cases. The values of one filter are joined by OR, the filters by AND.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar
from urllib.parse import urlencode

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from register.cases import filter_clauses as sql
from register.cases.core_tables import CASE, is_among
from register.cases.filter_clauses import (
    Clause,
    ClauseBuilder,
    ValuePairs,
    axis_clause,
    column_clause,
    column_pairs,
)
from register.cases.former_codes import DURATIONS
from register.cases.vocabulary import Vocabulary
from register.errors import Invalid, TextError
from register.territory import place_queries
from register.text import dates
from register.text.countries import is_country
from register.text.normalisation import one_line

VALUES_LIMIT = 20  # values of one filter
LENGTH_LIMIT = 120  # characters of one value
WORDS_LIMIT = 200  # characters of the searched words
PAGE_LIMIT = 10_000
PAGE_SIZE = 20
ORDERS = ("pertinence", "date", "maj")

Summary = TypeVar("Summary")

WORDS = "q"
# Public number of each case that matches the words of a search → strength of the match.
HitStrengths = Mapping[int, int]


@dataclass(frozen=True)
class Filter:
    """One filter: its test of a value, and the clause for a set of values.

    ``former_clause`` selects rows of ``former_code``: the cases that once had one of the values.
    It is None for free text, which is destroyed with its case. ``value_pairs`` is set for a
    filter whose values are counted next to a list (a facet).
    """

    name: str
    accepts: Callable[[str, Vocabulary], bool]
    clause: ClauseBuilder
    former_clause: ClauseBuilder | None
    value_pairs: ValuePairs | None = None
    is_single: bool = False
    limit: int = LENGTH_LIMIT


@dataclass(frozen=True)
class CaseQuery:
    """Search by filters, in canonical form: equal searches have equal objects.

    An order that is missing, or that needs words and has none, becomes :attr:`usual_order`.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    order: str = ""
    page: int = 1

    def __post_init__(self) -> None:
        if not self.order or (self.order == "pertinence" and not self.words):
            object.__setattr__(self, "order", self.usual_order)

    @property
    def words(self) -> str:
        """The searched words as typed, or an empty string."""
        return next(iter(self.values.get(WORDS, ())), "")

    @property
    def usual_order(self) -> str:
        """The order that the query string leaves out."""
        return "pertinence" if self.words else "date"

    def pairs(self) -> list[tuple[str, str]]:
        """Parameters as (name, value), in a fixed order, without defaults."""
        pairs = [(name, value) for name in FILTERS for value in self.values.get(name, ())]
        if self.order != self.usual_order:
            pairs.append(("tri", self.order))
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        return pairs

    def query_string(self) -> str:
        """Canonical query string, without the question mark."""
        return urlencode(self.pairs())

    def without(self, name: str, value: str) -> CaseQuery:
        """Copy without one value, at the first page."""
        remaining = tuple(present for present in self.values.get(name, ()) if present != value)
        other_filters = {key: present for key, present in self.values.items() if key != name}
        return replace(
            self, values={**other_filters, name: remaining} if remaining else other_filters, page=1
        )

    def at_page(self, page: int) -> CaseQuery:
        """Copy at another page."""
        return replace(self, page=page)

    def ordered_by(self, order: str) -> CaseQuery:
        """Copy in another order, at the first page; "" is the usual order."""
        return replace(self, order=order, page=1)

    @property
    def is_bare(self) -> bool:
        """Whether there is no filter."""
        return not self.values


def parse(args: Mapping[str, Sequence[str]], vocabulary: Vocabulary) -> CaseQuery:
    """Parse the parameters of a URL; unknown names are ignored.

    :raises Invalid: ``filter`` with the name and the invalid value; ``filter_too_many``; ``page``.
    """
    values: dict[str, tuple[str, ...]] = {}
    for name, search_filter in FILTERS.items():
        typed = [one_line(value) for value in args.get(name, ())]
        typed = [value for value in typed if value]
        if not typed:
            continue
        if len(typed) > (1 if search_filter.is_single else VALUES_LIMIT):
            raise Invalid("filter_too_many", name=name)
        for value in typed:
            if len(value) > search_filter.limit or not search_filter.accepts(value, vocabulary):
                raise Invalid("filter", name=name, value=value[:LENGTH_LIMIT])
        values[name] = tuple(sorted(set(typed)))
    order = _last_value(args, "tri")
    if order and order not in ORDERS:
        raise Invalid("filter", name="tri", value=order[:LENGTH_LIMIT])
    return CaseQuery(values, order, parse_page_number(_last_value(args, "page")))


def require_places(session: Session, query: CaseQuery) -> None:
    """Check that the place codes of a search exist today or existed before.

    For a well-formed code of no place, an empty list would be a statement on a place that does
    not exist.

    :raises Invalid: ``filter``.
    """
    for name, find_place in _PLACE_LOOKUPS.items():
        for value in query.values.get(name, ()):
            if find_place(value) is None:
                raise Invalid("filter", name=name, value=value)


_PLACE_LOOKUPS: dict[str, Callable[[str], object | None]] = {
    "commune": place_queries.current_code,
    "departement": place_queries.departement,
    "region": place_queries.region,
}


def parse_page_number(typed: str) -> int:
    """Page number from 1 to :data:`PAGE_LIMIT`, in ASCII digits without a leading zero.

    :raises Invalid: ``page``.
    """
    if not typed:
        return 1
    if not re.fullmatch(r"[1-9][0-9]{0,4}", typed) or int(typed) > PAGE_LIMIT:
        raise Invalid("page", value=typed[:20])
    return int(typed)


@dataclass(frozen=True)
class SummaryPage(Generic[Summary]):
    """Page of a list and the size of the whole list."""

    cases: Sequence[Summary]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """Number of pages; an empty list has one."""
        return count_pages(self.total, PAGE_SIZE)


def count_pages(total: int, size: int) -> int:
    """Number of pages of a list; an empty list has one page, which says that it is empty."""
    return max(1, -(-total // size))


def clause(
    query: CaseQuery, name: str, vocabulary: Vocabulary, hits: HitStrengths | None = None
) -> Clause:
    """SQL clause of one filter of a search.

    :param hits: result of the word search; unused for another filter than words.
    :raises ValueError: the filter is that of words and ``hits`` is None.
    """
    if name == WORDS and hits is not None:
        return is_among(CASE.c.number, hits)
    return FILTERS[name].clause(query.values[name], vocabulary)


def _last_value(args: Mapping[str, Sequence[str]], name: str) -> str:
    typed = args.get(name, ())
    return one_line(typed[-1]) if typed else ""


# --- tests of a value ---------------------------------------------------------------------


def _test(test: Callable[[str], bool]) -> Callable[[str, Vocabulary], bool]:
    return lambda value, _vocabulary: test(value)


def _is_in_list(name: str) -> Callable[[str, Vocabulary], bool]:
    return lambda value, vocabulary: vocabulary.has(name, value)


def _is_date(value: str) -> bool:
    try:
        dates.parse(value)
    except TextError:
        return False
    return True


def _is_proceeding(value: str, vocabulary: Vocabulary) -> bool:
    direction, _dot, outcome = value.partition(".")
    return vocabulary.has("sens", direction) and vocabulary.has("issue", outcome)


def _refuse_words(_values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    raise ValueError("a query with words needs the result of the word search as hits")


def _vocabulary_filter(name: str, case_column: ColumnElement[str]) -> Filter:
    """Filter on a column of the case that holds a code of a vocabulary."""
    return Filter(
        name,
        _is_in_list(name),
        column_clause(case_column),
        axis_clause(name),
        column_pairs(case_column),
    )


FILTERS: dict[str, Filter] = {
    search_filter.name: search_filter
    for search_filter in (
        Filter(WORDS, _test(bool), _refuse_words, None, is_single=True, limit=WORDS_LIMIT),
        Filter("commune", _test(place_queries.is_commune_code), sql.communes, sql.former_communes),
        Filter(
            "departement",
            _test(place_queries.is_departement_code),
            sql.departements,
            sql.former_departements,
            sql.DEPARTEMENTS,
        ),
        Filter("region", _test(place_queries.is_region_code), sql.regions, sql.former_regions),
        Filter("endroit", _test(bool), column_clause(CASE.c.place_label), None),
        Filter("pays", _test(is_country), column_clause(CASE.c.country), axis_clause("pays")),
        Filter("famille", _is_in_list("famille"), sql.families, sql.former_families, sql.FAMILIES),
        Filter("type", _is_in_list("type"), sql.types, axis_clause("type"), sql.TYPES),
        _vocabulary_filter("cible", CASE.c.target),
        _vocabulary_filter("acteur", CASE.c.actor),
        _vocabulary_filter("niveau", CASE.c.level),
        _vocabulary_filter("issue", CASE.c.outcome),
        _vocabulary_filter("preuve", CASE.c.evidence),
        Filter("sens", _is_in_list("sens"), sql.directions, axis_clause("sens")),
        Filter("procedure", _is_proceeding, sql.proceedings, axis_clause("procedure")),
        Filter("media", _test(bool), sql.outlets, None, sql.OUTLETS),
        Filter("duree", _test(DURATIONS.__contains__), sql.durations, axis_clause("duree")),
        Filter(
            "sans_date", _test("1".__eq__), sql.undated, axis_clause("sans_date"), is_single=True
        ),
        Filter(
            "annee",
            _test(lambda value: re.fullmatch(r"[1-9][0-9]{3}", value) is not None),
            sql.years,
            sql.former_years,
            sql.YEARS,
        ),
        Filter("du", _test(_is_date), sql.since, sql.former_since, is_single=True),
        Filter("au", _test(_is_date), sql.until, sql.former_until, is_single=True),
    )
}
