"""Table of the register's filters: name, accepted values and the cases that they select.

Pages, feeds, exports and the API read this table, so that one query string always selects the
same cases. The values of one filter are joined by OR, the filters by AND.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import eq, ge, le
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, and_, exists, select

from register.cases.case_codes import CASE_CODE, DURATIONS, IS_PRESENT
from register.cases.core_tables import CASE, is_among
from register.cases.vocabulary import Vocabulary
from register.errors import Invalid, TextError
from register.territory import place_queries
from register.text import dates
from register.text.countries import is_country
from register.text.normalisation import fold, one_line

VALUES_LIMIT = 100  # values of one filter
LENGTH_LIMIT = 120  # characters of one value
WORDS_LIMIT = 200  # characters of the searched words
PAGE_SIZE = 20
ORDERS = ("pertinence", "date", "maj")

Summary = TypeVar("Summary")

WORDS = "q"
# Public number of each case that matches the words of a search → strength of the match.
HitStrengths = Mapping[int, int]


Clause = ColumnElement[bool]


@dataclass(frozen=True)
class Filter:
    """One filter: its test of a value, and the codes that it selects.

    ``codes`` converts a value into the codes that it stands for, on ``axis`` or on the axis of the
    filter's own name; ``comparison`` compares codes with the only one. ``is_facet``: its values are
    counted next to a list. ``is_text``: free text, which is destroyed with its case, so that no
    case is known to have lost it.
    """

    name: str
    accepts: Callable[[str, Vocabulary], bool]
    codes: Callable[[str], Collection[str]] = lambda value: (value,)
    axis: str = ""
    comparison: Callable[[Any, Any], Any] = eq
    is_facet: bool = False
    is_text: bool = False
    is_single: bool = False
    limit: int = LENGTH_LIMIT

    def code_clause(self, values: Sequence[str]) -> Clause:
        """Rows of ``case_code`` with one of the values."""
        codes = [code for value in values for code in self.codes(value)]
        is_match = (
            CASE_CODE.c.code.in_(codes)
            if self.comparison is eq
            else self.comparison(CASE_CODE.c.code, codes[0])
        )
        return and_(CASE_CODE.c.axis == (self.axis or self.name), is_match)


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
        names = [name for name in FILTERS if name in self.values]
        pairs = [(name, value) for name in names for value in self.values[name]]
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
    """Parse the parameters of a URL; other names are left to the caller.

    :raises Invalid: ``filter`` with the name and the invalid value; ``filter_too_many`` or
        ``filter_single`` with the name and the limit; ``page``.
    """
    values: dict[str, tuple[str, ...]] = {}
    for name, search_filter in FILTERS.items():
        typed = [one_line(value) for value in args.get(name, ())]
        typed = [value for value in typed if value]
        if not typed:
            continue
        require_count(name, typed, 1 if search_filter.is_single else VALUES_LIMIT)
        for value in typed:
            if len(value) > search_filter.limit or not search_filter.accepts(value, vocabulary):
                raise Invalid("filter", name=name, value=value[:LENGTH_LIMIT])
        values[name] = tuple(sorted(set(typed)))
    order = _last_value(args, "tri")
    if order and order not in ORDERS:
        raise Invalid("filter", name="tri", value=order[:LENGTH_LIMIT])
    return CaseQuery(values, order, parse_page_number(_last_value(args, "page")))


def require_count(name: str, typed: Sequence[str], limit: int) -> None:
    """Check the number of values of a filter.

    :raises Invalid: ``filter_too_many``, or ``filter_single`` where the limit is one.
    """
    if limit == 1 < len(typed):
        raise Invalid("filter_single", name=name)
    if len(typed) > limit:
        raise Invalid("filter_too_many", name=name, limit=limit)


def parse_page_number(typed: str) -> int:
    """Page number from 1, in at most seven ASCII digits without a leading zero.

    :raises Invalid: ``page``.
    """
    if not typed:
        return 1
    if not re.fullmatch(r"[1-9][0-9]{0,6}", typed):
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


def clause(query: CaseQuery, name: str, hits: HitStrengths | None = None) -> Clause:
    """SQL clause of one filter of a search, which selects cases in any state.

    :param hits: result of the word search; unused for another filter than words.
    :raises ValueError: the filter is that of words and ``hits`` is None.
    """
    if name != WORDS:
        has_code = and_(FILTERS[name].code_clause(query.values[name]), IS_PRESENT)
        if FILTERS[name].comparison is eq:
            return CASE.c.id.in_(select(CASE_CODE.c.incident_id).where(has_code))
        # Nearly all cases may have such a code, which are better tested one by one.
        return exists().where(CASE_CODE.c.incident_id == CASE.c.id, has_code)
    if hits is None:
        raise ValueError("a query with words needs the result of the word search as hits")
    return is_among(CASE.c.number, hits)


def _last_value(args: Mapping[str, Sequence[str]], name: str) -> str:
    typed = args.get(name, ())
    return one_line(typed[-1]) if typed else ""


# --- tests of a value ---------------------------------------------------------------------


def _test(test: Callable[[str], bool]) -> Callable[[str, Vocabulary], bool]:
    return lambda value, _vocabulary: test(value)


def _is_date(value: str) -> bool:
    try:
        dates.parse(value)
    except TextError:
        return False
    return True


def _is_proceeding(value: str, vocabulary: Vocabulary) -> bool:
    direction, _dot, outcome = value.partition(".")
    return vocabulary.has("sens", direction) and vocabulary.has("issue", outcome)


def _list_filter(name: str, *, is_facet: bool = True) -> Filter:
    """Filter on the codes of a list of the vocabulary."""
    return Filter(name, lambda value, vocabulary: vocabulary.has(name, value), is_facet=is_facet)


FILTERS: dict[str, Filter] = {
    search_filter.name: search_filter
    for search_filter in (
        Filter(WORDS, _test(bool), is_text=True, is_single=True, limit=WORDS_LIMIT),
        # Places that exist or existed: an empty list would be a statement on a place that does not.
        # A former code stands for the commune of today.
        Filter(
            "commune",
            _test(lambda value: place_queries.current_code(value) is not None),
            codes=lambda value: (place_queries.current_code(value) or value,),
        ),
        Filter(
            "departement",
            _test(lambda value: place_queries.departement(value) is not None),
            is_facet=True,
        ),
        Filter("region", _test(lambda value: place_queries.region(value) is not None)),
        # Its communes of today: no case is filed under an intercommunalité.
        Filter(
            "epci",
            _test(lambda value: place_queries.group(value) is not None),
            codes=place_queries.group_members,
            axis="commune",
        ),
        Filter("endroit", _test(bool), is_text=True),
        Filter("pays", _test(is_country)),
        *map(_list_filter, ("famille", "type", "cible", "acteur", "niveau", "issue", "preuve")),
        _list_filter("sens", is_facet=False),
        # One proceeding has both the direction and the outcome; two filters on these also match
        # two different proceedings of a case.
        Filter("procedure", _is_proceeding),
        Filter(
            "media", _test(bool), codes=lambda value: (fold(value),), is_facet=True, is_text=True
        ),
        Filter("duree", _test(DURATIONS.__contains__)),
        Filter("sans_date", _test("1".__eq__), is_single=True),
        Filter(
            "annee",
            _test(lambda value: re.fullmatch(r"[1-9][0-9]{3}", value) is not None),
            is_facet=True,
        ),
        # A case may have happened on any day of its date: "2006" matches from any day of 2006.
        Filter(
            "du",
            _test(_is_date),
            codes=lambda value: (dates.parse(value).first.isoformat(),),
            comparison=ge,
            is_single=True,
        ),
        Filter(
            "au",
            _test(_is_date),
            codes=lambda value: (dates.parse(value).last.isoformat(),),
            comparison=le,
            is_single=True,
        ),
    )
}
