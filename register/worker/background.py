"""Jobs in threads of their own: what takes long holds up no other job."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait

from register.worker.loop import Job, KeepGoing

LOOK_SECONDS = 1.0  # between two looks at a round that takes long
_SHORT_ROUND_SECONDS = 0.1  # within which a round ends that finds nothing to do


class BackgroundJob:
    """A job whose rounds run in a thread; its errors are raised in the loop.

    A round goes on when the lock is lost: such a job claims in the database what may be done once
    only.
    """

    def __init__(self, job: Job) -> None:
        self.name = job.name
        self._job, self._thread = job, ThreadPoolExecutor(1)
        self._round: Future[float] | None = None

    def run(self, keep_going: KeepGoing) -> float:
        """Begin a round, or look at the one that lasts."""
        if self._round is None:
            self._round = self._thread.submit(self._job.run, keep_going)
            wait([self._round], _SHORT_ROUND_SECONDS)
        if not self._round.done():
            return LOOK_SECONDS
        ended, self._round = self._round, None
        return ended.result()
