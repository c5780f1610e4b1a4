"""Priorities of log lines, as systemd's journal reads them (sd-daemon(3))."""

from __future__ import annotations

import os

_NUMBERS = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
STANDARD_ERROR = 2


def priority_prefix(level: str) -> str:
    """``<3>`` for an error and so on where standard error goes to the journal, else nothing.

    The journal keeps it as the priority of the line, which ``journalctl -p err`` selects by.
    """
    journal = os.environ.get("JOURNAL_STREAM", "")
    if not journal:
        return ""
    try:
        status = os.fstat(STANDARD_ERROR)
    except OSError:
        return ""
    # A stream that was redirected since is not the journal's (systemd.exec(5)).
    if journal != f"{status.st_dev}:{status.st_ino}":
        return ""
    return f"<{_NUMBERS.get(level, _NUMBERS['info'])}>"
