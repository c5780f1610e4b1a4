"""Fills the territory's tables from the committed data, at ``init`` and at each yearly update."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from register.db import Base
from register.territory import dataset, load_plan
from register.territory.models import (
    Commune,
    CommuneAlias,
    CommuneCode,
    CommunePostal,
    Dataset,
    Departement,
    Intercommunalite,
    Region,
)

DATASET_NAME = "territory"
CHUNK_ROWS = 5_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did. ``counts``: rows by table, afterwards; empty when nothing changed."""

    version: str
    counts: Mapping[str, int]
    changed: bool


def version(session: Session) -> str | None:
    """The version of the territory that the tables hold; None before the first load."""
    return session.scalar(select(Dataset.version).where(Dataset.name == DATASET_NAME))


def load(
    session: Session,
    *,
    at: datetime,
    progress: Progress | None = None,
    source: Path = dataset.DATA,
) -> LoadResult:
    """Bring the tables to the data set in ``source``; the caller commits.

    Does nothing when they already hold that version. ``progress`` is told how many of how many
    rows are done. A commune that vanished keeps its row, retired, and its code keeps leading to
    its successor, or to itself when the new data set names none.
    """
    new_version = dataset.version(source)
    if version(session) == new_version:
        return LoadResult(new_version, {}, changed=False)
    session.flush()
    tables = _tables(session, load_plan.read_plan(source))
    done, total = 0, sum(len(rows) for rows in tables.values())
    for model, rows in tables.items():
        for count in _WRITERS.get(model, _replace)(session, _table(model), rows):
            done += count
            if progress is not None:
                progress(done, total)
    session.merge(Dataset(name=DATASET_NAME, version=new_version, loaded_at=at))
    session.flush()
    # The rows were changed behind the session's back: what it remembers of them is old.
    session.expire_all()
    counts = {_table(model).name: len(rows) for model, rows in tables.items()}
    return LoadResult(new_version, counts, changed=True)


def _tables(
    session: Session, plan: load_plan.LoadPlan
) -> dict[type[Base], list[load_plan.ColumnValues]]:
    """The complete content of every table: the new data set, and what is kept of the old."""
    previous_codes = _rows(session, CommuneCode)
    previous_communes = _rows(session, Commune)
    previous_aliases = _rows(session, CommuneAlias)
    previous_current_codes = {row["code"]: row["current_code"] for row in previous_codes}
    codes = load_plan.follow_codes(previous_current_codes, plan.codes)
    present_codes = {row["code"] for row in plan.communes}
    retired = {code for code, current in codes.items() if code == current} - present_codes
    former_aliases = load_plan.former_names(
        (*previous_aliases, *previous_communes), plan, codes, retired
    )
    return {
        Region: _add_retired(_rows(session, Region), plan.regions),
        Departement: _add_retired(_rows(session, Departement), plan.departements),
        Intercommunalite: plan.intercommunalites,
        Commune: _add_retired(previous_communes, plan.communes),
        CommunePostal: plan.postals,
        CommuneAlias: plan.aliases + former_aliases,
        CommuneCode: [
            {"code": code, "current_code": target} for code, target in sorted(codes.items())
        ],
    }


def _add_retired(
    previous_rows: list[load_plan.ColumnValues], new_rows: list[load_plan.ColumnValues]
) -> list[load_plan.ColumnValues]:
    new_codes = {row["code"] for row in new_rows}
    return new_rows + [
        row | {"retired": True} for row in previous_rows if row["code"] not in new_codes
    ]


def _table(model: type[Base]) -> Table:
    return cast(Table, model.__table__)


def _rows(session: Session, model: type[Base]) -> list[load_plan.ColumnValues]:
    return [dict(row) for row in session.execute(select(_table(model))).mappings()]


def _replace(session: Session, table: Table, rows: list[load_plan.ColumnValues]) -> Iterator[int]:
    session.execute(delete(table))
    yield from _insert(session, table, rows)


def _insert(session: Session, table: Table, rows: list[load_plan.ColumnValues]) -> Iterator[int]:
    for chunk in _chunks(rows):
        session.execute(insert(table), chunk)
        yield len(chunk)


def _upsert(session: Session, table: Table, rows: list[load_plan.ColumnValues]) -> Iterator[int]:
    """Insert and update, never delete: other tables may refer to these rows."""
    stored = {row["code"]: dict(row) for row in session.execute(select(table)).mappings()}
    yield from _insert(session, table, [row for row in rows if row["code"] not in stored])
    existing = [row for row in rows if row["code"] in stored]
    changed = [_update_parameters(row) for row in existing if row != stored[row["code"]]]
    stmt = update(table).where(table.c.code == bindparam("key"))
    for chunk in _chunks(changed):
        session.execute(stmt, chunk)
        yield len(chunk)
    yield len(existing) - len(changed)


def _update_parameters(row: load_plan.ColumnValues) -> load_plan.ColumnValues:
    # In an UPDATE the name of a column is taken by the value to write: the key needs another.
    return {column: cell for column, cell in row.items() if column != "code"} | {"key": row["code"]}


def _chunks(rows: list[load_plan.ColumnValues]) -> Iterator[list[load_plan.ColumnValues]]:
    return (rows[start : start + CHUNK_ROWS] for start in range(0, len(rows), CHUNK_ROWS))


# How each table takes its rows; those not named here are emptied first.
_WRITERS: dict[
    type[Base], Callable[[Session, Table, list[load_plan.ColumnValues]], Iterator[int]]
] = {
    Region: _upsert,
    Departement: _upsert,
    Commune: _upsert,
    CommuneCode: _upsert,
}
