"""SQLAlchemy Core tables of cases, and the clauses that queries share.

Pages read rows, not entities: the ORM's work on a row (state, identity, expiry) costs more than
the query on SQLite. Writing goes through the entities of ``models``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator

from register.cases import models
from register.journal import JournalEntry, Ledger
from register.territory.models import Commune, CommuneCode, Departement, Region

CASE = models.Incident.__table__
REVISION = models.Revision.__table__
FOLLOW_UP = models.FollowUp.__table__
REPLY = models.Reply.__table__
CORRECTION = models.Correction.__table__
JOURNAL_ENTRY = JournalEntry.__table__
COMMUNE = Commune.__table__
COMMUNE_CODE = CommuneCode.__table__
DEPARTEMENT = Departement.__table__
REGION = Region.__table__

IS_PUBLIC = CASE.c.state == models.CaseState.PUBLISHED
IS_PUBLIC_LINE = JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value
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

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: list[int] | None, dialect: sa.Dialect) -> str:
        joined_numbers = ",".join(map(str, value or ()))
        return f"[{joined_numbers}]" if dialect.name == "sqlite" else f"{{{joined_numbers}}}"


class _IsAmong(FunctionElement[bool]):
    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> _IsAmong:
        # SQLAlchemy would compare a function with 1 on a database without booleans, and such a
        # comparison uses no index.
        return self


@compiles(_IsAmong, "sqlite")
def _compile_sqlite(element: _IsAmong, compiler: SQLCompiler, **options: Any) -> str:
    column, parameter = element.clauses
    number_table = sa.func.json_each(parameter).table_valued("value")
    return compiler.process(_in_subquery(column, number_table), **options)


@compiles(_IsAmong, "postgresql")
def _compile_postgresql(element: _IsAmong, compiler: SQLCompiler, **options: Any) -> str:
    column, parameter = element.clauses
    # As a table: PostgreSQL would parse an array literal again for each row.
    number_table = (
        sa.func.unnest(sa.cast(parameter, sa.ARRAY(sa.Integer)))
        .table_valued("value")
        .render_derived()
    )
    return compiler.process(_in_subquery(column, number_table), **options)


def _in_subquery(
    column: sa.ColumnElement[Any], number_table: sa.TableValuedAlias
) -> sa.ColumnElement[Any]:
    return column.in_(sa.select(number_table.c.value)).self_group()


def is_among(column: sa.ColumnElement[Any], numbers: Iterable[int]) -> sa.ColumnElement[bool]:
    """A condition like ``IN``, with all the numbers in one parameter."""
    number_list = list(numbers)
    membership = _IsAmong(column, sa.bindparam(None, number_list, type_=_Numbers(), unique=True))
    # No planner looks into the parameter: it estimates a few dozen numbers and starts with them.
    # With many numbers it must start elsewhere and test each row; comparing the truth value
    # makes it do so.
    return membership if len(number_list) <= SMALL_LIST else membership.is_(sa.true())


def case_columns(row_class: type[Any]) -> list[sa.ColumnElement[Any]]:
    """The columns of the case that have the names of a dataclass's fields."""
    return [CASE.c[spec.name] for spec in fields(row_class) if spec.name in CASE.c]


def copy_row(row_class: type[RowType], source: Any) -> RowType:
    """An object of a dataclass, from the attributes of a row that have the names of its fields."""
    names = (spec.name for spec in fields(row_class))  # type: ignore[arg-type]
    return row_class(**{name: getattr(source, name) for name in names})


def join_places(stmt: sa.Select[Any]) -> sa.Select[Any]:
    """A statement on cases, joined with the authority's commune, département and région.

    A former commune's code stands for the present commune; the département is that commune's, or
    the case's own when it names no commune.
    """
    departement_code = sa.func.coalesce(COMMUNE.c.departement_code, CASE.c.departement)
    return (
        stmt.outerjoin(COMMUNE_CODE, COMMUNE_CODE.c.code == CASE.c.commune)
        .outerjoin(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
        .outerjoin(DEPARTEMENT, DEPARTEMENT.c.code == departement_code)
        .outerjoin(REGION, REGION.c.code == CASE.c.region)
    )
