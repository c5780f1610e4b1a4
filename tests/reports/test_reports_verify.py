"""Verification of reports against the journal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cast import AT
from report_factory import ANSWER
from sqlalchemy import delete, insert, select, text, update

from register.cases.verify import verify
from register.journal import Act, JournalEntry, Ledger
from register.operations.missing_data import lost_keys
from register.reports import acts, receipt_codes
from register.reports.models import Message, MessageKind, Report
from register.reports.verify import problems

pytestmark = pytest.mark.one_database


@pytest.fixture
def report_keys(session, pen, store, inbox, desk, cast):
    """Reports in every state, after every act."""
    case = desk.published()
    reports = {
        "counted": inbox.spam(AT - timedelta(days=460)),
        "purged": inbox.declined(AT - timedelta(days=90)),
    }
    with pen(AT - timedelta(days=450)) as p:
        acts.purge(p, store, 24)
    with pen() as p:
        acts.purge(p, store, 24)
    reports |= {
        "received": inbox.received(),
        "held": inbox.held(),
        "waiting": inbox.waiting(),
        "accepted": inbox.accepted(into=case.id),
        "draft": inbox.accepted(),
        "declined": inbox.declined(),
        "spam": inbox.spam(),
        "withdrawn": inbox.withdrawn(),
        "again": inbox.declined(),
        "answered": inbox.waiting(),
    }
    with pen() as p:
        acts.reopen(p, store, reports["again"].key, by=cast.bruno)
    inbox.answered(reports["answered"])
    with pen() as p:
        acts.add(
            p, store, reports["accepted"].key, MessageKind.ADDITION, ANSWER, receipt_codes.new_key()
        )
        acts.withdraw(p, store, reports["accepted"].key, receipt_codes.new_key())
        acts.leave_contact(p, store, reports["declined"].key, "x")
        acts.claim(p, reports["received"].key, by=cast.bruno)
        acts.release(p, reports["received"].key, by=cast.bruno)
    session.rollback()
    return {name: report.key for name, report in reports.items()}


def _update(session, *values, key):
    for value in values:
        session.execute(update(Report).where(Report.key == key).values(**value))


def test_acts_leave_reports_that_verify(session, store, report_keys):
    assert session.get(Report, report_keys["counted"]) is None
    assert session.get_one(Report, report_keys["purged"]).sealed is None
    assert [*verify(session, []), *problems(session)] == []
    assert lost_keys(session, store) == 0
    store.destroy([report_keys["waiting"]])
    assert lost_keys(session, store) == 1


CHANGES = {
    "a report is taken away": (
        lambda s, k: (
            s.execute(delete(Message).where(Message.report_key == k["declined"])),
            s.execute(delete(Report).where(Report.key == k["declined"])),
        ),
        ("report_missing", "declined"),
    ),
    "an accepted one is declined in silence": (
        lambda s, k: _update(s, {"state": "declined"}, key=k["accepted"]),
        ("report_differs", "accepted"),
    ),
    "a new one is spam in silence": (
        lambda s, k: _update(s, {"state": "spam"}, key=k["held"]),
        ("report_differs", "held"),
    ),
    "a declined one is taken up in silence": (
        lambda s, k: _update(s, {"state": "in_review"}, key=k["declined"]),
        ("report_differs", "declined"),
    ),
    "a state that there is not": (
        lambda s, k: _update(s, {"state": "published"}, key=k["held"]),
        ("report_differs", "held"),
    ),
    "its texts are emptied without a line": (
        lambda s, k: _update(s, {"sealed": None}, key=k["held"]),
        ("report_differs", "held"),
    ),
    "texts are there again after their purge": (
        lambda s, k: _update(s, {"sealed": b"x"}, key=k["purged"]),
        ("report_differs", "purged"),
    ),
    "its texts have no day of destruction": (
        lambda s, k: _update(s, {"state": "declined", "purge_on": None}, key=k["declined"]),
        ("report_differs", "declined"),
    ),
    "one that was counted is there again": (
        lambda s, k: s.execute(_insert_report(k["counted"])),
        ("report_survives", "counted"),
    ),
}


def _insert_report(key):
    return insert(Report).values(
        key=key,
        receipt=b"r" * 32,
        state="spam",
        suspect=False,
        news=False,
        day=AT.date(),
        moved_on=AT.date(),
        purge_on=AT.date(),
        reason="",
    )


def test_each_change_outside_acts_is_reported(session, report_keys):
    for what, (change, (key, name)) in CHANGES.items():
        change(session, report_keys)
        reported = [(problem.key, problem.values["report"]) for problem in problems(session)]
        assert reported == [(key, report_keys[name])], what
        session.rollback()
    session.execute(_insert_report("f" * 32))
    assert [problem.key for problem in problems(session)] == ["report_differs"]
    session.rollback()


def test_a_damaged_line_does_not_stop_the_verification(session, report_keys):
    line = (
        JournalEntry.act == Act.REPORT_RECEIVED.value,
        JournalEntry.ledger == Ledger.REPORTS.value,
    )
    seq = session.scalar(
        select(JournalEntry.seq).where(*line).order_by(JournalEntry.seq.desc()).limit(1)
    )
    for bytes_ in (b"\xff", b"[]", b"{"):
        session.execute(
            update(JournalEntry).where(*line, JournalEntry.seq == seq).values(private_json=bytes_)
        )
        # Without the line of its receipt, the state of the report cannot be derived.
        assert [problem.key for problem in problems(session)] == ["report_differs"]
        assert "journal_private" in {problem.key for problem in verify(session, [])}
        session.rollback()


def test_an_empty_register_has_no_problem(session):
    assert session.scalar(text("SELECT count(*) FROM report")) == 0
    assert list(problems(session)) == []
