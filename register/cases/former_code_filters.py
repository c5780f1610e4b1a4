"""What the values of a filter once selected: rows of ``former_code``.

Whoever followed a search has to learn that a case of it went, also once nothing of the case is left
but its codes.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, or_, select

from register.cases.core_tables import COMMUNE, COMMUNE_CODE, FORMER_CODE
from register.cases.filter_clauses import Clause, ClauseBuilder, departements_of, equivalent_codes
from register.cases.vocabulary import Vocabulary
from register.text import dates


def axis_clause(axis: str) -> ClauseBuilder:
    """Codes of an axis that are the filter's own values."""
    return lambda values, _vocabulary: and_(
        FORMER_CODE.c.axis == axis, FORMER_CODE.c.code.in_(values)
    )


def former_communes(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """A former code asks for the commune of today."""
    return and_(FORMER_CODE.c.axis == "commune", FORMER_CODE.c.code.in_(equivalent_codes(values)))


def _former_area(own_clause: Clause, commune_clause: Clause) -> Clause:
    commune_codes = (
        select(COMMUNE_CODE.c.code)
        .join(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
        .where(commune_clause)
    )
    return or_(
        own_clause, and_(FORMER_CODE.c.axis == "commune", FORMER_CODE.c.code.in_(commune_codes))
    )


def former_departements(values: Sequence[str], vocabulary: Vocabulary) -> Clause:
    """A département, or a commune in it."""
    return _former_area(
        axis_clause("departement")(values, vocabulary), COMMUNE.c.departement_code.in_(values)
    )


def former_regions(values: Sequence[str], vocabulary: Vocabulary) -> Clause:
    """A région, or a département or a commune in it."""
    in_departements = and_(
        FORMER_CODE.c.axis == "departement", FORMER_CODE.c.code.in_(departements_of(values))
    )
    own_clause = or_(axis_clause("region")(values, vocabulary), in_departements)
    return _former_area(own_clause, COMMUNE.c.region_code.in_(values))


def former_families(values: Sequence[str], vocabulary: Vocabulary) -> Clause:
    """A type of one of the families."""
    return axis_clause("type")(vocabulary.types_of(values), vocabulary)


def former_since(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """The last day that a case may have happened on was not before."""
    return and_(
        FORMER_CODE.c.axis == "du", FORMER_CODE.c.code >= dates.parse(values[0]).first.isoformat()
    )


def former_until(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """The first day that a case may have happened on was not after."""
    return and_(
        FORMER_CODE.c.axis == "au", FORMER_CODE.c.code <= dates.parse(values[0]).last.isoformat()
    )


def former_years(values: Sequence[str], _vocabulary: Vocabulary) -> Clause:
    """A date lies within one year: its last day, which the axis ``du`` keeps, tells which."""
    spans = (FORMER_CODE.c.code.between(f"{year}-01-01", f"{year}-12-31") for year in values)
    return and_(FORMER_CODE.c.axis == "du", or_(*spans))
