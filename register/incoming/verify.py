"""Verification of what came by post or by a form against the journal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.incoming.models import NoticeReview
from register.journal import Act
from register.journal.verify import Problem, private_lines
from register.post.models import ReceivedPost
from register.text.dates import paris_day


def problems(session: Session) -> Iterator[Problem]:
    """Rows without their lines, lines without their row, and what both say differently."""
    entered: dict[int, tuple[Any, ...]] = {}
    closed: dict[int, tuple[Any, ...]] = {}
    for line, private in private_lines(session, (Act.POST_ENTERED, Act.POST_CLOSED)):
        post_id = private.get("post", 0)
        if line.act == Act.POST_ENTERED:
            entered[post_id] = (private.get("kind"), line.member_id, line.incident_id)
        else:
            closed[post_id] = (line.member_id, paris_day(line.at), private.get("decision", ""))
    stmt = select(ReceivedPost, NoticeReview.decision).outerjoin(
        NoticeReview, NoticeReview.post_id == ReceivedPost.id
    )
    rows = {row.id: (row, decision) for row, decision in session.execute(stmt)}
    for post_id in sorted(entered.keys() | closed.keys() | rows.keys()):
        row, decision = rows.get(post_id, (None, None))
        if row is None or not _agrees(row, decision, entered.get(post_id), closed.get(post_id)):
            yield Problem("post_differs", {"post": post_id})


def _agrees(
    row: ReceivedPost,
    decision: str | None,
    entered: tuple[Any, ...] | None,
    closed: tuple[Any, ...] | None,
) -> bool:
    """Whether a row is what its lines say; the review of an old notice is deleted."""
    if (row.kind, row.entered_by, row.incident_id) != entered:
        return False
    if closed is None:
        return row.closed_on is None and not decision
    is_same = decision is None or decision == closed[2]
    return is_same and (row.closed_by, row.closed_on) == closed[:2]
