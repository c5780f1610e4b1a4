"""Claims, assignments and marks of reports, and the closing of an account."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from case_contents import a_case
from cast import AT
from report_factory import report_row
from sqlalchemy import select

from register.cases import acts as cases
from register.cases.models import Incident
from register.cases.urgency import NO_END, Urgency
from register.errors import Refused
from register.journal import JournalEntry
from register.reports import acts, queries, verify
from register.reports.models import ReportState

pytestmark = pytest.mark.one_database

TERM = Urgency(True, date(2026, 3, 12), "audience à huis clos")


def test_an_assigned_report_stays_with_its_member(pen, inbox, cast, session):
    key = inbox.received().key
    with pen() as p:
        acts.assign(p, key, to=cast.chloe, by=cast.bruno)
    row = report_row(session, key)
    assert (row.state, row.held_by, row.held_until) == (ReportState.IN_REVIEW, cast.chloe, NO_END)
    with pen(AT + timedelta(days=30)) as p, pytest.raises(Refused) as refused:
        acts.claim(p, key, by=cast.bruno)
    assert (refused.value.key, refused.value.values["member"]) == ("report_held", cast.chloe)
    with pen() as p:
        acts.assign(p, key, to=cast.bruno, by=cast.chloe)
        acts.release(p, key, by=cast.bruno)
    assert report_row(session, key).held_by is None


def test_only_an_administrator_releases_the_report_of_another(pen, inbox, cast, session):
    key = inbox.held().key
    with pen() as p, pytest.raises(Refused) as refused:
        acts.release(p, key, by=cast.chloe)
    assert refused.value.key == "report_held"
    with pen() as p:
        acts.release(p, key, by=cast.ada)
    row = report_row(session, key)
    assert (row.state, row.held_by) == (ReportState.RECEIVED, None)


def test_the_label_of_a_term_is_sealed_and_destroyed_with_the_report(
    pen, inbox, store, cast, session
):
    key = inbox.held().key
    with pen() as p:
        # Danger is marked by whoever sees it.
        acts.set_urgency(p, store, key, TERM, by=cast.chloe)
    row = report_row(session, key)
    assert (row.danger_on, row.term_on) == (AT.date(), TERM.term_on)
    assert b"huis" not in row.term_label
    assert queries.get_report(session, store, key).term_label == TERM.term_label
    assert list(verify.problems(session)) == []
    session.rollback()
    with pen() as p:
        acts.spam(p, key, by=cast.bruno)
    with pen(AT + timedelta(days=8)) as p:
        acts.purge(p, store, undecided_after=24)
    row = report_row(session, key)
    assert (row.danger_on, row.term_on, row.term_label) == (None, None, None)
    assert list(verify.problems(session)) == []


def test_a_closed_report_takes_no_mark(pen, inbox, store, cast):
    key = inbox.declined().key
    with pen() as p, pytest.raises(Refused) as refused:
        acts.set_urgency(p, store, key, TERM, by=cast.bruno)
    assert refused.value.key == "report_state"


def test_the_draft_of_a_report_takes_over_its_marks(pen, inbox, store, cast, session, desk):
    keys, case = [inbox.received().key for _ in range(2)], desk.draft()
    with pen() as p:
        for key in keys:
            acts.set_urgency(p, store, key, TERM, by=cast.bruno)
        draft = acts.accept(p, store, keys[0], by=cast.bruno, reason="r", new=a_case())
        acts.accept(p, store, keys[1], by=cast.bruno, reason="r", into=case.id)
    row = session.get_one(Incident, draft)
    assert (row.term_on, row.term_label) == (TERM.term_on, TERM.term_label)
    assert report_row(session, keys[0]).danger_on is None
    # A line on the other case would say which report joined it.
    assert session.get_one(Incident, case.id).danger_on is None
    assert report_row(session, keys[1]).danger_on == AT.date()
    assert list(verify.problems(session)) == []


def test_a_mark_without_its_line_is_a_problem(pen, inbox, session):
    key = inbox.received().key
    report_row(session, key).danger_on = AT.date()
    session.flush()
    assert [problem.key for problem in verify.problems(session)] == ["report_differs"]
    session.rollback()


def test_closing_an_account_releases_all_it_holds(pen, inbox, desk, cast, session):
    claimed, assigned, of_chloe = desk.draft(), desk.published(), desk.draft()
    report, expired = inbox.held().key, desk.draft()
    with pen(AT - timedelta(days=1)) as p:
        cases.claim(p, expired.id, by=cast.bruno)
    with pen() as p:
        cases.claim(p, claimed.id, by=cast.bruno)
        cases.assign(p, assigned.id, to=cast.bruno, by=cast.chloe)
        cases.claim(p, of_chloe.id, by=cast.chloe)
        acts.close_account(p, cast.bruno, by=cast.ada)
    session.rollback()
    holders = {case.id: case.held_by for case in session.scalars(select(Incident))}
    assert holders[claimed.id] is holders[assigned.id] is None
    assert holders[of_chloe.id] == cast.chloe
    assert report_row(session, report).held_by is None
    lines = session.scalars(select(JournalEntry.act).order_by(JournalEntry.seq)).all()
    assert lines.count("released") == 2
    assert lines.count("report_released") == 1
