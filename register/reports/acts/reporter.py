"""Acts of reporters: send, add, leave a contact, withdraw. Their journal lines have days only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from register.cases import acts as cases
from register.cases.acts.evidence import take_files_back
from register.cases.case_evidence import remove_case_evidence, store_case_evidence
from register.cases.models import CaseEvidence, Incident
from register.errors import Invalid, Refused
from register.evidence.sealed_files import FileManifest
from register.journal import Act, WriteTransaction
from register.journal.models import new_salt
from register.key_store import KeyStore
from register.reports import receipt_codes, report_content
from register.reports.acts import transitions
from register.reports.acts.masking import retained_copies
from register.reports.acts.purging import destroy_keys_after_commit, destroy_texts
from register.reports.models import Message, MessageKind, Report, ReportState
from register.reports.questions import typed_answers
from register.reports.report_content import CONTACT_LIMIT, Received, ReportContent, content_digest
from register.reports.report_files import report_files, sent_files, store_files
from register.text.dates import paris_day
from register.text.normalisation import clean
from register.text.text_comparison import is_distinctive


@dataclass(frozen=True)
class ReceivedReport:
    """The key and code of a received report; ``is_duplicate``: it had been received before."""

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
    files: Sequence[FileManifest] = (),
) -> ReceivedReport:
    """Receive a report; the same nonce with the same content gives the same report.

    :param nonce: the form's, 32 hexadecimal digits.
    :param files: its files, whose blobs are all stored; their digests become part of the content.
    :raises Refused: ``report_already_sent`` for the same nonce with another content, with the key
        of the first report as ``report``.
    :raises Invalid: ``report_nonce``, or ``too_long`` for the contact.
    """
    sent = replace(sent, files=sent_files(files))
    code, receipt = receipt_codes.derive_receipt(store, nonce)
    existing = tx.session.scalar(select(Report).where(Report.receipt == receipt))
    if existing is not None:
        _require_same_content(store, existing, sent)
        return ReceivedReport(existing.key, code, is_duplicate=True)
    contact_text = _clean_contact(contact)
    key, salt, today = receipt_codes.new_key(), new_salt(), paris_day(tx.at)
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
            # Random bytes for a short one: a row does not tell how long its account is.
            account_lookup=receipt_codes.hash_account(store, sent.account) or new_salt(),
            sealed=report_content.encrypt_content(data_key, key, Received(sent, salt)),
            contact=report_content.encrypt_contact(contact_key, key, contact_id, contact_text),
        )
    )
    store_files(tx, data_key, key, files)
    transitions.record(tx, Act.REPORT_RECEIVED, key)
    return ReceivedReport(key, code)


def _require_same_content(store: KeyStore, existing: Report, sent: ReportContent) -> None:
    """Check that a report received before with the same nonce has the same content.

    The contact is not compared: a reloaded page would restore one that the reporter has erased.

    :raises Refused: ``report_already_sent``, as :func:`receive`; also once the report is purged.
    """
    data_key = store.key(existing.key) if existing.sealed is not None else None
    if data_key is None or _decrypt_received(existing, data_key).sent != sent:
        raise Refused("report_already_sent", state=existing.state, report=existing.key)


def _decrypt_received(report: Report, data_key: bytes) -> Received:
    return report_content.decrypt_content(data_key, report.key, report.sealed or b"")


def _clean_contact(contact: str) -> str:
    text = clean(contact).strip()
    if len(text) > CONTACT_LIMIT:
        raise Invalid("too_long", field="contact", limit=CONTACT_LIMIT)
    return text


def add(
    tx: WriteTransaction,
    store: KeyStore,
    key: str,
    kind: MessageKind,
    text: str,
    nonce: str,
    files: Sequence[FileManifest] = (),
) -> bool:
    """Store a message of the reporter; whether it was new, as a nonce makes one message.

    :param files: its files, as those of :func:`receive`; with any, its text may be empty.
    :raises Refused: ``report_state`` once it was withdrawn, ``report_purged``, or
        ``report_already_sent`` for the same nonce with another text or other files.
    :raises Invalid: ``report_nonce``, ``missing`` or ``too_long``.
    """
    report = transitions.load_report(tx, key)
    data_key = transitions.require_data_key(store, report)
    body = transitions.require_text(text) if text.strip() or not files else ""
    if not receipt_codes.is_nonce(nonce):
        raise Invalid("report_nonce")
    message_key = receipt_codes.derive_row_key(store.derived_key(receipt_codes.CODES), key, nonce)
    existing = tx.session.get(Message, message_key)
    if existing is not None:
        _kind, text_before = report_content.decrypt_message(data_key, message_key, existing.sealed)
        files_before = [
            file.manifest
            for file in report_files(tx.session, store, key)
            if file.message_key == message_key
        ]
        if text_before == body and sent_files(files_before) == sent_files(files):
            return False
        raise Refused("report_already_sent", state=report.state, report=key)
    transitions.change_state(tx, report, Act.REPORT_ADDED)
    report.news = True
    transitions.store_message(tx, report, data_key, message_key, kind, body)
    store_files(tx, data_key, key, files, message_key)
    if case := transitions.load_case(tx, report, data_key):
        for file in files:
            store_case_evidence(tx, store, case.id, file)
    transitions.record(tx, Act.REPORT_ADDED, key)
    return True


def leave_contact(tx: WriteTransaction, store: KeyStore, key: str, contact: str) -> None:
    """Store a contact, or erase it with an empty one.

    :raises Refused: ``report_purged``, or ``report_state`` for a contact on a withdrawn report.
    """
    report = transitions.load_report(tx, key)
    transitions.require_data_key(store, report)
    text = _clean_contact(contact)
    if text:
        # A withdrawn report takes no new contact; erasing one stays possible.
        transitions.next_state(ReportState(report.state), Act.REPORT_ADDED)
    former = report.contact or b""
    contact_id = report_content.new_contact_id()
    contact_key = store.new_key(report_content.contact_key_name(key, contact_id))
    report.contact = report_content.encrypt_contact(contact_key, key, contact_id, text)

    def destroy_former_key() -> None:
        # After the commit; without its key, the former contact is unreadable in backups too.
        store.destroy([report_content.contact_key_name(key, former)])
        store.empty_log()

    tx.after_commit(destroy_former_key)
    report.news = report.news or bool(text)
    transitions.record(tx, Act.REPORT_ADDED, key)


def withdraw(
    tx: WriteTransaction,
    store: KeyStore,
    key: str,
    nonce: str,
    text: str = "",
    *,
    destroys: bool = False,
) -> bool:
    """Withdraw a report; once its case is public, send a request and return False.

    :param destroys: also destroy its texts, where it is withdrawn.
    :raises Refused: ``report_state`` when it was declined or is already withdrawn.
    """
    report = transitions.load_report(tx, key)
    data_key = transitions.require_data_key(store, report)
    case = transitions.load_case(tx, report, data_key)
    if case is not None and case.number is not None:
        add(tx, store, key, MessageKind.REQUEST, clean(text).strip() or "–", nonce)
        cases.withdraw_report_unpublished(tx, case.id, _reporter_words(tx, report, data_key))
        return False
    transitions.change_state(tx, report, Act.REPORT_WITHDRAWN)
    report.news = True
    if case is not None:
        _detach_from_case(tx, store, report, data_key, case)
    transitions.record(tx, Act.REPORT_WITHDRAWN, key)
    if destroys:
        destroy(tx, store, key)
    return True


def destroy(tx: WriteTransaction, store: KeyStore, key: str) -> None:
    """Destroy the texts and the key of a withdrawn report before their day.

    :raises Refused: ``report_state`` when it is not withdrawn, ``report_purged``.
    """
    report = transitions.load_report(tx, key)
    transitions.require_data_key(store, report)
    transitions.change_state(tx, report, Act.REPORT_DESTROYED)
    destroy_texts(tx, [report])
    transitions.record(tx, Act.REPORT_DESTROYED, key)
    destroy_keys_after_commit(tx, store)


def _detach_from_case(
    tx: WriteTransaction, store: KeyStore, report: Report, data_key: bytes, case: Incident
) -> None:
    """Remove a report's copy, its files and its words from a case that is not public."""
    for retained, _case_key in retained_copies(tx, store, report, data_key):
        tx.session.delete(retained)
    sent_ids = [file.manifest.file_id for file in report_files(tx.session, store, report.key)]
    remove_case_evidence(
        tx.session, (CaseEvidence.incident_id == case.id) & CaseEvidence.file_id.in_(sent_ids)
    )
    take_files_back(tx, store, case, sent_ids)
    words = _reporter_words(tx, report, data_key)
    cases.withdraw_report(tx, case.id, words)
    if case.merged_into is not None:
        target_id = select(Incident.id).where(Incident.number == case.merged_into)
        cases.withdraw_report_unpublished(tx, tx.session.scalars(target_id).one(), words)
    # A case without other copies loses its key, so that no backup can decrypt the deleted one.
    destroy_keys_after_commit(tx, store)


def _reporter_words(tx: WriteTransaction, report: Report, data_key: bytes) -> list[str]:
    """The reporter's own words, in the report and in messages.

    Short dates, answers and messages ("hier soir", "oui") are left out: they could be anybody's.
    """
    sent = _decrypt_received(report, data_key).sent
    rows = tx.session.scalars(select(Message).where(Message.report_key == report.key)).all()
    messages = [report_content.decrypt_message(data_key, row.key, row.sealed) for row in rows]
    later = [text for kind, text in messages if kind is not MessageKind.QUESTION]
    answers = [words for _question, words in typed_answers(sent)]
    longer = filter(is_distinctive, [sent.when, *answers, *later])
    # A recognised place is a name of the gazetteer, which a case may contain.
    place = "" if sent.place_code else sent.place
    return [sent.account, sent.actor_text, sent.target_text, place, *longer]
