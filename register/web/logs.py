"""Logs as JSON lines on standard error, without any data about readers.

A line holds the kind of event, a reference, the type of an exception, the endpoint and the lines of
code it went through. It never holds a path, query, address or user agent, nor the message of an
exception, in which a database quotes the values of its statement.
"""

from __future__ import annotations

import logging
import secrets
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any, cast

import structlog
from flask import Flask, current_app, request

from register.errors import RegisterError
from register.log_priority import priority_prefix

# Their messages contain paths ("Exception while serving /…") or addresses (werkzeug's access log).
LIBRARY_LOGGERS = ("gunicorn.error", "werkzeug", "register")
_FRAMES = 8
QUIET_SECONDS = 60.0  # without a failure of a cause, after which its outage is over
_EXTENSION = "register.outages"


class LineWriter(structlog.WriteLogger):
    """Writes lines, and drops those that cannot be written."""

    def msg(self, message: str) -> None:
        """Write a line, unless the disk is full or the stream is closed."""
        with suppress(OSError, ValueError):
            super().msg(message)

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


class LibraryLogHandler(logging.Handler):
    """Logs the place and exception type of a library's log record, without its message."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line for a record."""
        error = record.exc_info[1] if record.exc_info else None
        log().log(
            record.levelno,
            "library",
            logger=record.name,
            at=f"{record.module}.{record.funcName}:{record.lineno}",
            **(error_fields(error) if error else {}),
        )


@dataclass
class _Outage:
    reference: str
    started_at: float
    last_at: float
    failures: int = 1


class OutageLog:
    """Failures by cause: a line when an outage begins, and one with their number at its end."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._outages: dict[tuple[str, ...], _Outage] = {}

    def note(
        self, error: BaseException, event: str = "failure", level: str = "error", **fields: object
    ) -> str:
        """Log a failure that is the first of its cause, and only count another.

        :return: the reference of the outage.
        """
        cause = (event, *_cause(error))
        now = time.monotonic()
        with self._lock:
            outage = self._outages.get(cause)
            if outage is not None:
                outage.failures, outage.last_at = outage.failures + 1, now
                return outage.reference
            outage = self._outages[cause] = _Outage(secrets.token_hex(4), now, now)
        Thread(target=self._watch, args=(cause, outage), daemon=True).start()
        getattr(log(), level)(event, reference=outage.reference, **fields, **error_fields(error))
        return outage.reference

    def _watch(self, cause: tuple[str, ...], outage: _Outage) -> None:
        """Wait for the end of an outage, and log it."""
        while True:
            time.sleep(max(0.0, outage.last_at + QUIET_SECONDS - time.monotonic()))
            with self._lock:
                if time.monotonic() >= outage.last_at + QUIET_SECONDS:
                    del self._outages[cause]
                    break
        log().warning(
            f"{cause[0]}_over",
            reference=outage.reference,
            exception=cause[1],
            failures=outage.failures,
            seconds=round(outage.last_at - outage.started_at),
        )


def _cause(error: BaseException) -> tuple[str, ...]:
    """What the failures of one outage have in common: codes, no value or address."""
    key = error.key if isinstance(error, RegisterError) else _code(error)
    return type(error).__name__, type(error.__cause__).__name__, key


def _code(error: BaseException) -> str:
    """The code that SQLite, PostgreSQL or the system gives an error; empty without one."""
    cause = getattr(error, "orig", None) or error
    codes = (getattr(cause, name, None) for name in ("sqlite_errorname", "sqlstate", "errno"))
    return str(next(filter(None, codes), ""))


def log_outage(error: BaseException) -> str:
    """Log this request, which the register could not answer for a reason of its own.

    :return: the reference shown to the reader, the same for all of one outage.
    """
    return outage_log().note(error, endpoint=request.endpoint or "")


def outage_log() -> OutageLog:
    """The outages of the current application."""
    return cast(OutageLog, current_app.extensions[_EXTENSION])


def attach(app: Flask) -> None:
    """Set up logging for the process; repeating it is harmless."""
    app.extensions[_EXTENSION] = OutageLog()
    configure()


def configure() -> None:
    """Write lines of JSON, those of libraries too."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
            _with_priority,
        ],
        # Looked up at each line: a supervisor may have replaced the stream.
        logger_factory=lambda *_args: LineWriter(sys.stderr),
        cache_logger_on_first_use=False,
    )
    for name in LIBRARY_LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [LibraryLogHandler()]
        logger.propagate = False
        logger.setLevel(logging.WARNING)


def _with_priority(_logger: object, level: str, line: Any) -> str:
    return f"{priority_prefix(level)}{line}"


def log() -> Any:
    """The register's logger."""
    return structlog.get_logger()


def log_failure(reference: str, endpoint: str, error: BaseException) -> None:
    """Log a failed request under the reference shown to the reader."""
    log().error("failure", reference=reference, endpoint=endpoint, **error_fields(error))


def error_fields(error: BaseException) -> dict[str, object]:
    """The fields logged of an exception: its type, its cause's type, the last lines of code."""
    frames = list(traceback.walk_tb(error.__traceback__))[-_FRAMES:]
    fields: dict[str, object] = {
        "exception": type(error).__name__,
        "lines": [f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in frames],
    }
    if error.__cause__ is not None:
        fields["cause"] = type(error.__cause__).__name__
    if code := _code(error):
        fields["code"] = code
    return fields
