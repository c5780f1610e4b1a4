"""A desk of five thousand open drafts costs at most three times one of fifty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cast import Cast
from databases import BACKENDS
from desk_sizes import few_and_many
from sqlalchemy import Engine

from benchmarks import desk
from benchmarks.desk import COST_LIMIT, Desk
from benchmarks.seeding import Members
from register.config import Settings

pytestmark = pytest.mark.prove


@pytest.fixture(params=BACKENDS)
def desks(request: Any, registers: Any, tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """Chloé's desk with few drafts, and with many."""
    with few_and_many(request.param, registers, tmp_path, _drafts) as pair:
        yield pair


def _drafts(settings: Settings, engine: Engine, cast: Cast, count: int) -> None:
    desk.fill_desk(engine, settings.instance, Members(cast.bruno, cast.chloe), count)


def test_the_desk_costs_at_most_three_times_as_much(desks: tuple[Desk, Desk]) -> None:
    costs = desk.measure_costs(*desks)
    for name, (few, many) in costs.items():
        print(f"{name}: {few * 1000:.1f} ms, {many * 1000:.1f} ms, × {many / few:.2f}")
    assert {
        name: many / few for name, (few, many) in costs.items() if many > COST_LIMIT * few
    } == {}
