"""Connections to PostgreSQL: pools of one process, time limits, servers that do not answer.

Four pools share the number of connections that a process may open, so that none can use up those of
another: reads of pages, writes, lookups of the page cache, and the key store if it is a server too.
A request takes one of them at most from each, always in this order, so that two never wait for
each other.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from threading import Lock, Thread
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from sqlalchemy import Dialect, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

APPLICATION_NAME = "webcitoyen"  # then the machine and the process, in pg_stat_activity
DEFAULT_CONNECTIONS = 8
WRITERS = 2  # one has the write lock, the other waits for it or stores the use of a session
LOOKUPS = 1  # held for the time of one statement
KEYS = 1
FEWEST_CONNECTIONS = WRITERS + LOOKUPS + KEYS + 1

WAIT_SECONDS = 10  # for a lock, and for a free connection of the pool
_CONNECT_SECONDS = 2  # libpq takes no less
_REFUSAL_SECONDS = 1.5  # a server may refuse connections for a moment, as at its start
# Keep-alives detect a lost machine some 15 s after its last packet. Unix sockets have none.
CLIENT_OPTIONS: dict[str, Any] = {
    "connect_timeout": _CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# Of the server, while a request uses the connection. Commands and the worker have no limit: they
# migrate, verify and rebuild. A process that stands still must not keep the write lock for ever.
_REQUEST_LIMITS = {
    "statement_timeout": "30s",
    "lock_timeout": f"{WAIT_SECONDS}s",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
_SET_LIMITS = "; ".join(f"SET {name} = '{limit}'" for name, limit in _REQUEST_LIMITS.items())
_RESET_LIMITS = "; ".join(f"RESET {name}" for name in _REQUEST_LIMITS)
_LIMITED_KEY = "register.limited"
# Seconds without any answer after which the server is asked by a connection of its own.
_SILENCE = 0.3
_TICK = 0.1

_in_request: ContextVar[bool] = ContextVar("in_request", default=False)
_others: WeakKeyDictionary[Engine, dict[int, Engine]] = WeakKeyDictionary()
_others_lock = Lock()
# One for all engines of an address: what one of them learns, the others know.
_servers: WeakValueDictionary[str, _Server] = WeakValueDictionary()
_servers_lock = Lock()


@contextmanager
def request_limits() -> Iterator[None]:
    """Time limits for all that is read and written inside: the work of one request."""
    token = _in_request.set(True)
    try:
        yield
    finally:
        _in_request.reset(token)


def engine_options(connections: int = DEFAULT_CONNECTIONS) -> dict[str, Any]:
    """Options of the engine that reads pages.

    :param connections: those that the process may open in all.
    """
    return {
        # All queries of a page see the same snapshot, as on SQLite.
        "isolation_level": "REPEATABLE READ",
        **_pool(connections - WRITERS - LOOKUPS - KEYS),
    }


def _pool(size: int) -> dict[str, Any]:
    name = f"{APPLICATION_NAME} {socket.gethostname()} {os.getpid()}"
    return {
        "pool_size": size,
        "max_overflow": 0,
        "pool_timeout": WAIT_SECONDS,
        "connect_args": CLIENT_OPTIONS | {"application_name": name},
    }


def replica_engine(engine: Engine, url: str) -> Engine:
    """The engine of a replica, with as many connections as that of the pages."""
    size: int = engine.pool.size()  # type: ignore[attr-defined]
    replica = create_engine(url, isolation_level="REPEATABLE READ", **_pool(size))
    watch(replica)
    event.listen(engine, "engine_disposed", lambda _engine: replica.dispose())
    return replica


def key_store_options() -> dict[str, Any]:
    """Options of the engine of a key store."""
    return {"isolation_level": "READ COMMITTED", **_pool(KEYS)}


def write_engine(engine: Engine) -> Engine:
    """The engine for writes to the same server.

    After waiting for the lock, a transaction must see what its last holder committed.
    """
    return _other_engine(engine, {"isolation_level": "READ COMMITTED", **_pool(WRITERS)})


def autocommit_engine(engine: Engine) -> Engine:
    """The engine for single statements to the same server.

    BEGIN, ROLLBACK and the liveness check would add three round trips to one; a dead connection is
    detected by the statement itself. When none is free, the page is rendered instead.
    """
    options = {"isolation_level": "AUTOCOMMIT", **_pool(LOOKUPS)}
    return _other_engine(engine, options | {"pool_reset_on_return": None, "pool_timeout": 0.5})


def _other_engine(engine: Engine, options: dict[str, Any]) -> Engine:
    """Another engine for the same server, made once for each size of pool."""
    with _others_lock:
        others = _others.setdefault(engine, {})
        if options["pool_size"] not in others:
            url = engine.url.render_as_string(hide_password=False)
            other = create_engine(url, **options)
            watch(other, checks="pool_reset_on_return" not in options)
            # Disposing of the engine of the pages disposes of this one too.
            event.listen(engine, "engine_disposed", lambda _engine: other.dispose())
            others[options["pool_size"]] = other
        return others[options["pool_size"]]


def watch(engine: Engine, *, checks: bool = True) -> None:
    """Give the connections of an engine their time limits.

    :param checks: whether each is checked before its use.
    """
    with _servers_lock:
        address = engine.url.set(database=None).render_as_string(hide_password=False)
        server = _servers.setdefault(address, _Server(engine))

    def check_out(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        server.check_out(connection, record, checks=checks)

    event.listen(engine, "do_connect", server.connect)
    event.listen(engine, "checkout", check_out)
    event.listen(engine, "checkin", server.check_in)


class _Server:
    """A server that may stop answering without closing its connections.

    What a request waits for is then ended: its connection is closed, and others are refused at
    once. A slow statement is not ended: meanwhile the server accepts a new connection.
    """

    def __init__(self, engine: Engine) -> None:
        self._dialect = engine.dialect
        self._driver: Any = engine.dialect.loaded_dbapi
        self._connect: Callable[[], Any] | None = None
        # Connections that requests use, with the time since when.
        self._in_use: dict[ConnectionPoolEntry, float] = {}
        self._lock = Lock()
        self._answered_at = 0.0
        self._is_away = False
        self._watcher: Thread | None = None

    def connect(
        self,
        dialect: Dialect,
        _record: ConnectionPoolEntry,
        arguments: tuple[Any, ...],
        options: dict[str, Any],
    ) -> Any:
        """Open a connection; in a request, at once or after at most some seconds."""
        self._connect = partial(dialect.connect, *arguments, **options)
        if not _in_request.get():
            return self._connect()
        deadline = time.monotonic() + _REFUSAL_SECONDS
        while True:
            if self._is_away:
                raise self._driver.OperationalError("the server does not answer")
            try:
                return self._connect()
            except self._driver.errors.ConnectionTimeout:
                self._is_away = True
                self._start()
                raise
            except self._driver.OperationalError as error:
                # "FATAL" comes from the server: too many connections, or it is starting.
                if "FATAL" not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def check_out(self, connection: Any, record: ConnectionPoolEntry, *, checks: bool) -> None:
        """Set the limits of a connection, and check that it is open."""
        is_limited = _in_request.get()
        if is_limited:
            self._in_use[record] = time.monotonic()
            if self._watcher is None:
                self._start()
        try:
            if self._is_away and is_limited:
                raise self._driver.OperationalError("the server does not answer")
            if record.info.get(_LIMITED_KEY, False) != is_limited:
                connection.execute(_SET_LIMITS if is_limited else _RESET_LIMITS)
                connection.commit()
                record.info[_LIMITED_KEY] = is_limited
            elif checks:
                self._dialect.do_ping(connection)
        except self._driver.Error as error:
            raise DisconnectionError("the connection is closed") from error

    def check_in(self, _connection: Any, record: ConnectionPoolEntry) -> None:
        """Note that the server has answered."""
        with self._lock:
            if self._in_use.pop(record, None) is not None:
                self._answered_at = time.monotonic()

    def _start(self) -> None:
        """Start the watcher, after what keeps it going is noted."""
        with self._lock:
            if self._watcher is None:
                self._watcher = Thread(target=self._watch, daemon=True)
                self._watcher.start()

    def _watch(self) -> None:
        """Ask the server whether it is there while requests wait for it; then end."""
        while True:
            time.sleep(_TICK)
            with self._lock:
                waits = list(self._in_use.values())
                if not (waits or self._is_away):
                    self._watcher = None
                    return
            silence = time.monotonic() - max(self._answered_at, min(waits, default=0.0))
            if self._is_away or silence >= _SILENCE:
                self._is_away = not self._answers()
            if self._is_away:
                self._end_waits()

    def _answers(self) -> bool:
        try:
            if self._connect is not None:
                self._connect().close()
        except self._driver.errors.ConnectionTimeout:
            return False
        except self._driver.Error:
            pass  # refused, which is an answer
        self._answered_at = time.monotonic()
        return True

    def _end_waits(self) -> None:
        """Close the sockets of the connections in use, which ends the waits for them."""
        with self._lock:
            for record in list(self._in_use):
                connection: Any = record.driver_connection
                with suppress(Exception):
                    descriptor = os.dup(connection.fileno())
                    with socket.socket(fileno=descriptor) as copy:
                        copy.shutdown(socket.SHUT_RDWR)
