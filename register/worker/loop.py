"""The worker's loop: once a second, the worker that has the lock runs the jobs that are due.

No error ends the loop. It is logged once, the lock released so that another machine may try, and
the job tried again after a pause.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register.journal.models import LedgerHead
from register.worker.lock import WorkerLock

POLL_SECONDS = 1.0
KEEP_SECONDS = 0.25  # between two looks at the lock during a long job
RETRY_SECONDS = 5.0  # from the start of a job that failed to the next one

# Logs an event for the operator, with the type and place of an error, never its message.
EventLog = Callable[..., None]
# Called by a long job as it goes, as the progress of a rebuild is; raises Interrupted.
KeepGoing = Callable[[int, int], None]


class Interrupted(Exception):
    """A job was abandoned because the lock was lost, or failed."""


class Job(Protocol):
    """Recurring work that may be interrupted and repeated. ``name`` begins its log events."""

    name: str

    def run(self, keep_going: KeepGoing) -> float:
        """Do what is due; seconds until the next run, unless a line is recorded before."""


class Worker:
    """The loop: :meth:`poll`, again and again. It may be killed at any moment."""

    def __init__(
        self, database: Engine, lock: WorkerLock, jobs: Sequence[Job], log_event: EventLog
    ) -> None:
        self._database, self._lock, self._jobs = database, lock, jobs
        self._log_event = log_event
        # By name of the job: the heads of the ledgers at its last run, and when it is due again.
        self._schedule: dict[str, tuple[Sequence[int], float]] = {}
        self._faults: dict[str, str] = {}  # by name of the job
        self._renewed_at = 0.0

    def poll(self) -> None:
        """Run the jobs that are due, if this worker has the lock."""
        with suppress(Interrupted):
            with self._watching("worker"):
                heads = self._read_heads()
            for job in self._jobs if heads else ():
                former_heads, due_at = self._schedule.get(job.name, ((), 0.0))
                if heads != former_heads or time.monotonic() >= due_at:
                    self._schedule[job.name] = heads, time.monotonic() + RETRY_SECONDS
                    with self._watching(job.name):
                        seconds = job.run(self._keep_going)
                        self._schedule[job.name] = heads, time.monotonic() + seconds

    def _read_heads(self) -> Sequence[int]:
        """Last lines of the ledgers, read by the worker that has the lock; none for others."""
        if not self._lock.hold():
            self._schedule.clear()
            return ()
        with Session(self._database) as session:
            heads = session.scalars(select(LedgerHead.seq).order_by(LedgerHead.ledger)).all()
        if not (self._schedule or self._faults):
            self._log_event("elected")
        return heads

    @contextmanager
    def _watching(self, name: str) -> Iterator[None]:
        """Log an error inside, once until it is another, and release the lock.

        :raises Interrupted: there was one.
        """
        try:
            yield
        except Interrupted:
            raise
        except Exception as error:
            # Any error, such as a damaged file or a lost server: ending the process repairs none.
            self._lock.release()
            fault = f"{type(error).__name__} {getattr(error, 'errno', '')}"
            if self._faults.get(name) != fault:
                self._faults[name] = fault
                self._log_event(f"{name}_failing", error)
            raise Interrupted from error
        if self._faults.pop(name, ""):
            self._log_event(f"{name}_healed")

    def _keep_going(self, _done: int, _total: int) -> None:
        """Keep the lock during a long job.

        :raises Interrupted: the job is abandoned, and started again by whoever has the lock next.
        """
        if time.monotonic() >= self._renewed_at + KEEP_SECONDS:
            self._renewed_at = time.monotonic()
            if not self._lock.hold():
                raise Interrupted
