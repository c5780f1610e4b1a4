"""Every filter of the register, each defined once: its name, what it takes, what it selects.

Pages, feeds, exports and the API read the same table, so that the same address always means the
same cases. Repeated values are OR within a filter, AND across filters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from register.cases import filter_clauses, former_code_filters
from register.cases.core_tables import CASE
from register.cases.filter_clauses import Clause, Pairs, Selecting, column, pairs_of
from register.cases.former_code_filters import had
from register.cases.former_codes import DURATIONS
from register.cases.sql_in import among
from register.cases.vocabulary import Book
from register.errors import Invalid
from register.territory import codes, places
from register.text import dates
from register.text.countries import is_country
from register.text.errors import TextError
from register.text.sanitize import one_line

VALUES_LIMIT = 20  # of one filter
LENGTH_LIMIT = 120  # of one value
WORDS_LIMIT = 200  # of the words
PAGE_LIMIT = 10_000
PAGE_SIZE = 20
ORDERS = ("pertinence", "date", "maj")

WORDS = "q"
# The public numbers of the cases that answer the words of a search, each with its strength.
Hits = Mapping[int, int]


@dataclass(frozen=True)
class Filter:
    """One filter: whether a value is one, and the cases that a set of values selects.

    ``had`` selects rows of ``former_code`` instead: the cases that once had one of the values. It
    is None for what a person wrote, which is not kept once a case is gone. ``pairs`` are those of a
    filter whose values are counted beside a list.
    """

    name: str
    accepts: Callable[[str, Book], bool]
    clause: Selecting
    had: Selecting | None
    pairs: Pairs | None = None
    single: bool = False
    limit: int = LENGTH_LIMIT


@dataclass(frozen=True)
class Query:
    """A search by filters, in canonical form: two ways to write the same search are equal.

    Without an order, or with one that makes no sense, a search has that of :attr:`usual_order`.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    order: str = ""
    page: int = 1

    def __post_init__(self) -> None:
        if not self.order or (self.order == "pertinence" and not self.words):
            object.__setattr__(self, "order", self.usual_order)

    @property
    def words(self) -> str:
        """The words that are searched for, as they were typed; empty without any."""
        return next(iter(self.values.get(WORDS, ())), "")

    @property
    def usual_order(self) -> str:
        """The order that an address need not name."""
        return "pertinence" if self.words else "date"

    def pairs(self) -> list[tuple[str, str]]:
        """The search as name and value, in a fixed order; defaults are left out."""
        pairs = [(name, value) for name in FILTERS for value in self.values.get(name, ())]
        if self.order != self.usual_order:
            pairs.append(("tri", self.order))
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        return pairs

    def text(self) -> str:
        """The canonical query string, without the question mark."""
        return urlencode(self.pairs())

    def without(self, name: str, value: str) -> Query:
        """The same search less one value, from its first page."""
        left = tuple(kept for kept in self.values.get(name, ()) if kept != value)
        rest = {key: kept for key, kept in self.values.items() if key != name}
        return replace(self, values={**rest, name: left} if left else rest, page=1)

    def at(self, page: int) -> Query:
        """The same search at another page."""
        return replace(self, page=page)

    def by(self, order: str) -> Query:
        """The same search in another order, from its first page; in the usual one for ""."""
        return replace(self, order=order, page=1)

    @property
    def is_bare(self) -> bool:
        """Whether nothing is filtered."""
        return not self.values


def parse(args: Mapping[str, Sequence[str]], book: Book) -> Query:
    """Read a search from the parameters of an address; unknown names are not ours to judge.

    :raises Invalid: ``filter``, with the name and value that make no sense.
    """
    values: dict[str, tuple[str, ...]] = {}
    for name, spec in FILTERS.items():
        given = [one_line(value) for value in args.get(name, ())]
        given = [value for value in given if value]
        if not given:
            continue
        if len(given) > (1 if spec.single else VALUES_LIMIT):
            raise Invalid("filter_too_many", name=name)
        for value in given:
            if len(value) > spec.limit or not spec.accepts(value, book):
                raise Invalid("filter", name=name, value=value[:LENGTH_LIMIT])
        values[name] = tuple(sorted(set(given)))
    order = _last(args, "tri")
    if order and order not in ORDERS:
        raise Invalid("filter", name="tri", value=order[:LENGTH_LIMIT])
    return Query(values, order, page_number(_last(args, "page")))


def require_places(session: Session, query: Query) -> None:
    """Let a search pass whose place codes are those of a place, present or former.

    A code of the right form that no place ever had is nonsense too: answering "no case" would
    say something of a place that is none.

    :raises Invalid: ``filter``.
    """
    for name, known in _PLACES.items():
        for value in query.values.get(name, ()):
            if known(session, value) is None:
                raise Invalid("filter", name=name, value=value)


