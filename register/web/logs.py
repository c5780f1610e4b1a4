"""Logs as JSON lines on standard error, without any data about readers.

A line holds the kind of event, a reference, the type of an exception, the endpoint and the lines of
code it went through. It never holds a path, query, address or user agent, nor the message of an
exception, in which a database quotes the values of its statement.
"""

from __future__ import annotations

import logging
import sys
import traceback
from contextlib import suppress
from typing import Any

import structlog
from flask import Flask

# Their messages contain paths ("Exception while serving /…") or addresses (werkzeug's access log).
LIBRARY_LOGGERS = ("gunicorn.error", "werkzeug", "register")
_FRAMES = 8


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


def attach(_app: Flask) -> None:
    """Set up logging for the process; repeating it is harmless."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
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
    return fields
