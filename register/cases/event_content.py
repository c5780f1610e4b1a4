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

from register.cases.case_content import Snapshot, opened
from register.cases.core_tables import CORRECTION, ENTRY, FOLLOW_UP, REPLY, REVISION
from register.cases.events import Row
from register.journal import Act, Ledger


@dataclass(frozen=True)
class Told:
    """An event and its words.

    ``snapshot`` is None for a case that is no longer shown, and for the register's own events.
    ``fragment`` is the follow-up, reply or correction that the event added, ``html`` its text
    ready to be shown, ``place`` its rank among its kind, from 1.
    """

    row: Row
    updated: datetime
    snapshot: Snapshot | None = None
    fragment: Mapping[str, Any] = field(default_factory=dict)
    html: str = ""
    place: int = 0


# What an act adds to a case: its name on the line, its table, its list in the content.
_FRAGMENTS: dict[str, tuple[str, FromClause, str]] = {
    Act.FOLLOWED_UP: ("follow_up", FOLLOW_UP, "follow_ups"),
    Act.REPLIED: ("reply", REPLY, "replies"),
    Act.CORRECTED: ("correction", CORRECTION, "corrections"),
    Act.REDACTED: ("correction", CORRECTION, "corrections"),
    Act.RESTORED: ("correction", CORRECTION, "corrections"),
}


def tell(session: Session, rows: Sequence[Row]) -> list[Told]:
    """The words of some events, in their order; looked up together, whatever their number."""
    snapshots = _snapshots(session, rows)
    lifted = _lifted(session, rows)
    ranks = {
        name: _ranks(session, table, {row.incident_id for row in rows if _adds(row) == name})
        for name, table in {entry[:2] for entry in _FRAGMENTS.values()}
    }
    found = []
    for row in rows:
        snapshot = snapshots.get(row.revision_id or 0) if row.is_public else None
        if row.is_public and snapshot is None:
            # Its texts were destroyed between two statements: whoever asks again is told so.
            continue
        found.append(_told(row, snapshot, ranks, lifted.get(row.seq)))
    return found


def _adds(row: Row) -> str:
    name = _FRAGMENTS[row.act][0] if row.act in _FRAGMENTS else ""
    return name if row.is_public and name in row.private else ""


def _told(
    row: Row,
    snapshot: Snapshot | None,
    ranks: Mapping[str, Mapping[int, int]],
    lifted: datetime | None,
) -> Told:
    updated = max(lifted or row.at, _updated(row, snapshot))
    name = _adds(row)
    if snapshot is None or not name:
        return Told(row, updated, snapshot)
    place = ranks[name][row.private[name]]
    listed = _FRAGMENTS[row.act][2]
    texts = snapshot.html.get(listed, ())
    return Told(
        row,
        updated,
        snapshot,
        fragment=snapshot.content[listed][place - 1],
        html=texts[place - 1] if texts else "",
        place=place,
    )


def _updated(row: Row, snapshot: Snapshot | None) -> datetime:
    """When an event last read otherwise: a publication by any correction, the rest by a redaction.

    A reader's copy is replaced when this moves; a follow-up is an event of its own and does not
    bring the publication back among the unread.
    """
    if snapshot is None:
        return row.at
    changes = [
        datetime.fromisoformat(made["made_at"])
        for made in snapshot.content["corrections"]
        if made["redaction"] or row.act == Act.PUBLISHED
    ]
    return max([row.at, *changes])


def _lifted(session: Session, rows: Iterable[Row]) -> dict[int, datetime]:
    """When the withdrawals of cases that are shown again were lifted, by their lines.

    Their entry then says so, also to whoever follows a place that the case has left meanwhile and
    hears nothing of its restoration.
    """
    withdrawn = [row for row in rows if row.is_public and row.act == Act.WITHDRAWN]
    if not withdrawn:
        return {}
    restored = session.execute(
        select(ENTRY.c.case_number, ENTRY.c.seq, ENTRY.c.at)
        .where(
            ENTRY.c.ledger == Ledger.PUBLIC.value,
            ENTRY.c.case_number.in_({row.number for row in withdrawn}),
            ENTRY.c.act == Act.RESTORED,
        )
        .order_by(ENTRY.c.seq)
    ).all()
    found = {}
    for row in withdrawn:
        after = (
            line.at for line in restored if line.case_number == row.number and line.seq > row.seq
        )
        found[row.seq] = next(after, row.at)
    return found


def _snapshots(session: Session, rows: Iterable[Row]) -> dict[int, Snapshot]:
    wanted = {row.revision_id for row in rows if row.is_public}
    if not wanted:
        return {}
    asked = select(REVISION.c.id, REVISION.c.content, REVISION.c.html)
    found = session.execute(asked.where(REVISION.c.id.in_(wanted), REVISION.c.content.is_not(None)))
    return {row.id: opened(row.content, row.html) for row in found}


def _ranks(session: Session, table: FromClause, incidents: set[int | None]) -> dict[int, int]:
    """For the id of each public fragment of some cases, its rank in its case, from 1."""
    if not incidents:
        return {}
    public: list[ColumnElement[bool]] = []
    if table is REPLY:
        public.append(REPLY.c.published_at.is_not(None))
    asked = select(table.c.id, table.c.incident_id).where(
        table.c.incident_id.in_(incidents), *public
    )
    counts: dict[int, int] = {}
    ranks = {}
    for key, incident in session.execute(asked.order_by(table.c.id)):
        counts[incident] = counts.get(incident, 0) + 1
        ranks[key] = counts[incident]
    return ranks
