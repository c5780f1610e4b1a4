"""Mails leave the outbox, whatever the mail server does meanwhile; the clock is moved."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

import pytest
from cast import AT
from mail_server import Mailbox, mail_server
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.accounts import acts as accounts
from register.db import housekeeping
from register.mail.delivery import MailConnection
from register.mail.messages import MailKind
from register.mail.models import MailState, OutgoingMail
from register.mail.outbox import Outbox
from register.mail_urls import parse_mail_url
from register.worker.background import LOOK_SECONDS, BackgroundJob
from register.worker.mail_job import IDLE_SECONDS, MailJob

pytestmark = pytest.mark.one_database

VALUES = {"link": "https://registre.test/secret"}


class Post:
    """A job whose clock a test moves, its outbox, and the events that it logged."""

    def __init__(self, engine, mailbox):
        self.engine, self.mailbox, self.at = engine, mailbox, AT
        self.events: list[tuple[str, dict]] = []
        self.outbox = Outbox(bytes(32), "registre.test")
        self.job = self.new_job()

    def new_job(self):
        """The job of a worker that was just started."""
        return MailJob(
            self.engine,
            lambda: self.outbox,
            lambda: MailConnection(parse_mail_url(self.mailbox.url), "registre.test", 2.0),
            "Web Citoyen <registre@registre.test>",
            lambda event, **fields: self.events.append((event, fields)),
            lambda: self.at,
        )

    def add(self, *recipients):
        with housekeeping(self.engine) as session:
            for recipient in recipients:
                self.outbox.enqueue(session, MailKind.TEST, recipient, self.at, **VALUES)

    def run(self, **later):
        """Move the clock, and run until nothing is to be sent."""
        self.at += timedelta(**later)
        while self.job.run(lambda _done, _total: None) != IDLE_SECONDS:
            pass

    def rows(self):
        with Session(self.engine) as session:
            return session.scalars(select(OutgoingMail)).all()

    def states(self):
        return Counter(row.state for row in self.rows())


@pytest.fixture
def post(engine):
    with mail_server(Mailbox()) as mailbox:
        yield Post(engine, mailbox)


def _outside(count):
    return [f"secret{number}@elsewhere.test" for number in range(count)]


def test_mails_leave_over_one_connection(post, cast):
    post.add(*_outside(3), cast.bruno)
    post.run()
    assert sorted(post.mailbox.recipients) == [cast.email("bruno"), *_outside(3)]
    assert len(post.mailbox.greetings) == 1
    assert post.states() == {MailState.SENT: 4}
    assert {row.sealed for row in post.rows()} == {b""}
    post.run(hours=1)
    assert len(post.mailbox.mails) == 4


def test_a_member_whose_account_is_closed_gets_nothing(post, cast, pen):
    post.add(cast.driss, cast.bruno)
    with pen() as p:
        accounts.disable_member(p, cast.bruno)
    post.run()
    assert (post.mailbox.mails, post.rows(), post.events) == ([], [], [])


def test_a_member_gets_mail_at_the_address_of_now(post, cast):
    post.add(cast.bruno)
    post.run()
    assert post.mailbox.recipients == [cast.email("bruno")]


def test_every_mail_is_sent_after_an_hour_without_server(post):
    url = post.mailbox.url
    post.mailbox.url = "smtp://127.0.0.1:1"
    post.add(*_outside(20))
    for _minute in range(60):
        post.run(minutes=1)
    assert post.states() == {MailState.WAITING: 20}
    # One line an outage, with no address in it.
    assert post.events == [("mail_away", {"step": "ConnectionRefusedError", "reply": 0})]
    post.mailbox.url = url
    post.run(minutes=15)
    assert sorted(post.mailbox.recipients) == sorted(_outside(20))
    assert post.events[1:] == [("mail_healed", {})]


def test_a_server_that_is_away_is_asked_less_and_less_often(post):
    url, post.mailbox.mail_answer = post.mailbox.url, "550 5.7.1 Not your address"
    post.add(*_outside(1))
    asked = []
    for minute in range(60):
        before = len(post.mailbox.greetings)
        post.run(minutes=1 if minute else 0)
        if len(post.mailbox.greetings) > before:
            asked.append(minute)
    assert url == post.mailbox.url
    assert asked == [0, 1, 6, 21]
    assert [event for event, _fields in post.events] == ["mail_away"]


def test_a_clock_that_is_set_back_does_not_stop_the_mail(post):
    post.mailbox.mail_answer = "451 4.3.0 Later"
    post.add(*_outside(1))
    post.run()
    post.mailbox.mail_answer = ""
    post.at -= timedelta(days=2)
    post.add("other@elsewhere.test")
    post.run()
    assert post.mailbox.recipients == ["other@elsewhere.test"]


def test_a_recipient_refused_for_now_waits_and_the_others_do_not(post):
    post.add(*_outside(1))
    post.mailbox.rcpt_answer = "450 4.2.0 Greylisted"
    post.run()
    post.mailbox.rcpt_answer = ""
    post.add("other@elsewhere.test")
    post.run()
    assert post.mailbox.recipients == ["other@elsewhere.test"]
    post.run(minutes=1)
    assert post.mailbox.recipients == ["other@elsewhere.test", *_outside(1)]
    assert post.events == []


@pytest.mark.parametrize("name", ["rcpt_answer", "data_answer"])
def test_a_mail_refused_for_good_is_dead_at_once(post, name):
    post.add(*_outside(1))
    setattr(post.mailbox, name, "550 5.1.1 No such user")
    post.run()
    (row,) = post.rows()
    assert (row.state, row.reply_code, row.sealed, row.attempts) == ("dead", 550, b"", 1)
    setattr(post.mailbox, name, "")
    post.run(hours=1)
    assert post.mailbox.mails == []


def test_a_mail_is_dead_after_three_days_of_refusals(post):
    post.mailbox.data_answer = "452 4.3.1 Full"
    post.add(*_outside(1))
    for _try in range(30):
        post.run(hours=3)
    (row,) = post.rows()
    assert (row.state, row.reply_code, row.sealed) == ("dead", 452, b"")
    assert row.attempts == 14
    post.run(days=31)
    assert post.rows() == []


def test_an_address_that_is_none_does_not_stop_the_others(post):
    post.add("a@b@c", "é@elsewhere.test", *_outside(2))
    post.run()
    assert sorted(post.mailbox.recipients) == _outside(2)
    assert post.states() == {MailState.DEAD: 2, MailState.SENT: 2}


def test_a_connection_cut_after_the_text_sends_a_copy_with_the_same_number(post):
    post.mailbox.drops_after_data = True
    post.add(*_outside(2))
    post.run()
    post.mailbox.drops_after_data = False
    for _minute in range(3):
        post.run(minutes=1)
    numbers = Counter(mail["Message-ID"] for mail in post.mailbox.mails)
    assert post.states() == {MailState.SENT: 2}
    assert sorted(numbers.values()) in ([1, 2], [2, 2])
    assert len({mail.as_bytes() for mail in post.mailbox.mails}) == 2


def test_a_mail_claimed_by_a_worker_that_was_killed_is_sent_later(post):
    post.add(*_outside(1))
    (row,) = post.rows()
    with housekeeping(post.engine) as session:
        post.outbox.claim(session, row.message_id, post.at)
    post.job = post.new_job()
    post.run(minutes=9)
    assert post.mailbox.mails == []
    post.run(minutes=1)
    assert [mail["Message-ID"] for mail in post.mailbox.mails] == [row.message_id]


def test_a_slow_server_does_not_hold_up_the_loop(post):
    post.mailbox.seconds = 0.5
    post.add(*_outside(1))
    job = BackgroundJob(post.job)
    # The first run begins, the second comes back while it lasts.
    assert [job.run(lambda _done, _total: None) for _run in range(2)] == [LOOK_SECONDS] * 2
    assert post.mailbox.mails == []
    until = time.monotonic() + 10
    while job.run(lambda _done, _total: None) == LOOK_SECONDS:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert len(post.mailbox.mails) == 1


def test_more_mails_than_one_connection_takes_are_sent_over_several(post, monkeypatch):
    monkeypatch.setattr("register.worker.mail_job.BATCH_SIZE", 2)
    post.add(*_outside(5))
    post.run()
    assert sorted(post.mailbox.recipients) == _outside(5)
    assert len(post.mailbox.greetings) == 3
