"""Acts on the claims, assignments, danger marks and terms of reports; the closing of accounts."""

from __future__ import annotations

from sqlalchemy import select

from register.accounts import acts as accounts
from register.accounts.models import Member
from register.accounts.vouching import load_acting_member
from register.cases import acts as cases
from register.cases.acts import marks
from register.cases.urgency import CLAIM_DURATION, Urgency
from register.errors import Refused
from register.journal import Act, WriteTransaction
from register.key_store import KeyStore
from register.reports import report_content
from register.reports.acts import transitions
from register.reports.acts.moderation import load_for_member
from register.reports.models import Report, ReportState


def claim(tx: WriteTransaction, key: str, *, by: int) -> None:
    """Claim a report for some hours, or renew the claim."""
    report = load_for_member(tx, key, by)
    transitions.change_state(tx, report, Act.REPORT_CLAIMED)
    report.held_by, report.held_until = by, tx.at + CLAIM_DURATION
    transitions.record(tx, Act.REPORT_CLAIMED, key, by)


def release(tx: WriteTransaction, key: str, *, by: int) -> None:
    """Release a claim or an assignment; an administrator may release another member's.

    :raises Refused: ``report_not_held``, or ``report_held`` by another member.
    """
    report, holder = _load_held(tx, key, by)
    if holder is None:
        raise Refused("report_not_held", state=report.state)
    _release(tx, report, by)


def release_all(tx: WriteTransaction, holder: int, *, by: int | None) -> None:
    """Release the claims and assignments of a member whose account is closed."""
    held = select(Report).where(Report.held_by == holder, Report.held_until > tx.at)
    for report in tx.session.scalars(held.order_by(Report.key)).all():
        _release(tx, report, by)


def _release(tx: WriteTransaction, report: Report, by: int | None) -> None:
    transitions.change_state(tx, report, Act.REPORT_RELEASED)
    holder = report.held_by
    marks.end_claim(report)
    transitions.record(tx, Act.REPORT_RELEASED, report.key, by, holder=holder)


def assign(tx: WriteTransaction, key: str, *, to: int, by: int) -> None:
    """Assign a report to an active member, until it is decided, released or handed on.

    :raises Refused: ``report_held`` by another member, for anybody but an administrator.
    :raises Invalid: ``unknown_assignee``.
    """
    report, holder = _load_held(tx, key, by)
    transitions.change_state(tx, report, Act.REPORT_ASSIGNED)
    marks.assign(tx, report, to)
    details = {"holder": holder} if holder is not None else {}
    transitions.record(tx, Act.REPORT_ASSIGNED, key, by, member=to, **details)


def set_urgency(
    tx: WriteTransaction, store: KeyStore, key: str, urgency: Urgency, *, by: int
) -> None:
    """Set or take off the danger mark and the term of a report, whoever has claimed it.

    :raises Refused: ``report_state`` for a report that is closed, ``report_purged``.
    :raises Invalid: a label without a day, or too long.
    """
    load_acting_member(tx, by)
    report = transitions.load_report(tx, key)
    data_key = transitions.require_data_key(store, report)
    transitions.next_state(ReportState(report.state), Act.REPORT_URGENCY)
    urgency = urgency.validated()
    marks.mark(report, urgency, tx.at)
    report.term_label = report_content.encrypt_label(data_key, key, urgency.term_label)
    transitions.record(tx, Act.REPORT_URGENCY, key, by, **urgency.line_details())


def close_account(tx: WriteTransaction, member_id: int, *, by: int | None = None) -> Member:
    """Disable an account, and release all its claims and assignments.

    :raises Refused: as :func:`accounts.disable_member`.
    """
    member = accounts.disable_member(tx, member_id, by=by)
    cases.release_all(tx, member.id, by=by)
    release_all(tx, member.id, by=by)
    return member


def _load_held(tx: WriteTransaction, key: str, by: int) -> tuple[Report, int | None]:
    """The report, and its valid holder: the member, or anybody for an administrator."""
    member = load_acting_member(tx, by)
    report = transitions.load_report(tx, key)
    holder = marks.require_holder(report, member, tx.at, refusal="report_held", state=report.state)
    return report, holder
