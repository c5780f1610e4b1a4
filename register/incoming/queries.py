"""Queries of what is sent online about a case: by receipt code, and by its reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases.models import CaseState, Incident, Reply
from register.errors import NotFound
from register.evidence.sealed_files import FileManifest, open_manifest
from register.incoming import content, retention
from register.incoming.content import SealedPart
from register.incoming.models import Incoming, IncomingFile, IncomingKind
from register.key_store import KeyStore
from register.reports import receipt_codes
from register.text.dates import paris_day


@dataclass(frozen=True)
class ReplyStatus:
    """What the author of a reply reads with their code.

    ``reply`` is None once the texts of the case are erased. ``number`` is that of the case,
    ``is_public`` whether readers can open it. ``purge_on`` is the day on which what members alone
    read is destroyed, ``purged_on`` the day on which it was.
    """

    key: str
    number: int
    is_public: bool
    received_on: date
    read_on: date | None
    reply: Reply | None
    published_on: date | None
    purge_on: date | None
    purged_on: date | None
    part: SealedPart | None


@dataclass(frozen=True)
class ReplyIdentity:
    """What members alone read of a reply that was sent online; ``part`` is None once destroyed."""

    key: str
    read_on: date | None
    purged_on: date | None
    part: SealedPart | None
    files: Sequence[tuple[str, FileManifest]]


def key_by_code(
    session: Session, store: KeyStore, typed: str, kind: IncomingKind = IncomingKind.REPLY
) -> str | None:
    """The key of what has a code; None for another kind, an unknown and a malformed code."""
    lookup_key = store.derived_key(receipt_codes.RECEIPTS)
    receipt = receipt_codes.hash_code(lookup_key, receipt_codes.normalize_code(typed))
    is_it = Incoming.receipt == receipt, Incoming.kind == kind
    return session.scalar(select(Incoming.key).where(*is_it))


def reply_status(session: Session, store: KeyStore, key: str) -> ReplyStatus:
    """The state of a reply for its author.

    :raises NotFound: ``no_such_case``.
    """
    row = session.get(Incoming, key)
    if row is None:
        raise NotFound("no_such_case")
    case = session.get_one(Incident, row.incident_id)
    reply = session.get(Reply, row.reply_id) if row.reply_id is not None else None
    published_on = paris_day(reply.published_at) if reply and reply.published_at else None
    return ReplyStatus(
        key,
        case.number or 0,
        case.state == CaseState.PUBLISHED,
        row.day,
        row.read_on,
        reply,
        published_on,
        retention.purge_day(reply, published_on) if reply else None,
        row.purged_on,
        _part(store, row),
    )


def online_replies(session: Session, incident_id: int) -> set[int]:
    """The ids of a case's replies that were sent online."""
    stmt = select(Incoming.reply_id).where(Incoming.incident_id == incident_id)
    return {reply_id for reply_id in session.scalars(stmt) if reply_id is not None}


def count_waiting(session: Session, incident_id: int) -> int:
    """Number of a case's replies that were sent online and wait for a decision."""
    stmt = select(func.count()).select_from(Incoming).join(Reply, Reply.id == Incoming.reply_id)
    stmt = stmt.where(Incoming.incident_id == incident_id, Reply.state == "received")
    return session.scalar(stmt) or 0


def reply_identity(session: Session, store: KeyStore, reply_id: int) -> ReplyIdentity:
    """What is sealed beside a reply, for members.

    :raises NotFound: ``no_such_case``: it was not sent online.
    """
    row = session.scalar(select(Incoming).where(Incoming.reply_id == reply_id))
    if row is None:
        raise NotFound("no_such_case")
    return ReplyIdentity(
        row.key, row.read_on, row.purged_on, _part(store, row), _files(session, store, row.key)
    )


def _part(store: KeyStore, row: Incoming) -> SealedPart | None:
    data_key = store.key(content.key_name(row.key)) if row.sealed_content else None
    if data_key is None or row.sealed_content is None:
        return None
    return content.unseal(data_key, row.key, row.sealed_content)


def _files(session: Session, store: KeyStore, key: str) -> list[tuple[str, FileManifest]]:
    stmt = select(IncomingFile).where(IncomingFile.incoming_key == key)
    rows = session.scalars(stmt.order_by(IncomingFile.position)).all()
    data_key = store.key(content.key_name(key)) if rows else None
    if data_key is None:
        return []
    return [(row.key, open_manifest(data_key, row.sealed, row.key)) for row in rows]


def keys_in_use(session: Session) -> set[str]:
    """Names of the keys with which something is encrypted."""
    keys = session.scalars(select(Incoming.key).where(Incoming.sealed_content.is_not(None)))
    return {content.key_name(key) for key in keys}
