"""What the values of a filter once selected: rows of ``former_code``.

Whoever followed a search has to learn that a case of it went, also once nothing of the case is left
but its codes.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, or_, select

from register.cases.core_tables import CODE, COMMUNE, FORMER
from register.cases.filter_clauses import Clause, Selecting, departements_of, filed_under
from register.cases.vocabulary import Book
from register.text import dates


def had(axis: str) -> Selecting:
    """Codes of an axis that are the filter's own values."""
    return lambda values, _book: and_(FORMER.c.axis == axis, FORMER.c.code.in_(values))


def communes(values: Sequence[str], _book: Book) -> Clause:
    """A former code asks for the commune of today."""
    return and_(FORMER.c.axis == "commune", FORMER.c.code.in_(filed_under(values)))


def _area(own: Clause, area: Clause) -> Clause:
    inside = select(CODE.c.code).join(COMMUNE, COMMUNE.c.code == CODE.c.current_code).where(area)
    return or_(own, and_(FORMER.c.axis == "commune", FORMER.c.code.in_(inside)))


def departements(values: Sequence[str], book: Book) -> Clause:
    """A département, or a commune in it."""
    return _area(had("departement")(values, book), COMMUNE.c.departement_code.in_(values))


def regions(values: Sequence[str], book: Book) -> Clause:
    """A région, or a département or a commune in it."""
    inside = and_(FORMER.c.axis == "departement", FORMER.c.code.in_(departements_of(values)))
    own = or_(had("region")(values, book), inside)
    return _area(own, COMMUNE.c.region_code.in_(values))


def families(values: Sequence[str], book: Book) -> Clause:
    """A type of one of the families."""
    return had("type")(book.types_of(values), book)


def since(values: Sequence[str], _book: Book) -> Clause:
    """The last day that a case may have happened on was not before."""
    return and_(FORMER.c.axis == "du", FORMER.c.code >= dates.parse(values[0]).first.isoformat())


def until(values: Sequence[str], _book: Book) -> Clause:
    """The first day that a case may have happened on was not after."""
    return and_(FORMER.c.axis == "au", FORMER.c.code <= dates.parse(values[0]).last.isoformat())


def years(values: Sequence[str], _book: Book) -> Clause:
    """A date lies within one year: its last day, which the axis ``du`` keeps, tells which."""
    spans = (FORMER.c.code.between(f"{year}-01-01", f"{year}-12-31") for year in values)
    return and_(FORMER.c.axis == "du", or_(*spans))
