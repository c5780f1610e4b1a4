"""Content of public events, from the present texts of their cases.

Nothing is stored with an event: a text that was corrected or redacted since appears as it reads
now, and the text of a case that is no longer public does not appear.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import FromClause, select
from sqlalchemy.orm import Session

from register.cases.case_content import CaseSnapshot, parse_snapshot
from register.cases.core_tables import CORRECTION, FOLLOW_UP, JOURNAL_ENTRY, REPLY, REVISION
from register.cases.events import PublicEvent
from register.journal import Act, Ledger


@dataclass(frozen=True)
class EventContent:
    """Event and its texts.

    ``snapshot`` is None for a case that is no longer public and for the register's own events.
    ``fragment`` is the follow-up, reply or correction that the event added, ``html`` its rendered
    text, ``rank`` its rank among those of its case, from 1.
    """

    event: PublicEvent
    updated: datetime
    snapshot: CaseSnapshot | None = None
    fragment: Mapping[str, Any] = field(default_factory=dict)
    html: str = ""
    rank: int = 0


# Act → the fragment that it adds: its key in the line, its table, its list in the content.
_FRAGMENTS: dict[str, tuple[str, FromClause, str]] = {
    Act.FOLLOWED_UP: ("follow_up", FOLLOW_UP, "follow_ups"),
    Act.REPLIED: ("reply", REPLY, "replies"),
    Act.CORRECTED: ("correction", CORRECTION, "corrections"),
    Act.REDACTED: ("correction", CORRECTION, "corrections"),
    Act.RESTORED: ("correction", CORRECTION, "corrections"),
}


def event_contents(session: Session, events: Sequence[PublicEvent]) -> list[EventContent]:
    """Contents of some events, in their order; the number of statements is constant."""
    snapshots = _snapshots(session, events)
    lifted_at = _lifted_at(session, events)
    ranks = {
        name: _fragment_ranks(
            session,
            fragment_table,
            {event.incident_id for event in events if _fragment_name(event) == name},
        )
        for name, fragment_table in {fragment_type[:2] for fragment_type in _FRAGMENTS.values()}
    }
    contents = []
    for event in events:
        snapshot = snapshots.get(event.revision_id or 0) if event.is_public else None
        if event.is_public and snapshot is None:
            # Its texts were destroyed between two statements; the next request shows this.
            continue
        contents.append(_event_content(event, snapshot, ranks, lifted_at.get(event.seq)))
    return contents


def _fragment_name(event: PublicEvent) -> str:
    name = _FRAGMENTS[event.act][0] if event.act in _FRAGMENTS else ""
    return name if event.is_public and name in event.private else ""


def _event_content(
    event: PublicEvent,
    snapshot: CaseSnapshot | None,
    ranks: Mapping[str, Mapping[int, int]],
    lifted_at: datetime | None,
) -> EventContent:
    updated_at = max(lifted_at or event.at, _updated_at(event, snapshot))
    name = _fragment_name(event)
    if snapshot is None or not name:
        return EventContent(event, updated_at, snapshot)
    rank = ranks[name][event.private[name]]
    list_name = _FRAGMENTS[event.act][2]
    html_texts = snapshot.html.get(list_name, ())
    return EventContent(
        event,
        updated_at,
        snapshot,
        fragment=snapshot.content[list_name][rank - 1],
        html=html_texts[rank - 1] if html_texts else "",
        rank=rank,
    )


def _updated_at(event: PublicEvent, snapshot: CaseSnapshot | None) -> datetime:
    """Time of the last change of an event's text.

    Any correction changes a publication; only a redaction changes the other events. Feed readers
    replace their copy when this time moves; a follow-up is an event of its own and does not mark
    the publication as unread.
    """
    if snapshot is None:
        return event.at
    changed_at = [
        datetime.fromisoformat(correction["made_at"])
        for correction in snapshot.content["corrections"]
        if correction["redaction"] or event.act == Act.PUBLISHED
    ]
    return max([event.at, *changed_at])


def _lifted_at(session: Session, events: Iterable[PublicEvent]) -> dict[int, datetime]:
    """Line of a withdrawal → time of the restoration, for cases that are public again.

    The entry of the withdrawal then says so, because the feed of a place that the case has left
    meanwhile does not show the restoration.
    """
    withdrawals = [event for event in events if event.is_public and event.act == Act.WITHDRAWN]
    if not withdrawals:
        return {}
    restorations = session.execute(
        select(JOURNAL_ENTRY.c.case_number, JOURNAL_ENTRY.c.seq, JOURNAL_ENTRY.c.at)
        .where(
            JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value,
            JOURNAL_ENTRY.c.case_number.in_({event.number for event in withdrawals}),
            JOURNAL_ENTRY.c.act == Act.RESTORED,
        )
        .order_by(JOURNAL_ENTRY.c.seq)
    ).all()
    lifted_at = {}
    for event in withdrawals:
        later_times = (
            restoration.at
            for restoration in restorations
            if restoration.case_number == event.number and restoration.seq > event.seq
        )
        lifted_at[event.seq] = next(later_times, event.at)
    return lifted_at


def _snapshots(session: Session, events: Iterable[PublicEvent]) -> dict[int, CaseSnapshot]:
    revision_ids = {event.revision_id for event in events if event.is_public}
    if not revision_ids:
        return {}
    stmt = select(REVISION.c.id, REVISION.c.content, REVISION.c.html)
    revision_rows = session.execute(
        stmt.where(REVISION.c.id.in_(revision_ids), REVISION.c.content.is_not(None))
    )
    return {event.id: parse_snapshot(event.content, event.html) for event in revision_rows}


def _fragment_ranks(
    session: Session, fragment_table: FromClause, incident_ids: set[int | None]
) -> dict[int, int]:
    """Id of each public fragment of some cases → its rank in its case, from 1."""
    if not incident_ids:
        return {}
    stmt = select(fragment_table.c.id, fragment_table.c.incident_id).where(
        fragment_table.c.incident_id.in_(incident_ids)
    )
    if fragment_table is REPLY:
        stmt = stmt.where(REPLY.c.published_at.is_not(None))
    counts = Counter[int]()
    ranks = {}
    for fragment_id, incident_id in session.execute(stmt.order_by(fragment_table.c.id)):
        counts[incident_id] += 1
        ranks[fragment_id] = counts[incident_id]
    return ranks
