"""Acts of members on a report: questions, decisions and recorded views."""

from __future__ import annotations

from collections.abc import Collection

from register.accounts import vouching
from register.accounts.models import Member
from register.accounts.vouching import load_acting_member
from register.cases import acts as cases
from register.cases.acts.marks import mark
from register.cases.case_content import Content
from register.cases.case_evidence import case_key, store_case_evidence
from register.cases.models import CaseState, Incident
from register.cases.urgency import Urgency, claim_holder
from register.cases.vocabulary import current_vocabulary
from register.errors import Invalid, NotFound, Refused
from register.journal import Act, WriteTransaction
from register.key_store import KeyStore
from register.reports import receipt_codes, report_content, retention
from register.reports.acts import transitions
from register.reports.models import MessageKind, Report, ReportState, RetainedReport
from register.reports.queries import has_retained, viewed_on_day
from register.reports.report_content import Decision
from register.reports.report_files import report_files
from register.text.dates import paris_day

SENTENCE_LIMIT = 2_000


def load_for_member(tx: WriteTransaction, key: str, by: int, seen: int | None = None) -> Report:
    """The report, read under the lock, for an active member.

    :param seen: the number of messages on the member's page; None for acts that ignore it.
    :raises Refused: ``report_held`` by another member, ``report_changed``.
    """
    load_acting_member(tx, by)
    report = transitions.load_report(tx, key)
    holder = claim_holder(report, tx.at)
    if holder not in (None, by):
        raise Refused("report_held", state=report.state, member=holder)
    if seen is not None and seen != transitions.count_messages(tx, report):
        raise Refused("report_changed", state=report.state)
    return report


def ask_reporter(
    tx: WriteTransaction, store: KeyStore, key: str, text: str, *, by: int, seen: int | None = None
) -> None:
    """Ask the reporter a question, which they read with their code.

    :raises Refused: ``report_work_ended`` for an accepted report whose case is no draft any more.
    """
    report = load_for_member(tx, key, by, seen)
    data_key, body = transitions.require_data_key(store, report), transitions.require_text(text)
    if report.state == ReportState.ACCEPTED:
        case = transitions.load_case(tx, report, data_key)
        if case is None or case.state != CaseState.DRAFT:
            raise Refused("report_work_ended", state=report.state)
    transitions.change_state(tx, report, Act.REPORT_ASKED)
    report.news = False
    transitions.store_message(
        tx, report, data_key, receipt_codes.new_key(), MessageKind.QUESTION, body
    )
    transitions.record(tx, Act.REPORT_ASKED, key, by)


def mark_read(tx: WriteTransaction, key: str, *, by: int, seen: int | None = None) -> None:
    """Mark the reporter's news as read without a reply.

    :raises Refused: ``report_no_news``.
    """
    report = load_for_member(tx, key, by, seen)
    if not report.news:
        raise Refused("report_no_news", state=report.state)
    report.news = False
    transitions.record(tx, Act.REPORT_READ, key, by)


def accept(
    tx: WriteTransaction,
    store: KeyStore,
    key: str,
    *,
    by: int,
    reason: str,
    new: Content | None = None,
    into: int | None = None,
    sentence: str = "",
    seen: int | None = None,
) -> int:
    """Accept a report as a new draft or attach it to a case; the id of either.

    :param new: the content of the draft.
    :param into: the id of the case, where there is no draft.
    :raises NotFound: ``no_such_case``, also for an erased or a merged case.
    """
    report = load_for_member(tx, key, by, seen)
    data_key = transitions.require_data_key(store, report)
    transitions.change_state(tx, report, Act.REPORT_ACCEPTED)
    if new is not None:
        incident_id = cases.draft(tx, new, by=by, reason=reason).id
        _pass_marks_on(tx, report, data_key, incident_id, by)
    else:
        case = tx.session.get(Incident, into) if into else None
        if case is None or case.state in (CaseState.ERASED, CaseState.MERGED):
            raise NotFound("no_such_case")
        incident_id = case.id
        if case.number is not None:
            # The case was public before.
            report.purge_on = retention.purge_day_after_work(report.moved_on, report.moved_on)
            report.asked_on = None
    # The content is copied under the key of the case, as evidence for the publication.
    retained_key = receipt_codes.new_key()
    received = report_content.decrypt_content(data_key, report.key, report.sealed or b"")
    sealed = report_content.encrypt_content(case_key(store, incident_id), retained_key, received)
    tx.session.add(RetainedReport(key=retained_key, incident_id=incident_id, sealed=sealed))
    # So are its files, whose blobs are stored once.
    for file in report_files(tx.session, store, key):
        store_case_evidence(tx, store, incident_id, file.manifest)
    reporter_sentence = (
        transitions.require_text(sentence, SENTENCE_LIMIT) if sentence.strip() else ""
    )
    decision = Decision(reporter_sentence, incident_id, by)
    report.decision = report_content.encrypt_decision(data_key, key, decision)
    report.news, report.reason = False, ""
    # The case is named in the encrypted decision only, and forgotten with it.
    transitions.record(tx, Act.REPORT_ACCEPTED, key, by, new=new is not None)
    return incident_id


