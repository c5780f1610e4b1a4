"""SQL of the filters: clauses that select cases, and (case, value) pairs that count them.

A clause selects the cases of some values, in a form that is fast on both databases. The pairs
give the values of each case; they follow their clause because they use the same columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, extract, or_, select

from register.cases.core_tables import (
    CASE,
    CASE_TYPE,
    COMMUNE,
    COMMUNE_CODE,
    DEPARTEMENT,
    FORMER_CODE,
    OUTLET,
    PLACE,
    PROCEEDING,
)
from register.cases.former_codes import DURATIONS, UNKNOWN, duration_code
from register.cases.models import NO_DAY
from register.cases.vocabulary import Vocabulary
from register.text import dates
from register.text.normalisation import fold

Clause = ColumnElement[bool]
ClauseBuilder = Callable[[Sequence[str], Vocabulary], Clause]


@dataclass(frozen=True)
class ValuePairs:
    """The filter values of each case, for counting.

    :param statements: select (case number, stored value) of cases in any state; a pair may occur
        twice. Two filters may share a statement.
    :param value: converts a stored value into a value of the filter; None drops it.
    :param key: converts a typed value into the key that it is counted under.
    """

    statements: tuple[Select[Any], ...]
    value: Callable[[Any, Vocabulary], str | None] = lambda stored, _vocabulary: str(stored)
    key: Callable[[str], str] = str


# --- columns of the case --------------------------------------------------------------------


def column_clause(case_column: ColumnElement[str]) -> ClauseBuilder:
    """Cases with one of the values in a column of the case table."""
    return lambda values, _vocabulary: case_column.in_(values)


def column_pairs(case_column: ColumnElement[str]) -> ValuePairs:
    """Pairs of :func:`column_clause`; an empty column has no value."""
    return ValuePairs((select(CASE.c.number, case_column).where(case_column != ""),))


# --- rows of the case -----------------------------------------------------------------------


def types(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Cases of one of the types."""
    return CASE.c.id.in_(select(CASE_TYPE.c.incident_id).where(CASE_TYPE.c.code.in_(values)))


def families(values: Sequence[str], vocabulary: Vocabulary) -> Clause:
    """Cases of a type of one of the families."""
    return types(vocabulary.types_of(values), vocabulary)


_TYPE_PAIRS = select(CASE.c.number, CASE_TYPE.c.code).join_from(CASE, CASE_TYPE)
TYPES = ValuePairs((_TYPE_PAIRS,))
FAMILIES = ValuePairs((_TYPE_PAIRS,), value=lambda code, vocabulary: vocabulary.family_of.get(code))


