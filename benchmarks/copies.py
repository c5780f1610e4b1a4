"""The cases beyond the first thousand: whole copies of them, elsewhere and on other days.

A copy is everything that is read of a case (rows, snapshots, public lines, former codes) under
other ids, with an account of its own. It serves reading only: the journal's chain is not continued
for it, so that ``verify`` would refuse such a register.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, delete, insert, select, text

from benchmarks import texts
from benchmarks.cases import communes
from benchmarks.seeding import SEEDED
from register.cases import case_codes
from register.cases.case_codes import CaseCode
from register.cases.models import Incident
from register.cases.vocabulary import Dataset
from register.db import analyse_tables, housekeeping, now

# Which columns carry which kind of id; every other column is copied as it is.
SHIFTED_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "incident": {"id": "case", "number": "case", "merged_into": "case", "revision_id": "revision"},
    "follow_up": {"id": "follow_up", "incident_id": "case"},
    "reply": {"id": "reply", "incident_id": "case"},
    "correction": {"id": "correction", "incident_id": "case"},
    "revision": {"id": "revision", "incident_id": "case"},
    "case_code": {"incident_id": "case", "since_line": "line", "until_line": "line"},
    "journal_entry": {
        "seq": "line",
        "case_number": "case",
        "incident_id": "case",
        "revision_id": "revision",
    },
}
# What a line's details name of its case, by the same kinds of id.
_LINE_REFERENCES = ("follow_up", "reply", "correction")
# A random name as feeds and addresses write it.
_RANDOM_UUID_SQL = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(2))"
    " || '-' || hex(randomblob(2)) || '-' || hex(randomblob(6)))"
)


@dataclass(frozen=True)
class Seed:
    """How many ids of each kind the first thousand took: what a copy adds to them."""

    strides: Mapping[str, int]


def measure_seed(engine: Engine) -> Seed:
    """Look at the first thousand, before anything is copied."""
    strides = {"case": SEEDED}
    with engine.connect() as connection:
        for kind in ("follow_up", "reply", "correction", "revision"):
            strides[kind] = _scalar_int(connection, f"SELECT max(id) FROM {kind}")
        strides["line"] = _scalar_int(
            connection, "SELECT max(seq) FROM journal_entry WHERE ledger = 'public'"
        )
    return Seed(strides)


def grow(engine: Engine, seed: Seed, total: int) -> None:
    """Copy the seeded cases until there are about ``total`` of them."""
    metadata = MetaData()
    metadata.reflect(engine, only=list(SHIFTED_COLUMNS))
    chance = random.Random(total)
    with engine.begin() as connection:
        present = _scalar_int(connection, "SELECT count(*) FROM incident")
        touched = _touched_cases(connection, seed)
        # Cases published since the last copy have the ids that the next one would take: that copy
        # is left out.
        for copy in range(-(-present // SEEDED), total // SEEDED):
            places = communes(SEEDED, chance)
            _copy(connection, metadata, seed, touched, copy)
            _move_cases(connection, copy, places)
            _move_codes(connection, copy, places)
            _write_accounts(connection, copy, places)
        _move_head(connection)
    with housekeeping(engine) as session:
        # What the codes of the copies lead to.
        session.execute(delete(Dataset).where(Dataset.name == "case_code"))
        case_codes.refresh(session, now())
    # As the register does by itself at each thousandth line.
    analyse_tables(engine)


def _touched_cases(connection: Connection, seed: Seed) -> list[int]:
    """Seeded cases on which an act was measured: their new rows have the ids of another copy's."""
    stmt = (
        "SELECT DISTINCT incident_id FROM journal_entry"
        " WHERE ledger = 'public' AND seq > :line AND incident_id <= :last"
    )
    values = {"line": seed.strides["line"], "last": SEEDED}
    return list(connection.scalars(text(stmt), values))


def _copy(
    connection: Connection, metadata: MetaData, seed: Seed, touched: Iterable[int], copy: int
) -> None:
    offsets = {kind: copy * stride for kind, stride in seed.strides.items()}
    for name, shifted_columns in SHIFTED_COLUMNS.items():
        statement = _copy_sql(metadata.tables[name], shifted_columns, offsets, touched)
        connection.execute(text(statement))


