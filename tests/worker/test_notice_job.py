"""Mails about what waits: without a word of it, and never twice for one thing."""

from __future__ import annotations

import json
from datetime import timedelta

import attested_acts as acts
import pytest
from cast import AT
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import encryption
from register.accounts import acts as accounts
from register.cases.urgency import Urgency
from register.db import housekeeping
from register.mail import preferences
from register.mail.models import NoticedThing, OutgoingMail
from register.mail.outbox import Outbox
from register.mail.preferences import NoticeMode
from register.post import acts as post
from register.post.models import PostKind
from register.reports import acts as reports
from register.text.dates import paris_day
from register.worker.notice_job import NoticeJob

pytestmark = pytest.mark.one_database

KEY = bytes(32)


class NoticeMails:
    """The job at a time that a test moves, and the mails that it wrote."""

    def __init__(self, engine, settings):
        self.engine = engine
        self.at = AT
        outbox = Outbox(KEY, "registre.test")
        self.job = NoticeJob(engine, settings, lambda: outbox, lambda: KEY)

    def mode(self, mode, *members):
        with housekeeping(self.engine) as session:
            for member in members:
                preference = preferences.load_preference(session, member)
                preference.mode = mode.value
                session.add(preference)

    def new(self, **later):
        """The mails that were written by a look some time later: (member, what) pairs."""
        self.at += timedelta(**later)
        with housekeeping(self.engine) as session:
            for row in session.scalars(select(OutgoingMail)):
                session.delete(row)
        self.job.write_notices(self.at)
        with Session(self.engine) as session:
            rows = session.scalars(select(OutgoingMail)).all()
        return sorted((row.member_id, self.values(row)["what"]) for row in rows)

    def values(self, row):
        plain = encryption.decrypt(KEY, "mail text", row.sealed, row.message_id.encode())
        return json.loads(plain)["values"]


@pytest.fixture
def notices(engine, settings, cast):
    mails = NoticeMails(engine, settings)
    mails.mode(NoticeMode.NEVER, cast.chloe, cast.ada)
    mails.mode(NoticeMode.AT_ONCE, cast.bruno)
    return mails


def test_a_report_is_told_of_once_to_each_member(notices, inbox, cast):
    notices.mode(NoticeMode.AT_ONCE, cast.chloe)
    assert notices.new() == []
    inbox.received()
    expected = [(cast.bruno, "un signalement attend"), (cast.chloe, "un signalement attend")]
    assert notices.new() == expected
    assert notices.new(hours=1) == []
    inbox.received()
    inbox.received()
    # Without a number.
    assert notices.new(hours=1)[0] == (cast.bruno, "des signalements attendent")


def test_a_member_whose_account_is_closed_or_who_wants_none_gets_none(notices, inbox, cast, pen):
    inbox.received()
    with pen() as p:
        accounts.disable_member(p, cast.bruno)
    assert notices.new() == []
    notices.mode(NoticeMode.AT_ONCE, cast.driss)
    assert notices.new() == []


def test_the_daily_mail_is_written_each_morning_with_what_is_new(notices, inbox, cast):
    notices.mode(NoticeMode.DAILY, cast.bruno)
    inbox.received()
    # Half past nine in the morning, UTC.
    assert notices.new() == [(cast.bruno, "un signalement attend")]
    inbox.received()
    assert notices.new(hours=3) == []
    # Five in the morning in Paris, then seven.
    assert notices.new(hours=15, minutes=30) == []
    assert notices.new(hours=2) == [(cast.bruno, "un signalement attend")]
    assert notices.new(days=1) == []


def test_the_daily_mail_is_the_default(engine, cast):
    with Session(engine) as session:
        assert preferences.load_preference(session, cast.bruno).mode == NoticeMode.DAILY


def test_what_was_entrusted_is_told_and_what_was_taken_is_not(notices, desk, cast, pen):
    first, second = desk.draft(), desk.draft()
    notices.new()
    with pen() as p:
        acts.claim(p, first.id, by=cast.bruno)
        acts.assign(p, second.id, to=cast.bruno, by=cast.ada)
    assert notices.new() == [(cast.bruno, "on vous a confié quelque chose")]
    with pen() as p:
        acts.release(p, second.id, by=cast.bruno)
    assert notices.new() == []
    # Again, which is another time.
    with pen() as p:
        acts.assign(p, second.id, to=cast.bruno, by=cast.ada)
    assert notices.new() == [(cast.bruno, "on vous a confié quelque chose")]


def test_a_deadline_is_told_the_day_before(notices, desk, cast, pen):
    draft = desk.draft()
    day = paris_day(AT) + timedelta(days=5)
    with pen() as p:
        acts.set_urgency(p, draft.id, Urgency(term_on=day, term_label="délai"), by=cast.ada)
    assert notices.new() == []
    assert notices.new(days=3) == []
    assert notices.new(days=1) == [(cast.bruno, "une échéance est pour demain au plus tard")]
    assert notices.new(days=1) == []


def test_a_content_notice_is_told_at_once_and_a_court_paper_the_day_before(
    notices, desk, cast, pen
):
    case = desk.published()
    with pen() as p:
        post.enter_online(p, PostKind.ERROR, case.id)
        post.enter_post(p, PostKind.SUMMONS, paris_day(AT), by=cast.bruno)
    assert notices.new() == [(cast.bruno, "un signalement de contenu attend une décision")]
    assert notices.new(days=9) == [(cast.bruno, "une échéance est pour demain au plus tard")]


def test_a_mail_has_no_word_of_a_report_or_case(notices, inbox, desk, cast, engine, pen, store):
    draft = desk.draft()
    report = inbox.received()
    with pen() as p:
        urgent = Urgency(danger=True)
        reports.set_urgency(p, store, report.key, urgent, by=cast.ada)
        acts.assign(p, draft.id, to=cast.bruno, by=cast.ada)
    ((member, what),) = notices.new()
    assert (member, what) == (cast.bruno, "une urgence attend ; on vous a confié quelque chose")
    with Session(engine) as session:
        values = notices.values(session.scalars(select(OutgoingMail)).one())
        things = session.scalars(select(NoticedThing.thing)).all()
    assert values.keys() == {"what", "link", "profile"}
    assert not any(character.isdigit() for character in what)
    assert values["link"].endswith("/moderation")
    # The table of what was told names nothing either.
    assert {len(thing) for thing in things} == {16}


def test_a_run_too_soon_after_another_waits(notices, inbox, cast):
    assert notices.job.run(lambda _done, _total: None) == 120.0
    inbox.received()
    assert 0 < notices.job.run(lambda _done, _total: None) <= 120.0
    with Session(notices.engine) as session:
        assert session.scalars(select(OutgoingMail)).all() == []