def outlets(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Cases of one of the outlets; case and accents are ignored."""
    folded = [fold(value) for value in values]
    return CASE.c.id.in_(select(OUTLET.c.incident_id).where(OUTLET.c.folded.in_(folded)))


OUTLETS = ValuePairs((select(CASE.c.number, OUTLET.c.folded).join_from(CASE, OUTLET),), key=fold)


def directions(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Cases with proceedings in one of the directions."""
    incident_ids = select(PROCEEDING.c.incident_id).where(PROCEEDING.c.direction.in_(values))
    return CASE.c.id.in_(incident_ids)


DIRECTIONS = ValuePairs(
    (select(CASE.c.number, PROCEEDING.c.direction).join_from(CASE, PROCEEDING),)
)

# SQL form of ``former_codes.proceeding_code``.
_PROCEEDING_CODE = (
    PROCEEDING.c.direction
    + "."
    + case((PROCEEDING.c.outcome == "", UNKNOWN), else_=PROCEEDING.c.outcome)
)


def proceedings(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Cases that have one proceeding with both the direction and the outcome of a value.

    The filters on direction and outcome together also match two different proceedings of a case.
    """
    proceeding_directions = {value.partition(".")[0] for value in values}
    incident_ids = select(PROCEEDING.c.incident_id).where(
        # Only the direction is indexed.
        PROCEEDING.c.direction.in_(sorted(proceeding_directions)),
        _PROCEEDING_CODE.in_(values),
    )
    return CASE.c.id.in_(incident_ids)


PROCEEDINGS = ValuePairs((select(CASE.c.number, _PROCEEDING_CODE).join_from(CASE, PROCEEDING),))


# --- places ---------------------------------------------------------------------------------


def communes(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Cases of a commune, as authority or linked, filed under any of its codes.

    A former code stands for today's commune.
    """
    commune_codes = equivalent_codes(values)
    return CASE.c.id.in_(select(PLACE.c.incident_id).where(PLACE.c.code.in_(commune_codes)))


def equivalent_codes(codes: Sequence[str]) -> Select[tuple[str]]:
    """All present and former codes of the communes that have one of the codes."""
    current_codes = select(COMMUNE_CODE.c.current_code).where(COMMUNE_CODE.c.code.in_(codes))
    return select(COMMUNE_CODE.c.code).where(COMMUNE_CODE.c.current_code.in_(current_codes))


def _join_communes(stmt: Select[Any]) -> Select[Any]:
    """Join today's communes to a statement that has the places of a case."""
    return stmt.join(COMMUNE_CODE, COMMUNE_CODE.c.code == PLACE.c.code).join(
        COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code
    )


def _area_clause(own_clause: Clause, commune_clause: Clause) -> Clause:
    in_communes = _join_communes(select(PLACE.c.incident_id))
    return or_(CASE.c.id.in_(in_communes.where(commune_clause)), own_clause)


def departements(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Cases of a département, or of a commune in it."""
    return _area_clause(CASE.c.departement.in_(values), COMMUNE.c.departement_code.in_(values))


DEPARTEMENTS = ValuePairs(
    (
        *column_pairs(CASE.c.departement).statements,
        _join_communes(select(CASE.c.number, COMMUNE.c.departement_code).join_from(CASE, PLACE)),
    )
)


def regions(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Cases of a région, or of a département or commune in it."""
    departement_codes = departements_of(values)
    own_clause = or_(CASE.c.region.in_(values), CASE.c.departement.in_(departement_codes))
    return _area_clause(own_clause, COMMUNE.c.region_code.in_(values))


def departements_of(region_codes: Sequence[str]) -> Select[tuple[str]]:
    """The départements of some régions."""
    return select(DEPARTEMENT.c.code).where(DEPARTEMENT.c.region_code.in_(region_codes))


# --- time -----------------------------------------------------------------------------------


def durations(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Cases whose duration falls in one of the ranges of ``DURATIONS``."""
    alternatives: list[Clause] = []
    for value in values:
        min_days, max_days = DURATIONS[value]
        if min_days is None and max_days is None:
            alternatives.append(CASE.c.duration.is_(None))
            continue
        bounds = []
        if min_days is not None:
            bounds.append(CASE.c.duration >= min_days)
        if max_days is not None:
            bounds.append(CASE.c.duration <= max_days)
        alternatives.append(and_(*bounds))
    return or_(*alternatives)


DURATION_PAIRS = ValuePairs(
    (select(CASE.c.number, CASE.c.duration),), value=lambda days, _vocabulary: duration_code(days)
)


def undated(_values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Cases without a date."""
    return CASE.c.date_first.is_(None)


def since(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Cases that may have happened on or after a day: "2006" matches from any day of 2006."""
    return CASE.c.date_last >= dates.parse(values[0]).first


def until(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Cases that may have happened on or before a day; see :func:`since`."""
    return CASE.c.date_first <= dates.parse(values[0]).last


def years(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Cases dated in one of the years.

    A date is a year, a month or a day, so it lies in one year: that of its first day. Lists are
    sorted by this day, so a year is a range of their index.
    """
    year_numbers = sorted(map(int, values))
    first, last = year_numbers[0], year_numbers[-1]
    is_in_span = CASE.c.sort_day.between(date(first, 1, 1), date(last, 12, 31))
    # One range scan that skips some years keeps the index order; one scan per year needs a sort.
    return and_(is_in_span, extract("year", CASE.c.sort_day).in_(year_numbers))


# The facet index also sorts lists by these days.
DAYS = select(CASE.c.number, CASE.c.sort_day)
YEARS = ValuePairs((DAYS,), value=lambda day, _vocabulary: str(day.year) if day != NO_DAY else None)


# --- rows of former_code --------------------------------------------------------------------


def axis_clause(axis: str) -> ClauseBuilder:
    """Rows of an axis whose codes are the filter's own values."""
    return lambda values, _vocabulary: _former_codes(axis, values)


def _former_codes(axis: str, codes: Sequence[str] | Select[tuple[str]]) -> Clause:
    return and_(FORMER_CODE.c.axis == axis, FORMER_CODE.c.code.in_(codes))


def former_communes(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Rows of a commune under any of its codes; see :func:`communes`."""
    return _former_codes("commune", equivalent_codes(values))


def _former_communes_of(commune_clause: Clause) -> Clause:
    commune_codes = (
        select(COMMUNE_CODE.c.code)
        .join(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
        .where(commune_clause)
    )
    return _former_codes("commune", commune_codes)


def former_departements(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Rows of a département, or of a commune in it."""
    in_communes = _former_communes_of(COMMUNE.c.departement_code.in_(values))
    return or_(_former_codes("departement", values), in_communes)


def former_regions(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Rows of a région, or of a département or commune in it."""
    return or_(
        _former_codes("region", values),
        _former_codes("departement", departements_of(values)),
        _former_communes_of(COMMUNE.c.region_code.in_(values)),
    )


def former_families(values: Sequence[str], vocabulary: Vocabulary) -> Clause:
    """Rows of a type of one of the families."""
    return _former_codes("type", vocabulary.types_of(values))


def former_since(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Rows of cases whose last possible day is not before the value."""
    return and_(
        FORMER_CODE.c.axis == "du", FORMER_CODE.c.code >= dates.parse(values[0]).first.isoformat()
    )


def former_until(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Rows of cases whose first possible day is not after the value."""
    return and_(
        FORMER_CODE.c.axis == "au", FORMER_CODE.c.code <= dates.parse(values[0]).last.isoformat()
    )


def former_years(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """Rows of cases dated in one of the years: a date lies in the year of its last day (``du``)."""
    spans = (FORMER_CODE.c.code.between(f"{year}-01-01", f"{year}-12-31") for year in values)
    return and_(FORMER_CODE.c.axis == "du", or_(*spans))
