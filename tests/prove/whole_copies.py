"""Copies of cases with their lines hashed anew, so that ``verify`` accepts them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, text, update

from register.db import Base, analyse_tables
from register.journal import JournalEntry
from register.journal.models import LedgerHead, canonical_json, chain_digest, commitment

# Table → what each of its columns with an id points to; other columns are copied as they are.
SHIFTED = {
    "incident": {"id": "incident", "number": "incident", "revision_id": "revision"},
    "revision": {"id": "revision", "incident_id": "incident"},
    "follow_up": {"id": "follow_up", "incident_id": "incident"},
    "reply": {"id": "reply", "incident_id": "incident"},
    "correction": {"id": "correction", "incident_id": "incident"},
    "approval": {"id": "approval", "incident_id": "incident", "revision_id": "revision"},
    "invitation": {"id": "invitation", "incident_id": "incident"},
    "case_code": {"incident_id": "incident", "since_line": "line", "until_line": "line"},
}
# The same of the details of lines.
DETAILS = {
    "dossier": "incident",
    "revision": "revision",
    "follow_up": "follow_up",
    "reply": "reply",
    "correction": "correction",
}
_LINE = JournalEntry.__table__
_HEAD = LedgerHead.__table__


def multiply(engine: Engine, total: int) -> None:
    """Copy the cases of a register, all of them as often as another, until there are ``total``."""
    with engine.begin() as connection:
        lines = connection.execute(
            select(_LINE).where(_LINE.c.incident_id.is_not(None)).order_by(_LINE.c.seq)
        ).all()
        strides = {
            name: connection.scalar(select(func.max(Base.metadata.tables[name].c.id))) or 0
            for name, shifted in SHIFTED.items()
            if "id" in shifted
        }
        strides["line"] = sum(line.ledger == "public" for line in lines)
        for copy in range(1, total // strides["incident"]):
            offsets = {name: copy * stride for name, stride in strides.items()}
            for name, shifted in SHIFTED.items():
                _copy_table(connection, name, shifted, offsets, strides["incident"])
            connection.execute(insert(_LINE), list(_continued(connection, lines, offsets)))
    analyse_tables(engine)


def _copy_table(
    connection: Connection,
    name: str,
    shifted: Mapping[str, str],
    offsets: Mapping[str, int],
    last: int,
) -> None:
    columns = [column.name for column in Base.metadata.tables[name].columns]
    values = [
        # A code that the case has still has the line 0.
        f"{column} + ({column} > 0) * {offsets[shifted[column]]}" if column in shifted else column
        for column in columns
    ]
    case = "id" if name == "incident" else "incident_id"
    connection.execute(
        text(
            f"INSERT INTO {name} ({', '.join(columns)}) SELECT {', '.join(values)}"
            f" FROM {name} WHERE {case} <= :last"
        ),
        {"last": last},
    )


def _continued(
    connection: Connection, lines: Sequence[Any], offsets: Mapping[str, int]
) -> Iterator[dict[str, object]]:
    """The lines of a copy, which go on from the heads of the ledgers, and the heads after them."""
    heads = {head.ledger: (head.seq, head.digest) for head in connection.execute(select(_HEAD))}
    for line in lines:
        seq, previous = heads[line.ledger]
        private = json.loads(line.private_json)
        for key, kind in DETAILS.items():
            if private.get(key) is not None:
                private[key] += offsets[kind]
        private_json, event = canonical_json(private), str(uuid.uuid4())
        public = json.loads(line.public_json) | {
            "event": event,
            "seq": seq + 1,
            "case": line.case_number and line.case_number + offsets["incident"],
            "private": commitment(line.private_salt, private_json),
        }
        public_json = canonical_json(public)
        heads[line.ledger] = seq + 1, chain_digest(previous, public_json)
        yield {
            **line._asdict(),
            "seq": seq + 1,
            "event": event,
            "case_number": public["case"],
            "incident_id": line.incident_id + offsets["incident"],
            "revision_id": line.revision_id and line.revision_id + offsets["revision"],
            "public_json": public_json,
            "private_json": private_json,
            "digest": heads[line.ledger][1],
        }
    for ledger, (seq, digest) in heads.items():
        connection.execute(
            update(_HEAD).where(_HEAD.c.ledger == ledger).values(seq=seq, digest=digest)
        )
