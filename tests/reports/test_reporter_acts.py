"""Acts of reporters, and what is stored of them."""

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


def test_a_received_report_is_complete_by_code_and_on_the_desk(session, pen, store):
    filed = receive_report(pen, store, contact=CONTACT)
    assert filed.is_duplicate is False
    assert (
        queries.key_by_code(session, store, receipt_codes.format_code(filed.code).lower())
        == filed.key
    )
    found = queries.get_report(session, store, filed.key)
    assert (found.received.sent, found.contact) == (a_report(), CONTACT)
    assert (found.messages, found.case, found.is_purged) == ([], None, False)
    line = found.summary
    assert (line.state, line.day, line.moved_on, line.purge_on) == (
        ReportState.RECEIVED,
        TODAY,
        TODAY,
        None,
    )
    assert (line.suspect, line.news, line.held_by, line.reason) == (False, False, None, "")
    closed = report_row(session, filed.key).contact
    assert store.names() == {filed.key, report_content.contact_key_name(filed.key, closed)}
    document = report_content.receipt_document(found.received, TODAY, "registre.test")
    assert b"conseil" in document
    assert receipt_codes.received_on(session, document) == TODAY
    assert receipt_codes.received_on(session, document.replace(b"conseil", b"Conseil", 1)) is None
    for unknown in ("", "ABCD-EFGH-JKMN-PQRS", filed.code[:-1], filed.code + "0"):
        assert queries.key_by_code(session, store, unknown) is None


def test_the_day_is_that_of_paris(session, pen, store):
    filed = receive_report(pen, store, at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    assert report_row(session, filed.key).day == date(2026, 3, 3)


def test_no_text_is_in_clear_and_no_time_is_finer_than_a_day(session, pen, store, engine):
    filed = receive_report(pen, store, contact=CONTACT)
    with pen() as p:
        acts.add(p, store, filed.key, MessageKind.ADDITION, ANSWER, nonce())
    session.rollback()
    rows = [
        value
        for table in (Report, Message, JournalEntry)
        for row in session.execute(select(table.__table__))
        for value in row
    ]
    kept = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in rows)
    told = [*WORDS.split(), CONTACT, *ANSWER.split(), "Gagny", "93032", "interdiction", filed.code]
    assert [word for word in told if len(word) > 5 and word.encode() in kept] == []
    moments = {
        column.name
        for table in (Report, Message)
        for column in table.__table__.columns
        if isinstance(column.type, DateTime | UTCDateTime)
    }
    # That of a claim, which members make.
    assert moments == {"held_until"}
    lines = session.scalars(
        select(JournalEntry).where(JournalEntry.ledger == Ledger.REPORTS.value)
    ).all()
    assert {line.at for line in lines} == {datetime(2026, 3, 2, tzinfo=UTC)}


def test_a_report_sent_twice_is_one(session, pen, store):
    form = nonce()
    first = receive_report(pen, store, named=form, contact=CONTACT)
    before = head(session, Ledger.REPORTS)
    again = receive_report(pen, store, named=form, contact=CONTACT)
    assert again == replace(first, is_duplicate=True)
    assert _count(session, Report) == 1
    closed = report_row(session, first.key).contact
    assert store.names() == {first.key, report_content.contact_key_name(first.key, closed)}
    assert head(session, Ledger.REPORTS) == before
    with pytest.raises(Refused) as refused:
        receive_report(pen, store, named=form, account="Autre chose.")
    assert (refused.value.key, refused.value.values["report"]) == ("report_already_sent", first.key)
    # A page that is loaded again brings back no contact that was since taken away.
    with pen() as p:
        acts.leave_contact(p, store, first.key, "")
    assert receive_report(pen, store, named=form, contact=CONTACT).is_duplicate
    assert queries.get_report(session, store, first.key).contact == ""
    # The same words in another form are another report.
    assert receive_report(pen, store).key != first.key


