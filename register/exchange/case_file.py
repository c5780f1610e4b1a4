"""Case file for a lawyer: everything about one case, and its ZIP archive.

Each ledger is included from the line before the case's first one to its end: verifying the chain
needs the lines of other cases in between, which hold no text, name or address.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Table, select
from sqlalchemy.orm import Session

from register import encryption
from register.accounts import acts as accounts
from register.cases import members_journal
from register.cases.core_tables import CASE, CORRECTION, FOLLOW_UP, REPLY, REVISION
from register.cases.members_journal import MembersJournalLine
from register.cases.models import Incident, Invitation, Note, Origin, RedactedOriginal
from register.cases.risk_flags import FlagReason, parse_reasons
from register.cases.second_person import Approval
from register.errors import Invalid, NotFound, Refused, SealError
from register.evidence.sealed_files import SealedFiles
from register.exchange import archives
from register.exchange.stored_files import StoredFiles, load_stored_files
from register.journal import JournalEntry, Ledger, head
from register.journal.models import GENESIS, canonical_json, rfc3339
from register.journal.queries import public_lines
from register.key_store import KeyStore
from register.reports.models import RetainedReport
from register.reports.queries import retained_reports
from register.reports.report_content import ReportContent

LEDGERS = (Ledger.PUBLIC, Ledger.DESK)

# Key in ``dossier.json`` → table.
_RELATED_TABLES: Mapping[str, Table] = {
    "approvals": Approval.__table__,
    "invitations": Invitation.__table__,
    "replies": REPLY,
    "follow_ups": FOLLOW_UP,
    "corrections": CORRECTION,
    "notes": Note.__table__,
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
_VERSION_COLUMNS = ("id", "act", "made_at", "made_by", "reason", "flags_reason", "salt", "renderer")


@dataclass(frozen=True)
class CaseVersion:
    """Metadata and texts of a revision: the present ones, or those before the ``redaction``."""

    id: int
    metadata: Mapping[str, Any]
    content: bytes | None
    page: bytes | None
    redaction: int | None = None

    @property
    def folder(self) -> str:
        """Folder of its files in the archive."""
        return f"versions/{self.id}/" + (f"before-{self.redaction}/" if self.redaction else "")

    @property
    def flag_reasons(self) -> Sequence[FlagReason]:
        """Reasons of its risk flags."""
        return parse_reasons(self.metadata["flags_reason"])


@dataclass(frozen=True)
class CaseFile:
    """Everything about one case.

    ``lines`` and ``journal_entries`` are the same lines, oldest first. ``related_rows``: rows of
    each table, with times in RFC 3339. ``members``: display names of those who acted on the case.
    ``segments``: lines of each ledger from the case's first one on, verbatim; ``ledgers``: where
    each segment begins and ends. ``reports``: the retained content of its reports, None if they
    cannot be decrypted. ``stored``: originals of evidence and copies of sources.
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
    stored: StoredFiles = field(default_factory=StoredFiles)


def gather(
    session: Session, number: int, store: KeyStore | None = None, files: SealedFiles | None = None
) -> CaseFile:
    """Case file of a case in any state, read in one transaction.

    :param store: key store that decrypts its reports; None if it is not available.
    :param files: its stored files; None where they are left out.
    :raises NotFound: ``no_such_number``.
    """
    case = session.execute(select(CASE).where(CASE.c.number == number)).mappings().first()
    if case is None:
        raise NotFound("no_such_number", number=number)
    stmt = select(JournalEntry).where(JournalEntry.incident_id == case["id"])
    entry_rows = session.scalars(
        stmt.order_by(JournalEntry.at, JournalEntry.ledger, JournalEntry.seq)
    )
    # Of the reports' ledger, only the lines that destroyed a text of the case.
    journal_entries = [
        line
        for line in entry_rows
        if line.ledger in LEDGERS or "destroyed" in json.loads(line.private_json)
    ]
    lines = members_journal.make_lines(session, journal_entries)
    related_rows = {
        name: _related_rows(session, table, case["id"]) for name, table in _RELATED_TABLES.items()
    }
    versions = list(_versions(session, case["id"], lines))
    names = accounts.display_names(session)
    member_ids = sorted(_acting_member_ids(lines, related_rows, versions) & set(names))
    used_ledgers = {*LEDGERS, *(line.ledger for line in journal_entries)}
    segments, ledgers = {}, {}
    for ledger in Ledger:
        if ledger in used_ledgers:
            segments[ledger], ledgers[ledger.value] = _segment(session, ledger, journal_entries)
    stored = StoredFiles()
    if store and files:
        stored = load_stored_files(session, store, files, case["id"])
    return CaseFile(
        number=number,
        dossier=case["id"],
        state_fields=_state_fields(session, case),
        related_rows=related_rows,
        members={member_id: names[member_id] for member_id in member_ids},
        versions=versions,
        lines=lines,
        journal_entries=journal_entries,
        segments=segments,
        ledgers=ledgers,
        reports=_reports(session, store, case["id"]),
        stored=stored,
    )


