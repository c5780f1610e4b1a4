"""The parent: keeps the sockets, and one process of each kind running behind them.

HUP starts each process anew from the code and data as they now are; the one before serves until
its successor says that it is ready, and goes on serving if it never does. TERM and INT end
everything, each request under way being answered. A process that dies unasked is started again.

There are two kinds. The workers answer requests: one waitress process, or gunicorn's parent with
several of its own. The follower keeps the index of the search; pages are served without it too.

Nothing of the application is imported here: see ``process_start``.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

from register.server import process_start
from register.server.process_start import ERROR, line, python_command, say

WORKER = "register.server.worker"
GROWN = "register.server.gunicorn_server"
FOLLOWER = "register.server.follower"

STARTING = 120  # seconds that a process may take to be ready
LEAVING = 200  # seconds after which one that was told to retire is killed; it ends before by itself
STOPPING = 20  # the same for one that was told to stop
GROWN_STOPPING = 40  # gunicorn gives the requests under way 30 s of their own
PAUSE, LONGEST = 0.2, 30.0  # seconds before one that died is started again: first, and at most
# What is published shall be found in seconds, whatever befalls the follower.
FOLLOWER_LONGEST = 1.0
SETTLED = 60  # seconds after which one that dies is no longer one that cannot start


class Process:
    """One process that was started, and the line to it."""

    def __init__(self, command: list[str], sockets: list[socket.socket]) -> None:
        self.line, theirs = socket.socketpair()
        self.line.setblocking(False)
        handed = [theirs.fileno(), *(opened.fileno() for opened in sockets)]
        with theirs:
            self.popen = subprocess.Popen(
                [*command, *map(str, handed)],
                pass_fds=handed,
                stdin=subprocess.DEVNULL,
                # A terminal's Ctrl-C is for the supervisor, which tells the others in order.
                start_new_session=True,
            )
        self.since = time.monotonic()
        self._heard = b""

    @property
    def ended(self) -> bool:
        """Whether it is no more."""
        return self.popen.poll() is not None

    @property
    def age(self) -> float:
        """Seconds since it started, or since it was told to leave."""
        return time.monotonic() - self.since

    def say(self, word: bytes) -> None:
        """Tell it something; one that has ended does not hear it."""
        self.since = time.monotonic()
        with suppress(OSError):
            self.line.send(word + b"\n")

    def hear(self) -> str:
        """What it has said so far."""
        with suppress(OSError):
            while part := self.line.recv(4096):
                self._heard += part
        return self._heard.decode()

    def kill(self) -> None:
        """End it at once, with the processes that it has started."""
        if not self.ended:
            with suppress(OSError):
                # It leads a group, since its session is its own.
                os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.kill()
        self.forget()

    def forget(self) -> None:
        """Take leave of one that has ended, or is about to."""
        self.popen.wait()
        self.line.close()


class Child:
    """A kind of process of which one is kept running.

    ``needed``: nothing is served without it, so that a first one that will not start ends the
    command. ``stopping``: seconds that it is given when it is told to stop. ``longest``: the
    longest pause before one that died is started again.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        sockets: list[socket.socket],
        *,
        needed: bool = True,
        stopping: float = STOPPING,
        longest: float = LONGEST,
    ) -> None:
        self.name, self._command, self._sockets = name, command, sockets
        self.needed, self.stopping, self._longest = needed, stopping, longest
        self.serving: Process | None = None
        self.coming: Process | None = None
        self.leaving: list[Process] = []
        self.refused = ""
        self._again = False
        self._pause = 0.0
        self._due = 0.0

    @property
    def processes(self) -> list[Process]:
        """All there are."""
        return [there for there in (self.serving, self.coming, *self.leaving) if there]

    def renew(self) -> None:
        """Start a successor, or the first; if one is starting already, another one after it."""
        if self.coming:
            self._again = True
            return
        self._again = False
        self.coming = Process(self._command, self._sockets)

    def stop(self) -> None:
        """Tell all to finish and end."""
        for process in (self.serving, *self.leaving):
            if process:
                process.say(b"stop")
        if self.coming:
            self.coming.kill()
        self.leaving = [process for process in (self.serving, *self.leaving) if process]
        self.serving = self.coming = None

    def look(self) -> None:
        """See what became of each, and go on from there."""
        self._look_at_coming()
        if self.serving and self.serving.ended:
            self._died(self.serving)
        if not (self.serving or self.coming) and time.monotonic() >= self._due:
            self.renew()

    def see_off(self, patience: float) -> None:
        """Take leave of those that have ended, and end those that do not."""
        for process in list(self.leaving):
            if process.ended:
                process.forget()
            elif process.age > patience:
                line("killed", "error", process=self.name, seconds=patience)
                process.kill()
            else:
                continue
            self.leaving.remove(process)

    def _look_at_coming(self) -> None:
        if self.coming is None:
            return
        # The end is asked for first: what one said before it ended is then all there.
        ended, said = self.coming.ended, self.coming.hear()
        if said == "ready\n":
            self._succeed(self.coming)
        elif ended or self.coming.age > STARTING:
            self._failed(self.coming, said)

    def _succeed(self, successor: Process) -> None:
        if self.serving:
            self.serving.say(b"retire")
            self.leaving.append(self.serving)
            line("renewed", process=self.name)
        self.serving, self.coming = successor, None
        successor.since = time.monotonic()
        self._go_on()

    def _failed(self, process: Process, said: str) -> None:
        process.kill()
        self.coming = None
        self.refused = said.removeprefix("refused ").strip()
        self._wait_longer()
        line(
            "not_renewed" if self.serving else "not_started",
            "error",
            process=self.name,
            reason=self.refused or "ended",
            code=process.popen.returncode,
        )
        self._go_on()

    def _go_on(self) -> None:
        # What was asked for meanwhile: the files may have been put right since this one read them.
        if self._again:
            self.renew()

    def _died(self, process: Process) -> None:
        if process.age > SETTLED:
            self._pause = 0.0
        self._wait_longer()
        line("died", "error", process=self.name, code=process.popen.returncode)
        process.forget()
        self.serving = None

    def _wait_longer(self) -> None:
        self._pause = min(self._longest, max(PAUSE, 2 * self._pause))
        self._due = time.monotonic() + self._pause


