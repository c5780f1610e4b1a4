"""SQLAlchemy Core tables of cases, and the clauses that queries share.

Pages read rows, not entities: the ORM's work on a row (state, identity, expiry) costs more than
the query on SQLite. Writing goes through the entities of ``models``, but for the rows that an
import adds for each of its own: an entity takes five times as long to insert.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator

from register.cases import models
from register.journal import JournalEntry, Ledger
from register.territory import place_queries

CASE = models.Incident.__table__
REVISION = models.Revision.__table__
FOLLOW_UP = models.FollowUp.__table__
REPLY = models.Reply.__table__
CORRECTION = models.Correction.__table__
JOURNAL_ENTRY = JournalEntry.__table__

IS_PUBLIC = CASE.c.state == models.CaseState.PUBLISHED
IS_PUBLIC_LINE = JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value
SMALL_LIST = 1_000


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


@dataclass(frozen=True)
class PlacedCase:
    """The places of a case by their codes, and their names of today.

    The commune may be a former one, whose code leads to that of today; the département is that
    commune's, or the case's own when it names no commune.
    """

    commune: str
    departement: str
    region: str

    @property
    def commune_name(self) -> str | None:
        """The name of the commune of today."""
        commune = place_queries.commune(self.commune)
        return commune.name if commune else None

    @property
    def departement_name(self) -> str | None:
        """The name of the département."""
        commune = place_queries.commune(self.commune)
        departement = place_queries.departement(
            commune.departement_code if commune else self.departement
        )
        return departement.name if departement else None

    @property
    def region_name(self) -> str | None:
        """The name of the région that the case names itself."""
        region = place_queries.region(self.region)
        return region.name if region else None