def _copy_sql(
    table: Table,
    shifted_columns: Mapping[str, str],
    offsets: Mapping[str, int],
    touched: Iterable[int],
) -> str:
    column_expressions = []
    for column in table.columns:
        if column.name in shifted_columns:
            # A code without a line has 0 instead of its number.
            offset = offsets[shifted_columns[column.name]]
            column_expressions.append(f"{column.name} + ({column.name} > 0) * {offset}")
        elif column.name == "event":
            column_expressions.append(_RANDOM_UUID_SQL)
        elif column.name == "private_json":
            column_expressions.append(_details_sql(offsets))
        else:
            column_expressions.append(column.name)
    names = ", ".join(column.name for column in table.columns)
    case = "id" if table.name == "incident" else "incident_id"
    condition = f"{case} <= {SEEDED} AND {case} NOT IN ({', '.join(map(str, touched))})"
    if table.name == "journal_entry":
        condition += " AND ledger = 'public'"
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {', '.join(column_expressions)}"
        f" FROM {table.name} WHERE {condition}"
    )


def _details_sql(offsets: Mapping[str, int]) -> str:
    private_details = "CAST(private_json AS TEXT)"
    shifted_paths = ", ".join(
        f"'$.{kind}', json_extract({private_details}, '$.{kind}') + {offsets[kind]}"
        for kind in _LINE_REFERENCES
    )
    return f"CAST(json_replace({private_details}, {shifted_paths}) AS BLOB)"


def _move_cases(connection: Connection, copy: int, places: list[str]) -> None:
    """Put a copy's cases at other communes, and earlier by up to a year."""
    low = copy * SEEDED
    connection.execute(
        text("UPDATE incident SET commune = :code WHERE id = :id"),
        [{"code": code, "id": low + position} for position, code in enumerate(places, 1)],
    )
    connection.execute(
        text(
            "UPDATE incident SET sort_day = date(sort_day, :days) WHERE id > :low AND id <= :high"
        ),
        {"days": f"-{copy % 300} days", "low": low, "high": low + SEEDED},
    )


def _move_codes(connection: Connection, copy: int, places: list[str]) -> None:
    """Put a copy's codes at the communes and days of its cases."""
    low = copy * SEEDED
    copied = select(Incident.id).where(Incident.id > low, Incident.id <= low + SEEDED)
    is_in_copy = f"until_line = 0 AND incident_id > {low} AND incident_id <= {low + SEEDED}"
    connection.execute(
        text(f"DELETE FROM case_code WHERE axis = 'commune_saisie' AND {is_in_copy}")
    )
    connection.execute(
        insert(CaseCode),
        [
            {
                "incident_id": id,
                "axis": "commune_saisie",
                "code": places[id - low - 1],
                "since_line": 1,
            }
            for id in connection.scalars(copied)
        ],
    )
    connection.execute(
        text(
            f"UPDATE case_code SET code = date(code, '-{copy % 300} days')"
            f" WHERE axis IN ('du', 'au') AND {is_in_copy}"
        )
    )


def _write_accounts(connection: Connection, copy: int, places: list[str]) -> None:
    """Give each case of a copy its own account, and the commune it was put at, where it is read."""
    low = copy * SEEDED
    revision_rows = connection.execute(
        text(
            "SELECT revision.id, content, html, incident_id FROM revision"
            " JOIN incident ON incident.revision_id = revision.id"
            " WHERE incident.id > :low AND incident.id <= :high"
        ),
        {"low": low, "high": low + SEEDED},
    ).all()
    connection.execute(
        text("UPDATE revision SET content = :content, html = :html WHERE id = :id"),
        [
            _account_fields(revision_row, places[revision_row.incident_id - low - 1])
            for revision_row in revision_rows
        ],
    )


def _account_fields(revision_row: Any, commune: str) -> dict[str, Any]:
    account = texts.account(revision_row.incident_id)
    return {
        "id": revision_row.id,
        "content": _updated_json(
            revision_row.content, narrative="\n\n".join(account), commune=commune
        ),
        "html": _updated_json(
            revision_row.html, narrative="".join(f"<p>{part}</p>" for part in account)
        ),
    }


def _updated_json(stored: bytes, **changes: str) -> bytes:
    return json.dumps({**json.loads(stored), **changes}, ensure_ascii=False).encode()


def _move_head(connection: Connection) -> None:
    """The ledger ends with the last copied line: the next act goes on from there."""
    # A digest of its own: what is kept by the head, and the index, must know it from the others.
    connection.execute(
        text(
            "UPDATE journal_entry SET digest = randomblob(32) WHERE ledger = 'public'"
            " AND seq = (SELECT max(seq) FROM journal_entry WHERE ledger = 'public')"
        )
    )
    connection.execute(
        text(
            "UPDATE journal_head SET (seq, digest) = (SELECT seq, digest"
            " FROM journal_entry WHERE ledger = 'public' ORDER BY seq DESC LIMIT 1)"
            " WHERE ledger = 'public'"
        )
    )


def _scalar_int(connection: Connection, stmt: str) -> int:
    return int(connection.execute(text(stmt)).scalar() or 0)
