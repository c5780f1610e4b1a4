"""Logs: JSON lines on standard error that say what broke, and nothing about who was there.

A line holds the kind of event, a reference, the type of an exception, the endpoint, and the
places in the code it went through. Never a path, a query, an address or an agent, and never an
exception's own message: a database quotes the values of its query in it.
"""

from __future__ import annotations

import logging
import sys
import traceback
from contextlib import suppress
from typing import Any

import structlog
from flask import Flask

# Their messages hold paths ("Exception while serving /…") or addresses (werkzeug's access log).
LIBRARY_LOGGERS = ("waitress", "waitress.queue", "werkzeug", "register")
_FRAMES = 8


class LineWriter(structlog.WriteLogger):
    """Writes lines; where nobody takes them any more, they are lost and nothing else is."""

    def msg(self, message: str) -> None:
        """Write a line, unless the disk is full, or the reader of the log has gone."""
        with suppress(OSError, ValueError):
            super().msg(message)

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


class LibraryLogHandler(logging.Handler):
    """Passes on where a library's line comes from and what it is about, but none of its words."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line without the record's message or arguments."""
        error = record.exc_info[1] if record.exc_info else None
        log().log(
            record.levelno,
            "library",
            logger=record.name,
            at=f"{record.module}.{record.funcName}:{record.lineno}",
            **(error_fields(error) if error else {}),
        )


def attach(_app: Flask) -> None:
    """Set logging up for the process; once more does no harm."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        # Looked up at each line: a supervisor may have put another stream there.
        logger_factory=lambda *_args: LineWriter(sys.stderr),
        cache_logger_on_first_use=False,
    )
    for name in LIBRARY_LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [LibraryLogHandler()]
        logger.propagate = False
        # A request that waits its turn is no warning: a busy day would write a line a reader.
        logger.setLevel(logging.ERROR if name == "waitress.queue" else logging.WARNING)


def log() -> Any:
    """The register's logger."""
    return structlog.get_logger()


def log_failure(reference: str, endpoint: str, error: BaseException) -> None:
    """Note a request that failed, under the reference that its reader was given."""
    log().error("failure", reference=reference, endpoint=endpoint, **error_fields(error))


def error_fields(error: BaseException) -> dict[str, object]:
    """What may be told of an exception: its type, its cause's, and the lines of code it crossed."""
    frames = list(traceback.walk_tb(error.__traceback__))[-_FRAMES:]
    fields: dict[str, object] = {
        "exception": type(error).__name__,
        "lines": [f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in frames],
    }
    if error.__cause__ is not None:
        fields["cause"] = type(error.__cause__).__name__
    return fields
