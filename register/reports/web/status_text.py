"""Status of a report in words for its author: state, next steps, retention.

It never says that a report looked suspect, nor which member has claimed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from register.cases.legal_rules import add_months
from register.cases.models import CaseState
from register.db import now
from register.journal import Act
from register.reports.acts.transitions import allows
from register.reports.models import OPEN_STATES, MessageKind, ReportState
from register.reports.queries import ReportView
from register.reports.retention import ANSWER_TERM, ROWS_MONTHS, TEXTS_TERM, last_purge_day
from register.web import messages
from register.web.l10n import day_words
from register.web.request_context import current_vocabulary, settings


@dataclass(frozen=True)
class StatusText:
    """A report's state in words, and what its author may still do.

    :param name: the state, in a few words.
    :param now: the present situation.
    :param next: the next steps; empty when there are none.
    :param retention: what is stored, and until when.
    :param case: the number of its case, if the case has a public page or a tombstone.
    :param reason: the label of the reason for a refusal.
    :param has_requested: a withdrawal has been requested.
    :param is_waiting: a question waits for an answer.
    :param may_destroy: it is withdrawn, and its texts can be destroyed before their day.
    """

    name: str
    now: str
    next: str
    retention: str
    case: int | None = None
    reason: str = ""
    may_write: bool = False
    may_withdraw: bool = False
    has_requested: bool = False
    is_waiting: bool = False
    may_destroy: bool = False

    @property
    def must_request_withdrawal(self) -> bool:
        """Whether its case is public, so that a withdrawal is a request."""
        return self.case is not None


def status_text(report_view: ReportView) -> StatusText:
    """The status of a report for its author."""
    summary, state = report_view.summary, report_view.summary.state
    status, undecided_after = _status(report_view), settings().undecided_after
    name, situation = map(str, messages.reports.situations[status])
    next_steps = messages.reports.next_steps.get(_SAME_STEPS.get(status, status), "")
    # An expired report has a reason in its row, but nobody judged it.
    is_judged = report_view.is_purged or report_view.decision.by is not None
    has_reason = state is ReportState.DECLINED and is_judged
    reason = current_vocabulary().label("refus", summary.reason) if has_reason else ""
    if report_view.is_purged:
        purged = messages.reports.purged
        retention = _fill("purged", add_months(summary.moved_on, ROWS_MONTHS))
        return StatusText(
            name, str(purged.get(state, purged["other"])), "", retention, None, reason
        )
    has_case = state is ReportState.ACCEPTED and report_view.has_live_case
    case_number = report_view.case.number if report_view.case and has_case else None
    if state in OPEN_STATES:
        retention = _fill("undecided", add_months(summary.day, undecided_after))
    elif has_case and summary.purge_on is None:
        retention = _fill("during_work", last_purge_day(summary.day, undecided_after))
    else:
        retention = _fill("with_case" if has_case else "decided", summary.purge_on)
    waits_until = summary.asked_on + ANSWER_TERM if summary.asked_on else None
    next_day = waits_until if state is ReportState.WAITING else summary.purge_on
    return StatusText(
        name,
        situation,
        _with_day(next_steps, next_day),
        retention,
        case_number,
        reason,
        may_write=allows(state, Act.REPORT_ADDED),
        may_withdraw=allows(state, Act.REPORT_WITHDRAWN),
        # A request about a case that is no longer public has no object.
        has_requested=case_number is not None
        and any(message.kind is MessageKind.REQUEST for message in report_view.messages),
        is_waiting=_is_waiting(report_view),
        may_destroy=allows(state, Act.REPORT_DESTROYED),
    )


def _is_waiting(report_view: ReportView) -> bool:
    return report_view.summary.asked_on is not None and report_view.takes_questions


def _fill(retention: str, day: date | None) -> str:
    return _with_day(messages.reports.retention[retention], day)


def _with_day(pattern: object, day: date | None) -> str:
    return str(pattern) % {"day": day_words(day) if day else "…", "days": TEXTS_TERM.days}


# Statuses whose next steps are those of another.
_SAME_STEPS = {
    "in_review": "received",
    "unheld": "received",
    "expired": "declined",
    "withdrawn_from_draft": "withdrawn",
}


def _status(report_view: ReportView) -> str:
    """The key of a report's status in the file of sentences."""
    state, case = report_view.summary.state, report_view.case
    if report_view.is_purged:
        return state
    if state is ReportState.IN_REVIEW and report_view.summary.holder(now()) is None:
        # Somebody has read it, and the claim ended or ran out.
        return "unheld"
    if state is ReportState.DECLINED and report_view.decision.by is None:
        return "expired"
    if state is ReportState.WITHDRAWN and case is not None:
        return "withdrawn_from_draft"
    if state is ReportState.ACCEPTED and _is_waiting(report_view):
        return "asked_about_draft"
    if state is ReportState.ACCEPTED and case is not None:
        is_discarded = case.state == CaseState.ERASED and case.number is None
        return "case_discarded" if is_discarded else f"case_{case.state}"
    return state
