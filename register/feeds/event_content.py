"""What an event says: the words of a case as they read now, found again for each event.

Nothing is remembered from when the event happened: a text that was corrected or redacted since is
told as it reads now, and that of a case nobody is shown any more is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, select
from sqlalchemy.orm import Session

from register.cases.case_content import CaseSnapshot, parse_snapshot
from register.cases.core_tables import CORRECTION, FOLLOW_UP, JOURNAL_ENTRY, REPLY, REVISION
from register.cases.events import PublicEvent
from register.journal import Act, Ledger


@dataclass(frozen=True)
class EventContent:
    """An event and its words.

    ``snapshot`` is None for a case that is no longer shown, and for the register's own events.
    ``fragment`` is the follow-up, reply or correction that the event added, ``html`` its text
    ready to be shown, ``rank`` its rank among its kind, from 1.
    """

    event: PublicEvent
    updated: datetime
    snapshot: CaseSnapshot | None = None
    fragment: Mapping[str, Any] = field(default_factory=dict)
    html: str = ""
    rank: int = 0


# What an act adds to a case: its name on the line, its table, its list in the content.
_FRAGMENTS: dict[str, tuple[str, FromClause, str]] = {
    Act.FOLLOWED_UP: ("follow_up", FOLLOW_UP, "follow_ups"),
    Act.REPLIED: ("reply", REPLY, "replies"),
    Act.CORRECTED: ("correction", CORRECTION, "corrections"),
    Act.REDACTED: ("correction", CORRECTION, "corrections"),
    Act.RESTORED: ("correction", CORRECTION, "corrections"),
}


def event_contents(session: Session, events: Sequence[PublicEvent]) -> list[EventContent]:
    """The words of some events, in their order; looked up together, whatever their number."""
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
            # Its texts were destroyed between two statements: whoever asks again is told so.
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
    """When an event last read otherwise: a publication by any correction, the rest by a redaction.

    A reader's copy is replaced when this moves; a follow-up is an event of its own and does not
    bring the publication back among the unread.
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
    """When the withdrawals of cases that are shown again were lifted, by their lines.

    Their entry then says so, also to whoever follows a place that the case has left meanwhile and
    hears nothing of its restoration.
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
    lifted_by_seq = {}
    for event in withdrawals:
        later_times = (
            restoration.at
            for restoration in restorations
            if restoration.case_number == event.number and restoration.seq > event.seq
        )
        lifted_by_seq[event.seq] = next(later_times, event.at)
    return lifted_by_seq


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
    """For the id of each public fragment of some cases, its rank in its case, from 1."""
    if not incident_ids:
        return {}
    conditions: list[ColumnElement[bool]] = []
    if fragment_table is REPLY:
        conditions.append(REPLY.c.published_at.is_not(None))
    stmt = select(fragment_table.c.id, fragment_table.c.incident_id).where(
        fragment_table.c.incident_id.in_(incident_ids), *conditions
    )
    counts: dict[int, int] = {}
    ranks = {}
    for fragment_id, incident_id in session.execute(stmt.order_by(fragment_table.c.id)):
        counts[incident_id] = counts.get(incident_id, 0) + 1
        ranks[fragment_id] = counts[incident_id]
    return ranks
