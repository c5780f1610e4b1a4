"""Queries of notices: by receipt code, at the desk, and how many wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases.models import ID_LIMIT, CaseState, Incident
from register.errors import NotFound
from register.incoming import content, retention
from register.incoming.models import Incoming, NoticeReview
from register.incoming.notice_content import (
    NoticeContent,
    ReviewTexts,
    unseal_notice,
    unseal_review,
)
from register.key_store import KeyStore
from register.post.models import ReceivedPost


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

    ``notice`` is None once destroyed, ``number`` that of the case, ``is_public`` whether readers
    can open it. ``complaint_until`` is the last day of the complaint that can still be made.
    """

    key: str
    incident_id: int
    number: int
    is_public: bool
    is_erased: bool
    read_on: date | None
    notice: NoticeContent | None
    language: str
    reviews: Sequence[Review]
    purge_on: date
    purged_on: date | None
    complaint_until: date | None

    @property
    def kind(self) -> str:
        """The kind of the notice itself."""
        return self.reviews[0].clock.kind


def notice_status(session: Session, store: KeyStore, key: str, today: date) -> NoticeStatus:
    """The state of a notice.

    :raises NotFound: ``no_such_row``.
    """
    row, rows = session.get(Incoming, key), review_rows(session, key)
    if row is None or not rows:
        raise NotFound("no_such_row")
    case = session.get_one(Incident, row.incident_id)
    data_key = store.key(content.key_name(key)) if row.sealed_content else None
    notice, language = None, "fr"
    if data_key is not None and row.sealed_content is not None:
        notice, language = unseal_notice(data_key, key, row.sealed_content)
    reviews = [
        Review(
            clock,
            review.decision,
            unseal_review(data_key, key, clock.id, review.sealed_texts) if data_key else None,
        )
        for review, clock in rows
    ]
    decided_on = reviews[0].clock.closed_on
    until = retention.complaint_until(decided_on) if decided_on else None
    may_complain = notice is not None and len(reviews) == 1 and until is not None
    last = reviews[-1].clock
    return NoticeStatus(
        key,
        case.id,
        case.number or 0,
        case.state == CaseState.PUBLISHED,
        case.state == CaseState.ERASED,
        row.read_on,
        notice,
        language,
        reviews,
        retention.notice_purge_day(last),
        row.purged_on,
        until if may_complain and until and today <= until else None,
    )


def key_of_post(session: Session, post_id: int) -> str:
    """The key of the notice that something which came by a form belongs to.

    :raises NotFound: ``no_such_row``.
    """
    review = session.get(NoticeReview, min(post_id, ID_LIMIT))
    if review is None:
        raise NotFound("no_such_row")
    return review.incoming_key


def review_rows(session: Session, key: str) -> Sequence[tuple[NoticeReview, ReceivedPost]]:
    """The examinations of a notice with their clocks, the first one first."""
    stmt = select(NoticeReview, ReceivedPost).join(
        ReceivedPost, ReceivedPost.id == NoticeReview.post_id
    )
    rows = session.execute(
        stmt.where(NoticeReview.incoming_key == key).order_by(NoticeReview.post_id)
    )
    return [(review, clock) for review, clock in rows]


def count_waiting(session: Session, incident_id: int) -> int:
    """Number of a case's notices and complaints that were sent by a form and are undecided."""
    stmt = select(func.count()).select_from(ReceivedPost)
    stmt = stmt.where(
        ReceivedPost.incident_id == incident_id,
        ReceivedPost.closed_on.is_(None),
        ReceivedPost.entered_by.is_(None),
    )
    return session.scalar(stmt) or 0
