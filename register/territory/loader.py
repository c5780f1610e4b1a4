"""Fills the territory's tables from the committed data, at ``init`` and at each yearly update."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from register.db import Base
from register.territory import dataset
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
from register.text.normalisation import fold_name

DATASET_NAME = "territory"
CHUNK_ROWS = 5_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did. ``counts``: rows by table, afterwards; empty when nothing changed."""

    version: str
    counts: Mapping[str, int]
    changed: bool


def loaded_version(session: Session) -> str | None:
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

    Does nothing when they already hold that version. ``progress`` is called with the numbers of
    rows done and of all rows. A commune that vanished keeps its row, retired, and its code keeps
    leading to its successor, or to itself when the new data set names none.
    """
    new_version = dataset.version(source)
    if loaded_version(session) == new_version:
        return LoadResult(new_version, {}, changed=False)
    session.flush()
    tables = _tables(session, read_plan(source))
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


def _tables(session: Session, plan: LoadPlan) -> dict[type[Base], list[ColumnValues]]:
    """The complete content of every table: the new data set, and what is kept of the old."""
    previous_codes = _rows(session, CommuneCode)
    previous_communes = _rows(session, Commune)
    previous_aliases = _rows(session, CommuneAlias)
    previous_current_codes = {row["code"]: row["current_code"] for row in previous_codes}
    codes = follow_codes(previous_current_codes, plan.codes)
    present_codes = {row["code"] for row in plan.communes}
    retired = {code for code, current in codes.items() if code == current} - present_codes
    former_aliases = former_names((*previous_aliases, *previous_communes), plan, codes, retired)
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
    previous_rows: list[ColumnValues], new_rows: list[ColumnValues]
) -> list[ColumnValues]:
    new_codes = {row["code"] for row in new_rows}
    return new_rows + [
        row | {"retired": True} for row in previous_rows if row["code"] not in new_codes
    ]


def _table(model: type[Base]) -> Table:
    return cast(Table, model.__table__)


def _rows(session: Session, model: type[Base]) -> list[ColumnValues]:
    return [dict(row) for row in session.execute(select(_table(model))).mappings()]


def _replace(session: Session, table: Table, rows: list[ColumnValues]) -> Iterator[int]:
    session.execute(delete(table))
    yield from _insert(session, table, rows)


def _insert(session: Session, table: Table, rows: list[ColumnValues]) -> Iterator[int]:
    for chunk in _chunks(rows):
        session.execute(insert(table), chunk)
        yield len(chunk)


def _upsert(session: Session, table: Table, rows: list[ColumnValues]) -> Iterator[int]:
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


def _update_parameters(row: ColumnValues) -> ColumnValues:
    # In an UPDATE the name of a column is taken by the value to write: the key needs another.
    return {column: cell for column, cell in row.items() if column != "code"} | {"key": row["code"]}


def _chunks(rows: list[ColumnValues]) -> Iterator[list[ColumnValues]]:
    return (rows[start : start + CHUNK_ROWS] for start in range(0, len(rows), CHUNK_ROWS))


# How each table takes its rows; those not named here are emptied first.
_WRITERS: dict[type[Base], Callable[[Session, Table, list[ColumnValues]], Iterator[int]]] = {
    Region: _upsert,
    Departement: _upsert,
    Commune: _upsert,
    CommuneCode: _upsert,
}


ColumnValues = dict[str, Any]

PRESENT = "commune-actuelle"
ALIAS_KINDS = {
    "commune-deleguee": "deleguee",
    "commune-associee": "associee",
    "arrondissement-municipal": "arrondissement",
}
FORMER = "ancienne"


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """Rows for each table, as column values."""

    regions: list[ColumnValues]
    departements: list[ColumnValues]
    intercommunalites: list[ColumnValues]
    communes: list[ColumnValues]
    postals: list[ColumnValues]
    aliases: list[ColumnValues]
    codes: dict[str, str]


def read_plan(source: Path) -> LoadPlan:
    """The rows that a data set asks for, by itself."""
    regions = [_name_columns(row) for row in dataset.read_table("regions.csv", source)]
    region_codes = {row["code"] for row in regions}
    commune_rows = dataset.read_table("communes.csv.gz", source)
    communes = [row for row in commune_rows if row["type"] == PRESENT]
    aliases = [row for row in commune_rows if row["type"] != PRESENT]
    return LoadPlan(
        regions=regions,
        departements=[
            _name_columns(row) | {"region_code": row["region"] or None}
            for row in dataset.read_table("departements.csv", source)
        ],
        intercommunalites=[
            {"code": row["code"], "name": row["nom"], "kind": row["type"]}
            for row in dataset.read_table("epci.csv", source)
        ],
        communes=[_commune_columns(row, region_codes) for row in communes],
        postals=[
            {"postal": postal_code, "commune_code": row["code"]}
            for row in communes
            for postal_code in dict.fromkeys(row["codes_postaux"].split())
        ],
        aliases=[_alias_columns(row) for row in aliases],
        codes=_current_codes(communes, aliases),
    )


def _name_columns(row: dataset.CsvRow) -> ColumnValues:
    return {
        "code": row["code"],
        "name": row["nom"],
        "folded": fold_name(row["nom"]),
        "retired": False,
    }


def _point_columns(row: dataset.CsvRow) -> ColumnValues:
    return {
        "population": int(row["population"]) if row["population"] else None,
        "lat": float(row["lat"]) if row["lat"] else None,
        "lon": float(row["lon"]) if row["lon"] else None,
        "precision": row["precision"],
    }


def _commune_columns(row: dataset.CsvRow, region_codes: set[str]) -> ColumnValues:
    return (
        _name_columns(row)
        | _point_columns(row)
        | {
            "departement_code": row["departement"],
            # The source gives an overseas collectivity its own code as a région.
            "region_code": row["region"] if row["region"] in region_codes else None,
            "intercommunalite_code": row["epci"] or None,
        }
    )


def _alias_columns(row: dataset.CsvRow) -> ColumnValues:
    return _point_columns(row) | {
        "code": row["code"],
        "kind": ALIAS_KINDS[row["type"]],
        "name": row["nom"],
        "folded": fold_name(row["nom"]),
        "current_code": row["parent"],
    }


def _current_codes(communes: list[dataset.CsvRow], aliases: list[dataset.CsvRow]) -> dict[str, str]:
    """Each known code and the present commune it leads to.

    What is said last wins: a former code gives way to the present division (two delegated
    communes changed parents since), and everything to a present commune, whether its code is also
    its delegated commune's, was reused, or came back when a merger was undone.
    """
    codes = {
        former_code: row["code"] for row in communes for former_code in row["anciens_codes"].split()
    }
    codes |= {row["code"]: row["parent"] for row in aliases}
    return codes | {row["code"]: row["code"] for row in communes}


def follow_codes(previous_codes: Mapping[str, str], new_codes: Mapping[str, str]) -> dict[str, str]:
    """``new_codes``, completed with every code known before: no code ever leads nowhere.

    A code that the new data set does not mention follows the commune it led to; when that one
    vanished without a successor, it still leads to it, retired.
    """
    return {
        code: new_codes.get(current_code, current_code)
        for code, current_code in previous_codes.items()
    } | dict(new_codes)


def former_names(
    previous_rows: Iterable[ColumnValues],
    plan: LoadPlan,
    codes: Mapping[str, str],
    retired: set[str],
) -> list[ColumnValues]:
    """Former names that the new data set no longer gives, as aliases of kind ``ancienne``.

    ``previous_rows``: rows of communes and aliases that the tables held, the communes last. A
    retired commune bears its own name and needs no alias.
    """
    current_names = {(row["code"], row["folded"]) for row in (*plan.communes, *plan.aliases)}
    former_aliases: dict[str, ColumnValues] = {}
    for row in previous_rows:
        if (row["code"], row["folded"]) not in current_names and row["code"] not in retired:
            former_aliases[row["code"]] = {
                column: row[column] for column in _FORMER_NAME_COLUMNS
            } | {
                "kind": FORMER,
                "current_code": codes[row["code"]],
            }
    return list(former_aliases.values())


_FORMER_NAME_COLUMNS = ("code", "name", "folded", "population", "lat", "lon", "precision")
