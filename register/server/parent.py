"""Parent process of ``webcitoyen serve``: holds the sockets, keeps web server and worker running.

HUP starts a second web server from the code and data as they now are. The first one serves until
the second reports by USR1 that it is ready, and goes on if it never does. TERM and INT end all. A
process that dies is started again, after a pause if it has not lived long.

Nothing of the application is imported: this process is small, and what it starts after an upgrade
is the upgraded code.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Sequence

from register.server import process_start
from register.server.process_start import CANNOT_START, SIGNALS, WEB, log_event, notify

STARTING = 120  # seconds that a successor may take to be ready
PAUSE = 1  # seconds before a process that died young is started again
SETTLED = 60  # seconds of life after which there is no pause
TICK = 0.5  # seconds between two looks at the clock when no signal comes


class Parent:
    """Keeps a web server and, unless another unit does, a worker running.

    :param arguments: of the command that starts a child, after its name, its parent and its mode.
    :param children: numbers of the processes that run already, by the names of all to keep; 0 for
        those to start.
    """

    def __init__(
        self, arguments: Sequence[str], sockets: list[socket.socket], children: dict[str, int]
    ) -> None:
        self._arguments, self._sockets = arguments, sockets
        self.children = children
        self._successor = 0
        self._exit_code = 1
        self._since = dict.fromkeys(filter(None, children.values()), time.monotonic())
        self._start_at = 0.0
        self._on_terminal = os.isatty(0)
        self._received: set[int] = set()
        # Blocked signals interrupt nothing: they stay until they are waited for.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        signal.setitimer(signal.ITIMER_REAL, TICK, TICK)

    def run(self, ready_line: str) -> int:
        """Run until TERM or INT, or until nothing can be served; the exit code of the command."""
        is_ready = False
        while not self._must_end() and self._exit_code != CANNOT_START:
            for name, pid in self.children.items():
                if not pid and time.monotonic() >= self._start_at:
                    self.children[name] = self._start(name)
            if is_ready:
                self._renew()
            elif self._take(signal.SIGUSR1):
                is_ready = True
                process_start.write_line(ready_line)
                notify("READY=1")
            self._wait()
            if not (is_ready or self.children[WEB]):
                break  # it has printed the reason
        notify("STOPPING=1")
        # First, because the system accepts connections as long as a copy listens.
        process_start.close(self._sockets)
        self._end(*self.children.values(), self._successor)
        self.children, self._successor = {}, 0
        while self._since:
            self._wait()
        return 0 if self._must_end() else self._exit_code

    def _start(self, name: str) -> int:
        """Start a child; its number."""
        # Beside a web server that answers there is time to prepare every page first.
        mode = "renewal" if self.children[WEB] else "start"
        command = process_start.python_command(
            process_start.SERVER, name, str(os.getpid()), mode, *self._arguments
        )
        unneeded = [] if name == WEB else self._sockets
        files = [(os.POSIX_SPAWN_CLOSE, listener.fileno()) for listener in unneeded]
        # In a session of its own: a terminal's Ctrl-C is for the parent, which ends all in order.
        pid = os.posix_spawn(
            command[0], command, os.environ, file_actions=files, setsid=True, setsigmask=()
        )
        self._since[pid] = time.monotonic()
        return pid

    def _renew(self) -> None:
        """Start a successor on HUP; once it is ready, end its predecessor and the worker."""
        if not self._successor:
            if self.children[WEB] and self._take(signal.SIGHUP):
                self._take(signal.SIGUSR1)
                self._successor = self._start(WEB)
        elif self._take(signal.SIGUSR1):
            log_event("renewed")
            self._end(*self.children.values())
            self.children = dict.fromkeys(self.children, 0) | {WEB: self._successor}
            self._successor = 0
        elif time.monotonic() - self._since[self._successor] > STARTING:
            os.kill(self._successor, signal.SIGKILL)

    def _end(self, *pids: int) -> None:
        for pid in filter(None, pids):
            os.kill(pid, signal.SIGTERM)

    def _must_end(self) -> bool:
        # The HUP of a terminal that was closed: nobody is left who could end the process otherwise.
        hung_up = signal.SIGHUP in self._received and self._on_terminal and not os.isatty(0)
        return hung_up or bool(self._received & {signal.SIGTERM, signal.SIGINT})

    def _take(self, number: int) -> bool:
        """Whether a signal was received since the last time."""
        was_received = number in self._received
        self._received.discard(number)
        return was_received

    def _wait(self) -> None:
        """Wait for a signal, :data:`TICK` seconds at most, and see which processes have ended."""
        self._received.add(signal.sigwait(SIGNALS))
        while self._since and (ended := os.waitpid(-1, os.WNOHANG))[0]:
            pid, code = ended[0], os.waitstatus_to_exitcode(ended[1])
            age = time.monotonic() - self._since.pop(pid)
            if pid == self._successor:
                log_event("not_renewed", "error", code=code)
                self._successor = 0
            for name in [name for name, child in self.children.items() if child == pid]:
                log_event("died", "error", process=name, code=code)
                self.children[name] = 0
                if name == WEB and code == CANNOT_START:
                    # It has printed the reason, and the next one would have the same.
                    self._exit_code = code
                self._start_at = time.monotonic() + (PAUSE if age < SETTLED else 0)
