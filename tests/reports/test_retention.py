"""Each thing goes on its day, with its key, and nothing goes because a clock was set ahead."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from cast import AT
from report_factory import CONTACT, a_report
from sqlalchemy import func, select

from register.cases import acts as cases
from register.cases.models import Incident
from register.cases.verify import verify
from register.db import sqlite_path
from register.errors import SealError
from register.journal import Act, JournalEntry
from register.key_store import KeyStore
from register.reports import acts, queries, receipt_codes, report_content, report_lists, retention
from register.reports.acts import purging
from register.reports.acts.purging import PurgeCounts, run_retention
from register.reports.models import (
    Message,
    Report,
    ReportState,
    RetainedReport,
    RetentionClock,
    Tally,
)
from register.reports.report_lists import ReportFolder
from register.reports.verify import lost_keys, problems

MONTHS = 24
TODAY = date(2026, 3, 2)


def day(number):
    """The morning that comes ``number`` days after that of the reports."""
    return AT + timedelta(days=number)


@pytest.fixture
def looked(engine, store, session):
    """``looked(at)``: the retention run at a time, with a confirmed clock."""

    def at(moment, **more):
        session.rollback()
        found = run_retention(engine, store, moment, MONTHS, **{"confirmed": True, **more})
        session.expire_all()
        return found

    return at


def _row(session, filed):
    return session.get_one(Report, filed.key)


def _count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_each_ended_state_is_purged_on_its_day(session, store, inbox, looked):
    made = {
        "spam": (inbox.spam(), 7),
        "declined": (inbox.declined(contact=CONTACT), 90),
        "withdrawn": (inbox.withdrawn(), 90),
        "accepted": (inbox.accepted(), 90),
    }
    open_ = [inbox.received(), inbox.held()]
    inbox.answered(made["accepted"][0])
    for today in (0, 6, 7, 8, 89, 90, 91):
        before = _keys(session, store)
        done = looked(day(today)).done
        gone = {name for name, (_, term) in made.items() if today >= term}
        for name, (filed, _term) in made.items():
            row = _row(session, filed)
            texts = (row.sealed, row.digest, row.contact, row.decision)
            assert (row.sealed is None) is (name in gone), (name, today)
            # State and reason outlive the texts, and so does the code.
            assert (row.state, row.receipt is not None) == (name, True)
            assert queries.key_by_code(session, store, filed.code) == filed.key
            if name in gone:
                assert texts == (None, None, None, None)
                assert store.key(filed.key) is None
                assert queries.get_report(session, store, filed.key).is_purged
            else:
                assert store.key(filed.key) is not None
        expected = {"spam": 1} if today == 7 else {}
        expected = (
            dict.fromkeys(("declined", "withdrawn", "accepted"), 1) if today == 90 else expected
        )
        assert done.purged == len(expected)
        gone_now = before - _keys(session, store)
        assert len({name for name in gone_now if " contact " not in name}) == len(expected)
    assert all(_row(session, filed).sealed is not None for filed in open_)
    assert _count(session, Message) == 0
    # What defends the publication outlives the report.
    (draft,) = session.scalars(select(Incident.id))
    assert queries.retained_reports(session, store, draft) == [a_report()]
    assert lost_keys(session, store) == 0
    assert [*verify(session, []), *problems(session)] == []


def _keys(session, store):
    session.rollback()
    return store.names()


def test_an_unanswered_question_returns_the_report_after_ninety_days(
    session, pen, inbox, looked, cast
):
    asked, answered = inbox.waiting(), inbox.waiting()
    inbox.answered(answered, at=day(89))
    # Taking it in hand anew is no answer.
    with pen(day(60)) as p:
        acts.claim(p, asked.key, by=cast.chloe)
    assert looked(day(89)).done == PurgeCounts()
    assert _row(session, asked).state == ReportState.WAITING
    assert looked(day(90)).done == PurgeCounts(returned=1)
    assert (_row(session, asked).state, _row(session, asked).held_by) == (
        ReportState.RECEIVED,
        None,
    )
    assert _row(session, answered).state == ReportState.IN_REVIEW
    (line,) = session.scalars(select(JournalEntry).where(JournalEntry.act == Act.REPORT_RETURNED))
    assert (line.member_id, json.loads(line.private_json)["report"]) == (None, asked.key)


def test_a_new_question_waits_ninety_days_of_its_own(session, pen, store, inbox, looked, cast):
    asked = inbox.waiting()
    with pen(day(80)) as p:
        acts.ask_reporter(p, store, asked.key, "Et à quelle heure ?", by=cast.bruno)
    assert looked(day(169)).done == PurgeCounts()
    assert looked(day(170)).done == PurgeCounts(returned=1)


def test_an_undecided_report_is_declined_purged_and_tallied(session, store, inbox, looked):
    waits = [inbox.received(), inbox.held(suspect=True), inbox.waiting(day(300))]
    inbox.declined()
    terms = (
        (datetime(2027, 3, 1, 10, tzinfo=UTC), 0, PurgeCounts(purged=1)),
        (datetime(2027, 3, 2, 10, tzinfo=UTC), 2, PurgeCounts()),
        (datetime(2028, 3, 1, 10, tzinfo=UTC), 3, PurgeCounts(returned=1, counted=1)),
    )
    for at, overdue, done in terms:
        assert looked(at).done == done, at
        assert report_lists.folder_counts(session, at.date())[ReportFolder.OVERDUE] == overdue, at
    assert looked(datetime(2028, 3, 2, 10, tzinfo=UTC)).done == PurgeCounts(expired=2)
    first = _row(session, waits[0])
    assert (first.state, first.reason) == (ReportState.DECLINED, "insuffisant")
    # Nobody wrote a sentence, and nobody pretends to have.
    decided = queries.get_report(session, store, waits[0].key).decision
    assert decided == report_content.Decision("", None, None)
    assert looked(datetime(2028, 5, 30, 10, tzinfo=UTC)).done == PurgeCounts()
    assert looked(datetime(2028, 5, 31, 10, tzinfo=UTC)).done == PurgeCounts(purged=2)
    assert queries.key_by_code(session, store, waits[0].code) == waits[0].key
    assert looked(datetime(2029, 5, 30, 10, tzinfo=UTC)).done.counted == 0
    assert looked(datetime(2029, 5, 31, 10, tzinfo=UTC)).done.counted == 2
    assert queries.key_by_code(session, store, waits[0].code) is None
    assert {
        (row.year, row.state, row.reason, row.count) for row in session.scalars(select(Tally))
    } == {(2026, "declined", "insuffisant", 3)}
    assert [*verify(session, []), *problems(session)] == []


def test_a_run_handles_several_batches(session, store, inbox, looked, monkeypatch):
    monkeypatch.setattr("register.reports.acts.purging.BATCH_SIZE", 3)
    for _ in range(7):
        inbox.spam()
    assert looked(day(7)).done == PurgeCounts(purged=7)
    assert store.names() == set()


# --- a clock that jumps ----------------------------------------------------------------------


def test_a_clock_a_year_ahead_purges_nothing_until_a_person_confirms_it(
    session, store, inbox, looked
):
    filed, asked = inbox.spam(), inbox.waiting()
    assert looked(day(0), confirmed=False) == purging.RetentionRun(PurgeCounts())
    ahead = day(365)
    for _ in range(2):
        found = looked(ahead, confirmed=False)
        assert (found.done, found.waits_since) == (PurgeCounts(), TODAY)
    assert retention.clock_jump(session, ahead.date()) == TODAY
    assert _row(session, filed).sealed is not None
    assert _row(session, asked).state == ReportState.WAITING
    assert session.get_one(RetentionClock, 1).day == TODAY
    # Set right again, everything goes on as if nothing had been.
    assert looked(day(7), confirmed=False).done == PurgeCounts(purged=1)
    found = looked(ahead, confirmed=True)
    assert (found.done.returned, found.waits_since) == (1, None)
    assert session.get_one(RetentionClock, 1).day == ahead.date()
    assert looked(ahead, confirmed=False).waits_since is None


def test_a_gap_of_a_month_needs_no_confirmation(session, inbox, looked):
    inbox.spam()
    looked(day(0), confirmed=False)
    assert looked(day(31), confirmed=False).done == PurgeCounts(purged=1)
    assert looked(day(63), confirmed=False).waits_since == date(2026, 4, 2)


def test_a_clock_set_back_purges_nothing(session, inbox, looked):
    inbox.spam()
    looked(day(5), confirmed=False)
    assert looked(day(-400), confirmed=False) == purging.RetentionRun(PurgeCounts())
    assert session.get_one(RetentionClock, 1).day == day(5).date()


# --- what goes with a case, and keys of nothing -----------------------------------------------


def _case_of(session):
    session.rollback()
    (found,) = session.scalars(select(Incident.id))
    session.rollback()
    return found


@pytest.mark.parametrize("ahead", [0, 400], ids=["today", "with a clock that jumped"])
def test_retained_copies_are_destroyed_with_the_texts_of_a_case(
    session, pen, store, inbox, looked, cast, ahead
):
    inbox.accepted()
    draft = _case_of(session)
    looked(day(0), confirmed=False)
    assert not purging.has_orphans(session)
    session.rollback()
    with pen() as p:
        cases.discard(p, draft, by=cast.bruno)
    assert purging.has_orphans(session)
    found = looked(day(ahead), confirmed=False)
    assert (found.done, found.waits_since) == (PurgeCounts(retained=1), TODAY if ahead else None)
    assert _count(session, RetainedReport) == 0
    assert report_content.case_key_name(draft) not in store.names()
    assert not purging.has_orphans(session)
    assert [*verify(session, []), *problems(session)] == []


def test_retained_copies_are_destroyed_when_a_published_case_is_erased(
    session, pen, store, inbox, looked, desk, cast
):
    case = desk.published()
    inbox.accepted(into=case.id)
    inbox.accepted(into=case.id, account="Moi aussi.")
    looked(day(91))
    assert _count(session, RetainedReport) == 2
    session.rollback()
    with pen(day(92)) as p:
        cases.approve(p, case.id, by=cast.chloe, purpose="erase")
        cases.erase(p, case.id, by=cast.ada, restriction="donnee_personnelle")
    assert looked(day(92)).done == PurgeCounts(retained=2)
    assert store.names() == set()
    lines = session.scalars(select(JournalEntry).where(JournalEntry.act == Act.REPORT_PURGED)).all()
    assert [(line.incident_id, line.case_number) for line in lines if line.incident_id] == [
        (case.id, case.number)
    ] * 2
    assert [*verify(session, []), *problems(session)] == []


def test_unused_keys_are_destroyed_and_needed_or_unknown_ones_stay(session, store, inbox, looked):
    live = [inbox.received(), inbox.held(), inbox.waiting(), inbox.accepted(), inbox.declined()]
    draft = _case_of(session)
    needed = store.names()
    assert needed >= {filed.key for filed in live} | {report_content.case_key_name(draft)}
    # That of a contact which was taken back as the register was killed.
    spent = f"{live[0].key} contact {'0' * 16}"
    # Those of a report and a case that this database, restored from a copy, has not heard of.
    unknown = {receipt_codes.new_key(), report_content.case_key_name(draft + 1)}
    for name in (spent, *unknown):
        store.new_key(name)
    assert looked(day(1)).done == PurgeCounts()
    assert store.names() == needed | unknown
    assert lost_keys(session, store) == 0


def test_a_key_needed_again_before_the_destruction_stays(session, pen, store, inbox, cast):
    """A report is attached to the case between the purge and the destruction of keys."""
    taken_back, other = inbox.accepted(), inbox.received()
    draft = _case_of(session)
    with pen() as p:
        acts.withdraw(p, store, taken_back.key, receipt_codes.new_nonce())
    # As if the register had been killed before it destroyed the key.
    assert report_content.case_key_name(draft) not in store.names()
    store.new_key(report_content.case_key_name(draft))

    def join():
        with pen() as p:
            acts.accept(p, store, other.key, by=cast.bruno, reason="r", into=draft)

    with pen() as p:
        p.after_commit(join)
        acts.purge(p, store, MONTHS)
    session.rollback()
    assert queries.retained_reports(session, store, draft) == [a_report()]


def test_with_another_instances_keys_nothing_is_destroyed(session, engine, store, inbox, tmp_path):
    """All keys of another instance would look unused."""
    inbox.spam()
    session.rollback()
    other = KeyStore(f"sqlite:///{tmp_path / 'keys.sqlite3'}", bytes(32), "another")
    other.make_store()
    name = receipt_codes.new_key()
    other.new_key(name)
    wrong = KeyStore(f"sqlite:///{tmp_path / 'keys.sqlite3'}", bytes(range(32)), "another")
    with pytest.raises(SealError) as refused:
        run_retention(engine, wrong, day(7), MONTHS)
    assert refused.value.key == "keystore_foreign"
    assert other.names() == {name}
    other.close()
    wrong.close()


# --- what is left on disk ---------------------------------------------------------------------


def test_a_purge_leaves_no_byte_on_disk(session, store, inbox, looked, settings, engine):
    filed = inbox.declined(contact=CONTACT)
    inbox.accepted(account="Ce qui reste.")
    session.rollback()
    row = session.get_one(Report, filed.key)
    closed = [row.sealed, row.contact, row.decision, row.digest]
    with store.engine.connect() as connection:
        asked = "SELECT wrapped FROM report_key WHERE name = ?"
        closed.append(connection.exec_driver_sql(asked, (filed.key,)).scalar())
    session.rollback()
    files = (settings.seal_dir, settings.instance)
    assert any(_holds(settings.seal_dir, piece) for piece in closed)
    looked(day(90))
    session.rollback()
    assert [len(piece) for piece in closed if any(_holds(file, piece) for file in files)] == []
    is_file = sqlite_path(settings.database_url) is not None
    assert _holds(settings.instance, row.receipt) is is_file


def _holds(folder, piece):
    """Whether a file of a folder contains a piece: its first bytes, never split by a page."""
    return any(piece[:24] in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_report_whose_key_is_lost_is_declined_by_the_term_too(session, store, inbox, looked):
    filed = inbox.received()
    session.rollback()
    store.destroy([filed.key])
    assert looked(day(31 * MONTHS)).done.expired == 1
    assert _row(session, filed).state == ReportState.DECLINED