def test_an_invalid_nonce_is_refused(session, pen, store):
    for named in ("x", "0" * 31, "é" * 32):
        with pytest.raises(Invalid) as refused:
            receive_report(pen, store, named=named)
        assert refused.value.key == "report_nonce"
    filed = receive_report(pen, store)
    with pytest.raises(Invalid), pen() as p:
        acts.add(p, store, filed.key, MessageKind.ANSWER, ANSWER, "x")
    assert _count(session, Report) == 1


def test_a_failed_transaction_leaves_no_report(session, pen, store):
    def half():
        with pen() as p:
            acts.receive(p, store, a_report(), nonce())
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        half()
    assert _count(session, Report) == 0


def test_a_long_account_is_stored_whole(session, pen, store):
    told = "é\U0001f4a5" * (ACCOUNT_LIMIT // 2)
    filed = receive_report(pen, store, account=told)
    assert queries.get_report(session, store, filed.key).received.sent.account == told


def test_an_answer_is_news_and_returns_the_report_to_review(session, pen, store, inbox):
    filed = inbox.waiting()
    form = nonce()
    with pen() as p:
        assert acts.add(p, store, filed.key, MessageKind.ANSWER, ANSWER, form)
    # Once more, as a reload sends it; and with other words, as a second thought does.
    with pen() as p:
        assert not acts.add(p, store, filed.key, MessageKind.ANSWER, ANSWER, form)
    with pytest.raises(Refused) as refused, pen() as p:
        acts.add(p, store, filed.key, MessageKind.ANSWER, "Non.", form)
    assert refused.value.key == "report_already_sent"
    with pen() as p:
        acts.add(p, store, filed.key, MessageKind.CORRECTION, "Le 18, pardon.", nonce())
    session.rollback()
    found = queries.get_report(session, store, filed.key)
    assert [(said.kind, said.text, said.day) for said in found.messages] == [
        (MessageKind.QUESTION, QUESTION, TODAY),
        (MessageKind.ANSWER, ANSWER, TODAY),
        (MessageKind.CORRECTION, "Le 18, pardon.", TODAY),
    ]
    assert [said.by_reporter for said in found.messages] == [False, True, True]
    assert (found.summary.state, found.summary.news, found.message_count) == (
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
    filed = receive_report(pen, store)
    with pytest.raises(Invalid) as refused, pen() as p:
        acts.add(p, store, filed.key, MessageKind.ADDITION, text, nonce())
    assert refused.value.key == key
    assert _count(session, Message) == 0


def test_a_contact_is_stored_changed_and_erased(session, pen, store):
    filed = receive_report(pen, store)
    assert queries.get_report(session, store, filed.key).contact == ""
    for left in (CONTACT, "06 12 34 56 78", ""):
        with pen() as p:
            acts.leave_contact(p, store, filed.key, left)
        session.rollback()
        assert queries.get_report(session, store, filed.key).contact == left
        assert len(store.names()) == 2
    with pytest.raises(Invalid), pen() as p:
        acts.leave_contact(p, store, filed.key, "x" * (CONTACT_LIMIT + 1))


def test_an_erased_contact_is_unreadable_in_an_older_copy(session, pen, store):
    filed = receive_report(pen, store, contact=CONTACT)
    copied = bytes(report_row(session, filed.key).contact)
    name = report_content.contact_key_name(filed.key, copied)
    assert report_content.decrypt_contact(store.key(name), filed.key, copied) == CONTACT
    with pen() as p:
        acts.leave_contact(p, store, filed.key, "")
    assert store.key(name) is None
    # The report itself is as it was.
    session.rollback()
    assert queries.get_report(session, store, filed.key).received.sent == a_report()


def test_a_report_is_withdrawn_once(session, pen, store, inbox):
    filed = inbox.held()
    with pen() as p:
        assert acts.withdraw(p, store, filed.key, nonce())
    row = report_row(session, filed.key)
    assert (row.state, row.held_by, row.purge_on) == (
        ReportState.WITHDRAWN,
        None,
        date(2026, 5, 31),
    )
    with pytest.raises(Refused) as refused, pen() as p:
        acts.withdraw(p, store, filed.key, nonce())
    assert refused.value.key == "report_state"


def test_a_withdrawal_before_publication_removes_the_copy_from_the_case(
    session, pen, store, inbox, desk
):
    """A draft with two reports loses the copy of the withdrawn one only."""
    draft = desk.draft()
    inbox.accepted(into=draft.id, account="Je l’ai vu aussi.")
    filed = inbox.accepted(into=draft.id)
    assert len(queries.retained_reports(session, store, draft.id)) == 2
    with pen() as p:
        assert acts.withdraw(p, store, filed.key, nonce())
    session.rollback()
    (left,) = queries.retained_reports(session, store, draft.id)
    assert left.account == "Je l’ai vu aussi."


def test_a_withdrawal_after_publication_is_a_request(session, pen, store, inbox, desk):
    case = desk.published()
    filed = inbox.accepted(into=case.id)
    form = nonce()
    for _ in range(2):
        with pen() as p:
            assert not acts.withdraw(p, store, filed.key, form, "J’ai peur.")
    session.rollback()
    found = queries.get_report(session, store, filed.key)
    assert found.summary.state is ReportState.ACCEPTED
    assert [(said.kind, said.text) for said in found.messages] == [
        (MessageKind.REQUEST, "J’ai peur.")
    ]
    assert (found.case.number, found.summary.news) == (case.number, True)
    assert _count(session, RetainedReport) == 1


def test_a_purged_report_refuses_every_act(session, pen, store, inbox, cast):
    filed = inbox.purged()
    tried = {
        "add": lambda p: acts.add(p, store, filed.key, MessageKind.ADDITION, ANSWER, nonce()),
        "leave_contact": lambda p: acts.leave_contact(p, store, filed.key, CONTACT),
        "withdraw": lambda p: acts.withdraw(p, store, filed.key, nonce()),
        "reopen": lambda p: acts.reopen(p, store, filed.key, by=cast.bruno),
    }
    for name, act in tried.items():
        with pytest.raises(Refused) as refused, pen() as p:
            act(p)
        assert refused.value.key == "report_purged", name
    session.rollback()
    assert queries.key_by_code(session, store, filed.code) == filed.key
    found = queries.get_report(session, store, filed.key)
    assert (found.is_purged, found.summary.state, found.summary.reason) == (
        True,
        ReportState.DECLINED,
        "insuffisant",
    )
    assert (found.contact, list(found.messages), found.decision.sentence) == ("", [], "")


def test_encrypted_content_cannot_be_moved_to_another_row(session, pen, store):
    """An attacker with write access cannot present one reporter's words as another's."""
    one, other = receive_report(pen, store), receive_report(pen, store, account="Autre chose.")
    session.rollback()
    session.execute(
        update(Report)
        .where(Report.key == other.key)
        .values(sealed=report_row(session, one.key).sealed)
    )
    with pytest.raises(SealError):
        queries.get_report(session, store, other.key)
    session.rollback()


def test_a_report_can_be_withdrawn_once_its_case_is_erased(session, pen, store, inbox, desk):
    """An erased case is not public, so that a withdrawal needs no request."""
    filed = inbox.accepted()
    session.rollback()
    (draft,) = session.scalars(select(Incident.id))
    session.rollback()
    with pen() as p:
        cases.discard(p, draft, by=desk.cast.bruno)
    with pen(AT) as p:
        assert acts.withdraw(p, store, filed.key, nonce())
    assert report_row(session, filed.key).state == ReportState.WITHDRAWN


def test_a_form_sent_again_after_the_purge_is_refused(session, pen, store, engine):
    """The contents can no longer be compared, and so count as different."""
    form = nonce()
    filed = receive_report(pen, store, named=form)
    store.destroy([filed.key])
    with pytest.raises(Refused) as refused:
        receive_report(pen, store, named=form)
    assert refused.value.key == "report_already_sent"
    assert _count(session, Report) == 1


def test_a_copy_without_its_key_matches_no_report(session, pen, store, inbox):
    filed = inbox.accepted()
    (kept,) = session.scalars(select(RetainedReport))
    store.destroy([report_content.case_key_name(kept.incident_id)])
    session.rollback()
    with pen() as p:
        assert acts.withdraw(p, store, filed.key, nonce())
    assert _count(session, RetainedReport) == 1
