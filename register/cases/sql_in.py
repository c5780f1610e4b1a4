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

FEW = 1_000


class _Numbers(TypeDecorator[list[int]]):
    """Whole numbers in one text: a JSON array for SQLite, an array literal for PostgreSQL."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: list[int] | None, dialect: Dialect) -> str:
        told = ",".join(map(str, value or ()))
        return f"[{told}]" if dialect.name == "sqlite" else f"{{{told}}}"


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> _Among:
        # A function would be compared with 1 where a database has no truth values, and no index
        # is used for that.
        return self


def among(column: ColumnElement[Any], numbers: Iterable[int]) -> ColumnElement[bool]:
    """Whether ``column`` is one of ``numbers``."""
    found = list(numbers)
    told = _Among(column, bindparam(None, found, type_=_Numbers(), unique=True))
    # No planner looks into the parameter: it takes the numbers for a few dozen, and begins with
    # them. Of many it has to begin elsewhere and ask of each row, which is what a truth value that
    # is compared comes to.
    return told if len(found) <= FEW else told.is_(true())


@compiles(_Among, "sqlite")
def _of_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, told = element.clauses
    each = func.json_each(told).table_valued("value")
    return compiler.process(_in(column, each), **options)


@compiles(_Among, "postgresql")
def _of_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, told = element.clauses
    # As a table: PostgreSQL would read the text of an array anew for each row.
    each = func.unnest(cast(told, ARRAY(Integer))).table_valued("value").render_derived()
    return compiler.process(_in(column, each), **options)


def _in(column: ColumnElement[Any], each: TableValuedAlias) -> ColumnElement[Any]:
    return column.in_(select(each.c.value)).self_group()