def _state_fields(session: Session, case: RowMapping) -> dict[str, Any]:
    merged_cases = select(Incident.number).where(
        Incident.merged_into == case["number"], Incident.number.is_not(None)
    )
    # Of an imported row only its external id: the digest of its cells is internal.
    origins = select(Origin.external_id).where(Origin.incident_id == case["id"])
    return {
        **{name: _json_value(case[name]) for name in _STATE_COLUMNS},
        "merged_here": list(session.scalars(merged_cases.order_by(Incident.number))),
        "origins": list(session.scalars(origins.order_by(Origin.external_id))),
    }


def _reports(session: Session, store: KeyStore | None, incident: int) -> list[ReportContent] | None:
    """Retained content of the reports of a case, which has neither contact nor messages."""
    stmt = select(RetainedReport.key).where(RetainedReport.incident_id == incident)
    if session.scalar(stmt.limit(1)) is None:
        return []
    try:
        return retained_reports(session, store, incident) if store else None
    except SealError:
        return None


def _related_rows(session: Session, table: Table, incident: int) -> list[dict[str, Any]]:
    stmt = select(*(column for column in table.columns if column.name != "incident_id"))
    condition: ColumnElement[bool] = table.c.incident_id == incident
    mappings = session.execute(stmt.where(condition).order_by(table.c.id)).mappings()
    return [{name: _json_value(cell) for name, cell in mapping.items()} for mapping in mappings]


def _json_value(cell: Any) -> Any:
    """Value for JSON, with times in RFC 3339, days in ISO 8601 and bytes in hexadecimal."""
    if isinstance(cell, datetime):
        return rfc3339(cell)
    if isinstance(cell, bytes):
        return cell.hex()
    return cell.isoformat() if isinstance(cell, date) else cell


def _versions(
    session: Session, incident: int, lines: Sequence[MembersJournalLine]
) -> Iterator[CaseVersion]:
    destroyed = {
        revision_id: {"ledger": line.ledger, "seq": line.seq}
        for line in lines
        for revision_id in line.private.get("destroyed", ())
    }
    revisions = session.execute(
        select(REVISION).where(REVISION.c.incident_id == incident).order_by(REVISION.c.id)
    )
    for revision in revisions.mappings():
        metadata = {name: _json_value(revision[name]) for name in _VERSION_COLUMNS}
        metadata["destroyed_by"] = destroyed.get(revision["id"])
        yield CaseVersion(revision["id"], metadata, revision["content"], revision["html"])
        stmt = select(RedactedOriginal).where(RedactedOriginal.revision_id == revision["id"])
        for original in session.scalars(stmt.order_by(RedactedOriginal.id)):
            cells = {name: _json_value(getattr(original, name)) for name in _VERSION_COLUMNS[4:]}
            texts = (original.content, original.html, original.destruction_id)
            yield CaseVersion(original.revision_id, metadata | cells, *texts)


def _acting_member_ids(
    lines: Sequence[MembersJournalLine],
    related_rows: Mapping[str, Sequence[Mapping[str, Any]]],
    versions: Sequence[CaseVersion],
) -> set[int]:
    """Ids of the members who acted on the case."""
    cells = [version.metadata["made_by"] for version in versions]
    for line in lines:
        cells += [line.by, line.private.get("holder"), *line.private.get("approved_by", ())]
    for table_rows in related_rows.values():
        for table_row in table_rows:
            cells += [cell for name, cell in table_row.items() if name.endswith("_by")]
    return {cell for cell in cells if isinstance(cell, int)}