def _pass_marks_on(
    tx: WriteTransaction, report: Report, data_key: bytes, incident_id: int, by: int
) -> None:
    """Give a report's danger mark and term to the draft that is made of it.

    A report that joins an existing case keeps its own: a line on that case would link the two.
    """
    if report.danger_on is None and report.term_on is None:
        return
    label = report_content.decrypt_label(data_key, report.key, report.term_label)
    urgency = Urgency(report.danger_on is not None, report.term_on, label)
    cases.set_urgency(tx, incident_id, urgency, by=by)
    mark(report, Urgency(), tx.at)
    report.term_label = None


def decline(
    tx: WriteTransaction,
    store: KeyStore,
    key: str,
    reason: str,
    *,
    by: int,
    sentence: str,
    seen: int | None = None,
) -> None:
    """Decline a report, with a reason of the vocabulary and a sentence for the reporter."""
    report = load_for_member(tx, key, by, seen)
    if not current_vocabulary(tx.session).has("refus", reason):
        raise Invalid("unknown_code", field="reason", value=reason[:40])
    data_key = transitions.require_data_key(store, report)
    transitions.change_state(tx, report, Act.REPORT_DECLINED)
    decision = Decision(transitions.require_text(sentence, SENTENCE_LIMIT), None, by)
    report.decision = report_content.encrypt_decision(data_key, key, decision)
    report.reason, report.news = reason, False
    transitions.record(tx, Act.REPORT_DECLINED, key, by, reason=reason)


def spam(tx: WriteTransaction, key: str, *, by: int, together: bool = False) -> None:
    """Mark a report as spam; until its purge it can be reopened.

    :param together: it is one of several marked at once without reading each: its purge waits for
        the confirmation of another member, or for thirty days.
    """
    report = load_for_member(tx, key, by)
    transitions.change_state(tx, report, Act.REPORT_SPAM)
    report.news = False
    if together:
        report.together_by = by
        report.purge_on = report.moved_on + retention.BULK_SPAM_TERM
    transitions.record(tx, Act.REPORT_SPAM, key, by, **({"together": 1} if together else {}))


def confirm_spam(tx: WriteTransaction, key: str, *, by: int, single: bool = False) -> None:
    """Confirm a report marked as spam in bulk: its purge day becomes that of other spam.

    :param single: the register has one moderator, who may confirm their own act.
    :raises Refused: ``report_not_together``; ``own_change`` and other reasons why a member cannot
        be the second person.
    """
    report = load_for_member(tx, key, by)
    if report.state != ReportState.SPAM or report.together_by is None:
        raise Refused("report_not_together", state=report.state)
    if not (single and by == report.together_by):
        author = tx.load(Member, report.together_by)
        vouching.require_second(tx.load(Member, by), author, tx.at)
    transitions.change_state(tx, report, Act.REPORT_SPAM_AGREED)
    report.purge_on = max(report.moved_on + retention.SPAM_TERM, paris_day(tx.at))
    report.together_by = None
    transitions.record(tx, Act.REPORT_SPAM_AGREED, key, by)


def reopen(tx: WriteTransaction, store: KeyStore, key: str, *, by: int) -> None:
    """Reopen a report that was declined, marked as spam, or accepted for an abandoned case.

    :raises Refused: ``report_has_case`` while its case exists, ``report_purged``.
    """
    report = load_for_member(tx, key, by)
    data_key = transitions.require_data_key(store, report)
    if transitions.load_case(tx, report, data_key) is not None:
        raise Refused("report_has_case", state=report.state)
    transitions.change_state(tx, report, Act.REPORT_REOPENED)
    report.reason, report.decision, report.suspect = "", None, False
    report.together_by = None
    transitions.record(tx, Act.REPORT_REOPENED, key, by)


def view(
    tx: WriteTransaction, keys: Collection[str], *, by: int, act: Act = Act.REPORT_VIEWED
) -> None:
    """Record that a member viewed reports, once a day for each.

    :param act: of their content, or of their contact.
    :raises NotFound: ``no_such_report``.
    """
    load_acting_member(tx, by)
    viewed_keys = viewed_on_day(tx.session, act, by, tx.at)
    for key in dict.fromkeys(keys):
        if key not in viewed_keys:
            transitions.load_report(tx, key)
            transitions.record(tx, act, key, by)


def view_retained(tx: WriteTransaction, incident_id: int, *, by: int) -> None:
    """Record that a member viewed the copies of reports that a case retains, once a day."""
    load_acting_member(tx, by)
    viewed_cases = viewed_on_day(tx.session, Act.COPY_VIEWED, by, tx.at)
    if incident_id not in viewed_cases and has_retained(tx.session, incident_id):
        case = tx.load(Incident, incident_id)
        tx.record(Act.COPY_VIEWED, by=by, incident=case.id, case=case.number)