class Supervisor:
    """Keeps a short list of children running until it is told to end."""

    def __init__(self, children: list[Child], sockets: list[socket.socket], told: str) -> None:
        self._children, self._sockets, self._told = children, sockets, told
        self._asked: set[int] = set()
        self._on_terminal = os.isatty(0)
        self._wake, self._woken = socket.socketpair()

    def run(self) -> int:
        """Supervise; the exit code of the command."""
        self._listen_to_signals()
        if not self._start():
            return 1
        while not self._ends():
            self._wait()
            for child in self._children:
                child.look()
                child.see_off(LEAVING)
        self._stop()
        return 0

    def _start(self) -> bool:
        """Start all for the first time; False when one that is needed will not, and says why."""
        for child in self._children:
            child.renew()
        needed = [child for child in self._children if child.needed]
        while any(child.coming for child in needed) and not self._asked_to_end():
            self._wait()
            for child in self._children:
                child.look()
            for child in needed:
                if not (child.serving or child.coming):
                    if child.refused:
                        say(child.refused, ERROR)
                    self._stop()
                    return False
        if not self._asked_to_end():
            say(self._told)
            _notify("READY=1")
        return True

    def _stop(self) -> None:
        _notify("STOPPING=1")
        # Ours first: as long as one copy listens, the system goes on taking connections in.
        process_start.close(self._sockets)
        for child in self._children:
            child.stop()
        while any(child.leaving for child in self._children):
            self._wait()
            for child in self._children:
                child.see_off(child.stopping)

    def _ends(self) -> bool:
        """Whether the end was asked for; a HUP that was asked for meanwhile is done."""
        if self._asked_to_end():
            return True
        if signal.SIGHUP in self._asked:
            self._asked.discard(signal.SIGHUP)
            for child in self._children:
                child.renew()
        return False

    def _asked_to_end(self) -> bool:
        # The HUP of a terminal that was closed: nobody is left who could end us otherwise.
        hung_up = signal.SIGHUP in self._asked and self._on_terminal and not os.isatty(0)
        return hung_up or signal.SIGTERM in self._asked or signal.SIGINT in self._asked

    def _listen_to_signals(self) -> None:
        for end in (self._wake, self._woken):
            end.setblocking(False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            # The end of a child only wakes us: the children are looked at each time.
            signal.signal(number, lambda asked, _frame: self._asked.add(asked))
        signal.set_wakeup_fd(self._woken.fileno(), warn_on_full_buffer=False)

    def _wait(self) -> None:
        """Wait for a signal, a word from a process that starts, or half a second."""
        coming = [child.coming.line for child in self._children if child.coming]
        select.select([self._wake, *coming], [], [], 0.5)
        with suppress(OSError):
            self._wake.recv(4096)


def _notify(state: str) -> None:
    """Tell systemd, where it is what started us (sd_notify(3))."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if not place:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.sendto(state.encode(), place.replace("@", "\0", 1) if place[0] == "@" else place)


def children(app: str, workers: int, sockets: list[socket.socket]) -> list[Child]:
    """What is kept running for an application.

    :param workers: that many gunicorn processes; 0 for one of waitress.
    """
    answering = (
        Child("worker", python_command(GROWN, app, str(workers)), sockets, stopping=GROWN_STOPPING)
        if workers
        else Child("worker", python_command(WORKER, app), sockets)
    )
    follower = Child(
        "follower", python_command(FOLLOWER, app), [], needed=False, longest=FOLLOWER_LONGEST
    )
    return [answering, follower]


def main(arguments: list[str]) -> int:
    """Supervise the processes of an application on sockets that this process was given."""
    process_start.protect()
    app, told, workers, *numbers = arguments
    sockets = process_start.inherited(map(int, numbers))
    return Supervisor(children(app, int(workers), sockets), sockets, told).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
