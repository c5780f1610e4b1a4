"""State transitions of reports, and the steps that their acts share."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select

from register.cases.models import CaseState, Incident
from register.errors import Invalid, NotFound, Refused
from register.journal import Act, WriteTransaction
from register.key_store import KeyStore
from register.reports import report_content, retention
from register.reports.models import OPEN_STATES, Message, MessageKind, Report, ReportState
from register.reports.report_content import MESSAGE_LIMIT
from register.text.dates import paris_day
from register.text.normalisation import clean

# For each act, the states that allow it and the state that follows; None leaves the state as it is.
_TRANSITIONS: Mapping[Act, Mapping[ReportState, ReportState | None]] = {
    Act.REPORT_CLAIMED: {
        ReportState.RECEIVED: ReportState.IN_REVIEW,
        ReportState.IN_REVIEW: None,
        ReportState.WAITING: None,
    },
    Act.REPORT_RELEASED: {ReportState.IN_REVIEW: ReportState.RECEIVED, ReportState.WAITING: None},
    Act.REPORT_ASSIGNED: {
        ReportState.RECEIVED: ReportState.IN_REVIEW,
        ReportState.IN_REVIEW: None,
        ReportState.WAITING: None,
    },
    # A report that joined a case may keep its own mark.
    Act.REPORT_URGENCY: dict.fromkeys((*OPEN_STATES, ReportState.ACCEPTED), None),
    # An accepted report can be asked about while its case is a draft.
    Act.REPORT_ASKED: {
        **dict.fromkeys(OPEN_STATES, ReportState.WAITING),
        ReportState.ACCEPTED: None,
    },
    Act.REPORT_READ: dict.fromkeys(ReportState, None),
    Act.REPORT_ACCEPTED: dict.fromkeys(OPEN_STATES, ReportState.ACCEPTED),
    Act.REPORT_DECLINED: dict.fromkeys(OPEN_STATES, ReportState.DECLINED),
    Act.REPORT_SPAM: dict.fromkeys(OPEN_STATES, ReportState.SPAM),
    Act.REPORT_SPAM_AGREED: {ReportState.SPAM: None},
    Act.REPORT_REOPENED: dict.fromkeys(
        (ReportState.DECLINED, ReportState.SPAM, ReportState.ACCEPTED), ReportState.RECEIVED
    ),
    Act.REPORT_RETURNED: {ReportState.WAITING: ReportState.RECEIVED},
    # The reporter may answer a refusal, and add nothing to a withdrawn report.
    Act.REPORT_ADDED: {
        **dict.fromkeys(set(ReportState) - {ReportState.WITHDRAWN}, None),
        ReportState.WAITING: ReportState.IN_REVIEW,
    },
    Act.REPORT_WITHDRAWN: dict.fromkeys(
        (*OPEN_STATES, ReportState.ACCEPTED), ReportState.WITHDRAWN
    ),
    Act.REPORT_DESTROYED: {ReportState.WITHDRAWN: None},
}
# Acts after which a question still waits for its answer.
_LEAVES_QUESTION = frozenset(
    {
        Act.REPORT_CLAIMED,
        Act.REPORT_ASSIGNED,
        Act.REPORT_RELEASED,
        Act.REPORT_URGENCY,
        Act.REPORT_ACCEPTED,
    }
)


def allows(state: ReportState, act: Act) -> bool:
    return state in _TRANSITIONS[act]


def next_state(state: ReportState, act: Act) -> ReportState:
    """The state that an act leads to.

    :raises Refused: ``report_state``.
    """
    if not allows(state, act):
        raise Refused("report_state", state=state.value, act=act.value)
    return _TRANSITIONS[act][state] or state


def change_state(tx: WriteTransaction, report: Report, act: Act) -> None:
    """Set the state that an act leads to, its day, the days of question and purge, and the holder.

    :raises Refused: ``report_state``.
    """
    before = ReportState(report.state)
    state = next_state(before, act)
    today = paris_day(tx.at)
    if state is not before:
        report.state, report.moved_on = state, today
        day_before, report.purge_on = report.purge_on, retention.purge_day(state, today)
        if act is Act.REPORT_WITHDRAWN and day_before and report.purge_on:
            # Its author was promised that day.
            report.purge_on = min(day_before, report.purge_on)
    if act is Act.REPORT_ASKED:
        report.asked_on = today
    elif act not in _LEAVES_QUESTION:
        report.asked_on = None
    if state not in (ReportState.IN_REVIEW, ReportState.WAITING):
        report.held_by = report.held_until = None


def record(
    tx: WriteTransaction, act: Act, key: str, by: int | None = None, **details: object
) -> None:
    """Write the changes of an act on a report, and its journal line."""
    tx.session.flush()
    tx.record(act, by=by, details={"report": key, **details})


def load_report(tx: WriteTransaction, key: str) -> Report:
    """The report, read under the lock.

    :raises NotFound: ``no_such_report``.
    """
    report = tx.session.get(Report, key)
    if report is None:
        raise NotFound("no_such_report")
    tx.keep_alive(report)
    return report


def require_data_key(store: KeyStore, report: Report) -> bytes:
    """The report's data key.

    :raises Refused: ``report_purged`` once it is destroyed.
    """
    key = store.key(report.key) if report.sealed is not None else None
    if key is None:
        raise Refused("report_purged", state=report.state)
    return key


def load_case(tx: WriteTransaction, report: Report, data_key: bytes) -> Incident | None:
    """The case of an accepted report, unless it is erased."""
    if report.state != ReportState.ACCEPTED:
        return None
    decision = report_content.decrypt_decision(data_key, report.key, report.decision)
    case = tx.session.get(Incident, decision.incident)
    return case if case is not None and case.state != CaseState.ERASED else None


def count_messages(tx: WriteTransaction, report: Report) -> int:
    stmt = select(func.count()).where(Message.report_key == report.key)
    return tx.session.scalar(stmt) or 0


def store_message(
    tx: WriteTransaction, report: Report, data_key: bytes, key: str, kind: MessageKind, text: str
) -> None:
    """Add an encrypted message after the others."""
    tx.session.add(
        Message(
            key=key,
            report_key=report.key,
            position=count_messages(tx, report) + 1,
            day=paris_day(tx.at),
            sealed=report_content.encrypt_message(data_key, key, kind, text),
        )
    )


def require_text(text: str, limit: int = MESSAGE_LIMIT, field: str = "text") -> str:
    """The cleaned text of a required field.

    :raises Invalid: ``missing`` or ``too_long``.
    """
    body = clean(text).strip()
    if not body:
        raise Invalid("missing", field=field)
    if len(body) > limit:
        raise Invalid("too_long", field=field, limit=limit)
    return body
