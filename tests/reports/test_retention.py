"""Retention: reports and their keys are destroyed on their day, unless the clock jumped."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from cast import AT
from report_factory import CONTACT, a_report
from sqlalchemy import func, select, update

from register.cases import acts as cases
from register.cases.case_evidence import case_key_name
from register.cases.checklist import ATTESTATIONS
from register.cases.models import Incident
from register.cases.verify import verify
from register.db import sqlite_path
from register.errors import Refused, SealError
from register.journal import Act, JournalEntry
from register.key_store import KeyStore
from register.operations.missing_data import lost_keys
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
from register.reports.verify import problems

MONTHS = 24
TODAY = date(2026, 3, 2)


def days_later(number):
    """The time of the reports, ``number`` days later."""
    return AT + timedelta(days=number)


@pytest.fixture
def run_at(engine, store, session):
    """``run_at(at)``: the outcome of a retention run at a time, with a confirmed clock."""

    def run(moment, **options):
        session.rollback()
        outcome = run_retention(engine, store, moment, MONTHS, **{"confirmed": True, **options})
        session.expire_all()
        return outcome

    return run


def _row(session, report):
    return session.get_one(Report, report.key)


def _count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_each_ended_state_is_purged_on_its_day(session, store, inbox, run_at, desk):
    case = desk.published()
    reports = {
        "spam": (inbox.spam(), 7),
        "declined": (inbox.declined(contact=CONTACT), 90),
        "withdrawn": (inbox.withdrawn(), 90),
        "accepted": (inbox.accepted(into=case.id), 90),
    }
    open_ = [inbox.received(), inbox.held()]
    inbox.answered(reports["accepted"][0])
    for today in (0, 6, 7, 8, 89, 90, 91):
        before = _keys(session, store)
        done = run_at(days_later(today)).done
        purged = {name for name, (_, term) in reports.items() if today >= term}
        for name, (report, _term) in reports.items():
            row = _row(session, report)
            texts = (row.sealed, row.digest, row.contact, row.decision)
            assert (row.sealed is None) is (name in purged), (name, today)
            # State, reason and code outlive the texts.
            assert (row.state, row.receipt is not None) == (name, True)
            assert queries.key_by_code(session, store, report.code) == report.key
            if name in purged:
                assert texts == (None, None, None, None)
                assert store.key(report.key) is None
                assert queries.get_report(session, store, report.key).is_purged
            else:
                assert store.key(report.key) is not None
        expected = {"spam": 1} if today == 7 else {}
        expected = (
            dict.fromkeys(("declined", "withdrawn", "accepted"), 1) if today == 90 else expected
        )
        assert done.purged == len(expected)
        destroyed = before - _keys(session, store)
        assert len({name for name in destroyed if " contact " not in name}) == len(expected)
    assert all(_row(session, report).sealed is not None for report in open_)
    assert _count(session, Message) == 0
    # The copy retained for the case outlives the report.
    assert queries.retained_reports(session, store, case.id) == [a_report()]
    assert lost_keys(session, store) == 0
    assert [*verify(session, []), *problems(session)] == []


def _keys(session, store):
    session.rollback()
    return store.names()


def test_an_unanswered_question_returns_the_report_after_ninety_days(
    session, pen, inbox, run_at, cast
):
    unanswered, answered = inbox.waiting(), inbox.waiting()
    inbox.answered(answered, at=days_later(89))
    # A new claim does not count as an answer.
    with pen(days_later(60)) as p:
        acts.claim(p, unanswered.key, by=cast.chloe)
    assert run_at(days_later(89)).done == PurgeCounts()
    assert _row(session, unanswered).state == ReportState.WAITING
    assert run_at(days_later(90)).done == PurgeCounts(returned=1)
    assert (_row(session, unanswered).state, _row(session, unanswered).held_by) == (
        ReportState.RECEIVED,
        None,
    )
    assert _row(session, answered).state == ReportState.IN_REVIEW
    (line,) = session.scalars(select(JournalEntry).where(JournalEntry.act == Act.REPORT_RETURNED))
    assert (line.member_id, json.loads(line.private_json)["report"]) == (None, unanswered.key)


# The acts that end the work on a draft.
ENDS = {
    "published": lambda p, case, cast, number: cases.publish(
        p, case, by=cast.bruno, reason="publié", attested=ATTESTATIONS
    ),
    "discarded": lambda p, case, cast, number: cases.discard(p, case, by=cast.bruno),
    "merged": lambda p, case, cast, number: cases.merge(
        p, case, into=number, by=cast.bruno, reason="le même cas"
    ),
}


def test_the_texts_of_an_accepted_report_stay_until_90_days_after_the_work(
    session, pen, store, inbox, run_at, desk, cast
):
    target, reports = desk.published(), {}
    for name in ENDS:
        draft = desk.ready()
        reports[name] = (inbox.accepted(into=draft.id), draft.id)
    asked = reports["published"][0]
    with pen(days_later(100)) as p:
        acts.ask_reporter(p, store, asked.key, "Et à quelle heure ?", by=cast.bruno)
    # The question ends neither the acceptance nor, unanswered, the wait.
    assert run_at(days_later(199)).done == PurgeCounts()
    assert _row(session, asked).state == ReportState.ACCEPTED
    assert _row(session, asked).asked_on == days_later(100).date()
    assert report_lists.folder_counts(session, TODAY)[ReportFolder.WAITING] == 1
    session.rollback()
    for name, (_report, draft) in reports.items():
        with pen(days_later(200)) as p:
            ENDS[name](p, draft, cast, target.number)
    # The page tells the day before the retention has run.
    view = queries.get_report(session, store, asked.key)
    assert (view.summary.purge_on, view.summary.asked_on) == (days_later(290).date(), None)
    with pen(days_later(201)) as p, pytest.raises(Refused) as refused:
        acts.ask_reporter(p, store, asked.key, "Encore ?", by=cast.bruno)
    assert refused.value.key == "report_work_ended"
    assert run_at(days_later(201)).done.concluded == 3
    assert _row(session, asked).asked_on is None
    for report, _draft in reports.values():
        assert _row(session, report).purge_on == days_later(290).date()
    session.rollback()
    assert run_at(days_later(289)).done == PurgeCounts()
    assert run_at(days_later(290)).done.purged == 3
    assert [*verify(session, []), *problems(session)] == []


def test_a_day_promised_before_stays_and_a_draft_keeps_no_texts_for_ever(
    session, pen, store, inbox, run_at, cast
):
    promised, forgotten = inbox.accepted(), inbox.accepted()
    day = days_later(90).date()
    session.execute(update(Report).where(Report.key == promised.key).values(purge_on=day))
    session.commit()
    assert run_at(days_later(90)).done == PurgeCounts(purged=1)
    term = datetime(2028, 3, 2, 10, tzinfo=UTC)
    assert run_at(term - timedelta(days=1)).done.concluded == 0
    assert run_at(term).done == PurgeCounts(concluded=1)
    assert _row(session, forgotten).purge_on == retention.last_purge_day(TODAY, MONTHS)
    session.rollback()
    assert run_at(term + timedelta(days=89)).done == PurgeCounts()
    assert run_at(term + timedelta(days=90)).done == PurgeCounts(purged=1)


def test_a_withdrawal_puts_no_promised_day_off(session, pen, store, inbox, run_at):
    report, undated = inbox.accepted(), inbox.accepted()
    day = days_later(60).date()
    session.execute(update(Report).where(Report.key == report.key).values(purge_on=day))
    session.commit()
    with pen(days_later(50)) as p:
        for withdrawn in (report, undated):
            acts.withdraw(p, store, withdrawn.key, "0" * 32)
    session.expire_all()
    assert _row(session, report).purge_on == day
    assert _row(session, undated).purge_on == days_later(140).date()


def test_a_new_question_starts_the_ninety_days_again(session, pen, store, inbox, run_at, cast):
    report = inbox.waiting()
    with pen(days_later(80)) as p:
        acts.ask_reporter(p, store, report.key, "Et à quelle heure ?", by=cast.bruno)
    assert run_at(days_later(169)).done == PurgeCounts()
    assert run_at(days_later(170)).done == PurgeCounts(returned=1)


def test_an_undecided_report_is_declined_then_purged_then_counted(session, store, inbox, run_at):
    undecided = [inbox.received(), inbox.held(suspect=True), inbox.waiting(days_later(300))]
    inbox.declined()
    terms = (
        (datetime(2027, 3, 1, 10, tzinfo=UTC), 0, PurgeCounts(purged=1)),
        (datetime(2027, 3, 2, 10, tzinfo=UTC), 2, PurgeCounts()),
        (datetime(2028, 3, 1, 10, tzinfo=UTC), 3, PurgeCounts(returned=1, counted=1)),
    )
    for at, overdue, done in terms:
        assert run_at(at).done == done, at
        assert report_lists.folder_counts(session, at.date())[ReportFolder.OVERDUE] == overdue, at
    assert run_at(datetime(2028, 3, 2, 10, tzinfo=UTC)).done == PurgeCounts(expired=2)
    first = _row(session, undecided[0])
    assert (first.state, first.reason) == (ReportState.DECLINED, "insuffisant")
    # A decision by expiry has no sentence and no member.
    decision = queries.get_report(session, store, undecided[0].key).decision
    assert decision == report_content.Decision("", None, None)
    assert run_at(datetime(2028, 5, 30, 10, tzinfo=UTC)).done == PurgeCounts()
    assert run_at(datetime(2028, 5, 31, 10, tzinfo=UTC)).done == PurgeCounts(purged=2)
    assert queries.key_by_code(session, store, undecided[0].code) == undecided[0].key
    assert run_at(datetime(2029, 5, 30, 10, tzinfo=UTC)).done.counted == 0
    assert run_at(datetime(2029, 5, 31, 10, tzinfo=UTC)).done.counted == 2
    assert queries.key_by_code(session, store, undecided[0].code) is None
    assert {
        (row.year, row.state, row.reason, row.count) for row in session.scalars(select(Tally))
    } == {(2026, "declined", "insuffisant", 3)}
    assert [*verify(session, []), *problems(session)] == []


def test_a_run_handles_several_batches(session, store, inbox, run_at, monkeypatch):
    monkeypatch.setattr("register.reports.acts.purging.BATCH_SIZE", 3)
    for _ in range(7):
        inbox.spam()
    assert run_at(days_later(7)).done == PurgeCounts(purged=7)
    assert store.names() == set()


# --- a clock that jumps -------------------------------------------------------------------------


def test_a_clock_a_year_ahead_purges_nothing_until_it_is_confirmed(session, store, inbox, run_at):
    report, waiting = inbox.spam(), inbox.waiting()
    assert run_at(days_later(0), confirmed=False) == purging.RetentionRun(PurgeCounts())
    ahead = days_later(365)
    for _ in range(2):
        outcome = run_at(ahead, confirmed=False)
        assert (outcome.done, outcome.waits_since) == (PurgeCounts(), TODAY)
    assert retention.clock_jump(session, ahead.date()) == TODAY
    assert _row(session, report).sealed is not None
    assert _row(session, waiting).state == ReportState.WAITING
    assert session.get_one(RetentionClock, 1).day == TODAY
    # After the clock is corrected, reports are purged on their days.
    assert run_at(days_later(7), confirmed=False).done == PurgeCounts(purged=1)
    outcome = run_at(ahead, confirmed=True)
    assert (outcome.done.returned, outcome.waits_since) == (1, None)
    assert session.get_one(RetentionClock, 1).day == ahead.date()
    assert run_at(ahead, confirmed=False).waits_since is None


def test_a_gap_of_a_month_needs_no_confirmation(session, inbox, run_at):
    inbox.spam()
    run_at(days_later(0), confirmed=False)
    assert run_at(days_later(31), confirmed=False).done == PurgeCounts(purged=1)
    assert run_at(days_later(63), confirmed=False).waits_since == date(2026, 4, 2)


def test_a_clock_set_back_purges_nothing(session, inbox, run_at):
    inbox.spam()
    run_at(days_later(5), confirmed=False)
    assert run_at(days_later(-400), confirmed=False) == purging.RetentionRun(PurgeCounts())
    assert session.get_one(RetentionClock, 1).day == days_later(5).date()


# --- retained copies and unused keys ------------------------------------------------------------


def _draft_id(session):
    session.rollback()
    (draft,) = session.scalars(select(Incident.id))
    session.rollback()
    return draft


@pytest.mark.parametrize("ahead", [0, 400], ids=["today", "with a clock that jumped"])
def test_retained_copies_are_destroyed_with_the_texts_of_a_case(
    session, pen, store, inbox, run_at, cast, ahead
):
    inbox.accepted()
    draft = _draft_id(session)
    run_at(days_later(0), confirmed=False)
    assert not purging.has_orphans(session)
    session.rollback()
    with pen() as p:
        cases.discard(p, draft, by=cast.bruno)
    assert purging.has_orphans(session)
    outcome = run_at(days_later(ahead), confirmed=False)
    assert (outcome.done, outcome.waits_since) == (
        PurgeCounts(retained=1, concluded=0 if ahead else 1),
        TODAY if ahead else None,
    )
    assert _count(session, RetainedReport) == 0
    assert case_key_name(draft) not in store.names()
    assert not purging.has_orphans(session)
    assert [*verify(session, []), *problems(session)] == []


def test_retained_copies_are_destroyed_when_a_published_case_is_erased(
    session, pen, store, inbox, run_at, desk, cast
):
    case = desk.published()
    inbox.accepted(into=case.id)
    inbox.accepted(into=case.id, account="Moi aussi.")
    run_at(days_later(91))
    assert _count(session, RetainedReport) == 2
    session.rollback()
    with pen(days_later(92)) as p:
        cases.approve(p, case.id, by=cast.chloe, purpose="erase")
        cases.erase(p, case.id, by=cast.ada, restriction="donnee_personnelle")
    assert run_at(days_later(92)).done == PurgeCounts(retained=2)
    assert store.names() == set()
    lines = session.scalars(select(JournalEntry).where(JournalEntry.act == Act.REPORT_PURGED)).all()
    assert [(line.incident_id, line.case_number) for line in lines if line.incident_id] == [
        (case.id, case.number)
    ] * 2
    assert [*verify(session, []), *problems(session)] == []


def test_only_unused_keys_of_known_reports_are_destroyed(session, store, inbox, run_at):
    live = [inbox.received(), inbox.held(), inbox.waiting(), inbox.accepted(), inbox.declined()]
    draft = _draft_id(session)
    needed = store.names()
    assert needed >= {report.key for report in live} | {case_key_name(draft)}
    # The key of an erased contact, left by a killed process.
    unused = f"{live[0].key} contact {'0' * 16}"
    # The keys of a report and a case that a restored database does not have.
    unknown = {receipt_codes.new_key(), case_key_name(draft + 1)}
    for name in (unused, *unknown):
        store.new_key(name)
    assert run_at(days_later(1)).done == PurgeCounts()
    assert store.names() == needed | unknown
    assert lost_keys(session, store) == 0


def test_a_key_needed_again_before_the_destruction_stays(session, pen, store, inbox, cast):
    """A report is attached to the case between the purge and the destruction of its key."""
    withdrawn, other = inbox.accepted(), inbox.received()
    draft = _draft_id(session)
    with pen() as p:
        acts.withdraw(p, store, withdrawn.key, receipt_codes.new_key())
    # The key is back, as if the process had been killed before its destruction.
    assert case_key_name(draft) not in store.names()
    store.new_key(case_key_name(draft))

    def attach():
        with pen() as p:
            acts.accept(p, store, other.key, by=cast.bruno, reason="r", into=draft)

    with pen() as p:
        p.after_commit(attach)
        acts.purge(p, store, MONTHS)
    session.rollback()
    assert queries.retained_reports(session, store, draft) == [a_report()]


def test_a_run_with_the_keys_of_another_instance_is_refused(
    session, engine, store, inbox, tmp_path
):
    """All keys of another instance would be taken for unused ones."""
    inbox.spam()
    session.rollback()
    other = KeyStore(f"sqlite:///{tmp_path / 'keys.sqlite3'}", bytes(32), "another")
    other.make_store()
    name = receipt_codes.new_key()
    other.new_key(name)
    wrong = KeyStore(f"sqlite:///{tmp_path / 'keys.sqlite3'}", bytes(range(32)), "another")
    with pytest.raises(SealError) as refused:
        run_retention(engine, wrong, days_later(7), MONTHS)
    assert refused.value.key == "keystore_foreign"
    assert other.names() == {name}
    other.close()
    wrong.close()


# --- bytes on disk ------------------------------------------------------------------------------


def test_a_purge_leaves_no_byte_on_disk(session, store, inbox, run_at, settings, engine):
    report = inbox.declined(contact=CONTACT)
    inbox.accepted(account="Ce qui reste.")
    session.rollback()
    row = session.get_one(Report, report.key)
    encrypted = [row.sealed, row.contact, row.decision, row.digest]
    with store.engine.connect() as connection:
        statement = "SELECT wrapped FROM report_key WHERE name = ?"
        encrypted.append(connection.exec_driver_sql(statement, (report.key,)).scalar())
    session.rollback()
    files = (settings.seal_dir, settings.instance)
    assert any(_holds(settings.seal_dir, piece) for piece in encrypted)
    run_at(days_later(90))
    session.rollback()
    assert [len(piece) for piece in encrypted if any(_holds(file, piece) for file in files)] == []
    is_file = sqlite_path(settings.database_url) is not None
    assert _holds(settings.instance, row.receipt) is is_file


def _holds(folder, piece):
    """Whether a file of a folder contains the first bytes of a value; no page splits them."""
    return any(piece[:24] in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_an_undecided_report_without_its_key_is_declined_too(session, store, inbox, run_at):
    report = inbox.received()
    session.rollback()
    store.destroy([report.key])
    assert run_at(days_later(31 * MONTHS)).done.expired == 1
    assert _row(session, report).state == ReportState.DECLINED
