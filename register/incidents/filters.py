"""Every filter of the register, each defined once: its name, what it takes, what it selects.

Pages, feeds, exports and the API read the same table, so that the same address always means the
same cases. Repeated values are OR within a filter, AND across filters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from register.errors import Invalid
from register.incidents.former import DURATIONS
from register.incidents.tables import (
    CASE,
    CODE,
    COMMUNE,
    DEPARTEMENT,
    FORMER,
    KIND,
    OUTLET,
    PLACE,
    PROCEEDING,
)
from register.incidents.vocabulary import Book
from register.territory import codes, places
from register.text import dates
from register.text.clean import one_line
from register.text.countries import is_country
from register.text.errors import TextError
from register.text.fold import fold

VALUES_LIMIT = 20  # of one filter
LENGTH_LIMIT = 120  # of one value
PAGE_LIMIT = 10_000
PAGE_SIZE = 20
ORDERS = ("date", "maj")

Clause = ColumnElement[bool]


@dataclass(frozen=True)
class Filter:
    """One filter: whether a value is one, and the cases that a set of values selects.

    ``had`` selects rows of ``former_code`` instead: the cases that once had one of the values. It
    is None for what a person wrote, which is not kept once a case is gone.
    """

    name: str
    accepts: Callable[[str, Book], bool]
    clause: Callable[[Sequence[str], Book], Clause]
    had: Callable[[Sequence[str], Book], Clause] | None
    single: bool = False


@dataclass(frozen=True)
class Query:
    """A search by filters, in canonical form: two ways to write the same search are equal."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    order: str = "date"
    page: int = 1

    def pairs(self) -> list[tuple[str, str]]:
        """The search as name and value, in a fixed order; defaults are left out."""
        pairs = [(name, value) for name in FILTERS for value in self.values.get(name, ())]
        if self.order != "date":
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
        """The same search in another order, from its first page."""
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
            if len(value) > LENGTH_LIMIT or not spec.accepts(value, book):
                raise Invalid("filter", name=name, value=value[:LENGTH_LIMIT])
        values[name] = tuple(sorted(set(given)))
    order = _last(args, "tri") or "date"
    if order not in ORDERS:
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


def clauses(query: Query, book: Book) -> Iterator[Clause]:
    """What the cases of a search satisfy, filter by filter."""
    for name, values in query.values.items():
        yield FILTERS[name].clause(values, book)


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


# --- what values select -------------------------------------------------------------------


def _column(column: ColumnElement[str]) -> Callable[[Sequence[str], Book], Clause]:
    return lambda values, _book: column.in_(values)


def _communes(values: Sequence[str], _book: Book) -> Clause:
    """Cases filed under a commune or any of its former codes, as authority or linked.

    A former code asks for the commune of today, like everywhere.
    """
    filed = _filed_under(values)
    return CASE.c.id.in_(select(PLACE.c.incident_id).where(PLACE.c.code.in_(filed)))


def _filed_under(values: Sequence[str]) -> Select[tuple[str]]:
    current = select(CODE.c.current_code).where(CODE.c.code.in_(values))
    return select(CODE.c.code).where(CODE.c.current_code.in_(current))


def _area(own: Clause, area: Clause) -> Clause:
    within = (
        select(PLACE.c.incident_id)
        .join(CODE, CODE.c.code == PLACE.c.code)
        .join(COMMUNE, COMMUNE.c.code == CODE.c.current_code)
    )
    return or_(CASE.c.id.in_(within.where(area)), own)


def _departements(values: Sequence[str], _book: Book) -> Clause:
    return _area(CASE.c.departement.in_(values), COMMUNE.c.departement_code.in_(values))


def _regions(values: Sequence[str], _book: Book) -> Clause:
    inside = _departements_of(values)
    own = or_(CASE.c.region.in_(values), CASE.c.departement.in_(inside))
    return _area(own, COMMUNE.c.region_code.in_(values))


def _departements_of(regions: Sequence[str]) -> Select[tuple[str]]:
    return select(DEPARTEMENT.c.code).where(DEPARTEMENT.c.region_code.in_(regions))


def _types(values: Sequence[str], _book: Book) -> Clause:
    return CASE.c.id.in_(select(KIND.c.incident_id).where(KIND.c.code.in_(values)))


def _families(values: Sequence[str], book: Book) -> Clause:
    return _types(book.types_of(values), book)


