"""Terms after which what is sealed beside a reply is destroyed, and what is due on a day.

The reasons are in ``docs/decisions/0064``; :mod:`register.incoming.acts` does what is due.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from register.cases.legal_rules import add_months
from register.cases.models import CaseState, Incident, Reply
from register.incoming.models import Incoming
from register.text.dates import PARIS

# From the decision to the destruction: the three months in which the words of a reply can be sued
# for or a refusal brought before a judge (loi du 29 juillet 1881, art. 13 and 65), and one more.
AFTER_DECISION = timedelta(days=120)
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


def due_statement(today: date, *, only_erased: bool = False) -> Select[Incoming]:
    """The rows whose sealed part is due for destruction; at once where the case is erased.

    :param only_erased: leave out what depends on the day.
    """
    is_erased = or_(Incident.state == CaseState.ERASED, Incoming.reply_id.is_(None))
    decided_before = today - AFTER_DECISION
    published_before = datetime.combine(decided_before + timedelta(days=1), time(), PARIS)
    is_late: ColumnElement[bool] = or_(
        Incoming.day <= add_months(today, -UNDECIDED_MONTHS),
        Reply.published_at < published_before,
        Reply.refused_on <= decided_before,
    )
    return (
        select(Incoming)
        .join(Incident, Incident.id == Incoming.incident_id)
        .outerjoin(Reply, Reply.id == Incoming.reply_id)
        .where(
            Incoming.sealed_content.is_not(None),
            is_erased if only_erased else or_(is_erased, is_late),
        )
        .order_by(Incoming.key)
        .limit(BATCH_SIZE)
    )


def old_statement(today: date) -> Select[Incoming]:
    """The rows whose receipt code need not open anything any more."""
    is_old = and_(
        Incoming.sealed_content.is_(None), Incoming.purged_on <= add_months(today, -ROWS_MONTHS)
    )
    return select(Incoming).where(is_old).order_by(Incoming.key).limit(BATCH_SIZE)


def has_erased(session: Session) -> bool:
    """Whether something is still sealed beside a reply that was erased with its case."""
    stmt = select(Incoming.key).where(
        Incoming.sealed_content.is_not(None), Incoming.reply_id.is_(None)
    )
    return session.scalar(stmt.limit(1)) is not None