def _segment(
    session: Session, ledger: Ledger, journal_entries: Sequence[JournalEntry]
) -> tuple[bytes, dict[str, Any]]:
    """Lines of a ledger from the first one of the case to its end, and both ends."""
    end = head(session, ledger)
    case_seqs = [line.seq for line in journal_entries if line.ledger == ledger.value]
    after = min(case_seqs, default=end.seq + 1) - 1
    before = select(JournalEntry.digest).where(
        JournalEntry.ledger == ledger.value, JournalEntry.seq == after
    )
    start = session.scalar(before) or GENESIS
    segment = b"".join(
        line + b"\n"
        for seq in range(after, end.seq, 500)
        for _seq, line in public_lines(session, seq, min(seq + 500, end.seq), ledger)
    )
    return segment, {"after": after, "digest": start.hex(), "seq": end.seq, "head": end.digest}


# --- archive --------------------------------------------------------------------------------

FORMAT_VERSION = 1
PAGE, STYLE = "index.html", "style.css"


def build_archive(case_file: CaseFile, page: bytes, style: bytes) -> Iterator[bytes]:
    """ZIP archive of a case file in parts; the same content gives the same bytes.

    :param page: HTML page for people, which links to ``style.css`` in the same folder.
    """
    manifest = {
        "form": FORMAT_VERSION,
        "case": case_file.number,
        "dossier": case_file.dossier,
        "ledgers": dict(case_file.ledgers),
    }
    files = {PAGE: page, STYLE: style, **dict(_files(case_file)), **case_file.stored.lists}
    streamed = case_file.stored.streamed
    return archives.stream_archive(manifest, files, streamed, archives.PRIVATE_MODE)


def _files(case_file: CaseFile) -> Iterator[tuple[str, bytes]]:
    members = {str(member): name for member, name in case_file.members.items()}
    related = {name: list(related_rows) for name, related_rows in case_file.related_rows.items()}
    yield (
        "dossier.json",
        canonical_json({"case": case_file.state_fields, "members": members, **related}),
    )
    for ledger, lines in case_file.segments.items():
        yield f"journal/{ledger.value}.jsonl", lines
    # The private part of each line with the salt of its commitment.
    opened_lines = [
        {
            "ledger": line.ledger,
            "seq": line.seq,
            "digest": line.digest,
            "salt": journal_entry.private_salt.hex(),
            "private": line.private,
        }
        for line, journal_entry in zip(case_file.lines, case_file.journal_entries, strict=True)
    ]
    yield "journal/lines.json", canonical_json({"lines": opened_lines})
    for version in case_file.versions:
        yield f"{version.folder}version.json", canonical_json(version.metadata)
        if version.content is not None:
            # The hashed bytes.
            yield f"{version.folder}text.json", version.content
            yield f"{version.folder}page.json", version.page or b""
    if case_file.reports:
        reports = [report.public_fields() for report in case_file.reports]
        yield "signalements.json", canonical_json({"reports": reports})


def save(parts: Iterable[bytes], path: Path, *, replace: bool = False) -> None:
    """Write a file that only its owner may read.

    :raises Refused: ``file_exists``, unless ``replace`` is set.
    :raises Invalid: ``file_unwritable``; no partial file remains.
    """
    # A file to replace is kept until the new one is complete, in case the disk is full.
    temporary = path.with_name(f".{path.name}.part") if replace else path
    is_begun = False
    try:
        if replace:
            temporary.unlink(missing_ok=True)
        with encryption.new_file(temporary) as file:
            is_begun = True
            file.writelines(parts)
        if replace:
            temporary.replace(path)
    except FileExistsError as error:
        raise Refused("file_exists", path=str(path)) from error
    except BaseException as error:
        if is_begun:
            temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise Invalid("file_unwritable", path=str(path), cause=error.strerror) from error
