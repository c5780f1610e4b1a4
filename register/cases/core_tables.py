"""The tables behind the entities, for reading.

A page needs rows, not entities: what the ORM does around a row (state, identity, expiry) costs
more than SQLite's answer. Writing goes through the entities of ``models``.
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

from register.cases.models import (
    CaseLink,
    Correction,
    FollowUp,
    FormerCode,
    Incident,
    IncidentPlace,
    IncidentType,
    Outlet,
    Proceeding,
    Reply,
    Revision,
    Scope,
)
from register.journal import JournalEntry
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


# What the join gives, under the names that rows have them.
PLACE_NAME_COLUMNS = (
    COMMUNE.c.name.label("commune_name"),
    DEPARTEMENT.c.name.label("departement_name"),
    REGION.c.name.label("region_name"),
)


def join_places(stmt: Select[Any]) -> Select[Any]:
    """A question about cases, joined with the commune of their authority, département and région.

    A former commune's code is read as the commune of today; the département is that commune's, or
    the case's own when it names no commune.
    """
    is_authority_place = (PLACE.c.incident_id == CASE.c.id) & (
        PLACE.c.scope == Scope.AUTHORITY.value
    )
    departement_code = func.coalesce(COMMUNE.c.departement_code, CASE.c.departement)
    return (
        stmt.outerjoin(PLACE, is_authority_place)
        .outerjoin(COMMUNE_CODE, COMMUNE_CODE.c.code == PLACE.c.code)
        .outerjoin(COMMUNE, COMMUNE.c.code == COMMUNE_CODE.c.current_code)
        .outerjoin(DEPARTEMENT, DEPARTEMENT.c.code == departement_code)
        .outerjoin(REGION, REGION.c.code == CASE.c.region)
    )
