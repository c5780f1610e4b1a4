"""Status of a report for its author: situation, days, and what they may still do.

The sentences are in ``templates/reports/_status.html``.
"""

from __future__ import annotations

from dataclasses import dataclass

from register.cases.deadlines import add_months
from register.cases.models import CaseState as CaseState
from register.cases.vocabulary import Vocabulary
from register.journal import Act
from register.reports.acts.transitions import allows
from register.reports.models import MessageKind, ReportState
from register.reports.queries import ReportView
from register.reports.retention import ANSWER_TERM, ROWS_MONTHS
from register.web.l10n import day_words


@dataclass(frozen=True)
class ReportStatus:
    """The status of a report.

    :param situation: its state, with that of its case or the kind of refusal.
    :param retention: ``purged``, ``undecided``, ``with_case`` or ``decided``.
    :param stored_until: the day on which that ends, in words.
    :param deadline: the last day for an answer, or for a message about the decision.
    :param reason: the label of the reason for a refusal.
    :param case: the number of its case, if the case has a public page or a tombstone.
    :param has_requested: a withdrawal has been requested.
    """

    state: ReportState
    situation: str
    retention: str
    stored_until: str
    deadline: str = ""
    reason: str = ""
    case: int | None = None
    may_write: bool = False
    may_withdraw: bool = False
    has_requested: bool = False

    @property
    def is_waiting(self) -> bool:
        """Whether a question waits for an answer."""
        return self.state is ReportState.WAITING

    @property
    def must_request_withdrawal(self) -> bool:
        """Whether its case is public, so that a withdrawal is a request."""
        return self.case is not None


def report_status(
    report_view: ReportView, vocabulary: Vocabulary, undecided_after: int
) -> ReportStatus:
    """The status of a report for its author.

    :param undecided_after: months after which an undecided report is declined.
    """
    summary, state, case = report_view.summary, report_view.summary.state, report_view.case
    # An expired report has a reason in its row, but nobody judged it.
    is_judged = report_view.is_purged or report_view.decision.by is not None
    has_reason = state is ReportState.DECLINED and is_judged
    reason = vocabulary.label("refus", summary.reason) if has_reason else ""
    if report_view.is_purged:
        forgotten_on = day_words(add_months(summary.moved_on, ROWS_MONTHS))
        return ReportStatus(state, state.value, "purged", forgotten_on, reason=reason)
    is_with_case = state is ReportState.ACCEPTED and report_view.has_live_case
    case_number = case.number if case and is_with_case else None
    stored_until, deadline = summary.purge_on, summary.purge_on
    if summary.is_open:
        stored_until = add_months(summary.day, undecided_after)
        deadline = summary.moved_on + ANSWER_TERM
    return ReportStatus(
        state,
        _situation(report_view),
        "undecided" if summary.is_open else "with_case" if is_with_case else "decided",
        day_words(stored_until) if stored_until else "…",
        day_words(deadline) if deadline else "…",
        reason,
        case_number,
        may_write=allows(state, Act.REPORT_ADDED),
        may_withdraw=allows(state, Act.REPORT_WITHDRAWN),
        # A request about a case that is no longer public has no object.
        has_requested=case_number is not None
        and any(message.kind is MessageKind.REQUEST for message in report_view.messages),
    )


def _situation(report_view: ReportView) -> str:
    state, case = report_view.summary.state, report_view.case
    if state is ReportState.DECLINED and report_view.decision.by is None:
        return "expired"
    if case is None:
        return state.value
    if state is ReportState.WITHDRAWN:
        return "withdrawn_from_case"
    if state is ReportState.ACCEPTED and case.state == CaseState.ERASED and case.number is None:
        return "case_discarded"
    return f"case_{case.state}" if state is ReportState.ACCEPTED else state.value
