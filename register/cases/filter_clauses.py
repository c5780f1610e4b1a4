"""What the values of a filter select: a clause for lists and feeds, pairs for counts.

A clause says which cases some values select, in the form that both databases answer quickly. Pairs
tell it the other way round, of each case the values that select it, and stand beside their clause:
they are made of the same columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, extract, or_, select

from register.cases.core_tables import (
    CASE,
    CODE,
    COMMUNE,
    DEPARTEMENT,
    KIND,
    OUTLET,
    PLACE,
    PROCEEDING,
)
from register.cases.former_codes import DURATIONS, UNKNOWN, duration_of
from register.cases.models import NO_DAY
from register.cases.vocabulary import Book
from register.text import dates
from register.text.fold import fold

Clause = ColumnElement[bool]
Selecting = Callable[[Sequence[str], Book], Clause]


def _itself(held: Any, _book: Book) -> str:
    return str(held)


@dataclass(frozen=True)
class Pairs:
    """The values by which cases are found, for counting them.

    :param asked: statements of (case number, what the database holds), of cases in any state; a
        pair may come twice. Two filters may share a statement.
    :param value: the filter's value for what the database holds; None when there is none.
    :param key: what a value is counted under, however it was typed.
    """

    asked: tuple[Select[Any], ...]
    value: Callable[[Any, Book], str | None] = _itself
    key: Callable[[str], str] = str


# --- columns of the case --------------------------------------------------------------------


def column(held: ColumnElement[str]) -> Selecting:
    """Cases that hold one of the values in a column of their own."""
    return lambda values, _book: held.in_(values)


def pairs_of(held: ColumnElement[str]) -> Pairs:
    """The pairs of :func:`column`."""
    return Pairs((select(CASE.c.number, held).where(held != ""),))


# --- rows of the case -----------------------------------------------------------------------


def types(values: Sequence[str], _book: Book) -> Clause:
    """Cases of one of the types."""
    return CASE.c.id.in_(select(KIND.c.incident_id).where(KIND.c.code.in_(values)))


def families(values: Sequence[str], book: Book) -> Clause:
    """Cases of a type of one of the families."""
    return types(book.types_of(values), book)


_KINDS = select(CASE.c.number, KIND.c.code).join_from(CASE, KIND)
TYPES = Pairs((_KINDS,))
FAMILIES = Pairs((_KINDS,), value=lambda code, book: book.family_of.get(code))


def outlets(values: Sequence[str], _book: Book) -> Clause:
    """Cases of one of the outlets, however their names are typed."""
    folded = [fold(value) for value in values]
    return CASE.c.id.in_(select(OUTLET.c.incident_id).where(OUTLET.c.folded.in_(folded)))


OUTLETS = Pairs((select(CASE.c.number, OUTLET.c.folded).join_from(CASE, OUTLET),), key=fold)


def directions(values: Sequence[str], _book: Book) -> Clause:
    """Cases with proceedings in one of the directions."""
    told = select(PROCEEDING.c.incident_id).where(PROCEEDING.c.direction.in_(values))
    return CASE.c.id.in_(told)


DIRECTIONS = Pairs((select(CASE.c.number, PROCEEDING.c.direction).join_from(CASE, PROCEEDING),))

# As ``former.ended`` writes it.
_ENDED = (
    PROCEEDING.c.direction
    + "."
    + case((PROCEEDING.c.outcome == "", UNKNOWN), else_=PROCEEDING.c.outcome)
)


def proceedings(values: Sequence[str], _book: Book) -> Clause:
    """Cases with a proceeding that is both in a direction and of an outcome.

    Two filters, one for each, would also find a case that was won as one and lost as the other.
    """
    directions = {value.partition(".")[0] for value in values}
    told = select(PROCEEDING.c.incident_id).where(
        # An index leads to the directions.
        PROCEEDING.c.direction.in_(sorted(directions)),
        _ENDED.in_(values),
    )
    return CASE.c.id.in_(told)


PROCEEDINGS = Pairs((select(CASE.c.number, _ENDED).join_from(CASE, PROCEEDING),))


# --- places ---------------------------------------------------------------------------------


def communes(values: Sequence[str], _book: Book) -> Clause:
    """Cases filed under a commune or any of its former codes, as authority or linked.

    A former code asks for the commune of today, like everywhere.
    """
    filed = filed_under(values)
    return CASE.c.id.in_(select(PLACE.c.incident_id).where(PLACE.c.code.in_(filed)))


def filed_under(values: Sequence[str]) -> Select[tuple[str]]:
    """Every code of the communes behind some codes."""
    current = select(CODE.c.current_code).where(CODE.c.code.in_(values))
    return select(CODE.c.code).where(CODE.c.current_code.in_(current))


def _through_places(told: Select[Any]) -> Select[Any]:
    """From the places of a case to their communes of today."""
    return told.join(CODE, CODE.c.code == PLACE.c.code).join(
        COMMUNE, COMMUNE.c.code == CODE.c.current_code
    )


def _area(own: Clause, area: Clause) -> Clause:
    within = _through_places(select(PLACE.c.incident_id))
    return or_(CASE.c.id.in_(within.where(area)), own)


def departements(values: Sequence[str], _book: Book) -> Clause:
    """Cases of a département, or of a commune in it."""
    return _area(CASE.c.departement.in_(values), COMMUNE.c.departement_code.in_(values))


DEPARTEMENTS = Pairs(
    (
        *pairs_of(CASE.c.departement).asked,
        _through_places(select(CASE.c.number, COMMUNE.c.departement_code).join_from(CASE, PLACE)),
    )
)


def regions(values: Sequence[str], _book: Book) -> Clause:
    """Cases of a région, or of a département or a commune in it."""
    inside = departements_of(values)
    own = or_(CASE.c.region.in_(values), CASE.c.departement.in_(inside))
    return _area(own, COMMUNE.c.region_code.in_(values))


def departements_of(regions: Sequence[str]) -> Select[tuple[str]]:
    """The départements of some régions."""
    return select(DEPARTEMENT.c.code).where(DEPARTEMENT.c.region_code.in_(regions))


# --- time -----------------------------------------------------------------------------------


def durations(values: Sequence[str], _book: Book) -> Clause:
    """Cases that lasted so long."""
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


def _lasted(days: int | None, _book: Book) -> str:
    return duration_of(days)


LENGTHS = Pairs((select(CASE.c.number, CASE.c.duration),), value=_lasted)


def undated(_values: Sequence[str], _book: Book) -> Clause:
    """Cases without a date."""
    return CASE.c.date_first.is_(None)


def since(values: Sequence[str], _book: Book) -> Clause:
    """A case of "2006" may have happened on 30 June: it matches any span that touches 2006."""
    return CASE.c.date_last >= dates.parse(values[0]).first


def until(values: Sequence[str], _book: Book) -> Clause:
    """As :func:`since`, from the other end."""
    return CASE.c.date_first <= dates.parse(values[0]).last


def years(values: Sequence[str], _book: Book) -> Clause:
    """Cases whose date touches one of the years.

    A date is a year, a month or a day: it lies within one year, which its first day tells. That is
    the day by which lists are in order, so that a year is a stretch of their index.
    """
    wanted = sorted(map(int, values))
    first, last = wanted[0], wanted[-1]
    span = CASE.c.sort_day.between(date(first, 1, 1), date(last, 12, 31))
    # One stretch, of which some years are left out: looked up one by one, the years would have to
    # be put in order again.
    return and_(span, extract("year", CASE.c.sort_day).in_(wanted))


def _year(day: date, _book: Book) -> str | None:
    return str(day.year) if day != NO_DAY else None


# The order of lists is made of these as well.
DAYS = select(CASE.c.number, CASE.c.sort_day)
YEARS = Pairs((DAYS,), value=_year)
