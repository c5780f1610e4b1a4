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

NAME = "territory"
CHUNK = 5_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did. ``counts``: rows by table, afterwards; empty when nothing changed."""

    version: str
    counts: Mapping[str, int]
    changed: bool


def version(session: Session) -> str | None:
    """The version of the territory that the tables hold; None before the first load."""
    return session.scalar(select(Dataset.version).where(Dataset.name == NAME))


def load(
    session: Session,
    *,
    at: datetime,
    progress: Progress | None = None,
    source: Path = dataset.DATA,
) -> Loaded:
    """Bring the tables to the data set in ``source``; the caller commits.

    Does nothing when they already hold that version. ``progress`` is told how many of how many
    rows are done. A commune that vanished keeps its row, retired, and its code keeps leading to
    its successor, or to itself when the new data set names none.
    """
    wanted = dataset.version(source)
    if version(session) == wanted:
        return Loaded(wanted, {}, changed=False)
    session.flush()
    tables = _tables(session, load_plan.read(source))
    done, total = 0, sum(len(rows) for rows in tables.values())
    for model, rows in tables.items():
        for count in _KEEPERS.get(model, _replace)(session, _table(model), rows):
            done += count
            if progress is not None:
                progress(done, total)
    session.merge(Dataset(name=NAME, version=wanted, loaded_at=at))
    session.flush()
    # The rows were changed behind the session's back: what it remembers of them is old.
    session.expire_all()
    counts = {_table(model).name: len(rows) for model, rows in tables.items()}
    return Loaded(wanted, counts, changed=True)


def _tables(session: Session, new: load_plan.Plan) -> dict[type[Base], list[load_plan.Values]]:
    """The complete content of every table: the new data set, and what is kept of the old."""
    before_codes = _rows(session, CommuneCode)
    before_communes = _rows(session, Commune)
    before_aliases = _rows(session, CommuneAlias)
    led = {row["code"]: row["current_code"] for row in before_codes}
    codes = load_plan.follow(led, new.codes)
    present = {row["code"] for row in new.communes}
    retired = {code for code, current in codes.items() if code == current} - present
    names = load_plan.kept_names((*before_aliases, *before_communes), new, codes, retired)
    return {
        Region: _with_retired(_rows(session, Region), new.regions),
        Departement: _with_retired(_rows(session, Departement), new.departements),
        Intercommunalite: new.intercommunalites,
        Commune: _with_retired(before_communes, new.communes),
        CommunePostal: new.postals,
        CommuneAlias: new.aliases + names,
        CommuneCode: [{"code": code, "current_code": to} for code, to in sorted(codes.items())],
    }


def _with_retired(
    before: list[load_plan.Values], new: list[load_plan.Values]
) -> list[load_plan.Values]:
    known = {row["code"] for row in new}
    return new + [row | {"retired": True} for row in before if row["code"] not in known]


def _table(model: type[Base]) -> Table:
    return cast(Table, model.__table__)


def _rows(session: Session, model: type[Base]) -> list[load_plan.Values]:
    return [dict(row) for row in session.execute(select(_table(model))).mappings()]


def _replace(session: Session, table: Table, rows: list[load_plan.Values]) -> Iterator[int]:
    session.execute(delete(table))
    yield from _insert(session, table, rows)


def _insert(session: Session, table: Table, rows: list[load_plan.Values]) -> Iterator[int]:
    for chunk in _chunks(rows):
        session.execute(insert(table), chunk)
        yield len(chunk)


def _keep(session: Session, table: Table, rows: list[load_plan.Values]) -> Iterator[int]:
    """Insert and update, never delete: other tables may refer to these rows."""
    before = {row["code"]: dict(row) for row in session.execute(select(table)).mappings()}
    yield from _insert(session, table, [row for row in rows if row["code"] not in before])
    known = [row for row in rows if row["code"] in before]
    changed = [_renamed(row) for row in known if row != before[row["code"]]]
    statement = update(table).where(table.c.code == bindparam("key"))
    for chunk in _chunks(changed):
        session.execute(statement, chunk)
        yield len(chunk)
    yield len(known) - len(changed)


def _renamed(row: load_plan.Values) -> load_plan.Values:
    # In an UPDATE the name of a column is taken by the value to write: the key needs another.
    return {name: value for name, value in row.items() if name != "code"} | {"key": row["code"]}


def _chunks(rows: list[load_plan.Values]) -> Iterator[list[load_plan.Values]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


# How each table takes its rows; those not named here are emptied first.
_KEEPERS: dict[type[Base], Callable[[Session, Table, list[load_plan.Values]], Iterator[int]]] = {
    Region: _keep,
    Departement: _keep,
    Commune: _keep,
    CommuneCode: _keep,
}
