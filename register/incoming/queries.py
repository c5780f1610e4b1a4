"""Queries of what is sent online about a case: by receipt code, by its reply, at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median_low

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases.legal_rules import add_months
from register.cases.models import ID_LIMIT, Incident, Reply
from register.errors import NotFound
from register.evidence.sealed_files import FileManifest, open_manifest
from register.incoming import content, retention
from register.incoming.content import NoticeContent, ReviewTexts, SealedPart
from register.incoming.models import Incoming, IncomingFile, IncomingKind, NoticeReview
from register.key_store import KeyStore
from register.post.models import PostKind, ReceivedPost
from register.reports import receipt_codes
from register.text.dates import paris_day

DELAY_MONTHS = 12  # full months whose delays are published


def find_by_code(
    session: Session, store: KeyStore, typed: str, kind: IncomingKind
) -> Incoming | None:
    """What has a code; None for another kind, an unknown and a malformed code."""
    lookup_key = store.derived_key(receipt_codes.RECEIPTS)
    receipt = receipt_codes.hash_code(lookup_key, receipt_codes.normalize_code(typed))
    is_it = Incoming.receipt == receipt, Incoming.kind == kind
    return session.scalar(select(Incoming).where(*is_it))


def keys_in_use(session: Session) -> set[str]:
    """Names of the keys with which something is encrypted."""
    keys = session.scalars(select(Incoming.key).where(Incoming.sealed_content.is_not(None)))
    return {content.key_name(key) for key in keys}


# --- rights of reply ----------------------------------------------------------------------------


@dataclass(frozen=True)
class ReplyStatus:
    """What the author of a reply reads with their code.

    ``reply`` is None once the texts of the case are erased. ``purge_on`` is the day on which what
    members alone read is destroyed.
    """

    row: Incoming
    case: Incident
    reply: Reply | None
    published_on: date | None
    purge_on: date | None
    part: SealedPart | None


def reply_status(session: Session, store: KeyStore, row: Incoming) -> ReplyStatus:
    """The state of a reply for its author."""
    case = session.get_one(Incident, row.incident_id)
    reply = session.get(Reply, row.reply_id) if row.reply_id is not None else None
    published_on = paris_day(reply.published_at) if reply and reply.published_at else None
    purge_on = retention.purge_day(reply, published_on) if reply else None
    return ReplyStatus(row, case, reply, published_on, purge_on, sealed_part(store, row))


def online_replies(session: Session, incident_id: int) -> set[int]:
    """The ids of a case's replies that were sent online."""
    stmt = select(Incoming.reply_id).where(Incoming.incident_id == incident_id)
    return {reply_id for reply_id in session.scalars(stmt) if reply_id is not None}


def count_waiting(session: Session, incident_id: int) -> int:
    """Number of a case's replies that were sent online and wait for a decision."""
    stmt = select(func.count()).select_from(Incoming).join(Reply, Reply.id == Incoming.reply_id)
    stmt = stmt.where(Incoming.incident_id == incident_id, Reply.state == "received")
    return session.scalar(stmt) or 0


def row_of_reply(session: Session, reply_id: int) -> Incoming:
    """What a reply came with.

    :raises NotFound: ``no_such_case``: it was not sent online.
    """
    row = session.scalar(select(Incoming).where(Incoming.reply_id == reply_id))
    if row is None:
        raise NotFound("no_such_case")
    return row


def sealed_part(store: KeyStore, row: Incoming) -> SealedPart | None:
    """What members alone read of a reply; None once destroyed."""
    data_key = content.data_key(store, row)
    if data_key is None:
        return None
    return SealedPart(**content.unseal_fields(data_key, row.key, row.sealed_content))


def sent_files(session: Session, store: KeyStore, key: str) -> list[tuple[str, FileManifest]]:
    """The documents that came with a reply, by their keys."""
    stmt = select(IncomingFile).where(IncomingFile.incoming_key == key)
    rows = session.scalars(stmt.order_by(IncomingFile.position)).all()
    data_key = store.key(content.key_name(key)) if rows else None
    if data_key is None:
        return []
    return [(row.key, open_manifest(data_key, row.sealed, row.key)) for row in rows]


