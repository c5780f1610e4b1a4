"""Public journal: pages of the public ledger, filtered by act and day, and proofs of versions.

All lines are listed, also those of cases that are no longer public. The title of a case, and the
texts that an act added, are shown only while the case is public.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import FromClause, bindparam, func, select
from sqlalchemy.orm import Session

from register.cases.core_tables import (
    CASE,
    CORRECTION,
    FOLLOW_UP,
    IS_PUBLIC_LINE,
    JOURNAL_ENTRY,
    REVISION,
)
from register.cases.data_version import VersionedMapCache
from register.cases.filters import count_pages
from register.cases.models import CaseState
from register.cases.queries import load_event, load_public_case
from register.cases.result_lists import CaseSummary, load_case_summaries
from register.errors import Gone
from register.journal import LedgerPosition
from register.journal.models import canonical_json
from register.journal.queries import JournalQuery

PAGE_SIZE = 50


@dataclass(frozen=True)
class PublicJournalLine:
    """Line of the public ledger.

    ``case`` is None if the case is not public now; ``words`` is then empty. ``words``: the title
    of the follow-up or the public note of the correction that the act added. ``into``: number of
    the case that this one was merged into. ``reason``: public code of a withdrawal; empty once the
    case is erased, because it could tell who asked for that. ``texts``: names of the texts that the
    line seals.
    """

    seq: int
    at: datetime
    act: str
    number: int | None
    reason: str
    digest: str
    case: CaseSummary | None
    words: str
    into: int | None
    texts: Sequence[str]


@dataclass(frozen=True)
class PublicJournalPage:
    """Page of lines, newest first, and the number of all matching lines."""

    lines: Sequence[PublicJournalLine]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """Number of pages; an empty list has one."""
        return count_pages(self.total, PAGE_SIZE)


_LINES_STMT = (
    select(
        JOURNAL_ENTRY.c.seq,
        JOURNAL_ENTRY.c.at,
        JOURNAL_ENTRY.c.act,
        JOURNAL_ENTRY.c.case_number,
        JOURNAL_ENTRY.c.digest,
        JOURNAL_ENTRY.c.public_json,
        JOURNAL_ENTRY.c.private_json,
        CASE.c.state,
    )
    .outerjoin(CASE, CASE.c.number == JOURNAL_ENTRY.c.case_number)
    .where(IS_PUBLIC_LINE)
)
# Number of lines of a query, and their first and last numbers.
_extents: VersionedMapCache[JournalQuery, Any] = VersionedMapCache(512)


def query_page(
    session: Session, journal_query: JournalQuery, page: int, head: LedgerPosition
) -> PublicJournalPage:
    """One page of the public ledger.

    :param journal_query: acts and days.
    :param head: position of the ledger, read first on the same session.
    """
    offset = (page - 1) * PAGE_SIZE
    if journal_query == JournalQuery():
        # Lines are numbered without a gap: a page is a range of the key, and needs no count.
        total, last_seq = head.seq, head.seq - offset
        stmt = _LINES_STMT.where(
            JOURNAL_ENTRY.c.seq <= last_seq, JOURNAL_ENTRY.c.seq > last_seq - PAGE_SIZE
        )
    else:
        conditions = [JOURNAL_ENTRY.c.seq <= head.seq, *journal_query.time_conditions()]
        if journal_query.acts:
            conditions.append(JOURNAL_ENTRY.c.act.in_(journal_query.acts))
        extent_stmt = select(
            func.count(), func.min(JOURNAL_ENTRY.c.seq), func.max(JOURNAL_ENTRY.c.seq)
        ).where(IS_PUBLIC_LINE, *conditions)
        total, first, last = _extents.get_or_make(
            head.digest, journal_query, lambda: session.execute(extent_stmt).one()
        )
        # The first and last numbers of matching lines bound the scan.
        is_in_extent = JOURNAL_ENTRY.c.seq.between(first or 0, last or 0)
        stmt = _LINES_STMT.where(is_in_extent, *conditions).limit(PAGE_SIZE).offset(offset)
    line_rows = session.execute(stmt.order_by(JOURNAL_ENTRY.c.seq.desc())).all()
    return PublicJournalPage(_make_lines(session, line_rows), total, page)


def page_of_line(seq: int, head: LedgerPosition) -> int:
    """Page of the unfiltered journal that has a line."""
    return (head.seq - seq) // PAGE_SIZE + 1


def _make_lines(session: Session, line_rows: Sequence[Any]) -> list[PublicJournalLine]:
    cases = load_case_summaries(
        session, sorted({line_row.case_number for line_row in line_rows if line_row.case_number})
    )
    private = {line_row.seq: json.loads(line_row.private_json) for line_row in line_rows}
    visible = [private[line_row.seq] for line_row in line_rows if line_row.case_number in cases]
    follow_ups = {fields.get("follow_up") for fields in visible}
    corrections = {fields.get("correction") for fields in visible}
    titles = fragment_texts(session, FOLLOW_UP, "title", follow_ups)
    notes = fragment_texts(session, CORRECTION, "note", corrections)
    lines = []
    for line_row in line_rows:
        case = cases.get(line_row.case_number or 0)
        fields, public_json = private[line_row.seq], json.loads(line_row.public_json)
        is_erased = line_row.state == CaseState.ERASED
        words = titles.get(fields.get("follow_up")) or notes.get(fields.get("correction")) or ""
        lines.append(
            PublicJournalLine(
                seq=line_row.seq,
                at=line_row.at,
                act=line_row.act,
                number=line_row.case_number,
                reason="" if is_erased else public_json["reason"] or "",
                digest=line_row.digest.hex(),
                case=case,
                words=words if case else "",
                into=fields.get("into"),
                texts=list(public_json.get("texts", ())),
            )
        )
    return lines


def fragment_texts(
    session: Session, table: FromClause, column: str, fragment_ids: set[int | None]
) -> dict[Any, str]:
    """Id → text of the follow-ups or corrections that still exist."""
    fragment_ids.discard(None)
    if not fragment_ids:
        return {}
    stmt = select(table.c.id, table.c[column]).where(table.c.id.in_(fragment_ids))
    return dict(session.execute(stmt).all())


# --- proofs ----------------------------------------------------------------------------------

_OPENING_STMT = (
    select(JOURNAL_ENTRY.c.event, REVISION.c.salt, REVISION.c.content)
    .join(REVISION, REVISION.c.id == JOURNAL_ENTRY.c.revision_id)
    .where(IS_PUBLIC_LINE, JOURNAL_ENTRY.c.seq == bindparam("seq"))
)


def proof(session: Session, number: int, version: int | None = None) -> bytes:
    """The opening of a version's commitment, as canonical JSON.

    ``commitment`` is SHA-256(salt ‖ canonical bytes of ``content``), as in line ``version`` of the
    ledger, or in line ``redacted`` where that removed a passage from it. ``current`` says whether
    ``version`` is the last line of the case.

    :param version: the number of a public event on this case; the last one by default.
    :raises RegisterError: as :func:`queries.load_public_case` for this case and version.
    """
    case = load_public_case(session, number, version)
    latest = load_event(session, number, None)
    opening_row = session.execute(_OPENING_STMT, {"seq": case.version}).one()
    if opening_row.salt is None:
        # Destroyed since the case was loaded.
        raise Gone("version_destroyed")
    return canonical_json(
        {
            "case": number,
            "version": case.version,
            "current": case.merger is None and case.version == latest.seq,
            "event": opening_row.event,
            # As it was hashed: pages read a document of a former format in the current one.
            "content": json.loads(opening_row.content),
            "salt": opening_row.salt.hex(),
            "commitment": case.commitment,
            **({"redacted": case.redacted_by} if case.redacted_by else {}),
        }
    )
