"""Locks as other processes would have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine as Database

from register.config import Settings
from register.worker.lock import WorkerLock, worker_lock


@pytest.fixture
def new_lock(settings: Settings, engine: Database) -> Iterator[Callable[[], WorkerLock]]:
    """``new_lock()``: on the data folder with SQLite, in the server with PostgreSQL."""
    locks: list[WorkerLock] = []

    def new() -> WorkerLock:
        locks.append(worker_lock(settings, engine))
        return locks[-1]

    yield new
    for lock in locks:
        lock.release()
