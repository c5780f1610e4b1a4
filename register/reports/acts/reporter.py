"""What those who report do: send, answer, leave a contact, take back. Their lines tell days."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases import acts as cases
from register.cases.models import Incident
from register.cases.models import State as CaseState
from register.errors import Invalid, Refused
from register.journal import Act, Pen
from register.journal.canonical import new_salt
from register.report_keys import KeyStore
from register.reports import encryption, receipt_codes, rules
from register.reports.acts._steps import key_of, load, move, worded, write
from register.reports.acts.purge import sweep_after
from register.reports.models import Kept, Kind, Message, Report, State
from register.reports.receipt_codes import CODES, RECEIPTS
from register.reports.report_content import CONTACT_LIMIT, Received, Sent, digest
from register.text import dates
from register.text.passages import is_long
from register.text.sanitize import clean


@dataclass(frozen=True)
class Filed:
    """A report that was received: its row, its code, and whether it was there already."""

    key: str
    code: str
    again: bool = False


def receive(
    pen: Pen,
    store: KeyStore,
    sent: Sent,
    nonce: str,
    *,
    contact: str = "",
    suspect: bool = False,
) -> Filed:
    """Receive a report; the same form with the same words is the same report.

    :param nonce: that of the form, 32 hexadecimal digits.
    :raises Refused: ``report_already_sent`` for the same form with other words, with the key
        of the report that it was, as ``report``.
    :raises Invalid: no nonce.
    """
    known = received_before(pen.session, store, sent, nonce)
    if known is not None:
        return known
    code, receipt = _code_of(store, nonce)
    left = _worded_contact(contact)
    key, salt, today = receipt_codes.new_key(), new_salt(), dates.paris_day(pen.at)
    which = encryption.new_contact()
    data_key, contact_key = store.several(key, encryption.contact_key(key, which))
    pen.session.add(
        Report(
            key=key,
            receipt=receipt,
            state=State.RECEIVED,
            suspect=suspect,
            day=today,
            moved_on=today,
            digest=digest(sent, today, salt),
            sealed=encryption.close_sent(data_key, key, Received(sent, salt)),
            contact=encryption.close_contact(contact_key, key, which, left),
        )
    )
    pen.session.flush()
    pen.record(Act.REPORT_RECEIVED, by=None, details={"report": key})
    return Filed(key, code)


def received_before(session: Session, store: KeyStore, sent: Sent, nonce: str) -> Filed | None:
    """The report that a form made before; None for one that made none. It only reads.

    :raises Refused: ``report_already_sent``, as :func:`receive`.
    :raises Invalid: no nonce.
    """
    code, receipt = _code_of(store, nonce)
    known = session.scalar(select(Report).where(Report.receipt == receipt))
    if known is None:
        return None
    if _is_same(store, known, sent):
        return Filed(known.key, code, again=True)
    raise Refused("report_already_sent", state=known.state, report=known.key)


def _code_of(store: KeyStore, nonce: str) -> tuple[str, bytes]:
    """The code of the report that a form makes, and what is kept of it."""
    if not receipt_codes.is_nonce(nonce):
        raise Invalid("report_nonce")
    code = receipt_codes.code_of(store.derived(CODES), nonce)
    return code, receipt_codes.receipt(store.derived(RECEIPTS), code)


def _is_same(store: KeyStore, known: Report, sent: Sent) -> bool:
    """Whether a form says what it said when it was first sent; a purged one says nothing.

    Its contact is not looked at: a page that is loaded again would bring one back that its author
    has since taken away.
    """
    key = store.key(known.key) if known.sealed is not None else None
    if key is None or known.sealed is None:
        return False
    return encryption.open_sent(key, known.key, known.sealed).sent == sent


def _worded_contact(contact: str) -> str:
    text = clean(contact).strip()
    if len(text) > CONTACT_LIMIT:
        raise Invalid("too_long", field="contact", limit=CONTACT_LIMIT)
    return text


def add(pen: Pen, store: KeyStore, key: str, kind: Kind, text: str, nonce: str) -> bool:
    """Answer, add or correct; whether it was new: the same form sent twice is one message.

    :raises Refused: ``report_state`` once it was taken back, ``report_purged``, or
        ``report_already_sent`` for the same form with other words.
    """
    report = load(pen, key)
    data_key, body = key_of(store, report), worded(text)
    name = _named(store, key, nonce)
    known = pen.session.get(Message, name)
    if known is not None:
        _kind, text_before = encryption.open_message(data_key, name, known.sealed)
        if text_before == body:
            return False
        raise Refused("report_already_sent", state=report.state, report=key)
    move(pen, report, Act.REPORT_ADDED)
    report.news = True
    write(pen, report, data_key, name, kind, body)
    pen.record(Act.REPORT_ADDED, by=None, details={"report": key})
    return True


def _named(store: KeyStore, key: str, nonce: str) -> str:
    if not receipt_codes.is_nonce(nonce):
        raise Invalid("report_nonce")
    return receipt_codes.named(store.derived(CODES), key, nonce)


def _destroyed(store: KeyStore, name: str) -> None:
    store.destroy([name])
    store.scrub()


def leave_contact(pen: Pen, store: KeyStore, key: str, contact: str) -> None:
    """Leave a way to be reached, or take it back with an empty one.

    :raises Refused: ``report_purged``, or ``report_state`` for one that was taken back.
    """
    report = load(pen, key)
    key_of(store, report)
    text = _worded_contact(contact)
    if text:
        # Whoever took everything back leaves nothing more, and may still take this away.
        rules.after(State(report.state), Act.REPORT_ADDED)
    former = report.contact or b""
    which = encryption.new_contact()
    own = store.new(encryption.contact_key(key, which))
    report.contact = encryption.close_contact(own, key, which, text)
    # The key of what was taken back goes once it is: no backup tells it any more.
    pen.after_commit(lambda: _destroyed(store, encryption.contact_key(key, former)))
    report.news = report.news or bool(text)
    pen.session.flush()
    pen.record(Act.REPORT_ADDED, by=None, details={"report": key})


def withdraw(pen: Pen, store: KeyStore, key: str, nonce: str, text: str = "") -> bool:
    """Take a report back; once its case is public, ask the moderators to (and return False).

    :raises Refused: ``report_state`` when it was declined, or taken back already.
    """
    report = load(pen, key)
    data_key = key_of(store, report)
    case = _case(pen, report, data_key)
    if case is not None and case.number is not None:
        asked = clean(text).strip() or "–"
        add(pen, store, key, Kind.REQUEST, asked, nonce)
        cases.lose_unpublished(pen, case.id, _words(pen, report, data_key))
        return False
    move(pen, report, Act.REPORT_WITHDRAWN)
    report.news = True
    if case is not None:
        _take_out(pen, store, report, data_key, case)
    pen.session.flush()
    pen.record(Act.REPORT_WITHDRAWN, by=None, details={"report": key})
    return True


def _case(pen: Pen, report: Report, data_key: bytes) -> Incident | None:
    if report.state != State.ACCEPTED or report.decision is None:
        return None
    found = encryption.open_decision(data_key, report.key, report.decision).incident
    case = pen.session.get(Incident, found) if found else None
    return case if case is not None and case.state != CaseState.ERASED else None


def _take_out(pen: Pen, store: KeyStore, report: Report, data_key: bytes, case: Incident) -> None:
    """Have a case that is not public rest no longer on a report, and repeat none of its words."""
    for kept in pen.session.scalars(select(Kept).where(Kept.incident_id == case.id)):
        if _is_of(store, kept, report, data_key):
            pen.session.delete(kept)
    words = _words(pen, report, data_key)
    cases.lose_report(pen, case.id, words)
    if case.merged_into is not None:
        into = select(Incident.id).where(Incident.number == case.merged_into)
        cases.lose_unpublished(pen, pen.session.scalars(into).one(), words)
    pen.session.flush()
    # The case's key too goes where the case keeps nothing else: no backup opens it any more.
    sweep_after(pen, store)


def _words(pen: Pen, report: Report, data_key: bytes) -> list[str]:
    """All that the author of a report wrote in words of their own, when it was sent and since.

    Of a date and of messages the longer ones: anybody writes "hier soir", or "oui".
    """
    sent = encryption.open_sent(data_key, report.key, report.sealed or b"").sent
    rows = pen.session.scalars(select(Message).where(Message.report_key == report.key)).all()
    told = [encryption.open_message(data_key, row.key, row.sealed) for row in rows]
    later = [text for kind, text in told if kind is not Kind.QUESTION]
    longer = filter(is_long, [sent.when, *later])
    # A place that was recognised is a name of the gazetteer, which a case may well hold.
    place = "" if sent.place_code else sent.place
    return [sent.account, sent.actor_text, sent.target_text, place, *longer]


def _is_of(store: KeyStore, kept: Kept, report: Report, data_key: bytes) -> bool:
    """Whether what a case keeps is of this report: its words say so, and nothing in clear does."""
    case_key = store.key(encryption.case_key(kept.incident_id))
    if case_key is None or report.sealed is None:
        return False
    mine = encryption.open_sent(data_key, report.key, report.sealed)
    return encryption.open_sent(case_key, kept.key, kept.sealed) == mine
