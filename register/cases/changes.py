"""Changes of a public case that wait for a second person: what they say, what they make."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import revisions
from register.cases.case_content import Content, Snapshot, rendered
from register.cases.models import Incident, Reply, Revision, State
from register.cases.pending import Destruction, PendingChange
from register.errors import NotFound
from register.journal import Act
from register.journal.canonical import canonical, moment
from register.text.sanitize import one_line

ID_LIMIT = 2**31 - 1


@dataclass(frozen=True)
class Proposal:
    """What a member wrote: the act, the reason, the new content, and the words of the act itself.

    ``words`` are the act's own arguments by name (``title``, ``text``, ``public_note``, …);
    ``reply`` is the id of the reply that is to be published.
    """

    act: Act
    reason: str
    content: Content | None = None
    words: Mapping[str, str] | None = None
    reply: int | None = None

    def payload(self) -> bytes:
        """The canonical bytes that are kept until somebody else has decided."""
        return canonical(
            {
                "reason": self.reason,
                "content": _listed(asdict(self.content)) if self.content else None,
                "words": dict(self.words or {}),
                "reply": self.reply,
            }
        )


@dataclass(frozen=True)
class Change:
    """A change that waits, or that was refused and is back with its writer.

    ``revision`` is the version that it was written upon; it is stale once readers see another.
    """

    id: int
    incident: int
    proposal: Proposal
    revision: int
    made_by: int
    made_at: datetime
    is_stale: bool
    refused_by: int | None
    refused_at: datetime | None
    refusal: str


@dataclass(frozen=True)
class Hidden:
    """What a redaction hid and that is not destroyed; ``ending`` is ``kept`` once taken back."""

    id: int
    made_at: datetime
    made_by: int
    due_on: date
    ending: str


def read(row: PendingChange) -> Proposal:
    """The proposal that a row keeps."""
    told = json.loads(row.payload)
    content = revisions.read(told["content"]) if told["content"] else None
    return Proposal(Act(row.act), told["reason"], content, told["words"], told["reply"])


def of_case(session: Session, viewer: Member, incident_id: int) -> Sequence[Change]:
    """The changes of a case that wait or were refused, oldest first; nothing for a stranger."""
    return _found(session, viewer, PendingChange.incident_id == incident_id)


def one(session: Session, viewer: Member, change_id: int) -> Change:
    """A change by its id.

    :raises NotFound: ``no_such_change``: it was decided or taken back, or never was.
    """
    asked = PendingChange.id == min(max(change_id, 0), ID_LIMIT)
    found = _found(session, viewer, asked)
    if not found:
        raise NotFound("no_such_change")
    return found[0]


def hidden_of(session: Session, viewer: Member, incident_id: int) -> Sequence[Hidden]:
    """What of a case is hidden from readers and not destroyed; nothing for a stranger."""
    if not viewer.is_active:
        return ()
    rows = session.scalars(
        select(Destruction)
        .join(Incident, Incident.id == Destruction.incident_id)
        .where(
            Incident.id == incident_id,
            Incident.state != State.ERASED,
            Destruction.ending.in_(("", "kept")),
        )
        .order_by(Destruction.id)
    )
    return [Hidden(row.id, row.made_at, row.made_by, row.due_on, row.ending) for row in rows]


def _found(session: Session, viewer: Member, *such: Any) -> list[Change]:
    if not viewer.is_active:
        return []
    rows = session.execute(
        select(PendingChange, Incident.revision_id)
        .join(Incident, Incident.id == PendingChange.incident_id)
        .where(*such)
        .order_by(PendingChange.id)
    )
    return [
        Change(
            id=row.id,
            incident=row.incident_id,
            proposal=read(row),
            revision=row.revision_id,
            made_by=row.made_by,
            made_at=row.made_at,
            is_stale=current != row.revision_id,
            refused_by=row.refused_by,
            refused_at=row.refused_at,
            refusal=row.refusal,
        )
        for row, current in rows
    ]


def result(
    base: Mapping[str, Any], proposal: Proposal, at: datetime, reply: Reply | None = None
) -> Snapshot:
    """What readers would be shown if the change were made to a case that reads as ``base``.

    :param reply: the row of the reply that the proposal publishes.
    :raises register.text.errors.TextError: a text is too long or hostile to be rendered.
    """
    told = dict(base)
    if proposal.content is not None:
        told |= _listed(asdict(proposal.content))
    words = dict(proposal.words or {})
    if proposal.act is Act.FOLLOWED_UP:
        told["follow_ups"] = [*base["follow_ups"], {"added_at": moment(at), **words}]
    if proposal.act is Act.CORRECTED:
        note = {"made_at": moment(at), "note": words["public_note"], "redaction": False}
        told["corrections"] = [*base["corrections"], note]
    if reply is not None:
        told["replies"] = [*base["replies"], _reply(reply, at)]
    html, _renderer = rendered(canonical(told))
    return Snapshot(told, json.loads(html))


def new_texts(proposal: Proposal, reply: Reply | None = None) -> Iterator[str]:
    """The texts that the act adds beside the content."""
    for name, text in (proposal.words or {}).items():
        if name not in ("happened_on", "source_url"):
            yield text
    if reply is not None:
        yield from (one_line(reply.author), one_line(reply.capacity), reply.text)


def base_of(session: Session, incident_id: int) -> Mapping[str, Any]:
    """What readers are shown of a case now; empty once its text is destroyed."""
    asked = select(Revision.content).join(Incident, Incident.revision_id == Revision.id)
    content = session.scalar(asked.where(Incident.id == incident_id))
    return json.loads(content) if content else {}


def _reply(reply: Reply, at: datetime) -> dict[str, Any]:
    return {
        "author": reply.author,
        "capacity": reply.capacity,
        "text": reply.text,
        "received_on": reply.received_on.isoformat(),
        "published_at": moment(at),
    }


def _listed(value: Any) -> Any:
    """Tuples as lists, all the way down: what JSON gives back when it is read."""
    if isinstance(value, dict):
        return {key: _listed(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [_listed(part) for part in value]
    return value
