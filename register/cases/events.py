"""Public events for pages, feeds and the public log: queries on the public ledger.

Of a withdrawn, merged or erased case, only the last event is listed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, JOURNAL_ENTRY
from register.cases.event_clauses import EventQuery, alternatives
from register.cases.models import CaseState, FollowUp
from register.cases.queries import CaseSummary, load_case_summaries
from register.cases.vocabulary import Vocabulary
from register.errors import NotFound
from register.journal import Act, Ledger

RECENT_LIMIT = 50  # events in the document that readers subscribe to
ARCHIVE_LIMIT = 100  # at most, in one archive document
# An archive ends with an event whose random name begins below this: one in thirty-two. The cut
# depends on no count, so that new or withdrawn events seldom move it.
_CUT_PREFIX = "08"


@dataclass(frozen=True)
class PublicEvent:
    """A line of the public ledger, and the present state of its case."""

    seq: int
    name: str
    act: str
    at: datetime
    number: int | None
    public_json: bytes
    private_json: bytes
    incident_id: int | None
    state: str | None
    revision_id: int | None
    merged_into: int | None

    @property
    def reason(self) -> str:
        """The public reason code; empty if there is none."""
        return json.loads(self.public_json)["reason"] or ""

    @property
    def private(self) -> Mapping[str, Any]:
        """The private details of the line, such as ids of fragments; never shown."""
        details: Mapping[str, Any] = json.loads(self.private_json)
        return details

    @property
    def is_public(self) -> bool:
        """Whether the case's texts may be shown with the event."""
        return self.state == CaseState.PUBLISHED


@dataclass(frozen=True)
class EventPage:
    """Some events, newest first. ``older``: the ``after`` of the next page; None on the last."""

    events: Sequence[PublicEvent]
    older: str | None


@dataclass(frozen=True)
class LatestEvent:
    """One public event. ``title`` and ``case`` are None for a case that is no longer shown."""

    act: str
    at: datetime
    number: int
    title: str | None
    case: CaseSummary | None


_COLUMNS = select(
    JOURNAL_ENTRY.c.seq,
    JOURNAL_ENTRY.c.event.label("name"),
    JOURNAL_ENTRY.c.act,
    JOURNAL_ENTRY.c.at,
    JOURNAL_ENTRY.c.case_number.label("number"),
    JOURNAL_ENTRY.c.public_json,
    JOURNAL_ENTRY.c.private_json,
    CASE.c.id.label("incident_id"),
    CASE.c.state,
    CASE.c.revision_id,
    CASE.c.merged_into,
).where(JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value)
_CASE_EVENTS = _COLUMNS.join(CASE, CASE.c.number == JOURNAL_ENTRY.c.case_number)
_ALL_EVENTS = _COLUMNS.outerjoin(CASE, CASE.c.number == JOURNAL_ENTRY.c.case_number)


def list_events(
    session: Session,
    event_query: EventQuery,
    vocabulary: Vocabulary,
    *,
    before: int | None = None,
    limit: int,
) -> list[PublicEvent]:
    """The newest public events that match, newest first.

    :param before: only events older than this line of the public ledger.
    """
    rows_by_seq: dict[int, Any] = {}
    for alternative in alternatives(session, event_query, vocabulary):
        stmt = (_ALL_EVENTS if event_query.includes_register else _CASE_EVENTS).where(
            alternative.clause
        )
        if before is not None:
            stmt = stmt.where(JOURNAL_ENTRY.c.seq < before)
        # No index holds a sum, so the planner cannot read one only for its order.
        order = JOURNAL_ENTRY.c.seq + 0 if alternative.is_selective else JOURNAL_ENTRY.c.seq
        for event_row in session.execute(stmt.order_by(order.desc()).limit(limit)):
            rows_by_seq[event_row.seq] = event_row
    newest_seqs = sorted(rows_by_seq, reverse=True)[:limit]
    return [PublicEvent(**rows_by_seq[seq]._mapping) for seq in newest_seqs]


def event_page(
    session: Session, event_query: EventQuery, vocabulary: Vocabulary, after: str | None = None
) -> EventPage:
    """The events of one feed document, by RFC 5005 §4: the newest, or an archive.

    :param after: the name of the event that the newer document ended with.
    :raises NotFound: ``no_such_page``: no public event has that name.
    """
    if after is None:
        matches = list_events(session, event_query, vocabulary, limit=RECENT_LIMIT + 1)
        page_events = matches[:RECENT_LIMIT]
    else:
        before_seq = session.scalar(
            select(JOURNAL_ENTRY.c.seq).where(
                JOURNAL_ENTRY.c.event == after, JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value
            )
        )
        if before_seq is None:
            raise NotFound("no_such_page")
        matches = list_events(
            session, event_query, vocabulary, before=before_seq, limit=ARCHIVE_LIMIT + 1
        )
        cuts = (length for length, event in enumerate(matches, start=1) if event.name < _CUT_PREFIX)
        page_events = matches[: min(next(cuts, ARCHIVE_LIMIT), ARCHIVE_LIMIT)]
    return EventPage(page_events, page_events[-1].name if len(matches) > len(page_events) else None)


def latest_events(
    session: Session, vocabulary: Vocabulary, limit: int = 6
) -> Sequence[LatestEvent]:
    """The newest public events for the home page, newest first."""
    public_events = list_events(session, EventQuery(), vocabulary, limit=limit)
    summaries = load_case_summaries(
        session, [event.number for event in public_events if event.number is not None]
    )
    follow_up_ids = {
        event.seq: event.private["follow_up"]
        for event in public_events
        if event.act == Act.FOLLOWED_UP
    }
    titles: dict[int, str] = {}
    if follow_up_ids:
        titles_stmt = select(FollowUp.id, FollowUp.title)
        titles_stmt = titles_stmt.where(FollowUp.id.in_(follow_up_ids.values()))
        titles = dict(session.execute(titles_stmt).all())
    events = []
    for event in public_events:
        summary = summaries.get(event.number or 0)
        title = summary.title if summary else None
        if summary and event.seq in follow_up_ids:
            title = titles.get(follow_up_ids[event.seq], title)
        events.append(LatestEvent(event.act, event.at, event.number or 0, title, summary))
    return events
