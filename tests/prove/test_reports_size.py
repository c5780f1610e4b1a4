"""Five thousand reports cost the desk at most three times fifty, and a filter of them 300 ms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cast import Cast
from databases import BACKENDS
from desk_sizes import few_and_many
from report_factory import WORDS, a_report, nonce
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.desk import COST_LIMIT, Desk, measure_costs
from register.config import Settings
from register.db import analyse_tables, now
from register.journal import writing
from register.operations import setup
from register.reports import acts

pytestmark = pytest.mark.prove

PLAIN = {
    "home": "/moderation",
    "queue": "/moderation/signalements",
    "new": "/moderation/signalements?casier=nouveaux",
}
FILTERED = {
    "place": "/moderation/signalements?endroit=commune:93032",
    "type": "/moderation/signalements?type=expulsion",
    "words": "/moderation/signalements?q=micro",
}
FILTER_LIMIT = 0.3  # seconds
BATCH_SIZE = 250


@pytest.fixture(params=BACKENDS)
def desks(request: Any, registers: Any, tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """Chloé's desk with few reports, and with many."""
    with few_and_many(request.param, registers, tmp_path, _reports) as pair:
        yield pair


def _reports(settings: Settings, engine: Engine, _cast: Cast, count: int) -> None:
    with Session(engine) as session:
        store = setup.key_store(settings, session)
    for start in range(0, count, BATCH_SIZE):
        with writing(engine, now()) as pen:
            for number in range(start, min(start + BATCH_SIZE, count)):
                acts.receive(pen, store, _report_content(number), nonce())
    store.close()
    analyse_tables(engine)


def _report_content(number: int) -> Any:
    kind = "expulsion" if number % 5 == 0 else "interdiction_filmer"
    place = {} if number % 3 else {"place": "Puteaux", "place_code": "commune:92062"}
    account = f"{WORDS} {'Le micro a été coupé. ' * (number % 40)}"
    return a_report(account=account, types=(kind,), **place)


def test_five_thousand_reports_cost_at_most_three_times_fifty(desks: tuple[Desk, Desk]) -> None:
    costs = measure_costs(*desks, pages=PLAIN)
    for name, (few, many) in costs.items():
        print(f"{name}: {few * 1000:.1f} ms, {many * 1000:.1f} ms, × {many / few:.2f}")
    filtered_costs = measure_costs(*desks, pages=FILTERED)
    for name, (few, many) in filtered_costs.items():
        print(f"by {name}: {few * 1000:.1f} ms, {many * 1000:.1f} ms")
    assert {
        name: many / few for name, (few, many) in costs.items() if many > COST_LIMIT * few
    } == {}
    assert {
        name: many for name, (_few, many) in filtered_costs.items() if many > FILTER_LIMIT
    } == {}
