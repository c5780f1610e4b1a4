"""The desk of a member with little to do, and the same with much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from cast import Cast, hire
from databases import application, open_engine
from sqlalchemy import Engine

from benchmarks.desk import LARGE_DESK, SMALL_DESK, Desk
from register.config import Settings

# Puts so many things on the desk of a register.
Fill = Callable[[Settings, Engine, Cast, int], None]


@contextmanager
def few_and_many(
    backend: str, registers: Any, folder: Path, fill: Fill
) -> Iterator[tuple[Desk, Desk]]:
    """Chloé's desk with few of something, and with many."""
    with ExitStack() as stack:
        desks = []
        for count in (SMALL_DESK, LARGE_DESK):
            desk_folder = folder / str(count)
            desk_folder.mkdir()
            settings = stack.enter_context(registers.new(backend, desk_folder))
            engine = stack.enter_context(open_engine(settings.database_url))
            cast = hire(engine)
            fill(settings, engine, cast, count)
            desks.append(Desk(stack.enter_context(application(settings)), cast.chloe))
        yield desks[0], desks[1]
