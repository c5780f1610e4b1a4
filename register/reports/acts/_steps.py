"""Steps shared by the acts on reports: load under the lock, change state, store a message."""

from __future__ import annotations

from sqlalchemy import func, select

from register.errors import Invalid, NotFound, Refused
from register.journal import Act, WriteTransaction
from register.report_keys import KeyStore
from register.reports import report_content, rules
from register.reports.models import Message, MessageKind, Report, ReportState
from register.reports.report_content import MESSAGE_LIMIT
from register.text import dates
from register.text.normalisation import clean


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


def change_state(tx: WriteTransaction, report: Report, act: Act) -> None:
    """Set the state that an act leads to, the day of the purge, and the holder.

    :raises Refused: ``report_state``.
    """
    before = ReportState(report.state)
    state = rules.next_state(before, act)
    today = dates.paris_day(tx.at)
    report.state = state
    # A claim or release does not restart the term of a question, which runs from its own day.
    if state is not before or act not in (Act.REPORT_CLAIMED, Act.REPORT_RELEASED):
        report.moved_on = today
    if state is not before:
        report.purge_on = rules.purge_day(state, today)
    if state in rules.ENDED_STATES or state is ReportState.RECEIVED:
        report.held_by = report.held_until = None


def count_messages(tx: WriteTransaction, report: Report) -> int:
    stmt = select(func.count()).where(Message.report_key == report.key)
    return tx.session.scalar(stmt) or 0


def store_message(
    tx: WriteTransaction,
    report: Report,
    data_key: bytes,
    message_key: str,
    kind: MessageKind,
    text: str,
) -> None:
    """Add an encrypted message after the others."""
    tx.session.add(
        Message(
            key=message_key,
            report_key=report.key,
            position=count_messages(tx, report) + 1,
            day=dates.paris_day(tx.at),
            sealed=report_content.encrypt_message(data_key, message_key, kind, text),
        )
    )
    tx.session.flush()


def require_text(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """The cleaned text of a required field.

    :raises Invalid: ``missing`` or ``too_long``.
    """
    body = clean(text).strip()
    if not body:
        raise Invalid("missing", field="text")
    if len(body) > limit:
        raise Invalid("too_long", field="text", limit=limit)
    return body
