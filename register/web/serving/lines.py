"""Log lines of the processes that do not carry the application, in the form of its own lines."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime


def line(event: str, level: str = "info", **more: object) -> None:
    """Write one JSON line to standard error; like all our lines, it knows nothing of readers."""
    told = {"event": event, **more, "level": level}
    told["timestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    print(json.dumps(told, ensure_ascii=False), file=sys.stderr, flush=True)
