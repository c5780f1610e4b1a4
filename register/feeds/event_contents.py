"""Content of public events.

Nothing is stored with an event: a text that was corrected or redacted since appears as it reads
now, and the text of a case that is no longer public does not appear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import FromClause, func, select
from sqlalchemy.orm import Session

from register.cases.case_content import CaseSnapshot, parse_snapshot
from register.cases.core_tables import CORRECTION, FOLLOW_UP, JOURNAL_ENTRY, REPLY, REVISION
from register.cases.events import PublicEvent
from register.journal import Act, Ledger


@dataclass
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


def event_contents(session: Session, events: Sequence[PublicEvent]) -> dict[str, EventContent]:
    """Contents of some events by name; the number of statements is constant.

    :param events: read in the same transaction, so that each public case still has its texts.
    """
    revision_ids = {event.revision_id for event in events if event.is_public}
    snapshots_stmt = select(REVISION.c.id, REVISION.c.content, REVISION.c.html).where(
        REVISION.c.id.in_(revision_ids), REVISION.c.content.is_not(None)
    )
    revisions = session.execute(snapshots_stmt) if revision_ids else ()
    snapshots = {row.id: parse_snapshot(row.content, row.html) for row in revisions}
    lifted_at = _lifted_at(session, events)
    ranks = {}
    for name, fragment_table in {fragment_type[:2] for fragment_type in _FRAGMENTS.values()}:
        case_ids = {event.incident_id for event in events if _fragment_name(event) == name}
        ranks[name] = _fragment_ranks(session, fragment_table, case_ids)
    contents = {}
    for event in events:
        snapshot = snapshots[event.revision_id or 0] if event.is_public else None
        updated_at = max(lifted_at.get(event.seq, event.at), _updated_at(event, snapshot))
        content = EventContent(event, updated_at, snapshot)
        if snapshot is not None and (name := _fragment_name(event)):
            list_name, content.rank = _FRAGMENTS[event.act][2], ranks[name][event.private[name]]
            content.fragment = snapshot.content[list_name][content.rank - 1]
            if html_texts := snapshot.html.get(list_name):
                content.html = html_texts[content.rank - 1]
        contents[event.name] = content
    return contents


def _fragment_name(event: PublicEvent) -> str:
    name = _FRAGMENTS[event.act][0] if event.act in _FRAGMENTS else ""
    return name if event.is_public and name in event.private else ""


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


# Act that hides a case → the act that ends that.
_LIFTING_ACTS = {Act.WITHDRAWN: Act.RESTORED, Act.MERGED: Act.PARTED}


def _lifted_at(session: Session, events: Iterable[PublicEvent]) -> dict[int, datetime]:
    """Line of a withdrawal or merge → time of its end, for cases that are public again.

    The entry of the withdrawal then says so, because the feed of a place that the case has left
    meanwhile does not show the restoration.
    """
    lifted_events = [event for event in events if event.is_public and event.act in _LIFTING_ACTS]
    if not lifted_events:
        return {}
    lines = session.execute(
        select(
            JOURNAL_ENTRY.c.case_number,
            JOURNAL_ENTRY.c.seq,
            JOURNAL_ENTRY.c.at,
            JOURNAL_ENTRY.c.act,
        )
        .where(
            JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value,
            JOURNAL_ENTRY.c.case_number.in_({event.number for event in lifted_events}),
            JOURNAL_ENTRY.c.act.in_(_LIFTING_ACTS.values()),
        )
        .order_by(JOURNAL_ENTRY.c.seq)
    ).all()
    lifted_at = {}
    for event in lifted_events:
        lifting = (event.number, _LIFTING_ACTS[Act(event.act)])
        later_times = (
            line.at
            for line in lines
            if (line.case_number, line.act) == lifting and line.seq > event.seq
        )
        lifted_at[event.seq] = next(later_times, event.at)
    return lifted_at


def _fragment_ranks(
    session: Session, fragment_table: FromClause, incident_ids: set[int | None]
) -> dict[int, int]:
    """Id of each public fragment of some cases → its rank in its case, from 1."""
    if not incident_ids:
        return {}
    rank = func.row_number().over(
        partition_by=fragment_table.c.incident_id, order_by=fragment_table.c.id
    )
    stmt = select(fragment_table.c.id, rank).where(fragment_table.c.incident_id.in_(incident_ids))
    if fragment_table is REPLY:
        stmt = stmt.where(REPLY.c.published_at.is_not(None))
    return dict(session.execute(stmt).all())
