"""Notices of errors and of illegal content: what is stored, who decides, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import attested_acts as acts
import pytest
from alembic import command
from cast import AT
from report_factory import nonce
from sqlalchemy import delete, func, select, update

from register.accounts import acts as accounts
from register.errors import Invalid, NotFound, Refused
from register.incoming import acts as incoming
from register.incoming import content, notice_acts, queries, retention, verify
from register.incoming.content import NoticeContent, NoticeDecision
from register.incoming.models import Incoming, IncomingKind, NoticeReview
from register.journal import Act, JournalEntry, Ledger, head
from register.mail.models import OutgoingMail
from register.mail.outbox import Outbox
from register.operations import schema
from register.operations.missing_data import lost_keys
from register.post import acts as post
from register.post.models import PostKind, ReceivedPost

TODAY = date(2026, 3, 2)
WORDS = NoticeContent(
    text="La page me dit condamné zibeline",
    location="https://registre.test/incidents/1, le titre",
    ground="diffamation",
    name="Jeanne Zibeline",
    contact="jeanne@zibeline.example",
)
OUTBOX = Outbox(bytes(32), "registre.test")
MAIL = {"outbox": OUTBOX, "link": "https://registre.test/suivi"}


@pytest.fixture
def receive(pen, store, published):
    case = published()

    def send(sent=WORDS, sent_nonce="", kind=PostKind.ILLEGAL, at=AT, **options):
        with pen(at) as p:
            key = sent_nonce or nonce()
            return notice_acts.receive_notice(p, store, case.number, kind, sent, key, **options)

    send.case = case
    return send


def _post_id(session, receipt) -> int:
    session.rollback()
    return queries.review_rows(session, receipt.key)[-1].post_id


@pytest.fixture
def decide(pen, store, session):
    def run(receipt, by, decision=NoticeDecision.NONE, at=AT, **options):
        post_id = _post_id(session, receipt)
        words = {"reasons": "Le jugement martre le dit.", "ground": "Article 29"} | options
        with pen(at) as p:
            notice_acts.decide(p, store, post_id, by=by, decision=decision, **words)

    return run


def _status(session, store, receipt, today=TODAY):
    session.rollback()
    return queries.notice_status(session, store, session.get_one(Incoming, receipt.key), today)


def _retain(session, engine, store, at, **options) -> int:
    # An open read transaction delays the emptying of the database's log by seconds.
    session.rollback()
    return incoming.run_retention(engine, store, at, **options)


@pytest.mark.parametrize(("kind", "days"), [(PostKind.ILLEGAL, 7), (PostKind.ERROR, 30)])
def test_a_notice_is_received_with_its_last_day_and_changes_nothing(
    session, store, receive, kind, days
):
    receipt = receive(kind=kind)
    status = _status(session, store, receipt)
    assert (status.notice, status.kind, status.case.state) == (WORDS, kind, "published")
    assert status.reviews[0].clock.due_on == TODAY + timedelta(days=days)
    notice = queries.find_by_code(session, store, receipt.code, IncomingKind.NOTICE)
    assert notice.key == receipt.key
    assert queries.find_by_code(session, store, receipt.code, IncomingKind.REPLY) is None
    line = session.scalars(select(JournalEntry).where(JournalEntry.act == Act.POST_ENTERED)).one()
    assert (line.ledger, line.member_id) == ("desk", None)
    public = head(session, Ledger.PUBLIC).seq
    receive()
    session.rollback()
    assert head(session, Ledger.PUBLIC).seq == public
    assert lost_keys(session, store) == 0


def test_nothing_of_a_notice_is_in_clear(session, pen, store, cast, receive, decide):
    receipt = receive(**MAIL)
    with pen() as p:
        incoming.read(p, receipt.key, by=cast.bruno)
    decide(receipt, cast.bruno, **MAIL)
    with pen() as p:
        notice_acts.complain(p, store, receipt.key, "Relisez zibeline.", **MAIL)
    decide(receipt, cast.chloe, **MAIL)
    session.rollback()
    tables = (Incoming, NoticeReview, ReceivedPost, JournalEntry, OutgoingMail)
    rows = [
        value
        for table in tables
        for row in session.execute(select(table.__table__))
        for value in row
    ]
    stored = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in rows)
    for secret in ("zibeline", "Zibeline", "martre", "Article 29", "diffamation", receipt.code):
        assert secret.encode() not in stored
    assert session.scalar(select(func.count()).select_from(OutgoingMail)) == 4


@pytest.mark.one_database
def test_its_author_gets_a_mail_of_each_receipt_and_decision(
    session, store, pen, cast, receive, decide
):
    receipt, anonymous = receive(**MAIL), receive(replace(WORDS, contact=""), **MAIL)
    for sent, first, second in (
        (receipt, cast.bruno, cast.chloe),
        (anonymous, cast.bruno, cast.ada),
    ):
        decide(sent, first, at=AT + timedelta(days=1), **MAIL)
        with pen(AT + timedelta(days=2)) as p:
            notice_acts.complain(p, store, sent.key, "Relisez.", **MAIL)
        decide(sent, second, at=AT + timedelta(days=3), **MAIL)
    session.rollback()
    later = AT + timedelta(days=4)
    mails = [
        OUTBOX.claim(session, message_id, later)
        for message_id in session.scalars(select(OutgoingMail.message_id)).all()
    ]
    mails.sort(key=lambda mail: mail.row.created_at)
    assert [(mail.row.kind, mail.values["day"]) for mail in mails] == [
        ("content_notice_received", "2 mars 2026"),
        ("content_notice_decided", "2 mars 2026"),
        ("complaint_received", "4 mars 2026"),
        ("complaint_decided", "4 mars 2026"),
    ]
    for mail in mails:
        assert (mail.address, mail.values["link"]) == (WORDS.contact, MAIL["link"])


@pytest.mark.one_database
def test_the_same_form_twice_is_one_notice_and_one_mail(session, receive):
    sent_nonce = nonce()
    first = receive(sent_nonce=sent_nonce, **MAIL)
    assert receive(sent_nonce=sent_nonce, **MAIL) == first
    assert receive(replace(WORDS, text="Autre"), sent_nonce=sent_nonce, **MAIL).is_other
    session.rollback()
    for table in (Incoming, OutgoingMail):
        assert session.scalar(select(func.count()).select_from(table)) == 1


@pytest.mark.one_database
def test_a_telephone_number_gets_no_mail(session, receive):
    receive(replace(WORDS, contact="06 12 34 56 78"), outbox=OUTBOX, link="https://registre.test")
    session.rollback()
    assert session.scalar(select(func.count()).select_from(OutgoingMail)) == 0


@pytest.mark.one_database
def test_a_case_that_is_not_public_takes_no_notice(pen, store, desk, cast, receive):
    with pytest.raises(NotFound), pen() as p:
        notice_acts.receive_notice(p, store, 404, PostKind.ERROR, WORDS, nonce())
    with pen() as p:
        acts.withdraw(p, receive.case.id, by=cast.bruno, restriction="erreur", reason="r")
    with pytest.raises(Refused, match="case_withdrawn"):
        receive()
    with pen() as p:
        acts.erase(p, receive.case.id, by=cast.ada, restriction="erreur", single=True)
    with pytest.raises(Refused, match="case_erased"):
        receive()


@pytest.mark.one_database
def test_a_case_takes_so_many_undecided_notices(receive, decide, cast, monkeypatch):
    monkeypatch.setattr(notice_acts, "WAITING_LIMIT", 1)
    first = receive()
    with pytest.raises(Refused, match="notices_waiting"):
        receive()
    decide(first, cast.bruno)
    receive()


def test_a_decision_closes_the_clock_and_its_author_reads_the_reasons(
    session, store, pen, cast, receive, decide
):
    receipt = receive()
    with pytest.raises(Refused, match="post_online"), pen() as p:
        post.close_post(p, _post_id(session, receipt), by=cast.bruno)
    with pytest.raises(Invalid, match="missing"):
        decide(receipt, cast.bruno, reasons="")
    decide(receipt, cast.bruno)
    status = _status(session, store, receipt)
    review = status.reviews[0]
    assert (review.decision, review.clock.closed_on, review.clock.closed_by) == (
        NoticeDecision.NONE,
        TODAY,
        cast.bruno,
    )
    assert (review.texts.reasons, review.texts.ground) == (
        "Le jugement martre le dit.",
        "Article 29",
    )
    assert status.complaint_until == date(2026, 9, 2)
    with pytest.raises(Refused, match="notice_decided"):
        decide(receipt, cast.chloe)
    with pytest.raises(NotFound), pen() as p:
        notice_acts.decide(
            p, store, 10**20, by=cast.bruno, decision=NoticeDecision.NONE, reasons="r", ground="g"
        )


@pytest.mark.one_database
@pytest.mark.parametrize("decision", [NoticeDecision.CORRECTED, NoticeDecision.WITHDRAWN])
def test_a_decision_says_only_what_was_done_since(pen, content, cast, receive, decide, decision):
    receipt, case = receive(), receive.case
    with pytest.raises(Refused, match="notice_measure_missing"):
        decide(receipt, cast.bruno, decision)
    with pen() as p:
        if decision == NoticeDecision.WITHDRAWN:
            acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
        else:
            changed = replace(content(), title="Un autre titre")
            acts.correct(p, case.id, changed, by=cast.bruno, reason="r", public_note="Titre.")
    decide(receipt, cast.bruno, decision)


def test_a_complaint_is_decided_by_another_member(session, store, pen, cast, receive, decide):
    receipt = receive()

    def complain(at=AT, text="Relisez."):
        with pen(at) as p:
            notice_acts.complain(p, store, receipt.key, text)

    with pytest.raises(Refused, match="complaint_early"):
        complain()
    decide(receipt, cast.bruno)
    with pytest.raises(Refused, match="complaint_late"):
        complain(AT + timedelta(days=185))
    with pytest.raises(Invalid, match="missing"):
        complain(text="")
    complain(AT + timedelta(days=184))
    with pytest.raises(Refused, match="complaint_again"):
        complain()
    with pytest.raises(Refused, match="complaint_same_member"):
        decide(receipt, cast.bruno)
    decide(receipt, cast.chloe, reasons="Autre lecture.")
    first, second = _status(session, store, receipt).reviews
    assert (first.texts.reasons, second.texts.reasons, second.texts.complaint) == (
        "Le jugement martre le dit.",
        "Autre lecture.",
        "Relisez.",
    )
    assert second.clock.kind == PostKind.COMPLAINT


@pytest.mark.one_database
def test_the_only_member_decides_both(pen, store, cast, receive, decide):
    receipt = receive()
    decide(receipt, cast.ada)
    with pen() as p:
        notice_acts.complain(p, store, receipt.key, "Relisez.")
        for member in (cast.bruno, cast.chloe):
            accounts.disable_member(p, member)
    decide(receipt, cast.ada)


def test_a_notice_goes_after_the_term_and_the_code_still_answers(
    session, engine, store, cast, receive, decide
):
    receipt = receive()
    decide(receipt, cast.bruno)
    term = retention.AFTER_NOTICE_DECISION
    assert _status(session, store, receipt).purge_on == TODAY + term
    assert _retain(session, engine, store, AT + term - timedelta(days=1)) == 0
    assert _retain(session, engine, store, AT + term) == 1
    assert content.key_name(receipt.key) not in store.names()
    status = _status(session, store, receipt)
    assert (status.notice, status.reviews[0].texts, status.complaint_until) == (None, None, None)
    assert status.reviews[0].decision == NoticeDecision.NONE
    assert _retain(session, engine, store, AT + term + timedelta(days=366)) == 1
    session.rollback()
    for table in (Incoming, NoticeReview):
        assert session.scalars(select(table)).all() == []
    # The clock has no word, and is counted.
    assert session.scalars(select(ReceivedPost.closed_by)).all() == [cast.bruno]


def test_an_undecided_notice_goes_after_a_year_and_a_complaint_starts_it_anew(
    session, engine, store, pen, cast, receive, decide
):
    silent, contested = receive(), receive()
    decide(contested, cast.bruno)
    with pen(AT + timedelta(days=100)) as p:
        notice_acts.complain(p, store, contested.key, "Relisez.")
    assert _retain(session, engine, store, AT + timedelta(days=364)) == 0
    assert _retain(session, engine, store, AT + timedelta(days=365)) == 1
    status = _status(session, store, silent)
    assert (status.notice, status.reviews[0].decision) == (None, "")
    assert status.reviews[0].clock.closed_on == TODAY + timedelta(days=365)
    assert _status(session, store, contested).notice == WORDS
    with pytest.raises(Refused, match="notice_decided"):
        decide(silent, cast.bruno)


@pytest.mark.one_database
def test_a_missing_key_is_counted_and_stops_the_decision(session, store, cast, receive, decide):
    receipt = receive()
    store.destroy([content.key_name(receipt.key)])
    assert lost_keys(session, store) == 1
    assert _status(session, store, receipt).notice is None
    with pytest.raises(Refused, match="notice_destroyed"):
        decide(receipt, cast.bruno)


def test_the_erasure_of_a_case_destroys_its_notices_whatever_the_clock(
    session, engine, store, pen, cast, receive
):
    receipt = receive()
    with pen() as p:
        acts.erase(p, receive.case.id, by=cast.ada, restriction="erreur", single=True)
    session.rollback()
    assert retention.has_erased(session)
    earlier = AT - timedelta(days=400)
    assert _retain(session, engine, store, earlier, only_erased=True) == 1
    session.rollback()
    assert not retention.has_erased(session)
    status = _status(session, store, receipt)
    assert (status.notice, status.case.state) == (None, "erased")
    assert session.scalar(select(func.count()).where(ReceivedPost.closed_on.is_(None))) == 0
    assert store.names() == set()


def test_the_former_version_of_the_tables_has_no_notice(engine, session, pen, cast, receive):
    receive()
    with pen() as p:
        kept = post.enter_post(p, PostKind.SUMMONS, TODAY, by=cast.bruno).id
    session.rollback()
    command.downgrade(schema.alembic_config(engine), "0043")
    rows = session.execute(select(ReceivedPost.id, ReceivedPost.entered_by)).all()
    assert rows == [(kept, cast.bruno)]
    session.rollback()
    schema.migrate(engine)
    assert session.scalars(select(Incoming)).all() == []
    session.rollback()
    receive()


@pytest.mark.one_database
def test_an_unknown_notice_is_not_found(session):
    with pytest.raises(NotFound):
        queries.notice_of_post(session, 404)


@pytest.mark.one_database
def test_verification_names_a_row_that_differs_from_its_lines(
    session, engine, pen, store, cast, receive, decide
):
    receipts = [receive() for _ in range(5)]
    for receipt in receipts[1:]:
        decide(receipt, cast.bruno)
    with pen() as p:
        notice_acts.complain(p, store, receipts[1].key, "Relisez.")
        post.enter_post(p, PostKind.SUMMONS, TODAY, by=cast.bruno)
    session.rollback()
    assert list(verify.problems(session)) == []
    ids = [queries.review_rows(session, receipt.key)[0].post_id for receipt in receipts]
    session.rollback()
    with engine.begin() as connection:
        for model, key, values in (
            (ReceivedPost, ids[0], {"closed_on": TODAY}),
            (ReceivedPost, ids[1], {"kind": PostKind.ERROR}),
            (ReceivedPost, ids[2], {"closed_by": cast.chloe}),
        ):
            column = model.__table__.primary_key.columns[0]
            connection.execute(update(model).where(column == key).values(values))
        changed = update(NoticeReview).where(NoticeReview.post_id == ids[3])
        connection.execute(changed.values(decision=NoticeDecision.WITHDRAWN))
        connection.execute(delete(NoticeReview).where(NoticeReview.post_id == ids[4]))
        connection.execute(delete(ReceivedPost).where(ReceivedPost.id == ids[4]))
    assert [problem.values["post"] for problem in verify.problems(session)] == ids


@pytest.mark.one_database
def test_counts_are_of_full_months_and_of_decisions_by_people(
    session, engine, pen, store, cast, receive, decide
):
    january = AT - timedelta(days=40)
    early, slow, _undecided, recent = (receive(at=at) for at in (january, january, january, AT))
    decide(early, cast.bruno, at=january + timedelta(days=2))
    decide(slow, cast.bruno, at=january + timedelta(days=9))
    decide(recent, cast.bruno)
    session.rollback()
    delays = queries.load_delays(session, PostKind.ILLEGAL, TODAY)
    assert (delays.since, delays.until) == (date(2025, 3, 1), date(2026, 3, 1))
    assert (delays.received, delays.decided, delays.days) == (3, 2, 2)
    assert queries.load_delays(session, PostKind.ERROR, TODAY).days is None
    with pen() as p:
        acts.erase(p, receive.case.id, by=cast.ada, restriction="erreur", single=True)
    # The undecided one is closed with the texts of its case, by nobody.
    _retain(session, engine, store, AT, only_erased=True)
    delays = queries.load_delays(session, PostKind.ILLEGAL, date(2026, 4, 1))
    assert (delays.received, delays.decided) == (4, 3)
