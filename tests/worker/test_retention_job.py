"""The follower looks at retention as days begin, each hour, and as soon as a case is erased."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from cast import AT
from sqlalchemy import select

from register import worker
from register.cases import acts as cases
from register.cases.models import Incident
from register.errors import SealError
from register.reports.acts import purging
from register.reports.models import Report, RetainedReport
from register.worker import RetentionJob


class Watch:
    """A retention whose hours a test moves, and what it told and did."""

    def __init__(self, engine, store, monkeypatch):
        self.at, self.seconds = AT, 1_000.0
        self.told: list[str] = []
        self.looks = 0
        self.fault: Exception | None = None
        self.opened = 0
        clock = SimpleNamespace(monotonic=lambda: self.seconds)
        monkeypatch.setattr(worker, "time", clock)
        real = purging.run_retention

        def look(*given, **more):
            self.looks += 1
            if self.fault is not None:
                raise self.fault
            return real(*given, **more)

        def open_store():
            self.opened += 1
            return store

        monkeypatch.setattr(worker.purging, "run_retention", look)
        self.duty = RetentionJob(engine, open_store, 24, self._tell, lambda: self.at)

    def _tell(self, event, error=None):
        self.told.append(event if error is None else f"{event} {type(error).__name__}")

    def later(self, **spans):
        """A glance after a while; how often it looked."""
        span = timedelta(**spans)
        self.at, self.seconds = self.at + span, self.seconds + span.total_seconds()
        before = self.looks
        self.duty.run_if_due()
        return self.looks - before


@pytest.fixture
def watch(engine, store, monkeypatch):
    """The duty of a follower that was just elected."""
    made = Watch(engine, store, monkeypatch)
    yield made
    made.duty.close()


def test_retention_runs_at_once_each_hour_and_at_midnight_in_paris(watch, inbox, session):
    filed = inbox.spam(AT - timedelta(days=6))
    assert watch.later() == 1
    assert [watch.later(seconds=1) for _ in range(3)] == [0, 0, 0]
    assert watch.later(minutes=59) == 0
    assert watch.later(minutes=1) == 1
    # The day begins in Paris at eleven in the evening, UTC.
    assert watch.later(hours=12, minutes=28) == 1
    assert watch.later(minutes=0) == 0
    assert session.get_one(Report, filed.key).sealed is not None
    session.rollback()
    assert watch.later(minutes=2) == 1
    session.expire_all()
    assert session.get_one(Report, filed.key).sealed is None
    assert (watch.told, watch.opened) == ([], 1)


def test_retained_copies_are_destroyed_at_the_next_run(watch, inbox, pen, session, cast):
    inbox.accepted()
    draft = session.scalars(select(Incident.id)).one()
    session.rollback()
    assert (watch.later(), watch.later(seconds=1)) == (1, 0)
    with pen() as p:
        cases.discard(p, draft, by=cast.bruno)
    assert watch.later(seconds=1) == 1
    assert session.scalars(select(RetainedReport)).all() == []
    session.rollback()
    assert watch.later(seconds=1) == 0


def test_a_clock_jump_is_logged_once_and_destroys_nothing(watch, inbox, session):
    watch.later()
    filed = inbox.spam()
    watch.later(days=365)
    for _ in range(3):
        watch.later(hours=1)
    assert watch.told == ["retention_waits"]
    assert session.get_one(Report, filed.key).sealed is not None
    session.rollback()
    # It was a mistake, and is put right.
    watch.later(days=-358)
    session.expire_all()
    assert session.get_one(Report, filed.key).sealed is None
    session.rollback()
    watch.later(days=300)
    assert watch.told == ["retention_waits", "retention_waits"]


def test_a_failed_purge_is_logged_once_and_retried(watch, inbox):
    watch.fault = OSError("a path that nobody has to read")
    assert watch.later() == 1
    assert [watch.later(seconds=10) for _ in range(5)] == [0] * 5
    assert watch.later(seconds=10) == 1
    watch.fault = SealError("keystore_missing", where="/somewhere")
    assert watch.later(minutes=2) == 1
    assert watch.told == ["retention_failing OSError", "retention_failing SealError"]
    watch.fault = None
    assert watch.later(minutes=2) == 1
    assert watch.told[2:] == ["retention_healed"]
    assert watch.later(minutes=2) == 0
    # The store was opened anew each time.
    assert watch.opened == 4
