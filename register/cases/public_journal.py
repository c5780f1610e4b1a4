"""Public journal: pages of the public ledger, filtered by act and day, and proofs of versions.

All lines are listed, also those of cases that are no longer public. The title of a case, and the
texts that an act added, are shown only while the case is public.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, literal, select, union_all
from sqlalchemy.orm import Session

from register.cases.core_tables import (
    CORRECTION,
    FOLLOW_UP,
    IS_PUBLIC_LINE,
    JOURNAL_ENTRY,
    REVISION,
)
from register.cases.data_version import VersionedMapCache
from register.cases.events import ALL_EVENTS, PublicEvent
from register.cases.filters import count_pages
from register.cases.queries import load_event, load_public_case
from register.cases.result_lists import CaseSummary, load_case_summaries
from register.errors import Gone
from register.journal import LedgerPosition
from register.journal.models import canonical_json
from register.journal.queries import JournalQuery

PAGE_SIZE = 50


@dataclass(frozen=True)
class ListedEvent:
    """Line of the public ledger in a list.

    ``case`` is None if the case is not public now; ``words`` is then empty. ``words``: the title
    of the follow-up or the public note of the correction that the act added.
    """

    event: PublicEvent
    case: CaseSummary | None
    words: str


@dataclass(frozen=True)
class PublicJournalPage:
    """Page of lines, newest first, and the number of all matching lines."""

    lines: Sequence[ListedEvent]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """Number of pages; an empty list has one."""
        return count_pages(self.total, PAGE_SIZE)


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
        stmt = ALL_EVENTS.where(
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
        stmt = ALL_EVENTS.where(is_in_extent, *conditions).limit(PAGE_SIZE).offset(offset)
    line_rows: Iterable[Any] = session.execute(stmt.order_by(JOURNAL_ENTRY.c.seq.desc()))
    lines = add_summaries(session, [PublicEvent(*line_row) for line_row in line_rows])
    return PublicJournalPage(lines, total, page)


def page_of_line(seq: int, head: LedgerPosition) -> int:
    """Page of the unfiltered journal that has a line."""
    return (head.seq - seq) // PAGE_SIZE + 1


# Detail of a line → the id and the words of what its act added.
_ADDED_WORDS = {
    "follow_up": (FOLLOW_UP.c.id, FOLLOW_UP.c.title),
    "correction": (CORRECTION.c.id, CORRECTION.c.note),
}


def add_summaries(session: Session, events: Sequence[PublicEvent]) -> list[ListedEvent]:
    """Public events with what a list says of their cases."""
    cases = load_case_summaries(session, sorted({event.number for event in events if event.number}))
    words = _load_words(session, [event for event in events if event.number in cases])
    return [
        ListedEvent(event, cases.get(event.number or 0), words.get(event.seq, ""))
        for event in events
    ]


def _load_words(session: Session, events: Sequence[PublicEvent]) -> dict[int, str]:
    """Line → the words that its act added and that still exist."""
    lines = {
        (name, event.private[name]): event.seq
        for event in events
        for name in _ADDED_WORDS.keys() & event.private.keys()
    }
    ids = {name: [row_id for key, row_id in lines if key == name] for name in _ADDED_WORDS}
    statements = [
        select(literal(name), row_id, words).where(row_id.in_(ids[name]))
        for name, (row_id, words) in _ADDED_WORDS.items()
        if ids[name]
    ]
    rows = session.execute(union_all(*statements)) if statements else ()
    return {lines[name, row_id]: words for name, row_id, words in rows}


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
