"""``verify`` names any byte that was changed in the tables without the register."""

from __future__ import annotations

from typing import Any

import attested_acts as acts
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Table, select, update
from sqlalchemy.orm import Session

from register.cases.verify import verify
from register.db import Base
from register.journal import writing

pytestmark = pytest.mark.prove

# Tables whose rows are published, committed to, or the journal itself.
BOUND_TABLES = (
    *("journal_entry", "journal_head", "incident", "case_code"),
    *("follow_up", "correction", "revision"),
)

# Ids that nothing public is made of and no other row of these cases names.
SURROGATES = {("follow_up", "id"), ("correction", "id")}


def _cells(engine: Engine) -> list[tuple[Table, dict[str, Any], str, Any]]:
    """Every cell of the bound tables that holds a text or bytes: table, key, column, value."""
    cells = []
    with engine.connect() as connection:
        for name in BOUND_TABLES:
            table = Base.metadata.tables[name]
            for row in connection.execute(select(*table.columns)):
                cells_by_name = row._mapping
                key = {
                    column.name: cells_by_name[column.name] for column in table.primary_key.columns
                }
                cells += [
                    (table, key, column.name, cells_by_name[column.name])
                    for column in table.columns
                    if (name, column.name) not in SURROGATES
                    and isinstance(cells_by_name[column.name], str | bytes | int)
                    and not isinstance(cells_by_name[column.name], bool)
                    and cells_by_name[column.name] not in ("", b"")
                ]
    return cells


def _changed(value: Any, position: int, flip: int) -> Any:
    if isinstance(value, int):
        return value ^ flip
    if isinstance(value, bytes):
        offset = position % len(value)
        return value[:offset] + bytes([value[offset] ^ flip]) + value[offset + 1 :]
    offset = position % len(value)
    other = chr((ord(value[offset]) ^ flip) & 0x7F) if ord(value[offset]) < 128 else "x"
    other = other if other.isprintable() and other != value[offset] else "¤"
    return value[:offset] + other + value[offset + 1 :]


def _publish_cases(engine: Engine, desk: Any, cast: Any, content: Any) -> None:
    case = desk.published(content(justice=True)).id
    with writing(engine) as pen:
        acts.follow_up(
            pen,
            case,
            by=cast.bruno,
            second=cast.chloe,
            reason="suite",
            title="Audience",
            text="*Tenue.*",
        )
    with writing(engine) as pen:
        acts.correct(
            pen,
            case,
            content(justice=True, date="2008-03-18"),
            by=cast.bruno,
            second=cast.chloe,
            reason="date",
            public_note="La date est le 18 mars.",
        )
    desk.withdrawn(title="Autre titre")


def test_one_changed_byte_anywhere_is_named(
    engine: Engine, desk: Any, cast: Any, content: Any
) -> None:
    _publish_cases(engine, desk, cast, content)
    with Session(engine) as session:
        assert list(verify(session)) == []
    cells = _cells(engine)

    @hypothesis_settings(
        max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(
        cell_index=st.integers(0, len(cells) - 1),
        position=st.integers(0, 5_000),
        flip=st.integers(1, 127),
    )
    def tamper(cell_index: int, position: int, flip: int) -> None:
        table, key, column, value = cells[cell_index]
        changed = _changed(value, position, flip)
        with engine.connect() as connection, connection.begin() as transaction:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET session_replication_role = replica")
            else:
                connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            statement = update(table).values({column: changed})
            for name, key_value in key.items():
                statement = statement.where(table.c[name] == key_value)
            try:
                assert connection.execute(statement).rowcount == 1
            except Exception:
                transaction.rollback()
                return
            with Session(connection) as session:
                faults = list(verify(session))
            transaction.rollback()
        assert faults, (table.name, column, value, changed)

    tamper()
