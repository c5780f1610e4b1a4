"""The days that run at the desk: each kind, their order, filters and pages."""

from __future__ import annotations

from datetime import date, timedelta

import attested_acts as cases
import pytest
from cast import AT

from register.accounts.models import Member
from register.cases.case_content import RequestContent
from register.cases.models import Incident
from register.cases.urgency import Urgency
from register.reports import acts
from register.reports.desk_deadlines import DeadlineKind, DeadlineQuery, load_deadlines

pytestmark = pytest.mark.one_database

TODAY = date(2026, 3, 2)


@pytest.fixture
def running(session, cast):
    """``running("chloe", kind=…)``: a page of days for a member."""

    def load(name="chloe", at=AT, page_size=20, **filters):
        session.rollback()
        session.expire_all()
        member = session.get_one(Member, getattr(cast, name))
        return load_deadlines(session, member, at, DeadlineQuery(**filters), 24, page_size)

    return load


def _kinds(page):
    return [item.kind for item in page.items]


def test_each_kind_has_its_day_in_order(running, desk, inbox, store, cast, content):
    replied, hidden, term_case = desk.published(), desk.published(), desk.draft()
    asked, term_report = inbox.waiting(), inbox.received()
    desk.received_reply(replied)
    with desk.pen() as p:
        cases.redact(
            p, hidden.id, content(narrative=""), public_note="n", by=cast.bruno, reason="r"
        )
        cases.set_urgency(p, term_case.id, Urgency(False, date(2026, 3, 20), "x"), by=cast.ada)
        term = Urgency(False, date(2026, 3, 3), "audience")
        acts.set_urgency(p, store, term_report.key, term, by=cast.bruno)
    page = running()
    assert [item.due for item in page.items] == sorted(item.due for item in page.items)
    days = {(item.kind, item.incident or item.report): item.due for item in page.items}
    assert days[DeadlineKind.REPLY, replied.id] == TODAY + timedelta(days=3)
    assert days[DeadlineKind.TERM, term_case.id] == date(2026, 3, 20)
    assert days[DeadlineKind.TERM, term_report.key] == date(2026, 3, 3)
    assert days[DeadlineKind.QUESTION, asked.key] == TODAY + timedelta(days=90)
    assert days[DeadlineKind.REPORT, term_report.key] == date(2027, 3, 2)
    assert (DeadlineKind.DESTRUCTION, hidden.id) in days
    # A publication and a redaction open three months each.
    assert days[DeadlineKind.LIMITATION, replied.id] == date(2026, 6, 2)
    assert page.counts[DeadlineKind.LIMITATION] == 3
    assert running("driss").items == ()


def test_a_period_runs_to_its_last_day_whatever_became_of_the_case(running, desk):
    withdrawn = desk.withdrawn()
    last = AT + timedelta(days=92)
    (item,) = running(at=last).items
    assert (item.kind, item.incident, item.due) == (
        DeadlineKind.LIMITATION,
        withdrawn.id,
        date(2026, 6, 2),
    )
    assert item.since == TODAY
    assert running(at=last + timedelta(days=1)).items == []


def test_days_are_filtered_by_kind_and_member_and_paged(running, desk, inbox, cast):
    first, second = desk.published(), desk.published()
    desk.received_reply(second)
    report = inbox.held()
    page = running(page_size=2)
    assert (page.number, page.pages) == (1, 2)
    assert _kinds(page) == [DeadlineKind.REPLY, DeadlineKind.LIMITATION]
    further = running(page_size=2, page=2)
    assert _kinds(further) == [DeadlineKind.LIMITATION, DeadlineKind.REPORT]
    seen = {(item.kind, item.incident, item.report) for item in (*page.items, *further.items)}
    assert len(seen) == 4
    only = running(kind=DeadlineKind.LIMITATION)
    assert {item.incident for item in only.items} == {first.id, second.id}
    assert sum(only.counts.values()) == 4
    (held,) = running(kind=DeadlineKind.REPORT).items
    assert held.report == report.key
    by_member = running(member=held.member)
    assert (DeadlineKind.REPORT, None, report.key) in {
        (item.kind, item.incident, item.report) for item in by_member.items
    }
    assert running(member=cast.driss).items == []


def _request(content, **changes):
    return content(request=RequestContent(asked="les budgets", asked_of="la mairie", **changes))


@pytest.mark.parametrize(
    ("request_fields", "days"),
    [
        # CRPA R311-12, R343-1: a month of silence refuses, then two months to refer to the CADA.
        (
            {"asked_on": "2026-02-10"},
            {"silence": date(2026, 3, 10), "saisine": date(2026, 5, 10)},
        ),
        # The silence has refused: only the referral runs.
        ({"asked_on": "2026-01-31"}, {"saisine": date(2026, 4, 28)}),
        ({"asked_on": "2026-01-31", "refusal": "implicite"}, {"saisine": date(2026, 4, 28)}),
        ({"refusal": "explicite", "refused_on": "2026-02-20"}, {"saisine": date(2026, 4, 20)}),
        # CRPA R343-3 to R343-5, CJA R421-1.
        (
            {"asked_on": "2026-01-01", "cada_registered_on": "2026-02-28"},
            {"avis": date(2026, 3, 28), "confirmation": date(2026, 4, 28),
             "tribunal": date(2026, 6, 28)},
        ),
        ({"cada_registered_on": "2025-11-15"}, {"tribunal": date(2026, 3, 15)}),
        # Nothing runs from an unknown or inexact day, nor once the request is decided.
        ({"asked_on": "2026-02"}, {}),
        ({"asked_on": "2026-02-10", "refusal": "explicite"}, {}),
        ({"asked_on": "2026-02-10", "cada_number": "20261234"}, {}),
        ({"asked_on": "2026-02-10", "outcome": "communication_obtenue"}, {}),
        ({"asked_on": "2025-11-01"}, {}),
    ],
)  # fmt: skip
def test_a_request_for_a_document_has_its_legal_days(running, desk, content, request_fields, days):
    draft = desk.draft(_request(content, **request_fields))
    page = running(kind=DeadlineKind.REQUEST)
    assert {item.act: item.due for item in page.items} == days
    assert {item.incident for item in page.items} <= {draft.id}
    assert page.counts[DeadlineKind.REQUEST] == len(days)


def test_a_discarded_request_has_no_day(running, desk, session, content):
    desk.discarded(request=RequestContent(asked="les budgets", asked_on="2026-02-10"))
    assert running(kind=DeadlineKind.REQUEST).items == []
    case = session.query(Incident).one()
    assert (case.request_event, case.request_on) == ("", None)
