"""Log lines of the processes that do not carry the application, in the form of its own lines."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime

OUTPUT, ERROR = 1, 2


def line(event: str, level: str = "info", **more: object) -> None:
    """Write one JSON line to standard error; like all our lines, it knows nothing of readers."""
    told = {"event": event, **more, "level": level}
    told["timestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    say(json.dumps(told, ensure_ascii=False), ERROR)


def say(text: str, where: int = OUTPUT) -> None:
    """Write a line to standard output or error; where nobody takes it any more, it is lost.

    A disk that is full or a reader of the log that has gone must not end what serves. Nothing is
    kept in a buffer: it would fail again, and spoil the exit code, when the process ends.
    """
    with suppress(OSError):
        os.write(where, f"{text}\n".encode())
