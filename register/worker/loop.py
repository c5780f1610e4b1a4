"""The worker's loop: once a second, the worker that has the lock runs the jobs that are due.

No error ends the loop. It is logged once, the lock released so that another machine may try, and
the job tried again after a pause.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register.journal.models import LedgerHead
from register.worker.lock import WorkerLock

POLL_SECONDS = 1.0
KEEP_SECONDS = 0.25  # between two looks at the lock during a long job
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0  # seconds before a job that failed is tried again

# Logs an event for the operator, with the type and place of an error, never its message.
EventLog = Callable[..., None]
# Called by a long job as it goes, as the progress of a rebuild is; raises Interrupted.
KeepGoing = Callable[[int, int], None]


class Interrupted(Exception):
    """A job was abandoned because the lock was lost."""


class Job(Protocol):
    """Recurring work that may be interrupted and repeated. ``name`` begins its log events."""

    name: str

    def run(self, keep_going: KeepGoing) -> float:
        """Do what is due; seconds until the next run, unless a line is recorded before."""


@dataclass
class _Schedule:
    """When a job runs next: at a time, or once the ledgers have other heads."""

    job: Job
    due_at: float = 0.0
    heads: Sequence[int] = ()
    pause: float = 0.0

    def is_due(self, heads: Sequence[int]) -> bool:
        has_news = heads != self.heads and not self.pause
        return has_news or time.monotonic() >= self.due_at


class Worker:
    """The loop: :meth:`poll`, again and again. It may be killed at any moment."""

    def __init__(
        self, database: Engine, lock: WorkerLock, jobs: Sequence[Job], log_event: EventLog
    ) -> None:
        self._database, self._lock, self._jobs = database, lock, jobs
        self._schedules: list[_Schedule] = []
        self._log_event = log_event
        self._faults: dict[str, str] = {}  # by name of the job
        self._renewed_at = 0.0

    def poll(self) -> None:
        """Run the jobs that are due, if this worker has the lock."""
        heads: Sequence[int] = ()
        with self._watching("worker"):
            heads = self._read_heads()
        due = [schedule for schedule in self._schedules if heads and schedule.is_due(heads)]
        if not all(self._succeeds(schedule, heads) for schedule in due):
            self._lock.release()

    def _read_heads(self) -> Sequence[int]:
        """Last lines of the ledgers, read by the worker that has the lock; none for others."""
        if not self._lock.hold():
            self._schedules = []
            return ()
        with Session(self._database) as session:
            heads = session.scalars(select(LedgerHead.seq).order_by(LedgerHead.ledger)).all()
        if not self._schedules:
            self._schedules = [_Schedule(job) for job in self._jobs]
            if not self._faults:
                self._log_event("elected")
        return heads

    def _succeeds(self, schedule: _Schedule, heads: Sequence[int]) -> bool:
        """Run a job; whether it came to its end."""
        seconds = None
        with self._watching(schedule.job.name):
            seconds = schedule.job.run(self._keep_going)
        if seconds is None:
            schedule.pause = min(LONGEST_PAUSE, max(FIRST_PAUSE, 2 * schedule.pause))
        else:
            schedule.pause, schedule.heads = 0.0, heads
        schedule.due_at = time.monotonic() + (seconds or schedule.pause)
        return seconds is not None

    @contextmanager
    def _watching(self, name: str) -> Iterator[None]:
        """Log an error inside, once until it is another, and go on."""
        try:
            yield
            if self._faults.pop(name, ""):
                self._log_event(f"{name}_healed")
        except Interrupted:
            pass
        except Exception as error:
            # Any error, such as a damaged file or a lost server: ending the process repairs none.
            fault = f"{type(error).__name__} {getattr(error, 'errno', '')}"
            if self._faults.get(name) != fault:
                self._faults[name] = fault
                self._log_event(f"{name}_failing", error)

    def _keep_going(self, _done: int, _total: int) -> None:
        """Keep the lock during a long job.

        :raises Interrupted: the job is abandoned, and started again by whoever has the lock next.
        """
        if time.monotonic() >= self._renewed_at + KEEP_SECONDS:
            self._renewed_at = time.monotonic()
            if not self._lock.hold():
                raise Interrupted
