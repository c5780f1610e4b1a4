"""Whether a column is among some numbers that were found elsewhere, however many they are.

A list of parameters has a bound on both databases, and is put together anew for each length. The
numbers go as one parameter instead, which the database takes apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Dialect,
    Integer,
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

SMALL_LIST = 1_000


class _Numbers(TypeDecorator[list[int]]):
    """Whole numbers in one text: a JSON array for SQLite, an array literal for PostgreSQL."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: list[int] | None, dialect: Dialect) -> str:
        joined_numbers = ",".join(map(str, value or ()))
        return f"[{joined_numbers}]" if dialect.name == "sqlite" else f"{{{joined_numbers}}}"


class _IsAmong(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> _IsAmong:
        # A function would be compared with 1 where a database has no truth values, and no index
        # is used for that.
        return self


def is_among(column: ColumnElement[Any], numbers: Iterable[int]) -> ColumnElement[bool]:
    """Whether ``column`` is one of ``numbers``."""
    number_list = list(numbers)
    membership = _IsAmong(column, bindparam(None, number_list, type_=_Numbers(), unique=True))
    # No planner looks into the parameter: it takes the numbers for a few dozen, and begins with
    # them. Of many it has to begin elsewhere and ask of each row, which is what a truth value that
    # is compared comes to.
    return membership if len(number_list) <= SMALL_LIST else membership.is_(true())


@compiles(_IsAmong, "sqlite")
def _compile_sqlite(element: _IsAmong, compiler: SQLCompiler, **options: Any) -> str:
    column, parameter = element.clauses
    number_table = func.json_each(parameter).table_valued("value")
    return compiler.process(_in_subquery(column, number_table), **options)


@compiles(_IsAmong, "postgresql")
def _compile_postgresql(element: _IsAmong, compiler: SQLCompiler, **options: Any) -> str:
    column, parameter = element.clauses
    # As a table: PostgreSQL would read the text of an array anew for each row.
    number_table = (
        func.unnest(cast(parameter, ARRAY(Integer))).table_valued("value").render_derived()
    )
    return compiler.process(_in_subquery(column, number_table), **options)


def _in_subquery(column: ColumnElement[Any], number_table: TableValuedAlias) -> ColumnElement[Any]:
    return column.in_(select(number_table.c.value)).self_group()
