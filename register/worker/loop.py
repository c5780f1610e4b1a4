"""The follower's life: elected, it brings the index up to the ledger, and waits for the next line.

Nothing that goes wrong with the index or the database ends it. It says so once, lets go of the
lease so that another machine may try, and tries again by itself.
"""

from __future__ import annotations

import time
from typing import Protocol

from sqlalchemy import Engine as Database

from register.config import Settings
from register.search.advisory_locks import lease_of
from register.search.engine import Engine
from register.search.indexer import catch_up
from register.search.leader_election import Lease
from register.worker.commit_notifications import Ending, Wake, wake_of

COMPETING = 0.5  # seconds between two tries of one that is not elected
WAITING = 1.0  # seconds at most between two glances at the index and the door
GLANCING = 0.25  # the same for the door, during a long work
ANYWAY = 5.0  # seconds after which the ledger is read, whether something was heard or not
READING = 60.0  # seconds between two readings of the whole index
SHARE = 50  # a reading takes no more than one part in so many of the time
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between two tries of what failed


class Tell(Protocol):
    """Takes what an operator should read in the log."""

    def __call__(self, event: str, error: BaseException | None = None) -> None:
        """Note an event; an error is told by its kind and place, never by its words."""


class Duty(Protocol):
    """What the elected follower does beside the index; its faults are its own to tell."""

    def glance(self) -> None:
        """Do what is due, if anything is."""

    def close(self) -> None:
        """Let go of what it holds."""


class Interrupted(Exception):
    """What was begun is left, since the end was asked for or the lease has to be given away."""


class Follower:
    """One that follows, or competes to.

    :param ending: when it is asked for, :meth:`run` ends at the next opportunity.
    :param duty: what else is done by the one that is elected.
    """

    def __init__(
        self,
        database: Database,
        index: Engine,
        lease: Lease,
        wake: Wake,
        ending: Ending,
        tell: Tell,
        duty: Duty | None = None,
    ) -> None:
        self._database, self._index = database, index
        self._duty = duty
        self._lease, self._wake, self._ending = lease, wake, ending
        self._tell = tell
        self._elected = False
        self._look_at = self._read_at = self._glance_at = 0.0  # when each is due
        self._pause = 0.0
        self._fault = ""

    def run(self) -> None:
        """Follow until the end is asked for."""
        try:
            while not self._ending.asked:
                self._turn()
        finally:
            self._leave()
            if self._duty is not None:
                self._duty.close()

    def _turn(self) -> None:
        try:
            if not self._is_elected():
                self._ending.wait(COMPETING)
                return
            if self._duty is not None:
                self._duty.glance()
            self._look()
            self._recovered()
            if self._wake.wait(WAITING):
                self._look_at = 0.0
        except Interrupted:
            self._leave()
        except Exception as error:
            # Whatever it is, a damaged file or a server that went away, dying of it mends nothing.
            self._failed(error)

    def _is_elected(self) -> bool:
        before, self._elected = self._elected, self._lease.elected()
        if self._elected and not before:
            # Before the first look: what is committed during it is heard.
            self._wake.open()
            self._look_at = self._read_at = 0.0
            if not self._fault:
                self._tell("elected")
        return self._elected

    def _look(self) -> None:
        now = time.monotonic()
        anew = now >= self._read_at and self._is_damaged()
        if anew or now >= self._look_at or not self._index.intact(deep=False):
            catch_up(self._database, self._index, self._step, anew=anew)
            self._look_at = time.monotonic() + ANYWAY

    def _is_damaged(self) -> bool:
        """Read the whole index; one that is not there is no damage."""
        if self._index.cursor() is None:
            return False
        begun = time.monotonic()
        damaged = not self._index.intact(deep=True)
        ended = time.monotonic()
        self._read_at = ended + max(READING, SHARE * (ended - begun))
        return damaged

    def _step(self, _done: int, _total: int) -> None:
        """Leave a long work where it is, if there is a reason: the next one begins it anew."""
        now = time.monotonic()
        if now < self._glance_at:
            return
        self._glance_at = now + GLANCING
        if self._ending.asked or not self._lease.elected():
            raise Interrupted

    def _failed(self, error: Exception) -> None:
        fault = f"{type(error).__name__} {getattr(error, 'errno', '')}"
        if fault != self._fault:
            self._fault = fault
            self._tell("search_failing", error)
        self._leave()
        self._pause = min(LONGEST_PAUSE, max(FIRST_PAUSE, 2 * self._pause))
        self._ending.wait(self._pause)

    def _recovered(self) -> None:
        self._pause = 0.0
        if self._fault:
            self._fault = ""
            self._tell("search_healed")

    def _leave(self) -> None:
        self._elected = False
        self._wake.close()
        self._lease.leave()


def follower(
    settings: Settings,
    database: Database,
    index: Engine,
    ending: Ending,
    tell: Tell,
    duty: Duty | None = None,
) -> Follower:
    """A follower of a register."""
    lease = lease_of(settings, database)
    return Follower(database, index, lease, wake_of(database, ending), ending, tell, duty)
