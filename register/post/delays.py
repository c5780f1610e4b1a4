"""How many notices of a kind came, and how long their decisions took, in the last full months."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from statistics import median_low

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases.legal_rules import add_months
from register.post.models import PostKind, ReceivedPost

MONTHS = 12


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
    since = add_months(until, -MONTHS)
    columns = (ReceivedPost.received_on, ReceivedPost.closed_on, ReceivedPost.closed_by)
    rows = session.execute(
        select(*columns, func.count())
        .where(
            ReceivedPost.kind == kind,
            ReceivedPost.received_on >= since,
            ReceivedPost.received_on < until,
        )
        .group_by(*columns)
    ).all()
    received = sum(count for *_columns, count in rows)

    def decided_days() -> Iterator[int]:
        for received_on, closed_on, closed_by, count in rows:
            # Nobody decided what was closed because its texts were destroyed.
            if closed_by is not None and closed_on is not None and closed_on < until:
                yield from [(closed_on - received_on).days] * count

    days = list(decided_days())
    return Delays(since, until, received, len(days), median_low(days) if days else None)
