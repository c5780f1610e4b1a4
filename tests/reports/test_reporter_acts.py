"""Acts of reporters, and the rows that they store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from cast import AT
from report_factory import (
    ANSWER,
    CONTACT,
    QUESTION,
    WORDS,
    a_report,
    nonce,
    receive_report,
    report_row,
)
from sqlalchemy import DateTime, func, select, update

from register.cases import acts as cases
from register.cases.case_evidence import case_key_name
from register.cases.models import Incident
from register.db import UTCDateTime
from register.errors import Invalid, Refused, SealError
from register.journal import JournalEntry, Ledger, head
from register.reports import acts, queries, receipt_codes, report_content
from register.reports.models import Message, MessageKind, Report, ReportState, RetainedReport
from register.reports.report_content import ACCOUNT_LIMIT, CONTACT_LIMIT, MESSAGE_LIMIT

pytestmark = pytest.mark.one_database

TODAY = date(2026, 3, 2)


def _count(session, model):
    session.rollback()
    return session.scalar(select(func.count()).select_from(model))


def test_a_received_report_is_read_in_full_by_its_code_and_by_its_key(session, pen, store):
    report = receive_report(pen, store, contact=CONTACT)
    assert report.is_duplicate is False
    assert (
        queries.key_by_code(session, store, receipt_codes.format_code(report.code).lower())
        == report.key
    )
    view = queries.get_report(session, store, report.key)
    assert (view.received.sent, view.contact) == (a_report(), CONTACT)
    assert (view.messages, view.case, view.is_purged) == ([], None, False)
    line = view.summary
    assert (line.state, line.day, line.moved_on, line.purge_on) == (
        ReportState.RECEIVED,
        TODAY,
        TODAY,
        None,
    )
    assert (line.suspect, line.news, line.held_by, line.reason) == (False, False, None, "")
    closed = report_row(session, report.key).contact
    assert store.names() == {report.key, report_content.contact_key_name(report.key, closed)}
    document = report_content.receipt_document(view.received, TODAY, "registre.test")
    assert b"conseil" in document
    assert receipt_codes.receipt_proof(session, document)[:2] == (TODAY, "")
    assert receipt_codes.receipt_proof(session, document.replace(b"conseil", b"Conseil", 1)) is None
    for unknown in ("", "ABCD-EFGH-JKMN-PQRS", report.code[:-1], report.code + "0"):
        assert queries.key_by_code(session, store, unknown) is None


def test_the_day_is_that_of_paris(session, pen, store):
    report = receive_report(pen, store, at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    assert report_row(session, report.key).day == date(2026, 3, 3)


def test_no_text_is_in_clear_and_no_time_is_finer_than_a_day(session, pen, store, engine):
    report = receive_report(pen, store, contact=CONTACT)
    with pen() as p:
        acts.add(p, store, report.key, MessageKind.ADDITION, ANSWER, nonce())
    session.rollback()
    rows = [
        value
        for table in (Report, Message, JournalEntry)
        for row in session.execute(select(table.__table__))
        for value in row
    ]
    stored = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in rows)
    secrets = [
        *WORDS.split(),
        CONTACT,
        *ANSWER.split(),
        "Gagny",
        "93032",
        "interdiction",
        report.code,
    ]
    assert [word for word in secrets if len(word) > 5 and word.encode() in stored] == []
    moments = {
        column.name
        for table in (Report, Message)
        for column in table.__table__.columns
        if isinstance(column.type, DateTime | UTCDateTime)
    }
    # The end of a claim, which is an act of a member.
    assert moments == {"held_until"}
    lines = session.scalars(
        select(JournalEntry).where(JournalEntry.ledger == Ledger.REPORTS.value)
    ).all()
    assert {line.at for line in lines} == {datetime(2026, 3, 2, tzinfo=UTC)}


def test_a_form_sent_twice_makes_one_report(session, pen, store):
    form = nonce()
    first = receive_report(pen, store, named=form, contact=CONTACT)
    before = head(session, Ledger.REPORTS)
    duplicate = receive_report(pen, store, named=form, contact=CONTACT)
    assert duplicate == replace(first, is_duplicate=True)
    assert _count(session, Report) == 1
    closed = report_row(session, first.key).contact
    assert store.names() == {first.key, report_content.contact_key_name(first.key, closed)}
    assert head(session, Ledger.REPORTS) == before
    with pytest.raises(Refused) as refused:
        receive_report(pen, store, named=form, account="Autre chose.")
    assert (refused.value.key, refused.value.values["report"]) == ("report_already_sent", first.key)
    # A reload of the form does not restore an erased contact.
    with pen() as p:
        acts.leave_contact(p, store, first.key, "")
    assert receive_report(pen, store, named=form, contact=CONTACT).is_duplicate
    assert queries.get_report(session, store, first.key).contact == ""
    # Another form with the same words makes another report.
    assert receive_report(pen, store).key != first.key


def test_an_invalid_nonce_is_refused(session, pen, store):
    for named in ("x", "0" * 31, "é" * 32):
        with pytest.raises(Invalid) as refused:
            receive_report(pen, store, named=named)
        assert refused.value.key == "report_nonce"
    report = receive_report(pen, store)
    with pytest.raises(Invalid), pen() as p:
        acts.add(p, store, report.key, MessageKind.ANSWER, ANSWER, "x")
    assert _count(session, Report) == 1


def test_a_failed_transaction_leaves_no_report(session, pen, store):
    def fail():
        with pen() as p:
            acts.receive(p, store, a_report(), nonce())
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        fail()
    assert _count(session, Report) == 0


def test_a_long_account_is_stored_whole(session, pen, store):
    account = "é\U0001f4a5" * (ACCOUNT_LIMIT // 2)
    report = receive_report(pen, store, account=account)
    assert queries.get_report(session, store, report.key).received.sent.account == account


def test_an_answer_is_unread_and_returns_the_report_to_review(session, pen, store, inbox):
    report = inbox.waiting()
    form = nonce()
    with pen() as p:
        assert acts.add(p, store, report.key, MessageKind.ANSWER, ANSWER, form)
    # A reload sends the same form again; another text with its nonce is refused.
    with pen() as p:
        assert not acts.add(p, store, report.key, MessageKind.ANSWER, ANSWER, form)
    with pytest.raises(Refused) as refused, pen() as p:
        acts.add(p, store, report.key, MessageKind.ANSWER, "Non.", form)
    assert refused.value.key == "report_already_sent"
    with pen() as p:
        acts.add(p, store, report.key, MessageKind.CORRECTION, "Le 18, pardon.", nonce())
    session.rollback()
    view = queries.get_report(session, store, report.key)
    assert [(message.kind, message.text, message.day) for message in view.messages] == [
        (MessageKind.QUESTION, QUESTION, TODAY),
        (MessageKind.ANSWER, ANSWER, TODAY),
        (MessageKind.CORRECTION, "Le 18, pardon.", TODAY),
    ]
    assert [message.by_reporter for message in view.messages] == [False, True, True]
    assert (view.summary.state, view.summary.news, view.message_count) == (
        ReportState.IN_REVIEW,
        True,
        3,
    )


@pytest.mark.parametrize(
    ("text", "key"),
    [("", "missing"), (" \n\t", "missing"), ("x" * (MESSAGE_LIMIT + 1), "too_long")],
    ids=["empty", "blank", "long"],
)
def test_an_empty_or_a_long_message_is_refused(session, pen, store, text, key):
    report = receive_report(pen, store)
    with pytest.raises(Invalid) as refused, pen() as p:
        acts.add(p, store, report.key, MessageKind.ADDITION, text, nonce())
    assert refused.value.key == key
    assert _count(session, Message) == 0


def test_a_contact_is_stored_changed_and_erased(session, pen, store):
    report = receive_report(pen, store)
    assert queries.get_report(session, store, report.key).contact == ""
    for contact in (CONTACT, "06 12 34 56 78", ""):
        with pen() as p:
            acts.leave_contact(p, store, report.key, contact)
        session.rollback()
        assert queries.get_report(session, store, report.key).contact == contact
        assert len(store.names()) == 2
    with pytest.raises(Invalid), pen() as p:
        acts.leave_contact(p, store, report.key, "x" * (CONTACT_LIMIT + 1))


def test_an_erased_contact_is_unreadable_in_an_older_copy(session, pen, store):
    report = receive_report(pen, store, contact=CONTACT)
    copied = bytes(report_row(session, report.key).contact)
    name = report_content.contact_key_name(report.key, copied)
    assert report_content.decrypt_contact(store.key(name), report.key, copied) == CONTACT
    with pen() as p:
        acts.leave_contact(p, store, report.key, "")
    assert store.key(name) is None
    # The report itself is unchanged.
    session.rollback()
    assert queries.get_report(session, store, report.key).received.sent == a_report()


def test_a_report_is_withdrawn_once(session, pen, store, inbox):
    report = inbox.held()
    with pen() as p:
        assert acts.withdraw(p, store, report.key, nonce())
    row = report_row(session, report.key)
    assert (row.state, row.held_by, row.purge_on) == (
        ReportState.WITHDRAWN,
        None,
        date(2026, 5, 31),
    )
    with pytest.raises(Refused) as refused, pen() as p:
        acts.withdraw(p, store, report.key, nonce())
    assert refused.value.key == "report_state"


@pytest.mark.parametrize("at_once", [True, False])
def test_a_withdrawn_report_is_destroyed_when_its_author_wants(session, pen, store, inbox, at_once):
    report = inbox.held()
    with pytest.raises(Refused) as refused, pen() as p:
        acts.destroy(p, store, report.key)
    assert refused.value.key == "report_state"
    with pen() as p:
        assert acts.withdraw(p, store, report.key, nonce(), destroys=at_once)
    if not at_once:
        with pen() as p:
            acts.destroy(p, store, report.key)
    row = report_row(session, report.key)
    assert (row.state, row.sealed, row.contact, row.digest) == (
        ReportState.WITHDRAWN,
        None,
        None,
        None,
    )
    assert report.key not in store.names()
    with pytest.raises(Refused) as refused, pen() as p:
        acts.destroy(p, store, report.key)
    assert refused.value.key == "report_purged"


def test_a_withdrawal_before_publication_removes_the_copy_from_the_case(
    session, pen, store, inbox, desk
):
    """A draft made of two reports loses the copy of the withdrawn report only."""
    draft = desk.draft()
    inbox.accepted(into=draft.id, account="Je l’ai vu aussi.")
    report = inbox.accepted(into=draft.id)
    assert len(queries.retained_reports(session, store, draft.id)) == 2
    with pen() as p:
        assert acts.withdraw(p, store, report.key, nonce())
    session.rollback()
    (retained,) = queries.retained_reports(session, store, draft.id)
    assert retained.account == "Je l’ai vu aussi."


def test_a_withdrawal_after_publication_is_a_request(session, pen, store, inbox, desk):
    case = desk.published()
    report = inbox.accepted(into=case.id)
    form = nonce()
    for _ in range(2):
        with pen() as p:
            assert not acts.withdraw(p, store, report.key, form, "J’ai peur.")
    session.rollback()
    view = queries.get_report(session, store, report.key)
    assert view.summary.state is ReportState.ACCEPTED
    assert [(message.kind, message.text) for message in view.messages] == [
        (MessageKind.REQUEST, "J’ai peur.")
    ]
    assert (view.case.number, view.summary.news) == (case.number, True)
    assert _count(session, RetainedReport) == 1


def test_a_purged_report_refuses_every_act(session, pen, store, inbox, cast):
    report = inbox.purged()
    attempts = {
        "add": lambda p: acts.add(p, store, report.key, MessageKind.ADDITION, ANSWER, nonce()),
        "leave_contact": lambda p: acts.leave_contact(p, store, report.key, CONTACT),
        "withdraw": lambda p: acts.withdraw(p, store, report.key, nonce()),
        "reopen": lambda p: acts.reopen(p, store, report.key, by=cast.bruno),
    }
    for name, act in attempts.items():
        with pytest.raises(Refused) as refused, pen() as p:
            act(p)
        assert refused.value.key == "report_purged", name
    session.rollback()
    assert queries.key_by_code(session, store, report.code) == report.key
    view = queries.get_report(session, store, report.key)
    assert (view.is_purged, view.summary.state, view.summary.reason) == (
        True,
        ReportState.DECLINED,
        "insuffisant",
    )
    assert (view.contact, list(view.messages), view.decision.sentence) == ("", [], "")


def test_encrypted_content_cannot_be_moved_to_another_row(session, pen, store):
    """An attacker with write access cannot present one reporter's words as another's."""
    first, second = receive_report(pen, store), receive_report(pen, store, account="Autre chose.")
    session.rollback()
    session.execute(
        update(Report)
        .where(Report.key == second.key)
        .values(sealed=report_row(session, first.key).sealed)
    )
    with pytest.raises(SealError):
        queries.get_report(session, store, second.key)
    session.rollback()


def test_a_report_can_be_withdrawn_once_its_case_is_erased(session, pen, store, inbox, desk):
    """An erased case is not public, so that a withdrawal needs no request."""
    report = inbox.accepted()
    session.rollback()
    (draft,) = session.scalars(select(Incident.id))
    session.rollback()
    with pen() as p:
        cases.discard(p, draft, by=desk.cast.bruno)
    with pen(AT) as p:
        assert acts.withdraw(p, store, report.key, nonce())
    assert report_row(session, report.key).state == ReportState.WITHDRAWN


def test_a_form_sent_again_after_the_purge_is_refused(session, pen, store, engine):
    """The contents can no longer be compared, and so count as different."""
    form = nonce()
    report = receive_report(pen, store, named=form)
    store.destroy([report.key])
    with pytest.raises(Refused) as refused:
        receive_report(pen, store, named=form)
    assert refused.value.key == "report_already_sent"
    assert _count(session, Report) == 1


def test_a_copy_without_its_key_matches_no_report(session, pen, store, inbox):
    report = inbox.accepted()
    (retained,) = session.scalars(select(RetainedReport))
    store.destroy([case_key_name(retained.incident_id)])
    session.rollback()
    with pen() as p:
        assert acts.withdraw(p, store, report.key, nonce())
    assert _count(session, RetainedReport) == 1
