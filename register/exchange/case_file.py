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
from register.cases.members_journal import MembersJournalLine
from register.cases.models import Approval, Incident, Invitation, Note, Origin
from register.errors import NotFound, SealError
from register.journal import JournalEntry, Ledger, head
from register.journal.canonical import GENESIS, rfc3339
from register.journal.queries import public_lines
from register.report_keys import KeyStore
from register.reports.models import RetainedReport
from register.reports.queries import retained_reports
from register.reports.report_content import ReportContent

LEDGERS = (Ledger.PUBLIC, Ledger.DESK)

# What members wrote around the case, and what was added to it: file name → table. Of an import,
# only the line's own name: the digest of its words is the register's.
_RELATED_TABLES: Mapping[str, Table] = {
    "approvals": Approval.__table__,  # type: ignore[dict-item]
    "invitations": Invitation.__table__,  # type: ignore[dict-item]
    "replies": REPLY,  # type: ignore[dict-item]
    "follow_ups": FOLLOW_UP,  # type: ignore[dict-item]
    "corrections": CORRECTION,  # type: ignore[dict-item]
    "notes": Note.__table__,  # type: ignore[dict-item]
}
_STATE_COLUMNS = (
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
class CaseVersion:
    """One revision: who kept it, why, and its texts, or the line that destroyed them."""

    id: int
    metadata: Mapping[str, Any]
    content: bytes | None
    page: bytes | None

    @property
    def folder(self) -> str:
        """Where its files stand in the archive."""
        return f"versions/{self.id}/"


@dataclass(frozen=True)
class CaseFile:
    """What is known of one case. ``lines`` and ``journal_entries`` are the same lines, oldest first.

    ``related_rows`` are the rows of each table of the case, their moments in RFC 3339; ``members`` what
    those who did something to it are called; ``segments`` each ledger's lines from the case's
    first one on, verbatim; ``ledgers`` where each segment begins and ends; ``reports`` what the
    case keeps of the reports that it goes back to, None when that could not be opened.
    """

    number: int
    dossier: int
    state_fields: Mapping[str, Any]
    related_rows: Mapping[str, Sequence[Mapping[str, Any]]]
    members: Mapping[int, str]
    versions: Sequence[CaseVersion]
    lines: Sequence[MembersJournalLine]
    journal_entries: Sequence[JournalEntry]
    segments: Mapping[Ledger, bytes]
    ledgers: Mapping[str, Mapping[str, Any]]
    reports: Sequence[ReportContent] | None = ()


def gather(session: Session, number: int, store: KeyStore | None = None) -> CaseFile:
    """Everything about a case, whatever became of it.

    Read in one transaction, so that all of it is of one moment.

    :param store: opens what the case keeps of reports; None where it is not at hand.
    :raises NotFound: ``no_such_number``.
    """
    case = session.execute(select(CASE).where(CASE.c.number == number)).mappings().first()
    if case is None:
        raise NotFound("no_such_number", number=number)
    stmt = select(JournalEntry).where(JournalEntry.incident_id == case["id"])
    entry_rows = session.scalars(
        stmt.order_by(JournalEntry.at, JournalEntry.ledger, JournalEntry.seq)
    )
    journal_entries = [
        line for line in entry_rows if line.ledger in LEDGERS or _destroys_text(line)
    ]
    lines = members_journal.make_lines(session, journal_entries)
    related_rows = {
        name: _related_rows(session, table, case["id"]) for name, table in _RELATED_TABLES.items()
    }
    versions = list(_versions(session, case["id"], lines))
    names = accounts.display_names(session)
    ledgers = [
        ledger_kind
        for ledger_kind in Ledger
        if ledger_kind in LEDGERS or ledger_kind in {line.ledger for line in journal_entries}
    ]
    segments = {
        ledger_kind: _segment(session, ledger_kind, journal_entries) for ledger_kind in ledgers
    }
    return CaseFile(
        number=number,
        dossier=case["id"],
        state_fields={
            **{name: _json_value(case[name]) for name in _STATE_COLUMNS},
            "merged_here": list(session.scalars(_merged_into(number))),
            "origins": list(session.scalars(_origins(case["id"]))),
        },
        related_rows=related_rows,
        members={
            member_id: names[member_id]
            for member_id in sorted(_acting_member_ids(lines, related_rows, versions))
            if member_id in names
        },
        versions=versions,
        lines=lines,
        journal_entries=journal_entries,
        segments={
            ledger_kind: segment_bytes for ledger_kind, (segment_bytes, _ends) in segments.items()
        },
        ledgers={ledger_kind.value: ends for ledger_kind, (_data, ends) in segments.items()},
        reports=_reports(session, store, case["id"]),
    )


def _reports(session: Session, store: KeyStore | None, incident: int) -> list[ReportContent] | None:
    """What was reported, without contact or messages, which a case does not keep."""
    if (
        session.scalar(
            select(RetainedReport.key).where(RetainedReport.incident_id == incident).limit(1)
        )
        is None
    ):
        return []
    try:
        return retained_reports(session, store, incident) if store else None
    except SealError:
        return None


def _merged_into(number: int) -> Any:
    stmt = select(Incident.number).where(Incident.merged_into == number)
    return stmt.where(Incident.number.is_not(None)).order_by(Incident.number)


def _origins(incident: int) -> Any:
    stmt = select(Origin.external_id).where(Origin.incident_id == incident)
    return stmt.order_by(Origin.external_id)


def _related_rows(session: Session, table: Table, incident: int) -> list[dict[str, Any]]:
    stmt = select(*(column for column in table.columns if column.name != "incident_id"))
    condition: ColumnElement[bool] = table.c.incident_id == incident
    mappings = session.execute(stmt.where(condition).order_by(table.c.id)).mappings()
    return [{name: _json_value(cell) for name, cell in mapping.items()} for mapping in mappings]


def _json_value(value: Any) -> Any:
    """A value as JSON has it: moments in RFC 3339, days in ISO 8601."""
    if isinstance(value, datetime):
        return rfc3339(value)
    return value.isoformat() if isinstance(value, date) else value


def _versions(
    session: Session, incident: int, lines: Sequence[MembersJournalLine]
) -> Iterator[CaseVersion]:
    destroyed = {
        revision_id: {"ledger": line.ledger, "seq": line.seq}
        for line in lines
        for revision_id in line.private.get("destroyed", ())
    }
    revision_rows = session.execute(
        select(REVISION).where(REVISION.c.incident_id == incident).order_by(REVISION.c.id)
    )
    for revision_row in revision_rows:
        metadata = {
            "id": revision_row.id,
            "act": revision_row.act,
            "made_at": rfc3339(revision_row.made_at),
            "made_by": revision_row.made_by,
            "reason": revision_row.reason,
            "flags_reason": revision_row.flags_reason,
            "salt": revision_row.salt.hex() if revision_row.salt else None,
            "renderer": revision_row.renderer,
            "destroyed_by": destroyed.get(revision_row.id),
        }
        yield CaseVersion(revision_row.id, metadata, revision_row.content, revision_row.html)


def _acting_member_ids(
    lines: Sequence[MembersJournalLine],
    related_rows: Mapping[str, Sequence[Mapping[str, Any]]],
    versions: Sequence[CaseVersion],
) -> set[int]:
    """The members who did something to the case."""
    member_ids = {line.by for line in lines} | {version.metadata["made_by"] for version in versions}
    member_ids |= {line.private.get("holder") for line in lines}
    member_ids |= {member_id for line in lines for member_id in line.private.get("approved_by", ())}
    for table_rows in related_rows.values():
        member_ids |= {
            table_row[name]
            for table_row in table_rows
            for name in table_row
            if name.endswith("_by")
        }
    return {member_id for member_id in member_ids if isinstance(member_id, int)}


def _destroys_text(line: JournalEntry) -> bool:
    """Whether a line of the reports' ledger destroyed a text of the case: the others are apart."""
    return "destroyed" in json.loads(line.private_json)


def _segment(
    session: Session, ledger_kind: Ledger, journal_entries: Sequence[JournalEntry]
) -> tuple[bytes, dict[str, Any]]:
    """A ledger's lines from the first of some of its lines to its end, and where that begins."""
    end = head(session, ledger_kind)
    after = (
        min(
            (line.seq for line in journal_entries if line.ledger == ledger_kind.value),
            default=end.seq + 1,
        )
        - 1
    )
    before = select(JournalEntry.digest).where(
        JournalEntry.ledger == ledger_kind.value, JournalEntry.seq == after
    )
    start = session.scalar(before) or GENESIS
    buffer = io.BytesIO()
    for seq in range(after, end.seq, 500):
        for _seq, line in public_lines(session, seq, min(seq + 500, end.seq), ledger_kind):
            buffer.write(line + b"\n")
    ends = {"after": after, "digest": start.hex(), "seq": end.seq, "head": end.digest}
    return buffer.getvalue(), ends
