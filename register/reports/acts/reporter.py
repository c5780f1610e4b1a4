"""What those who report do: send, answer, leave a contact, take back. Their lines tell days."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases import acts as cases
from register.cases.models import CaseState as CaseState
from register.cases.models import Incident
from register.errors import Invalid, Refused
from register.journal import Act, WriteTransaction
from register.journal.canonical import new_salt
from register.report_keys import KeyStore
from register.reports import receipts, report_content, rules
from register.reports.acts._steps import (
    change_state,
    load_report,
    require_data_key,
    require_text,
    store_message,
)
from register.reports.acts.retention import destroy_keys_after_commit
from register.reports.models import Message, MessageKind, Report, ReportState, RetainedReport
from register.reports.receipts import CODES, RECEIPTS
from register.reports.report_content import CONTACT_LIMIT, Received, ReportContent, content_digest
from register.text import dates
from register.text.normalisation import clean
from register.text.quoted_passages import is_distinctive


@dataclass(frozen=True)
class ReceivedReport:
    """A report that was received: its row, its code, and whether it was there already."""

    key: str
    code: str
    is_duplicate: bool = False


def receive(
    tx: WriteTransaction,
    store: KeyStore,
    sent: ReportContent,
    nonce: str,
    *,
    contact: str = "",
    suspect: bool = False,
) -> ReceivedReport:
    """Receive a report; the same form with the same words is the same report.

    :param nonce: that of the form, 32 hexadecimal digits.
    :raises Refused: ``report_already_sent`` for the same form with other words, with the key
        of the report that it was, as ``report``.
    :raises Invalid: no nonce.
    """
    existing = find_received(tx.session, store, sent, nonce)
    if existing is not None:
        return existing
    code, receipt = _derive_code(store, nonce)
    contact_text = _clean_contact(contact)
    key, salt, today = receipts.new_key(), new_salt(), dates.paris_day(tx.at)
    contact_id = report_content.new_contact_id()
    data_key, contact_key = store.new_keys(key, report_content.contact_key_name(key, contact_id))
    tx.session.add(
        Report(
            key=key,
            receipt=receipt,
            state=ReportState.RECEIVED,
            suspect=suspect,
            day=today,
            moved_on=today,
            digest=content_digest(sent, today, salt),
            sealed=report_content.encrypt_content(data_key, key, Received(sent, salt)),
            contact=report_content.encrypt_contact(contact_key, key, contact_id, contact_text),
        )
    )
    tx.session.flush()
    tx.record(Act.REPORT_RECEIVED, by=None, details={"report": key})
    return ReceivedReport(key, code)


def find_received(
    session: Session, store: KeyStore, sent: ReportContent, nonce: str
) -> ReceivedReport | None:
    """The report that a form made before; None for one that made none. It only reads.

    :raises Refused: ``report_already_sent``, as :func:`receive`.
    :raises Invalid: no nonce.
    """
    code, receipt = _derive_code(store, nonce)
    existing = session.scalar(select(Report).where(Report.receipt == receipt))
    if existing is None:
        return None
    if _is_same_content(store, existing, sent):
        return ReceivedReport(existing.key, code, is_duplicate=True)
    raise Refused("report_already_sent", state=existing.state, report=existing.key)


def _derive_code(store: KeyStore, nonce: str) -> tuple[str, bytes]:
    """The code of the report that a form makes, and what is kept of it."""
    if not receipts.is_nonce(nonce):
        raise Invalid("report_nonce")
    code = receipts.derive_code(store.derived_key(CODES), nonce)
    return code, receipts.hash_code(store.derived_key(RECEIPTS), code)


def _is_same_content(store: KeyStore, existing: Report, sent: ReportContent) -> bool:
    """Whether a form says what it said when it was first sent; a purged one says nothing.

    Its contact is not looked at: a page that is loaded again would bring one back that its author
    has since taken away.
    """
    key = store.key(existing.key) if existing.sealed is not None else None
    if key is None or existing.sealed is None:
        return False
    return report_content.decrypt_content(key, existing.key, existing.sealed).sent == sent


def _clean_contact(contact: str) -> str:
    text = clean(contact).strip()
    if len(text) > CONTACT_LIMIT:
        raise Invalid("too_long", field="contact", limit=CONTACT_LIMIT)
    return text


def add(
    tx: WriteTransaction, store: KeyStore, key: str, kind: MessageKind, text: str, nonce: str
) -> bool:
    """Answer, add or correct; whether it was new: the same form sent twice is one message.

    :raises Refused: ``report_state`` once it was taken back, ``report_purged``, or
        ``report_already_sent`` for the same form with other words.
    """
    report = load_report(tx, key)
    data_key, body = require_data_key(store, report), require_text(text)
    message_key = _message_key(store, key, nonce)
    existing = tx.session.get(Message, message_key)
    if existing is not None:
        _kind, text_before = report_content.decrypt_message(data_key, message_key, existing.sealed)
        if text_before == body:
            return False
        raise Refused("report_already_sent", state=report.state, report=key)
    change_state(tx, report, Act.REPORT_ADDED)
    report.news = True
    store_message(tx, report, data_key, message_key, kind, body)
    tx.record(Act.REPORT_ADDED, by=None, details={"report": key})
    return True


def _message_key(store: KeyStore, key: str, nonce: str) -> str:
    if not receipts.is_nonce(nonce):
        raise Invalid("report_nonce")
    return receipts.derive_row_key(store.derived_key(CODES), key, nonce)


def _destroy_key(store: KeyStore, key_name: str) -> None:
    store.destroy([key_name])
    store.empty_log()


def leave_contact(tx: WriteTransaction, store: KeyStore, key: str, contact: str) -> None:
    """Leave a way to be reached, or take it back with an empty one.

    :raises Refused: ``report_purged``, or ``report_state`` for one that was taken back.
    """
    report = load_report(tx, key)
    require_data_key(store, report)
    text = _clean_contact(contact)
    if text:
        # Whoever took everything back leaves nothing more, and may still take this away.
        rules.next_state(ReportState(report.state), Act.REPORT_ADDED)
    former = report.contact or b""
    contact_id = report_content.new_contact_id()
    contact_key = store.new_key(report_content.contact_key_name(key, contact_id))
    report.contact = report_content.encrypt_contact(contact_key, key, contact_id, text)
    # The key of what was taken back goes once it is: no backup tells it any more.
    tx.after_commit(lambda: _destroy_key(store, report_content.contact_key_name(key, former)))
    report.news = report.news or bool(text)
    tx.session.flush()
    tx.record(Act.REPORT_ADDED, by=None, details={"report": key})


def withdraw(tx: WriteTransaction, store: KeyStore, key: str, nonce: str, text: str = "") -> bool:
    """Take a report back; once its case is public, ask the moderators to (and return False).

    :raises Refused: ``report_state`` when it was declined, or taken back already.
    """
    report = load_report(tx, key)
    data_key = require_data_key(store, report)
    case = _live_case(tx, report, data_key)
    if case is not None and case.number is not None:
        request_text = clean(text).strip() or "–"
        add(tx, store, key, MessageKind.REQUEST, request_text, nonce)
        cases.withdraw_report_unpublished(tx, case.id, _reporter_words(tx, report, data_key))
        return False
    change_state(tx, report, Act.REPORT_WITHDRAWN)
    report.news = True
    if case is not None:
        _detach_from_case(tx, store, report, data_key, case)
    tx.session.flush()
    tx.record(Act.REPORT_WITHDRAWN, by=None, details={"report": key})
    return True


def _live_case(tx: WriteTransaction, report: Report, data_key: bytes) -> Incident | None:
    if report.state != ReportState.ACCEPTED or report.decision is None:
        return None
    incident_id = report_content.decrypt_decision(data_key, report.key, report.decision).incident
    case = tx.session.get(Incident, incident_id) if incident_id else None
    return case if case is not None and case.state != CaseState.ERASED else None


def _detach_from_case(
    tx: WriteTransaction, store: KeyStore, report: Report, data_key: bytes, case: Incident
) -> None:
    """Have a case that is not public rest no longer on a report, and repeat none of its words."""
    for retained in tx.session.scalars(
        select(RetainedReport).where(RetainedReport.incident_id == case.id)
    ):
        if _is_copy_of(store, retained, report, data_key):
            tx.session.delete(retained)
    words = _reporter_words(tx, report, data_key)
    cases.withdraw_report(tx, case.id, words)
    if case.merged_into is not None:
        target_id = select(Incident.id).where(Incident.number == case.merged_into)
        cases.withdraw_report_unpublished(tx, tx.session.scalars(target_id).one(), words)
    tx.session.flush()
    # The case's key too goes where the case keeps nothing else: no backup opens it any more.
    destroy_keys_after_commit(tx, store)


def _reporter_words(tx: WriteTransaction, report: Report, data_key: bytes) -> list[str]:
    """All that the author of a report wrote in words of their own, when it was sent and since.

    Of a date and of messages the longer ones: anybody writes "hier soir", or "oui".
    """
    sent = report_content.decrypt_content(data_key, report.key, report.sealed or b"").sent
    rows = tx.session.scalars(select(Message).where(Message.report_key == report.key)).all()
    messages = [report_content.decrypt_message(data_key, row.key, row.sealed) for row in rows]
    later = [text for kind, text in messages if kind is not MessageKind.QUESTION]
    longer = filter(is_distinctive, [sent.when, *later])
    # A place that was recognised is a name of the gazetteer, which a case may well hold.
    place = "" if sent.place_code else sent.place
    return [sent.account, sent.actor_text, sent.target_text, place, *longer]


def _is_copy_of(store: KeyStore, retained: RetainedReport, report: Report, data_key: bytes) -> bool:
    """Whether what a case keeps is of this report: its words say so, and nothing in clear does."""
    case_key = store.key(report_content.case_key_name(retained.incident_id))
    if case_key is None or report.sealed is None:
        return False
    received = report_content.decrypt_content(data_key, report.key, report.sealed)
    return report_content.decrypt_content(case_key, retained.key, retained.sealed) == received
