"""Steps on claims, assignments and marks that the acts on cases and on reports share."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from register.accounts.models import Member
from register.cases.urgency import NO_END, Urgency, claim_holder, ends_assignment
from register.errors import Invalid, Refused
from register.journal import Act, WriteTransaction
from register.text.dates import paris_day


class MarkedRow(Protocol):
    """A case or a report, with the days of its mark and of its term, and its claim."""

    danger_on: date | None
    term_on: date | None
    held_by: int | None
    held_until: datetime | None


def mark(row: MarkedRow, urgency: Urgency, at: datetime) -> None:
    """Set the marks; a mark that stays keeps its first day."""
    row.danger_on = (row.danger_on or paris_day(at)) if urgency.danger else None
    row.term_on = urgency.term_on


def assign(tx: WriteTransaction, row: MarkedRow, member_id: int) -> None:
    """Assign a case or report to an active member, until the work is done or handed on.

    :raises Invalid: ``unknown_assignee``.
    """
    member = tx.session.get(Member, member_id)
    if member is None or not member.is_active:
        raise Invalid("unknown_assignee", field="to")
    row.held_by, row.held_until = member_id, NO_END


def end_claim(row: MarkedRow) -> int | None:
    """Release a claim or an assignment; returns its former holder."""
    holder, row.held_by, row.held_until = row.held_by, None, None
    return holder


def end_assignment(row: MarkedRow, act: Act, by: int) -> None:
    """Release the assignment of a case when the work on it, or its reader's part, is done."""
    if row.held_until == NO_END and ends_assignment(act, by, row.held_by):
        end_claim(row)


def require_holder(
    row: MarkedRow, member: Member, at: datetime, *, refusal: str, state: str
) -> int | None:
    """The valid holder, who must be the member unless the member is an administrator.

    :raises Refused: ``refusal``, with the holder.
    """
    holder = claim_holder(row, at)
    if holder not in (None, member.id) and not member.is_administrator:
        raise Refused(refusal, state=state, member=holder)
    return holder
