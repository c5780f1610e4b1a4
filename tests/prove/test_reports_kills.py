"""A server that is killed again and again under those who report loses no acknowledged report."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from contextlib import AbstractContextManager, suppress

import pytest
from raw_http import EndableThread, free_port, running, until
from report_clients import STARTED, ReportClient, Serve
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register.cases.verify import verify
from register.config import Settings
from register.key_store import KeyStore
from register.reports import queries
from register.reports.models import Report
from register.reports.verify import problems

pytestmark = [
    pytest.mark.prove,
    # A commit of PostgreSQL is PostgreSQL's own affair; the key store and the order are ours.
    pytest.mark.parametrize("settings", ["sqlite"], indirect=True),
]

CLIENTS = 8
REPORT_COUNT = 1_000
KILLS = 10


class Reporter(EndableThread):
    """Sends reports in a loop; sends an unanswered form again, or gives it up."""

    def __init__(self, port: int, number: int) -> None:
        super().__init__()
        self.citizen, self.number = ReportClient(port), number
        self.acknowledged: dict[str, str] = {}
        self.given_up: set[str] = set()
        self.retry_count = 0
        self.odd_statuses: list[int] = []

    def run(self) -> None:
        count = 0
        while not self.ending.is_set():
            try:
                form = self.citizen.form()
            except OSError:
                time.sleep(0.05)
                continue
            count += 1
            self._report(form, f"Récit {self.number}-{count}.", patient=count % 2 == 0)

    def _report(self, form: str, account: str, *, patient: bool) -> None:
        while not self.ending.is_set():
            try:
                answer = self.citizen.report(form, account)
            except OSError:
                if not patient:
                    break
                self.retry_count += 1
                time.sleep(0.05)
                continue
            if answer.code:
                self.acknowledged[account] = answer.code
                return
            self.odd_statuses.append(answer.status)
            break
        self.given_up.add(account)


def reporters(port: int) -> AbstractContextManager[list[Reporter]]:
    return running([Reporter(port, number) for number in range(CLIENTS)])


def received_accounts(engine: Engine, store: KeyStore) -> Counter[str]:
    """How often each account was received."""
    with Session(engine) as session:
        keys = session.scalars(select(Report.key)).all()
        reports = [queries.get_report(session, store, key) for key in keys]
    return Counter(report.received.sent.account for report in reports if report.received)


def test_a_thousand_acknowledged_reports_outlive_ten_kills(
    settings: Settings, engine: Engine, store: KeyStore
) -> None:
    port, durations = free_port(), []
    variables = {"REGISTER_RATE_LIMITS": "off"}
    served = Serve(settings, port, **variables)
    try:
        until(served.is_up, 30, served.logged)
        with reporters(port) as threads:

            def acknowledged() -> int:
                return sum(len(thread.acknowledged) for thread in threads)

            for count in range(1, KILLS + 1):
                until(
                    lambda count=count: acknowledged() >= count * REPORT_COUNT // (KILLS + 1), 300
                )
                served.kill_all()
                served.close()
                start = time.monotonic()
                served = Serve(settings, port, **variables)
                until(served.is_up, 30, served.logged)
                durations.append(time.monotonic() - start)
            until(lambda: acknowledged() >= REPORT_COUNT, 300)
        codes = {
            account: code for thread in threads for account, code in thread.acknowledged.items()
        }
        given_up = set[str]().union(*(thread.given_up for thread in threads))
        retry_count = sum(thread.retry_count for thread in threads)
        is_opened = [is_opened_by_code(port, account, code) for account, code in codes.items()]
        assert served.end() == 0
    finally:
        served.close()
    received = received_accounts(engine, store)
    received_without_answer = [account for account in given_up if received[account]]
    print(
        f"{len(codes)} acknowledged over {len(durations)} kills, answers again after"
        f" {statistics.median(durations):.1f} s (at most {max(durations):.1f});"
        f" {retry_count} sent again,"
        f" {len(given_up)} given up, of which {len(received_without_answer)} had been received"
    )
    assert [status for thread in threads for status in thread.odd_statuses] == []
    assert len(codes) >= REPORT_COUNT
    assert len(set(codes.values())) == len(codes)
    assert all(is_opened)
    assert [account for account in codes if received[account] != 1] == []
    assert [account for account, count in received.items() if count > 1] == []
    assert set(received) <= set(codes) | given_up
    assert retry_count > 0
    assert given_up
    assert max(durations) <= STARTED
    with Session(engine) as session:
        assert list(problems(session)) == []
        assert list(verify(session)) == []


def is_opened_by_code(port: int, account: str, code: str) -> bool:
    with suppress(OSError):
        answer = ReportClient(port).follow(code)
        return answer.status == 200 and account in answer.text
    return False
