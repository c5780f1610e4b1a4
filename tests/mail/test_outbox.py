"""The outbox: a mail exists if the act does, is claimed once, and keeps nothing once it is sent."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from cast import AT
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from register.db import housekeeping
from register.errors import SealError
from register.journal.transaction import UnrecordedError
from register.mail import outbox as mails
from register.mail.messages import MailKind
from register.mail.models import MailState, OutgoingMail
from register.mail.outbox import CLAIM_DURATION, GIVE_UP_AFTER, LATE_AFTER, Outbox

pytestmark = pytest.mark.one_database

ADDRESS = "mairie-secrete@elsewhere.test"
VALUES = {"link": "https://registre.test/secret"}


@pytest.fixture
def outbox():
    return Outbox(bytes(32), "registre.test")


@pytest.fixture
def add(engine, outbox):
    def add_mail(recipient=ADDRESS, at=AT):
        with housekeeping(engine) as session:
            return outbox.enqueue(session, MailKind.TEST, recipient, at, **VALUES)

    return add_mail


def _row(engine, message_id):
    with Session(engine) as session:
        return session.get(OutgoingMail, message_id)


def _claim(engine, outbox, message_id, at=AT):
    with housekeeping(engine) as session:
        return outbox.claim(session, message_id, at)


def test_an_act_that_fails_sends_nothing(engine, outbox, pen):
    with pytest.raises(UnrecordedError), pen() as p:
        # A mail without the journal line of an act.
        outbox.enqueue(p.session, MailKind.TEST, ADDRESS, p.at, **VALUES)
    with Session(engine) as session:
        assert session.scalars(select(OutgoingMail)).all() == []


def test_nothing_of_a_mail_can_be_read_in_the_database(engine, outbox, add):
    add()
    with engine.connect() as connection:
        row = repr(connection.execute(text("SELECT * FROM outgoing_mail")).one())
    assert "secret" not in row
    assert "elsewhere" not in row


def test_a_mail_is_opened_by_its_own_key_and_row_only(engine, outbox, add):
    first, second = add(), add()
    with pytest.raises(SealError):
        _claim(engine, Outbox(b"x" * 32, "registre.test"), first)
    with housekeeping(engine) as session:
        session.get_one(OutgoingMail, first).sealed = session.get_one(OutgoingMail, second).sealed
    with pytest.raises(SealError):
        _claim(engine, outbox, first)


def test_a_mail_is_claimed_once_until_its_attempt_is_over(engine, outbox, add):
    message_id = add()
    mail = _claim(engine, outbox, message_id)
    assert (mail.address, mail.values, mail.row.attempts) == (ADDRESS, VALUES, 1)
    assert _claim(engine, outbox, message_id) is None
    later = AT + CLAIM_DURATION
    assert _claim(engine, outbox, message_id, later - timedelta(seconds=1)) is None
    # The process that had it was killed.
    assert _claim(engine, outbox, message_id, later).row.attempts == 2


def test_two_processes_that_read_the_same_row_do_not_both_have_it(engine, outbox, add):
    message_id = add()
    with Session(engine) as reader:
        reader.get(OutgoingMail, message_id)
        assert _claim(engine, outbox, message_id) is not None
    with housekeeping(engine) as session:
        assert session.connection() is not None
        assert outbox.claim(session, message_id, AT) is None


def test_a_mail_to_a_member_has_no_address(engine, outbox, add):
    mail = _claim(engine, outbox, add(7))
    assert (mail.row.member_id, mail.address) == (7, "")


def test_the_delay_between_attempts_grows(engine, outbox, add):
    message_id, at, delays = add(), AT, []
    for _attempt in range(8):
        mail = _claim(engine, outbox, message_id, at)
        with housekeeping(engine) as session:
            mails.postpone(session, mail, 450, at)
        row = _row(engine, message_id)
        delays.append((row.next_at - at) // timedelta(minutes=1))
        at = row.next_at
    assert delays == [1, 5, 15, 60, 180, 360, 360, 360]
    assert (row.state, row.reply_code) == (MailState.WAITING, 450)


@pytest.mark.parametrize(
    ("finish", "state", "code"),
    [
        (mails.mark_sent, MailState.SENT, 250),
        (partial(mails.mark_dead, reply_code=550), MailState.DEAD, 550),
    ],
)
def test_a_finished_mail_keeps_neither_address_nor_text(engine, outbox, add, finish, state, code):
    message_id = add()
    with housekeeping(engine) as session:
        finish(session, message_id)
    row = _row(engine, message_id)
    assert (row.sealed, row.state, row.reply_code) == (b"", state, code)
    assert _claim(engine, outbox, message_id, AT + timedelta(days=1)) is None
    with Session(engine) as session:
        assert mails.due_mails(session, AT + timedelta(days=1), 9) == []


def test_a_sent_notice_leaves_no_row_that_would_date_a_report(engine, outbox):
    with housekeeping(engine) as session:
        values = {"what": "un signalement attend", "link": "https://r.test", "profile": "p"}
        message_id = outbox.enqueue(session, MailKind.NOTICE, 3, AT, **values)
    _claim(engine, outbox, message_id)
    with housekeeping(engine) as session:
        mails.mark_sent(session, message_id)
    assert _row(engine, message_id) is None


def test_a_mail_is_given_up_after_three_days_and_forgotten_after_thirty(engine, add):
    message_id = add()
    with housekeeping(engine) as session:
        assert mails.give_up_old(session, AT + GIVE_UP_AFTER - timedelta(seconds=1)) == 0
        assert mails.count_late(session, AT + LATE_AFTER) == 0
        assert mails.count_late(session, AT + LATE_AFTER + timedelta(seconds=1)) == 1
        assert mails.give_up_old(session, AT + GIVE_UP_AFTER) == 1
        assert mails.count_dead(session, AT) == 1
        assert mails.count_late(session, AT + GIVE_UP_AFTER) == 0
    for days, count in ((29, 1), (30, 0)):
        with housekeeping(engine) as session:
            mails.forget_old(session, AT + timedelta(days=days))
        assert (_row(engine, message_id) is not None) == bool(count)


def test_a_waiting_mail_is_never_forgotten(engine, add):
    message_id = add()
    with housekeeping(engine) as session:
        mails.forget_old(session, AT + timedelta(days=90))
    assert _row(engine, message_id) is not None


def test_mails_that_have_waited_longest_are_sent_first(engine, add):
    ids = [add(at=AT - timedelta(minutes=minutes)) for minutes in (1, 3, 2)]
    with Session(engine) as session:
        assert mails.due_mails(session, AT, 2) == [ids[1], ids[2]]
        assert mails.due_mails(session, AT - timedelta(hours=1), 2) == []
