"""Parent process of ``webcitoyen serve``: holds the sockets, keeps web server and worker running.

HUP starts a second web server from the code and data as they now are. The first one serves until
the second reports by USR1 that it is ready, and goes on if it never does. TERM and INT end all. A
process that dies is started again after a pause.

Nothing of the application is imported: this process is small, and what it starts after an upgrade
is the upgraded code.
"""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress

from register.server import process_start
from register.server.process_start import CANNOT_START, SIGNALS, WEB, log_event, notify

PAUSE = 1  # seconds before a process that died is started again


class Parent:
    """Keeps a web server and, unless another unit does, a worker running.

    :param ready_line: printed once requests are answered.
    :param children: numbers of the processes that run already, by the names of all to keep, as
        JSON; 0 for those to start.
    :param arguments: of the command that starts a child, after its name, its parent and its mode:
        what makes the application, processes that answer, descriptors of the sockets.
    """

    def __init__(self, ready_line: str, children: str, *arguments: str) -> None:
        self._ready_line, self._arguments = ready_line, arguments
        self.children: dict[str, int] = json.loads(children)
        self._successor = 0
        self._is_starting = True  # a web server that has not reported yet
        self._exit_code: int | None = None
        self._on_terminal = os.isatty(0)
        # Blocked signals interrupt nothing: they stay until they are waited for.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)

    def run(self) -> int:
        """Run until TERM or INT, or until nothing can be served; the exit code of the command."""
        while self._exit_code is None:
            for name, pid in self.children.items():
                self.children[name] = pid or self._start(name)
            # One renewal at a time: another HUP stays until this one is over.
            number = signal.sigwait(SIGNALS - {signal.SIGHUP} if self._is_starting else SIGNALS)
            if number == signal.SIGCHLD:
                self._reap()
            elif number == signal.SIGUSR1:
                self._note_ready()
            elif number == signal.SIGHUP and os.isatty(0) == self._on_terminal:
                self._successor = self._start(WEB)
            else:
                # Also at the HUP of a terminal that was closed: nobody else could end the process.
                self._exit_code = 0
        notify("STOPPING=1")
        # First, because the system accepts connections as long as a copy listens.
        for fd in self._arguments[2:]:
            os.close(int(fd))
        self._end(*self.children.values(), self._successor)
        with suppress(ChildProcessError):  # there is none any more
            while True:
                os.wait()
        return self._exit_code

    def _start(self, name: str) -> int:
        """Start a child; its number."""
        self._is_starting |= name == WEB
        # Beside a web server that answers there is time to prepare every page first.
        mode = "renewal" if self.children[WEB] else "start"
        command = process_start.server_command(name, str(os.getpid()), mode, *self._arguments)
        # In a session of its own: a terminal's Ctrl-C is for the parent, which ends all in order.
        return os.posix_spawn(command[0], command, os.environ, setsid=True, setsigmask=())

    def _note_ready(self) -> None:
        """Note that a web server answers; a successor's predecessor and the worker are ended."""
        self._is_starting = False
        if self._ready_line:
            process_start.write_line(self._ready_line)
            notify("READY=1")
            self._ready_line = ""
        elif self._successor:
            log_event("renewed")
            self._end(*self.children.values())
            self.children = dict.fromkeys(self.children, 0) | {WEB: self._successor}
            self._successor = 0

    def _end(self, *pids: int) -> None:
        for pid in filter(None, pids):
            os.kill(pid, signal.SIGTERM)

    def _reap(self) -> None:
        """See which processes have ended."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, code = ended[0], os.waitstatus_to_exitcode(ended[1])
                if pid == self._successor:
                    log_event("not_renewed", "error", code=code)
                    self._successor, self._is_starting = 0, False
                for name in [name for name, child in self.children.items() if child == pid]:
                    log_event("died", "error", process=name, code=code)
                    self.children[name] = 0
                    if name == WEB and (self._ready_line or code == CANNOT_START):
                        # It has printed the reason, and the next one would have the same.
                        self._exit_code = code if code == CANNOT_START else 1
                    time.sleep(PAUSE)
