"""Everything about one case, gathered for a lawyer; ``archive.py`` makes one file of it.

Each ledger goes from the line before the case's first one to its end: lines of other cases in
between are needed to follow the chain, and hold no text, name or address.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.orm import Session

from register.accounts import acts as accounts
from register.cases import members_journal
from register.cases.core_tables import CASE, CORRECTION, FOLLOW_UP, REPLY, REVISION
from register.cases.members_journal import Line
from register.cases.models import Approval, Incident, Invitation, Note, Origin
from register.errors import NotFound, SealError
from register.journal import Entry, Ledger, head
from register.journal.canonical import GENESIS, moment
from register.journal.queries import verbatim
from register.report_keys import KeyStore
from register.reports.models import Kept
from register.reports.queries import kept_for
from register.reports.report_content import Sent

LEDGERS = (Ledger.PUBLIC, Ledger.DESK)

# What members wrote around the case, and what was added to it: file name → table. Of an import,
# only the line's own name: the digest of its words is the register's.
_AROUND: Mapping[str, Table] = {
    "approvals": Approval.__table__,  # type: ignore[dict-item]
    "invitations": Invitation.__table__,  # type: ignore[dict-item]
    "replies": REPLY,  # type: ignore[dict-item]
    "follow_ups": FOLLOW_UP,  # type: ignore[dict-item]
    "corrections": CORRECTION,  # type: ignore[dict-item]
    "notes": Note.__table__,  # type: ignore[dict-item]
}
_STANDING = (
    "number",
    "state",
    "restriction",
    "created_at",
    "first_published_at",
    "moved_at",
    "merged_into",
    "revision_id",
    "held_by",
    "held_until",
    "single_review",
)


@dataclass(frozen=True)
class Version:
    """One revision: who kept it, why, and its texts, or the line that destroyed them."""

    id: int
    told: Mapping[str, Any]
    content: bytes | None
    page: bytes | None

    @property
    def folder(self) -> str:
        """Where its files stand in the archive."""
        return f"versions/{self.id}/"


@dataclass(frozen=True)
class CaseFile:
    """What is known of one case. ``lines`` and ``kept`` are the same lines, oldest first.

    ``around`` are the rows of each table of the case, their moments in RFC 3339; ``members`` what
    those who did something to it are called; ``segments`` each ledger's lines from the case's
    first one on, verbatim; ``ledgers`` where each segment begins and ends; ``reports`` what the
    case keeps of the reports that it goes back to, None when that could not be opened.
    """

    number: int
    dossier: int
    standing: Mapping[str, Any]
    around: Mapping[str, Sequence[Mapping[str, Any]]]
    members: Mapping[int, str]
    versions: Sequence[Version]
    lines: Sequence[Line]
    kept: Sequence[Entry]
    segments: Mapping[Ledger, bytes]
    ledgers: Mapping[str, Mapping[str, Any]]
    reports: Sequence[Sent] | None = ()


def gather(session: Session, number: int, store: KeyStore | None = None) -> CaseFile:
    """Everything about a case, whatever became of it.

    Read in one transaction, so that all of it is of one moment.

    :param store: opens what the case keeps of reports; None where it is not at hand.
    :raises NotFound: ``no_such_number``.
    """
    case = session.execute(select(CASE).where(CASE.c.number == number)).mappings().first()
    if case is None:
        raise NotFound("no_such_number", number=number)
    ours = select(Entry).where(Entry.incident_id == case["id"])
    rows = session.scalars(ours.order_by(Entry.at, Entry.ledger, Entry.seq))
    kept = [line for line in rows if line.ledger in LEDGERS or _destroys(line)]
    lines = members_journal.told(session, kept)
    around = {name: _rows(session, table, case["id"]) for name, table in _AROUND.items()}
    versions = list(_versions(session, case["id"], lines))
    names = accounts.names(session)
    ledgers = [led for led in Ledger if led in LEDGERS or led in {line.ledger for line in kept}]
    segments = {led: _segment(session, led, kept) for led in ledgers}
    return CaseFile(
        number=number,
        dossier=case["id"],
        standing={
            **{name: _plain(case[name]) for name in _STANDING},
            "merged_here": list(session.scalars(_merged_into(number))),
            "origins": list(session.scalars(_origins(case["id"]))),
        },
        around=around,
        members={
            one: names[one] for one in sorted(_acting(lines, around, versions)) if one in names
        },
        versions=versions,
        lines=lines,
        kept=kept,
        segments={led: data for led, (data, _ends) in segments.items()},
        ledgers={led.value: ends for led, (_data, ends) in segments.items()},
        reports=_reports(session, store, case["id"]),
    )


def _reports(session: Session, store: KeyStore | None, incident: int) -> list[Sent] | None:
    """What was reported, without contact or messages, which a case does not keep."""
    if session.scalar(select(Kept.key).where(Kept.incident_id == incident).limit(1)) is None:
        return []
    try:
        return kept_for(session, store, incident) if store else None
    except SealError:
        return None


def _merged_into(number: int) -> Any:
    there = select(Incident.number).where(Incident.merged_into == number)
    return there.where(Incident.number.is_not(None)).order_by(Incident.number)


def _origins(incident: int) -> Any:
    asked = select(Origin.external_id).where(Origin.incident_id == incident)
    return asked.order_by(Origin.external_id)


def _rows(session: Session, table: Table, incident: int) -> list[dict[str, Any]]:
    asked = select(*(column for column in table.columns if column.name != "incident_id"))
    own: ColumnElement[bool] = table.c.incident_id == incident
    found = session.execute(asked.where(own).order_by(table.c.id)).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def _plain(value: Any) -> Any:
    """A value as JSON has it: moments in RFC 3339, days in ISO 8601."""
    if isinstance(value, datetime):
        return moment(value)
    return value.isoformat() if isinstance(value, date) else value


def _versions(session: Session, incident: int, lines: Sequence[Line]) -> Iterator[Version]:
    destroyed = {
        gone: {"ledger": line.ledger, "seq": line.seq}
        for line in lines
        for gone in line.private.get("destroyed", ())
    }
    rows = session.execute(
        select(REVISION).where(REVISION.c.incident_id == incident).order_by(REVISION.c.id)
    )
    for row in rows:
        told = {
            "id": row.id,
            "act": row.act,
            "made_at": moment(row.made_at),
            "made_by": row.made_by,
            "reason": row.reason,
            "flags_reason": row.flags_reason,
            "salt": row.salt.hex() if row.salt else None,
            "renderer": row.renderer,
            "destroyed_by": destroyed.get(row.id),
        }
        yield Version(row.id, told, row.content, row.html)


def _acting(
    lines: Sequence[Line],
    around: Mapping[str, Sequence[Mapping[str, Any]]],
    versions: Sequence[Version],
) -> set[int]:
    """The members who did something to the case."""
    found = {line.by for line in lines} | {version.told["made_by"] for version in versions}
    found |= {line.private.get("holder") for line in lines}
    found |= {one for line in lines for one in line.private.get("approved_by", ())}
    for rows in around.values():
        found |= {row[name] for row in rows for name in row if name.endswith("_by")}
    return {one for one in found if isinstance(one, int)}


def _destroys(line: Entry) -> bool:
    """Whether a line of the reports' ledger destroyed a text of the case: the others are apart."""
    return "destroyed" in json.loads(line.private_json)


def _segment(session: Session, led: Ledger, kept: Sequence[Entry]) -> tuple[bytes, dict[str, Any]]:
    """A ledger's lines from the first of some of its lines to its end, and where that begins."""
    end = head(session, led)
    after = min((line.seq for line in kept if line.ledger == led.value), default=end.seq + 1) - 1
    before = select(Entry.digest).where(Entry.ledger == led.value, Entry.seq == after)
    start = session.scalar(before) or GENESIS
    data = io.BytesIO()
    for seq in range(after, end.seq, 500):
        for _seq, line in verbatim(session, seq, min(seq + 500, end.seq), led):
            data.write(line + b"\n")
    ends = {"after": after, "digest": start.hex(), "seq": end.seq, "head": end.digest}
    return data.getvalue(), ends
