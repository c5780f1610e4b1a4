"""Retention runs as days begin, each hour, and as soon as a case is erased."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from cast import AT
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases import acts as cases
from register.cases.models import Incident
from register.errors import SealError
from register.operations import setup
from register.reports.acts import purging
from register.reports.models import Report, RetainedReport
from register.worker import jobs
from register.worker.jobs import RetentionJob


class RetentionClock:
    """A retention whose clock a test moves, with the events that it logged and its runs."""

    def __init__(self, engine, open_store, monkeypatch):
        self.at, self.seconds = AT, 1_000.0
        self.events: list[str] = []
        self.run_count = 0
        self.fault: Exception | None = None
        time = SimpleNamespace(monotonic=lambda: self.seconds)
        monkeypatch.setattr(jobs, "time", time)
        run_retention = purging.run_retention

        def counted_run(*args, **options):
            self.run_count += 1
            if self.fault is not None:
                raise self.fault
            return run_retention(*args, **options)

        monkeypatch.setattr(jobs.purging, "run_retention", counted_run)
        self.job = RetentionJob(engine, open_store, 24, self.log, lambda: self.at)

    def log(self, event, error=None):
        self.events.append(event if error is None else f"{event} {type(error).__name__}")

    def later(self, **spans):
        """Move the clock and call the job once; how often retention ran."""
        span = timedelta(**spans)
        self.at, self.seconds = self.at + span, self.seconds + span.total_seconds()
        before = self.run_count
        self.job.run(lambda _done, _total: None)
        return self.run_count - before


@pytest.fixture
def clock(settings, engine, monkeypatch):
    """The retention job of a worker that was just elected."""

    def open_store():
        with Session(engine) as session:
            return setup.key_store(settings, session)

    return RetentionClock(engine, open_store, monkeypatch)


def test_retention_runs_at_once_each_hour_and_at_midnight_in_paris(clock, inbox, session):
    report = inbox.spam(AT - timedelta(days=6))
    assert clock.later() == 1
    assert [clock.later(seconds=1) for _ in range(3)] == [0, 0, 0]
    assert clock.later(minutes=59) == 0
    assert clock.later(minutes=1) == 1
    # The day begins in Paris at eleven in the evening, UTC.
    assert clock.later(hours=12, minutes=28) == 1
    assert clock.later(minutes=0) == 0
    assert session.get_one(Report, report.key).sealed is not None
    session.rollback()
    assert clock.later(minutes=2) == 1
    session.expire_all()
    assert session.get_one(Report, report.key).sealed is None
    assert clock.events == []


def test_retained_copies_are_destroyed_at_the_next_run(clock, inbox, pen, session, cast):
    inbox.accepted()
    draft = session.scalars(select(Incident.id)).one()
    session.rollback()
    assert (clock.later(), clock.later(seconds=1)) == (1, 0)
    with pen() as p:
        cases.discard(p, draft, by=cast.bruno)
    assert clock.later(seconds=1) == 1
    assert session.scalars(select(RetainedReport)).all() == []
    session.rollback()
    assert clock.later(seconds=1) == 0


def test_a_clock_jump_is_logged_once_and_destroys_nothing(clock, inbox, session):
    clock.later()
    report = inbox.spam()
    clock.later(days=365)
    for _ in range(3):
        clock.later(hours=1)
    assert clock.events == ["retention_waits"]
    assert session.get_one(Report, report.key).sealed is not None
    session.rollback()
    # It was a mistake, and is put right.
    clock.later(days=-358)
    session.expire_all()
    assert session.get_one(Report, report.key).sealed is None
    session.rollback()
    clock.later(days=300)
    assert clock.events == ["retention_waits", "retention_waits"]


def test_a_failed_purge_is_due_again(clock):
    for fault in (OSError("a path"), SealError("keystore_missing", where="/somewhere")):
        clock.fault = fault
        with pytest.raises(type(fault)):
            clock.later(seconds=1)
    clock.fault = None
    assert clock.later(seconds=1) == 1
    assert clock.later(seconds=1) == 0
    assert clock.events == []
