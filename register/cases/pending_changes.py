"""Changes of a public case that wait for a second person: what they say, what they make."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, LargeBinary, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from register.accounts.models import Member
from register.cases import revisions
from register.cases.case_content import CaseSnapshot, Content, render_texts
from register.cases.models import CaseState, Incident, Reply, Revision
from register.db import Base, UTCDateTime
from register.errors import NotFound
from register.journal import Act
from register.journal.canonical import canonical_json, rfc3339
from register.text.normalisation import one_line


class PendingChange(Base):
    """A change of a public case that waits for a second person, or that one refused.

    ``payload`` is what was proposed, in canonical form (see ``changes``). The row goes when the
    change is made or taken back, and with the texts of the version that it was written upon.
    """

    __tablename__ = "pending_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    act: Mapped[str] = mapped_column(String(20))
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    # The version that it was written upon: once readers see another, it is stale.
    revision_id: Mapped[int]
    made_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    made_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    refused_by: Mapped[int | None]
    refused_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    refusal: Mapped[str] = mapped_column(Text, default="")


class Destruction(Base):
    """What a redaction hid, and that is to be destroyed: by a second person, or on its day."""

    __tablename__ = "destruction"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    made_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    due_on: Mapped[dt.date] = mapped_column(Date)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    ending: Mapped[str] = mapped_column(String(10), default="")  # confirmed, kept, term


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
        return canonical_json(
            {
                "reason": self.reason,
                "content": _tuples_to_lists(asdict(self.content)) if self.content else None,
                "words": dict(self.words or {}),
                "reply": self.reply,
            }
        )


@dataclass(frozen=True)
class ProposedChange:
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
class PendingDestruction:
    """What a redaction hid and that is not destroyed; ``ending`` is ``kept`` once taken back."""

    id: int
    made_at: datetime
    made_by: int
    due_on: date
    ending: str


def parse_proposal(pending_change: PendingChange) -> Proposal:
    """The proposal that a row keeps."""
    payload = json.loads(pending_change.payload)
    content = revisions.parse_content(payload["content"]) if payload["content"] else None
    return Proposal(
        Act(pending_change.act), payload["reason"], content, payload["words"], payload["reply"]
    )


def list_changes(session: Session, viewer: Member, incident_id: int) -> Sequence[ProposedChange]:
    """The changes of a case that wait or were refused, oldest first; nothing for a stranger."""
    return _select_changes(session, viewer, PendingChange.incident_id == incident_id)


def get_change(session: Session, viewer: Member, change_id: int) -> ProposedChange:
    """A change by its id.

    :raises NotFound: ``no_such_change``: it was decided or taken back, or never was.
    """
    condition = PendingChange.id == min(max(change_id, 0), ID_LIMIT)
    matches = _select_changes(session, viewer, condition)
    if not matches:
        raise NotFound("no_such_change")
    return matches[0]


def list_destructions(
    session: Session, viewer: Member, incident_id: int
) -> Sequence[PendingDestruction]:
    """What of a case is hidden from readers and not destroyed; nothing for a stranger."""
    if not viewer.is_active:
        return ()
    destructions = session.scalars(
        select(Destruction)
        .join(Incident, Incident.id == Destruction.incident_id)
        .where(
            Incident.id == incident_id,
            Incident.state != CaseState.ERASED,
            Destruction.ending.in_(("", "kept")),
        )
        .order_by(Destruction.id)
    )
    return [
        PendingDestruction(
            destruction.id,
            destruction.made_at,
            destruction.made_by,
            destruction.due_on,
            destruction.ending,
        )
        for destruction in destructions
    ]


def _select_changes(session: Session, viewer: Member, *conditions: Any) -> list[ProposedChange]:
    if not viewer.is_active:
        return []
    change_rows = session.execute(
        select(PendingChange, Incident.revision_id)
        .join(Incident, Incident.id == PendingChange.incident_id)
        .where(*conditions)
        .order_by(PendingChange.id)
    )
    return [
        ProposedChange(
            id=pending_change.id,
            incident=pending_change.incident_id,
            proposal=parse_proposal(pending_change),
            revision=pending_change.revision_id,
            made_by=pending_change.made_by,
            made_at=pending_change.made_at,
            is_stale=current_revision != pending_change.revision_id,
            refused_by=pending_change.refused_by,
            refused_at=pending_change.refused_at,
            refusal=pending_change.refusal,
        )
        for pending_change, current_revision in change_rows
    ]


def preview_change(
    base_content: Mapping[str, Any], proposal: Proposal, at: datetime, reply: Reply | None = None
) -> CaseSnapshot:
    """What readers would be shown if the change were made to a case that reads as ``base_content``.

    :param reply: the row of the reply that the proposal publishes.
    :raises register.errors.TextError: a text is too long or hostile to be rendered.
    """
    content = dict(base_content)
    if proposal.content is not None:
        content |= _tuples_to_lists(asdict(proposal.content))
    arguments = dict(proposal.words or {})
    if proposal.act is Act.FOLLOWED_UP:
        content["follow_ups"] = [
            *base_content["follow_ups"],
            {"added_at": rfc3339(at), **arguments},
        ]
    if proposal.act is Act.CORRECTED:
        note = {"made_at": rfc3339(at), "note": arguments["public_note"], "redaction": False}
        content["corrections"] = [*base_content["corrections"], note]
    if reply is not None:
        content["replies"] = [*base_content["replies"], _published_reply(reply, at)]
    html, _renderer = render_texts(canonical_json(content))
    return CaseSnapshot(content, json.loads(html))


def added_texts(proposal: Proposal, reply: Reply | None = None) -> Iterator[str]:
    """The texts that the act adds beside the content."""
    for name, argument in (proposal.words or {}).items():
        if name not in ("happened_on", "source_url"):
            yield argument
    if reply is not None:
        yield from (one_line(reply.author), one_line(reply.capacity), reply.text)


def current_content(session: Session, incident_id: int) -> Mapping[str, Any]:
    """What readers are shown of a case now; empty once its text is destroyed."""
    stmt = select(Revision.content).join(Incident, Incident.revision_id == Revision.id)
    content = session.scalar(stmt.where(Incident.id == incident_id))
    return json.loads(content) if content else {}


def _published_reply(reply: Reply, at: datetime) -> dict[str, Any]:
    return {
        "author": reply.author,
        "capacity": reply.capacity,
        "text": reply.text,
        "received_on": reply.received_on.isoformat(),
        "published_at": rfc3339(at),
    }


def _tuples_to_lists(tree: Any) -> Any:
    """Tuples as lists, all the way down: what JSON gives back when it is read."""
    if isinstance(tree, dict):
        return {key: _tuples_to_lists(part) for key, part in tree.items()}
    if isinstance(tree, tuple | list):
        return [_tuples_to_lists(part) for part in tree]
    return tree
