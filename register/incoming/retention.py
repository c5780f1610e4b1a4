"""Terms after which what was sent online is destroyed, and what is due on a day.

The reasons are in ``docs/decisions/0064`` and ``0071``; :mod:`register.incoming.acts` does what is
due.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from register.cases.legal_rules import add_months
from register.cases.models import CaseState, Incident, Reply
from register.incoming.models import Incoming, IncomingKind, NoticeReview
from register.post.models import ReceivedPost
from register.text.dates import day_start

# From the decision to the destruction: the three months in which the words of a reply can be sued
# for or a refusal brought before a judge (loi du 29 juillet 1881, art. 13 and 65), and one more.
AFTER_DECISION = timedelta(days=120)
# Months in which the decision on a notice can be complained about (regulation (EU) 2022/2065,
# art. 20 (1)), and the days after the last decision until a notice is destroyed: one month more.
COMPLAINT_MONTHS = 6
AFTER_NOTICE_DECISION = timedelta(days=215)
# From the receipt, where nobody decides.
UNDECIDED_MONTHS = 12
# How long a receipt code still opens the follow-up after the destruction.
ROWS_MONTHS = 12
# Rows in one write transaction.
BATCH_SIZE = 200


def purge_day(reply: Reply, published_on: date | None) -> date:
    """The day on which what is sealed beside a reply is destroyed, at the latest."""
    latest = add_months(reply.received_on, UNDECIDED_MONTHS)
    decided_on = published_on or reply.refused_on
    return min(latest, decided_on + AFTER_DECISION) if decided_on else latest


def complaint_until(decided_on: date) -> date:
    """The last day of a complaint about a decision."""
    return add_months(decided_on, COMPLAINT_MONTHS)


def notice_purge_day(last: ReceivedPost) -> date:
    """The day on which a notice is destroyed, from the clock of its last examination."""
    if last.closed_on is not None:
        return last.closed_on + AFTER_NOTICE_DECISION
    return add_months(last.received_on, UNDECIDED_MONTHS)


def due_statement(today: date, *, only_erased: bool = False) -> Select[Incoming]:
    """The rows whose sealed part is due for destruction; at once where the case is erased.

    :param only_erased: leave out what depends on the day.
    """
    is_reply = Incoming.kind == IncomingKind.REPLY
    decided_before = today - AFTER_DECISION
    published_before = day_start(decided_before + timedelta(days=1))
    undecided_before = add_months(today, -UNDECIDED_MONTHS)
    is_late_reply: ColumnElement[bool] = or_(
        and_(is_reply, Incoming.day <= undecided_before),
        Reply.published_at < published_before,
        Reply.refused_on <= decided_before,
    )
    has_current_review = exists().where(
        NoticeReview.incoming_key == Incoming.key,
        ReceivedPost.id == NoticeReview.post_id,
        or_(
            ReceivedPost.closed_on > today - AFTER_NOTICE_DECISION,
            and_(ReceivedPost.closed_on.is_(None), ReceivedPost.received_on > undecided_before),
        ),
    )
    is_late = or_(is_late_reply, and_(~is_reply, ~has_current_review))
    return (
        select(Incoming)
        .join(Incident, Incident.id == Incoming.incident_id)
        .outerjoin(Reply, Reply.id == Incoming.reply_id)
        .where(
            Incoming.sealed_content.is_not(None),
            _is_erased() if only_erased else or_(_is_erased(), is_late),
        )
        .order_by(Incoming.key)
        .limit(BATCH_SIZE)
    )


def _is_erased() -> ColumnElement[bool]:
    """Whether the case is erased; the reply of an erased one is gone."""
    is_gone = and_(Incoming.kind == IncomingKind.REPLY, Incoming.reply_id.is_(None))
    return or_(Incident.state == CaseState.ERASED, is_gone)


def old_statement(today: date) -> Select[Incoming]:
    """The rows whose receipt code need not open anything any more."""
    is_old = and_(
        Incoming.sealed_content.is_(None), Incoming.purged_on <= add_months(today, -ROWS_MONTHS)
    )
    return select(Incoming).where(is_old).order_by(Incoming.key).limit(BATCH_SIZE)


def has_erased(session: Session) -> bool:
    """Whether something is still sealed that was sent about a case which is erased."""
    stmt = select(Incoming.key).join(Incident, Incident.id == Incoming.incident_id)
    stmt = stmt.where(Incoming.sealed_content.is_not(None), _is_erased())
    return session.scalar(stmt.limit(1)) is not None