# --- notices ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Review:
    """An examination: of the notice, or of the complaint; ``clock`` has its days and member.

    ``texts`` is None once destroyed, or where the key is missing.
    """

    clock: ReceivedPost
    decision: str
    texts: ReviewTexts | None


@dataclass(frozen=True)
class NoticeStatus:
    """A notice for its author and for members.

    ``notice`` is None once destroyed. ``complaint_until`` is the last day of the complaint that can
    still be made.
    """

    row: Incoming
    case: Incident
    notice: NoticeContent | None
    language: str
    reviews: Sequence[Review]
    purge_on: date
    complaint_until: date | None

    @property
    def kind(self) -> str:
        """The kind of the notice itself."""
        return self.reviews[0].clock.kind


def notice_status(session: Session, store: KeyStore, row: Incoming, today: date) -> NoticeStatus:
    """The state of a notice."""
    case, key = session.get_one(Incident, row.incident_id), row.key
    data_key = content.data_key(store, row)
    notice, language = None, "fr"
    if data_key is not None:
        notice, language = content.unseal_notice(data_key, key, row.sealed_content)
    reviews = []
    for review in review_rows(session, key):
        texts = None
        if data_key is not None:
            texts = content.unseal_review(data_key, key, review.post_id, review.sealed_texts)
        reviews.append(Review(review.clock, review.decision, texts))
    decided_on, purge_on = reviews[0].clock.closed_on, retention.notice_purge_day(reviews[-1].clock)
    until = None
    if notice is not None and len(reviews) == 1 and decided_on is not None:
        last_day = retention.complaint_until(decided_on)
        until = last_day if today <= last_day else None
    return NoticeStatus(row, case, notice, language, reviews, purge_on, until)


def notice_of_post(session: Session, post_id: int) -> Incoming:
    """The notice that something which came by a form belongs to.

    :raises NotFound: ``no_such_row``.
    """
    review = session.get(NoticeReview, min(post_id, ID_LIMIT))
    if review is None:
        raise NotFound("no_such_row")
    return session.get_one(Incoming, review.incoming_key)


def review_rows(session: Session, key: str) -> Sequence[NoticeReview]:
    """The examinations of a notice with their clocks, the first one first."""
    stmt = select(NoticeReview).where(NoticeReview.incoming_key == key)
    return session.scalars(stmt.order_by(NoticeReview.post_id)).all()


def count_waiting_notices(session: Session, incident_id: int) -> int:
    """Number of a case's notices and complaints that were sent by a form and are undecided."""
    stmt = select(func.count()).select_from(ReceivedPost)
    stmt = stmt.where(
        ReceivedPost.incident_id == incident_id,
        ReceivedPost.closed_on.is_(None),
        ReceivedPost.entered_by.is_(None),
    )
    return session.scalar(stmt) or 0


@dataclass(frozen=True)
class Delays:
    """Numbers of a kind from ``since`` until before ``until``; ``days`` is the median, or None."""

    since: date
    until: date
    received: int
    decided: int
    days: int | None


def load_delays(session: Session, kind: PostKind, today: date) -> Delays:
    """The numbers of the twelve full months before this one.

    They change on the first day of a month only: otherwise whoever reads them each day would learn
    the day on which a notice came.
    """
    until = today.replace(day=1)
    since = add_months(until, -DELAY_MONTHS)
    received_on, closed_on = ReceivedPost.received_on, ReceivedPost.closed_on
    is_counted = (ReceivedPost.kind == kind, received_on >= since, received_on < until)
    received = session.scalar(select(func.count(received_on)).where(*is_counted)) or 0
    # Nobody decided what was closed because its texts were destroyed.
    is_decided = ReceivedPost.closed_by.is_not(None)
    decided = session.execute(select(received_on, closed_on).where(*is_counted, is_decided))
    days = [(end - begin).days for begin, end in decided if end and end < until]
    return Delays(since, until, received, len(days), median_low(days) if days else None)
