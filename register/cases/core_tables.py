"""SQLAlchemy Core tables of cases, and the clauses that queries share.

Pages read rows, not entities: the ORM's work on a row (state, identity, expiry) costs more than
the query on SQLite. Writing goes through the entities of ``models``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Dialect,
    Integer,
    Select,
    String,
    TableValuedAlias,
    bindparam,
    cast,
    func,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator

from register.cases.former_codes import FormerCode
from register.cases.models import (
    CaseLink,
    CaseState,
    Correction,
    FollowUp,
    Incident,
    IncidentPlace,
    IncidentType,
    Outlet,
    Proceeding,
    Reply,
    Revision,
    Scope,
)
from register.journal import JournalEntry, Ledger
from register.territory.models import Commune, CommuneCode, Departement, Region

CASE = Incident.__table__
PLACE = IncidentPlace.__table__
CASE_TYPE = IncidentType.__table__
OUTLET = Outlet.__table__
PROCEEDING = Proceeding.__table__
REVISION = Revision.__table__
CASE_LINK = CaseLink.__table__
FOLLOW_UP = FollowUp.__table__
REPLY = Reply.__table__
CORRECTION = Correction.__table__
FORMER_CODE = FormerCode.__table__
JOURNAL_ENTRY = JournalEntry.__table__
COMMUNE = Commune.__table__
COMMUNE_CODE = CommuneCode.__table__
DEPARTEMENT = Departement.__table__
REGION = Region.__table__

IS_PUBLIC = CASE.c.state == CaseState.PUBLISHED
IS_PUBLIC_LINE = JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value
IS_AUTHORITY_PLACE = (PLACE.c.incident_id == CASE.c.id) & (PLACE.c.scope == Scope.AUTHORITY.value)
# Columns of :func:`join_places`, under their names in its rows.
PLACE_NAME_COLUMNS = (
    COMMUNE.c.name.label("commune_name"),
    DEPARTEMENT.c.name.label("departement_name"),
    REGION.c.name.label("region_name"),
)
SMALL_LIST = 1_000

RowType = TypeVar("RowType")


class _Numbers(TypeDecorator[list[int]]):
    """Integers in one parameter: a JSON array for SQLite, an array literal for PostgreSQL."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: list[int] | None, dialect: Dialect) -> str:
        joined_numbers = ",".join(map(str, value or ()))
        return f"[{joined_numbers}]" if dialect.name == "sqlite" else f"{{{joined_numbers}}}"


class _IsAmong(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> _IsAmong:
        # SQLAlchemy would compare a function with 1 on a database without booleans, and such a
        # comparison uses no index.
        return self


@compiles(_IsAmong, "sqlite")
def _compile_sqlite(element: _IsAmong, compiler: SQLCompiler, **options: Any) -> str:
    column, parameter = element.clauses
    number_table = func.json_each(parameter).table_valued("value")
    return compiler.process(_in_subquery(column, number_table), **options)


@compiles(_IsAmong, "postgresql")
def _compile_postgresql(element: _IsAmong, compiler: SQLCompiler, **options: Any) -> str:
    column, parameter = element.clauses
    # As a table: PostgreSQL would parse an array literal again for each row.
    number_table = (
        func.unnest(cast(parameter, ARRAY(Integer))).table_valued("value").render_derived()
    )
    return compiler.process(_in_subquery(column, number_table), **options)


def _in_subquery(column: ColumnElement[Any], number_table: TableValuedAlias) -> ColumnElement[Any]:
    return column.in_(select(number_table.c.value)).self_group()


def is_among(column: ColumnElement[Any], numbers: Iterable[int]) -> ColumnElement[bool]:
    """A condition like ``IN``, with all the numbers in one parameter."""
    number_list = list(numbers)
    membership = _IsAmong(column, bindparam(None, number_list, type_=_Numbers(), unique=True))
    # No planner looks into the parameter: it estimates a few dozen numbers and starts with them.
    # With many numbers it must start elsewhere and test each row; comparing the truth value
    # makes it do so.
    return membership if len(number_list) <= SMALL_LIST else membership.is_(true())


def case_columns(row_class: type[Any]) -> list[ColumnElement[Any]]:
    """The columns of the case that have the names of a dataclass's fields."""
    return [CASE.c[spec.name] for spec in fields(row_class) if spec.name in CASE.c]


def copy_row(row_class: type[RowType], source: Any) -> RowType:
    """An object of a dataclass, from the attributes of a row that have the names of its fields."""
    names = (spec.name for spec in fields(row_class))  # type: ignore[arg-type]
    return row_class(**{name: getattr(source, name) for name in names})


def join_places(stmt: Select[Any]) -> Select[Any]:
    """A statement on cases, joined with the authority's commune, département and région.

    A former commune's code stands for the present commune; the département is that commune's, or
    the case's own when it names no commune.
    """
    departement_code = func.coalesce(COMMUNE.c.departement_code, CASE.c.departement)
    return (
        stmt.outerjoin(PLACE, IS_AUTHORITY_PLACE)
        .outerjoin(COMMUNE_CODE, COMMUNE_CODE.c.code == PLACE.c.code)
        .outerjoin(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
        .outerjoin(DEPARTEMENT, DEPARTEMENT.c.code == departement_code)
        .outerjoin(REGION, REGION.c.code == CASE.c.region)
    )
