"""A desk of five thousand open drafts costs at most three times one of fifty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from people import hire
from registers import BACKENDS, application, opened

from benchmarks import desk
from benchmarks.desk import FEW, MANY, MOST, Desk
from benchmarks.seeding import Members

pytestmark = pytest.mark.prove


@pytest.fixture(params=BACKENDS)
def desks(request: Any, registers: Any, tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """Chloé's desk with few drafts, and with many."""
    with ExitStack() as stack:
        made = []
        for count in (FEW, MANY):
            folder = tmp_path / str(count)
            folder.mkdir()
            settings = stack.enter_context(registers.new(request.param, folder))
            engine = stack.enter_context(opened(settings.database_url))
            cast = hire(engine)
            desk.fill(engine, folder, Members(cast.bruno, cast.chloe), count)
            made.append(Desk(stack.enter_context(application(settings)), cast.chloe))
        yield made[0], made[1]


def test_the_desk_costs_at_most_three_times_as_much(desks: tuple[Desk, Desk]) -> None:
    found = desk.costs(*desks)
    for name, (few, many) in found.items():
        print(f"{name}: {few * 1000:.1f} ms, {many * 1000:.1f} ms, × {many / few:.2f}")
    assert {name: many / few for name, (few, many) in found.items() if many > MOST * few} == {}