_PLACES: dict[str, Callable[[Session, str], object | None]] = {
    "commune": places.current_code,
    "departement": places.departement,
    "region": places.region,
}


def page_number(text: str) -> int:
    """A page's number: strict digits, no leading zero, bounded.

    :raises Invalid: ``page``.
    """
    if not text:
        return 1
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text) or int(text) > PAGE_LIMIT:
        raise Invalid("page", value=text[:20])
    return int(text)


def pages_of(total: int, size: int) -> int:
    """How many pages so many things take; none of them take one, which says that there is none."""
    return max(1, -(-total // size))


def clauses(query: Query, book: Book, hits: Hits | None = None) -> Iterator[Clause]:
    """What the cases of a search satisfy, filter by filter.

    :param hits: the cases that answer the words, found beforehand; no matter without words.
    :raises ValueError: there are words, and nobody looked for them.
    """
    for name in query.values:
        yield clause(query, name, book, hits)


def clause(query: Query, name: str, book: Book, hits: Hits | None = None) -> Clause:
    """What the cases of a search satisfy by one of its filters; see :func:`clauses`."""
    if name == WORDS and hits is not None:
        return among(CASE.c.number, hits)
    return FILTERS[name].clause(query.values[name], book)


def _last(args: Mapping[str, Sequence[str]], name: str) -> str:
    given = args.get(name, ())
    return one_line(given[-1]) if given else ""


# --- how values are read ------------------------------------------------------------------


def _in_list(name: str) -> Callable[[str, Book], bool]:
    return lambda value, book: book.has(name, value)


def _is_date(value: str, _book: Book) -> bool:
    try:
        dates.parse(value)
    except TextError:
        return False
    return True


def _is(test: Callable[[str], bool]) -> Callable[[str, Book], bool]:
    return lambda value, _book: test(value)


def _is_year(value: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]{3}", value) is not None


def _is_proceeding(value: str, book: Book) -> bool:
    direction, _dot, outcome = value.partition(".")
    return book.has("sens", direction) and book.has("issue", outcome)


def _elsewhere(_values: Sequence[str], _book: Book) -> Clause:
    raise ValueError("words are looked for before a search is asked for, and handed in as hits")


def _listed(name: str, held: ColumnElement[str]) -> Filter:
    """A filter by a word of a vocabulary, which a case has in a column of its own."""
    return Filter(name, _in_list(name), column(held), had(name), pairs_of(held))


FILTERS: dict[str, Filter] = {
    spec.name: spec
    for spec in (
        Filter(WORDS, _is(bool), _elsewhere, None, single=True, limit=WORDS_LIMIT),
        Filter(
            "commune",
            _is(codes.is_commune_code),
            filter_clauses.communes,
            former_code_filters.communes,
        ),
        Filter(
            "departement",
            _is(codes.is_departement_code),
            filter_clauses.departements,
            former_code_filters.departements,
            filter_clauses.DEPARTEMENTS,
        ),
        Filter(
            "region", _is(codes.is_region_code), filter_clauses.regions, former_code_filters.regions
        ),
        Filter("endroit", _is(bool), column(CASE.c.place_label), None),
        Filter("pays", _is(is_country), column(CASE.c.country), had("pays")),
        Filter(
            "famille",
            _in_list("famille"),
            filter_clauses.families,
            former_code_filters.families,
            filter_clauses.FAMILIES,
        ),
        Filter("type", _in_list("type"), filter_clauses.types, had("type"), filter_clauses.TYPES),
        _listed("cible", CASE.c.target),
        _listed("acteur", CASE.c.actor),
        _listed("niveau", CASE.c.level),
        _listed("issue", CASE.c.outcome),
        _listed("preuve", CASE.c.evidence),
        Filter("sens", _in_list("sens"), filter_clauses.directions, had("sens")),
        Filter("procedure", _is_proceeding, filter_clauses.proceedings, had("procedure")),
        Filter("media", _is(bool), filter_clauses.outlets, None, filter_clauses.OUTLETS),
        Filter("duree", _is(DURATIONS.__contains__), filter_clauses.durations, had("duree")),
        Filter("sans_date", _is("1".__eq__), filter_clauses.undated, had("sans_date"), single=True),
        Filter(
            "annee",
            _is(_is_year),
            filter_clauses.years,
            former_code_filters.years,
            filter_clauses.YEARS,
        ),
        Filter("du", _is_date, filter_clauses.since, former_code_filters.since, single=True),
        Filter("au", _is_date, filter_clauses.until, former_code_filters.until, single=True),
    )
}
