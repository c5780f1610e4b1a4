"""Several processes: gunicorn, taught the register's words, headers and silence.

gunicorn's threads read their requests themselves: a client that sends slowly holds one. It belongs
behind nginx or Caddy, which hand over whole requests; ``docs/exemples`` shows them.

gunicorn's parent is a process of the supervisor, with a line to it as ``worker`` has: the first of
its workers says there that it is ready, or why it will not serve. It replaces none of them by
itself: HUP brings a second parent on the same sockets, with code and data as they now are, and
the first one leaves. It stays without the application, which each worker loads.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.http import wsgi
from gunicorn.http.errors import LimitRequestHeaders, ParseException
from gunicorn.workers.gthread import ThreadWorker

from register.server import process_start
from register.server.process_start import CONNECTIONS, HEADER_LIMIT, IDLE, THREADS, line

RECEIVING = 10  # seconds without a byte after which a thread gives a half-sent request up
DRAINING = 30  # seconds that requests under way are given at the end
FIELD_LIMIT = 8190  # of one line, the most that gunicorn takes
FIELDS = 64
LINGERING = 2  # seconds that a connection is still listened to after its last answer
PAUSE = 2  # seconds after which a worker that cannot start is tried again


class Quiet(Logger):  # type: ignore[misc] # gunicorn has no types
    """Says where in gunicorn something went wrong, and none of its words.

    They hold the reader's address ("Invalid request from ip=…") and what was asked for.
    """

    def setup(self, cfg: Any) -> None:
        """Open no file and add no handler: all there is goes through :meth:`_say`."""
        self.cfg = cfg

    def _say(self, level: str, caller: FrameType, error: BaseException | None = None) -> None:
        at = f"{caller.f_globals.get('__name__')}.{caller.f_code.co_name}:{caller.f_lineno}"
        more = {"exception": type(error).__name__} if error else {}
        line("library", level, logger="gunicorn", at=at, **more)

    def critical(self, *_told: object, **_more: object) -> None:
        """Say where."""
        self._say("critical", sys._getframe(1))

    def error(self, *_told: object, **_more: object) -> None:
        """Say where."""
        self._say("error", sys._getframe(1))

    def exception(self, *_told: object, **_more: object) -> None:
        """Say where, and the kind of exception."""
        error = sys.exc_info()[1]
        # A client that has fallen silent; see Worker.enqueue_req.
        if not isinstance(error, BlockingIOError):
            self._say("error", sys._getframe(1), error)

    def warning(self, *_told: object, **_more: object) -> None:
        """Say where."""
        self._say("warning", sys._getframe(1))

    def info(self, *_told: object, **_more: object) -> None:
        """Nothing: the workers say when they serve."""

    def debug(self, *_told: object, **_more: object) -> None:
        """Nothing."""

    def log(self, *_told: object, **_more: object) -> None:
        """Nothing."""

    def access(self, *_told: object, **_more: object) -> None:
        """Nothing: who reads what is nobody's business."""


class Answer(wsgi.Response):  # type: ignore[misc]
    """An answer that does not say which server made it."""

    def default_headers(self) -> list[str]:
        """The headers of the connection."""
        return [header for header in super().default_headers() if header[:7] != "Server:"]


class Worker(ThreadWorker):  # type: ignore[misc]
    """A process of threads, whose own refusals are the register's."""

    def init_signals(self) -> None:
        """Leave a terminal's signals to the parent, which ends the workers in order."""
        super().init_signals()
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)

    def load_wsgi(self) -> None:
        """Make the application, or end, once it is said why there is none."""
        # There is no setting for it; the class is looked up at each request.
        wsgi.Response = Answer
        try:
            self.wsgi = _application(self.app.spec)
        except Exception as error:
            self._end(error)
        line("serving", threads=self.cfg.threads)
        self.app.say_first("ready")

    def _end(self, error: Exception) -> NoReturn:
        if self.app.say_first(f"refused {_worded(error)}"):
            # The parent ends as well; the supervisor knows what to do next.
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
        _tell(error)
        # A database that is away for a moment: gunicorn starts another one at once.
        time.sleep(PAUSE)
        sys.exit(1)

    def enqueue_req(self, conn: Any) -> None:
        """Hand a connection to a thread, which a silent client shall not keep."""
        # The system's own time limit: gunicorn makes the socket blocking again and again.
        limit = struct.pack("ll", RECEIVING, 0)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Answer what comes on a connection, and see it off when nothing more is to come.

        gunicorn sees it off in the thread that takes connections in, where each client that does
        not end its side would hold everybody up for two seconds.
        """
        goes_on = super().handle(conn)
        if not goes_on:
            with suppress(OSError):  # the sender has gone
                _see_off(conn.sock)
        return goes_on

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Let the application answer a request whose head is not too long."""
        if sum(len(name) + len(value) + 4 for name, value in req.headers) > HEADER_LIMIT:
            raise LimitRequestHeaders("all together")
        return bool(super().handle_request(req, conn))

    def handle_error(self, _req: Any, client: socket.socket, _address: Any, error: Any) -> None:
        """Answer a request that gunicorn refuses, or that failed before its answer began."""
        from register.web.errors import refusal

        status = 400 if isinstance(error, ParseException) else 500
        if status == 500:
            _tell(error)
        told, described, body = refusal(431 if isinstance(error, LimitRequestHeaders) else status)
        headers = [*self.wsgi.own_headers, *described, ("Connection", "close")]
        head = [f"HTTP/1.1 {told}", *(f"{name}: {value}" for name, value in headers)]
        with suppress(OSError):  # the sender has gone
            client.sendall("\r\n".join([*head, "", ""]).encode() + body)