def _outlets(values: Sequence[str], _book: Book) -> Clause:
    folded = [fold(value) for value in values]
    return CASE.c.id.in_(select(OUTLET.c.incident_id).where(OUTLET.c.folded.in_(folded)))


def _directions(values: Sequence[str], _book: Book) -> Clause:
    told = select(PROCEEDING.c.incident_id).where(PROCEEDING.c.direction.in_(values))
    return CASE.c.id.in_(told)


def _durations(values: Sequence[str], _book: Book) -> Clause:
    parts: list[Clause] = []
    for value in values:
        least, most = DURATIONS[value]
        if least is None and most is None:
            parts.append(CASE.c.duration.is_(None))
            continue
        bounds = []
        if least is not None:
            bounds.append(CASE.c.duration >= least)
        if most is not None:
            bounds.append(CASE.c.duration <= most)
        parts.append(and_(*bounds))
    return or_(*parts)


def _undated(_values: Sequence[str], _book: Book) -> Clause:
    return CASE.c.date_first.is_(None)


def _from(values: Sequence[str], _book: Book) -> Clause:
    """A case of "2006" may have happened on 30 June: it matches any span that touches 2006."""
    return CASE.c.date_last >= dates.parse(values[0]).first


def _until(values: Sequence[str], _book: Book) -> Clause:
    return CASE.c.date_first <= dates.parse(values[0]).last


# --- what values once selected --------------------------------------------------------------


def _had(axis: str) -> Callable[[Sequence[str], Book], Clause]:
    return lambda values, _book: and_(FORMER.c.axis == axis, FORMER.c.code.in_(values))


def _had_communes(values: Sequence[str], _book: Book) -> Clause:
    return and_(FORMER.c.axis == "commune", FORMER.c.code.in_(_filed_under(values)))


def _had_area(own: Clause, area: Clause) -> Clause:
    inside = select(CODE.c.code).join(COMMUNE, COMMUNE.c.code == CODE.c.current_code).where(area)
    return or_(own, and_(FORMER.c.axis == "commune", FORMER.c.code.in_(inside)))


def _had_departements(values: Sequence[str], book: Book) -> Clause:
    return _had_area(_had("departement")(values, book), COMMUNE.c.departement_code.in_(values))


def _had_regions(values: Sequence[str], book: Book) -> Clause:
    inside = and_(FORMER.c.axis == "departement", FORMER.c.code.in_(_departements_of(values)))
    own = or_(_had("region")(values, book), inside)
    return _had_area(own, COMMUNE.c.region_code.in_(values))


def _had_families(values: Sequence[str], book: Book) -> Clause:
    return _had("type")(book.types_of(values), book)


def _had_from(values: Sequence[str], _book: Book) -> Clause:
    return and_(FORMER.c.axis == "du", FORMER.c.code >= dates.parse(values[0]).first.isoformat())


def _had_until(values: Sequence[str], _book: Book) -> Clause:
    return and_(FORMER.c.axis == "au", FORMER.c.code <= dates.parse(values[0]).last.isoformat())


FILTERS: dict[str, Filter] = {
    spec.name: spec
    for spec in (
        Filter("commune", _is(codes.is_commune_code), _communes, _had_communes),
        Filter("departement", _is(codes.is_departement_code), _departements, _had_departements),
        Filter("region", _is(codes.is_region_code), _regions, _had_regions),
        Filter("endroit", _is(bool), _column(CASE.c.place_label), None),
        Filter("pays", _is(is_country), _column(CASE.c.country), _had("pays")),
        Filter("famille", _in_list("famille"), _families, _had_families),
        Filter("type", _in_list("type"), _types, _had("type")),
        Filter("cible", _in_list("cible"), _column(CASE.c.target), _had("cible")),
        Filter("acteur", _in_list("acteur"), _column(CASE.c.actor), _had("acteur")),
        Filter("niveau", _in_list("niveau"), _column(CASE.c.level), _had("niveau")),
        Filter("issue", _in_list("issue"), _column(CASE.c.outcome), _had("issue")),
        Filter("preuve", _in_list("preuve"), _column(CASE.c.evidence), _had("preuve")),
        Filter("sens", _in_list("sens"), _directions, _had("sens")),
        Filter("media", _is(bool), _outlets, None),
        Filter("duree", _is(DURATIONS.__contains__), _durations, _had("duree")),
        Filter("sans_date", _is("1".__eq__), _undated, _had("sans_date"), single=True),
        Filter("du", _is_date, _from, _had_from, single=True),
        Filter("au", _is_date, _until, _had_until, single=True),
    )
}
