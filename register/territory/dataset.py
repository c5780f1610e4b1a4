"""The committed data set of the territory: its files, and their loading into the tables.

``manifest.toml`` beside the files holds their sources, licences, counts and sums; they are derived
by ``python -m tools.territory_data``. They are loaded at ``init`` and at each yearly
update.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import tomllib
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Executable, Table, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from register.db import Base
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

DATA = Path(__file__).parent / "data"
MANIFEST = "manifest.toml"
FILES = ("communes.csv.gz", "epci.csv", "departements.csv", "regions.csv", "departements.geo.json")

CsvRow = dict[str, str]


@cache
def read_manifest(source: Path = DATA) -> Mapping[str, Any]:
    """The manifest of a data set: ``source`` (packages), ``counts`` and, by file, ``sha256``."""
    return tomllib.loads((source / MANIFEST).read_text("utf-8"))


def version(source: Path = DATA) -> str:
    """Twelve hexadecimal digits that change when any file of the data set does."""
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(hashlib.sha256((source / name).read_bytes()).digest())
    return digest.hexdigest()[:12]


def read_rows(name: str, source: Path = DATA) -> Iterator[Any]:
    """The rows of one CSV table, as named tuples of text; absent is ``""``."""
    content = (source / name).read_bytes()
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    lines = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    row_class: Any = namedtuple("row_class", tuple(next(lines)))  # type: ignore[misc] # a file's
    return map(row_class._make, lines)


def read_table(name: str, source: Path = DATA) -> list[CsvRow]:
    """The rows of one CSV table, compressed or not; every value is text, absent is ``""``."""
    content = (source / name).read_bytes()
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


# --- loading ------------------------------------------------------------------------------------

DATASET_NAME = "territory"
_CHUNK_ROWS = 5_000
PRESENT = "commune-actuelle"
_ALIAS_KINDS = {
    "commune-deleguee": "deleguee",
    "commune-associee": "associee",
    "arrondissement-municipal": "arrondissement",
}
_FORMER = "ancienne"
_FORMER_NAME_COLUMNS = ("code", "name", "folded", "population", "lat", "lon", "precision")
# Rows of these are never deleted, because other tables may refer to them.
_AREAS = (Region, Departement, Commune)
_REFERRED_TO = (*_AREAS, CommuneCode)

ColumnValues = dict[str, Any]
TableRows = dict[type[Base], list[ColumnValues]]


def loaded_version(session: Session) -> str | None:
    """The version of the territory that the tables hold; None before the first load."""
    return session.scalar(select(Dataset.version).where(Dataset.name == DATASET_NAME))


def load(
    session: Session,
    *,
    at: datetime,
    progress: Callable[[int, int], None] | None = None,
    source: Path = DATA,
) -> bool:
    """Bring the tables to the data set in ``source``, which the caller commits; whether it did.

    Does nothing when they already hold that version. ``progress`` is called with the numbers of
    rows done and of all rows. A commune that vanished keeps its row, retired, and its code keeps
    leading to its successor, or to itself when the new data set names none.
    """
    new_version = version(source)
    if loaded_version(session) == new_version:
        return False
    session.flush()
    tables = _with_former_rows(session, _read_rows(source))
    done, total = 0, sum(len(rows) for rows in tables.values())
    for model, rows in tables.items():
        for count in _write(session, model, rows):
            done += count
            if progress is not None:
                progress(done, total)
    session.merge(Dataset(name=DATASET_NAME, version=new_version, loaded_at=at))
    session.flush()
    # The rows were changed behind the session's back: what it remembers of them is old.
    session.expire_all()
    return True


def _read_rows(source: Path) -> TableRows:
    """The rows of each table that a data set asks for, by itself."""
    regions = [_name_columns(row, retired=False) for row in read_table("regions.csv", source)]
    # The source gives an overseas collectivity its own code as a région.
    region_codes = {row["code"] for row in regions}
    commune_rows = read_table("communes.csv.gz", source)
    communes = [row for row in commune_rows if row["type"] == PRESENT]
    aliases = [row for row in commune_rows if row["type"] != PRESENT]
    return {
        Region: regions,
        Departement: [
            _name_columns(row, region_code=row["region"] or None, retired=False)
            for row in read_table("departements.csv", source)
        ],
        Intercommunalite: [
            {"code": row["code"], "name": row["nom"], "kind": row["type"]}
            for row in read_table("epci.csv", source)
        ],
        Commune: [
            _name_columns(
                row,
                **_point_columns(row),
                departement_code=row["departement"],
                region_code=row["region"] if row["region"] in region_codes else None,
                intercommunalite_code=row["epci"] or None,
                retired=False,
            )
            for row in communes
        ],
        CommunePostal: [
            {"postal": postal_code, "commune_code": row["code"]}
            for row in communes
            for postal_code in dict.fromkeys(row["codes_postaux"].split())
        ],
        CommuneAlias: [
            _name_columns(
                row,
                **_point_columns(row),
                kind=_ALIAS_KINDS[row["type"]],
                current_code=row["parent"],
            )
            for row in aliases
        ],
        CommuneCode: _code_rows(_current_codes(communes, aliases)),
    }


def _name_columns(row: CsvRow, **columns: object) -> ColumnValues:
    return {"code": row["code"], "name": row["nom"], "folded": fold_name(row["nom"]), **columns}


def _point_columns(row: CsvRow) -> ColumnValues:
    return {
        "population": int(row["population"]) if row["population"] else None,
        "lat": float(row["lat"]) if row["lat"] else None,
        "lon": float(row["lon"]) if row["lon"] else None,
        "precision": row["precision"],
    }


def _code_rows(codes: Mapping[str, str]) -> list[ColumnValues]:
    return [{"code": code, "current_code": current} for code, current in sorted(codes.items())]


def _current_codes(communes: list[CsvRow], aliases: list[CsvRow]) -> dict[str, str]:
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


def _with_former_rows(session: Session, new: TableRows) -> TableRows:
    """The complete content of every table: the new data set, and what is kept of the old."""
    former = {model: _stored_rows(session, model) for model in (*_REFERRED_TO, CommuneAlias)}
    new_codes: dict[str, str] = {row["code"]: row["current_code"] for row in new[CommuneCode]}
    # No code ever leads nowhere. One that the new data set does not mention follows the commune
    # it led to; when that one vanished without a successor, it still leads to it, retired.
    former_codes: dict[str, str] = {row["code"]: row["current_code"] for row in former[CommuneCode]}
    codes = {
        code: new_codes.get(current, current) for code, current in former_codes.items()
    } | new_codes
    present_codes = {row["code"] for row in new[Commune]}
    retired = {code for code, current in codes.items() if code == current} - present_codes
    current_names = {(row["code"], row["folded"]) for row in new[Commune] + new[CommuneAlias]}
    former_names: dict[str, ColumnValues] = {}
    for row in former[CommuneAlias] + former[Commune]:
        # A retired commune bears its own name and needs no alias.
        if (row["code"], row["folded"]) not in current_names and row["code"] not in retired:
            former_names[row["code"]] = {
                **{column: row[column] for column in _FORMER_NAME_COLUMNS},
                "kind": _FORMER,
                "current_code": codes[row["code"]],
            }
    new[CommuneAlias] += former_names.values()
    new[CommuneCode] = _code_rows(codes)
    for model in _AREAS:
        area_codes = {row["code"] for row in new[model]}
        gone = [row for row in former[model] if row["code"] not in area_codes]
        new[model] += [row | {"retired": True} for row in gone]
    return new


def _table(model: type[Base]) -> Table:
    return cast(Table, model.__table__)


def _stored_rows(session: Session, model: type[Base]) -> list[ColumnValues]:
    return [dict(row) for row in session.execute(select(_table(model))).mappings()]


def _write(session: Session, model: type[Base], rows: list[ColumnValues]) -> Iterator[int]:
    """Write a table anew, or only what changed of one that others refer to; numbers of rows."""
    table = _table(model)
    if model not in _REFERRED_TO:
        session.execute(delete(table))
        yield from _execute(session, insert(table), rows)
        return
    stored = {row["code"]: row for row in _stored_rows(session, model)}
    existing = [row for row in rows if row["code"] in stored]
    # In an UPDATE the name of a column is taken by the value to write: the key needs another.
    changed = [
        {"key": row["code"], **{name: row[name] for name in row if name != "code"}}
        for row in existing
        if row != stored[row["code"]]
    ]
    new_rows = [row for row in rows if row["code"] not in stored]
    yield from _execute(session, insert(table), new_rows)
    yield from _execute(session, update(table).where(table.c.code == bindparam("key")), changed)
    yield len(existing) - len(changed)


def _execute(session: Session, stmt: Executable, rows: list[ColumnValues]) -> Iterator[int]:
    for start in range(0, len(rows), _CHUNK_ROWS):
        chunk = rows[start : start + _CHUNK_ROWS]
        session.execute(stmt, chunk)
        yield len(chunk)