class Keeper(Arbiter):  # type: ignore[misc]
    """gunicorn's parent, which does what the supervisor says, and never ends in haste."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.setblocking(False)

    def init_signals(self) -> None:
        """Hear signals and the supervisor in one place."""
        super().init_signals()
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)

    def wait_for_signals(self, timeout: float = 1.0) -> list[int]:
        """What is asked for, by a signal or by the supervisor, whose end is the end here too.

        No thread listens to the line: a process that forks has better none.
        """
        heard, _, _ = select.select([self.app.supervisor, self._woken], [], [], timeout)
        with suppress(OSError):
            self._woken.recv(4096)
        if self.app.supervisor in heard:
            # Retire or stop: gunicorn's workers leave in the same way.
            return [signal.SIGTERM]
        return list(super().wait_for_signals(timeout=0))

    def handle_hup(self) -> None:
        """Nothing: a terminal that closes, or an operator who meant the supervisor."""

    def handle_usr2(self) -> None:
        """Nothing: successors are the supervisor's affair."""

    def handle_int(self) -> None:
        """End as on TERM: a terminal's Ctrl-C is no reason to lose what was sent."""
        raise StopIteration


class Register(BaseApplication):  # type: ignore[misc]
    """What gunicorn is to run, and how."""

    def __init__(
        self, spec: str, workers: int, supervisor: socket.socket, numbers: list[str]
    ) -> None:
        self.spec, self.supervisor = spec, supervisor
        self._set = _settings(workers, numbers)
        # Every worker is born with it, and one of them takes the byte.
        self._token, end = os.pipe()
        os.write(end, b"1")
        os.close(end)
        super().__init__()

    def say_first(self, word: str) -> bool:
        """Say something to the supervisor, unless another worker has; True when it was this one."""
        first = bool(os.read(self._token, 1))
        if first:
            with suppress(OSError):  # the supervisor has gone, and all here will
                self.supervisor.sendall(f"{word}\n".encode())
        return first

    def load_config(self) -> None:
        """Our settings and no others: none from the environment or a file in the folder."""
        for name, value in self._set.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Not used: a worker makes its application itself."""
        raise NotImplementedError

    def run(self) -> None:
        """Run until TERM."""
        Keeper(self).run()


def _see_off(client: socket.socket) -> None:
    """Read and throw away what is still coming: closing then would reset the connection, and the
    sender would see that instead of the answer. After it there is nothing more to read."""
    client.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + LINGERING
    with suppress(TimeoutError):
        while (left := deadline - time.monotonic()) > 0:
            client.settimeout(left)
            if not client.recv(65536):
                return
    client.shutdown(socket.SHUT_RD)


def _settings(workers: int, numbers: list[str]) -> dict[str, Any]:
    return {
        "bind": [f"fd://{number}" for number in numbers],
        "workers": workers,
        "worker_class": Worker,
        "threads": THREADS,
        "worker_connections": CONNECTIONS,
        "keepalive": IDLE,
        "graceful_timeout": DRAINING,
        "logger_class": Quiet,
        "limit_request_line": FIELD_LIMIT,
        "limit_request_field_size": FIELD_LIMIT,
        "limit_request_fields": FIELDS,
        # Who may speak for the reader is the guards' affair: REGISTER_TRUSTED_PROXIES.
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "forwarder_headers": "",
        "http_parser": "python",
        # A socket by which any process of the same user could stop the workers one by one.
        "control_socket_disable": True,
    }


class _Told:
    """The application, given what the embedded server tells it and gunicorn does not."""

    def __init__(self, app: Any) -> None:
        from register.web import headers

        settings = app.extensions["register.settings"]
        self._app = app
        self._scheme = "https" if settings.is_https else "http"
        self.own_headers = headers.standard_headers(settings)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        # As it was sent: the guards refuse "GET http://elsewhere/", of which PATH_INFO keeps "/".
        environ["REQUEST_URI"] = environ["RAW_URI"]
        environ["wsgi.url_scheme"] = self._scheme
        return self._app(environ, start_response)


def _application(spec: str) -> _Told:
    from register.server import startup_checks

    app = startup_checks.made(spec)
    startup_checks.require_startable(app)
    startup_checks.room_for(CONNECTIONS)
    startup_checks.let_go(app)
    return _Told(app)


def _worded(error: Exception) -> str:
    """Why there is no application; empty for what no person can understand, which is told here."""
    from sqlalchemy.exc import OperationalError

    from register.errors import RegisterError
    from register.server import startup_checks as starting

    if isinstance(error, RegisterError | OperationalError):
        return starting.worded(error)
    _tell(error)
    return ""


def _tell(error: BaseException) -> None:
    from register.web import logs

    logs.log().error("library", logger="gunicorn", **logs.error_fields(error))


def main(arguments: list[str]) -> int:
    """Serve an application with several workers on sockets that this process was given."""
    # What gunicorn forks from here on is born with it.
    process_start.protect()
    spec, workers, line_to_it, *numbers = arguments
    # systemd waits for the supervisor's word; gunicorn would say it before a worker answers.
    os.environ.pop("NOTIFY_SOCKET", None)
    (supervisor,) = process_start.inherited([int(line_to_it)])
    Register(spec, int(workers), supervisor, numbers).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
