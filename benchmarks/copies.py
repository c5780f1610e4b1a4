"""The cases beyond the first thousand: whole copies of them, elsewhere and on other days.

A copy is everything that is read of a case (rows, snapshots, public lines, former codes) under
other ids, with an account of its own. It serves reading only: the journal's chain is not continued
for it, so that ``verify`` would refuse such a register.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, text

from benchmarks import texts
from benchmarks.cases import communes
from benchmarks.seeding import SEEDED
from register.db import analyse

# Which columns carry which kind of id; every other column is copied as it is.
SHIFTED: Mapping[str, Mapping[str, str]] = {
    "incident": {
        "id": "case",
        "number": "case",
        "merged_into": "case",
        "revision_id": "revision",
    },
    "incident_type": {"incident_id": "case"},
    "incident_place": {"incident_id": "case"},
    "incident_outlet": {"incident_id": "case"},
    "incident_source": {"incident_id": "case"},
    "proceeding": {"id": "proceeding", "incident_id": "case"},
    "follow_up": {"id": "follow_up", "incident_id": "case"},
    "reply": {"id": "reply", "incident_id": "case"},
    "correction": {"id": "correction", "incident_id": "case"},
    "revision": {"id": "revision", "incident_id": "case"},
    "former_code": {"incident_id": "case", "seq": "line"},
    "journal_entry": {
        "seq": "line",
        "case_number": "case",
        "incident_id": "case",
        "revision_id": "revision",
    },
}
# What a line's details name of its case, by the same kinds of id.
_NAMED = ("follow_up", "reply", "correction")
# A random name as feeds and addresses write it.
_NAME = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(2))"
    " || '-' || hex(randomblob(2)) || '-' || hex(randomblob(6)))"
)


@dataclass(frozen=True)
class Seed:
    """How many ids of each kind the first thousand took: what a copy adds to them."""

    strides: Mapping[str, int]


def measured(engine: Engine) -> Seed:
    """Look at the first thousand, before anything is copied."""
    strides = {"case": SEEDED}
    with engine.connect() as connection:
        for kind in ("proceeding", "follow_up", "reply", "correction", "revision"):
            strides[kind] = _number(connection, f"SELECT max(id) FROM {kind}")
        strides["line"] = _number(
            connection, "SELECT max(seq) FROM journal_entry WHERE ledger = 'public'"
        )
    return Seed(strides)


def grow(engine: Engine, seed: Seed, total: int) -> None:
    """Copy the seeded cases until there are about ``total`` of them."""
    metadata = MetaData()
    metadata.reflect(engine, only=list(SHIFTED))
    chance = random.Random(total)
    with engine.begin() as connection:
        present = _number(connection, "SELECT count(*) FROM incident")
        # Cases published since the last copy have the ids that the next one would take: that copy
        # is left out.
        for copy in range(-(-present // SEEDED), total // SEEDED):
            places = communes(engine, SEEDED, chance)
            _copy(connection, metadata, seed, copy)
            _move(connection, copy, places)
            _tell(connection, copy, places)
        _move_head(connection)
    # As the register does by itself at each thousandth line.
    analyse(engine)


def _copy(connection: Connection, metadata: MetaData, seed: Seed, copy: int) -> None:
    steps = {kind: copy * stride for kind, stride in seed.strides.items()}
    for name, shifted in SHIFTED.items():
        connection.execute(text(_copying(metadata.tables[name], shifted, steps)))


def _copying(table: Table, shifted: Mapping[str, str], steps: Mapping[str, int]) -> str:
    values = []
    for column in table.columns:
        if column.name in shifted:
            values.append(f"{column.name} + {steps[shifted[column.name]]}")
        elif column.name == "event":
            values.append(_NAME)
        elif column.name == "private_json":
            values.append(_details(steps))
        else:
            values.append(column.name)
    names = ", ".join(column.name for column in table.columns)
    case = "id" if table.name == "incident" else "incident_id"
    where = f"{case} <= {SEEDED}"
    if table.name == "journal_entry":
        where += " AND ledger = 'public'"
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {', '.join(values)}"
        f" FROM {table.name} WHERE {where}"
    )


def _details(steps: Mapping[str, int]) -> str:
    read = "CAST(private_json AS TEXT)"
    moved = ", ".join(
        f"'$.{kind}', json_extract({read}, '$.{kind}') + {steps[kind]}" for kind in _NAMED
    )
    return f"CAST(json_replace({read}, {moved}) AS BLOB)"


def _move(connection: Connection, copy: int, places: list[str]) -> None:
    """Put a copy's cases at other communes, and earlier by up to a year."""
    low = copy * SEEDED
    connection.execute(
        text("UPDATE incident_place SET code = :code WHERE incident_id = :id"),
        [{"code": code, "id": low + at} for at, code in enumerate(places, 1)],
    )
    connection.execute(
        text(
            "UPDATE incident SET sort_day = date(sort_day, :days), departement = place.departement,"
            " region = coalesce(place.region, '') FROM (SELECT incident_id,"
            " departement_code AS departement, region_code AS region FROM incident_place"
            " JOIN commune ON commune.code = incident_place.code WHERE position = 0"
            " AND incident_id > :low AND incident_id <= :high) AS place"
            " WHERE place.incident_id = incident.id AND incident.id > :low AND incident.id <= :high"
        ),
        {"days": f"-{copy % 300} days", "low": low, "high": low + SEEDED},
    )


def _tell(connection: Connection, copy: int, places: list[str]) -> None:
    """Give each case of a copy its own account, and the commune it was put at, where it is read."""
    low = copy * SEEDED
    rows = connection.execute(
        text(
            "SELECT revision.id, content, html, incident_id FROM revision"
            " JOIN incident ON incident.revision_id = revision.id"
            " WHERE incident.id > :low AND incident.id <= :high"
        ),
        {"low": low, "high": low + SEEDED},
    ).all()
    connection.execute(
        text("UPDATE revision SET content = :content, html = :html WHERE id = :id"),
        [_told(row, places[row.incident_id - low - 1]) for row in rows],
    )


def _told(row: Any, commune: str) -> dict[str, Any]:
    account = texts.account(row.incident_id)
    return {
        "id": row.id,
        "content": _bytes(row.content, narrative="\n\n".join(account), commune=commune),
        "html": _bytes(row.html, narrative="".join(f"<p>{part}</p>" for part in account)),
    }


def _bytes(stored: bytes, **changes: str) -> bytes:
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


def _number(connection: Connection, asked: str) -> int:
    return int(connection.execute(text(asked)).scalar() or 0)
