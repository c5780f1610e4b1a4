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
WITHIN = 0.3  # seconds
AT_ONCE = 250


@pytest.fixture(params=BACKENDS)
def desks(request: Any, registers: Any, tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """Chloé's desk with few reports, and with many."""
    with few_and_many(request.param, registers, tmp_path, _reports) as made:
        yield made


def _reports(settings: Settings, engine: Engine, _cast: Cast, count: int) -> None:
    with Session(engine) as session:
        store = setup.key_store(settings, session)
    for start in range(0, count, AT_ONCE):
        with writing(engine, now()) as pen:
            for number in range(start, min(start + AT_ONCE, count)):
                acts.receive(pen, store, _said(number), nonce())
    store.close()
    analyse_tables(engine)


def _said(number: int) -> Any:
    kind = "expulsion" if number % 5 == 0 else "interdiction_filmer"
    place = {} if number % 3 else {"place": "Puteaux", "place_code": "commune:92062"}
    account = f"{WORDS} {'Le micro a été coupé. ' * (number % 40)}"
    return a_report(account=account, types=(kind,), **place)


def test_five_thousand_reports_cost_at_most_three_times_fifty(desks: tuple[Desk, Desk]) -> None:
    found = measure_costs(*desks, pages=PLAIN)
    for name, (few, many) in found.items():
        print(f"{name}: {few * 1000:.1f} ms, {many * 1000:.1f} ms, × {many / few:.2f}")
    filtered = measure_costs(*desks, pages=FILTERED)
    for name, (few, many) in filtered.items():
        print(f"by {name}: {few * 1000:.1f} ms, {many * 1000:.1f} ms")
    assert {
        name: many / few for name, (few, many) in found.items() if many > COST_LIMIT * few
    } == {}
    assert {name: many for name, (_few, many) in filtered.items() if many > WITHIN} == {}
