"""Lanes of the embedded server: readers, the report form, what it sends and the desk wait apart.

A request is handed to a thread once it has arrived whole, so that its lane is known by then. A
request that waits in a lane holds no thread, and none of another lane waits for it.
"""

from __future__ import annotations

import time
from typing import Any

from waitress.task import ThreadedTaskDispatcher

from register.accounts.web.current_member import is_member_path
from register.server.server_limits import DESK_THREADS, FORM_THREADS, REPORT_THREADS, THREADS
from register.web.languages import without_prefix
from register.web.request_validation import is_of_reports

_READING = frozenset({"GET", "HEAD"})


class Lanes:
    """Threads for each kind of request, in the place of waitress's one set for all."""

    def __init__(self) -> None:
        self._reading = ThreadedTaskDispatcher()
        self._forms = ThreadedTaskDispatcher()
        self._reports = ThreadedTaskDispatcher()
        self._desk = ThreadedTaskDispatcher()

    def start(self) -> None:
        """Start the threads."""
        self._reading.set_thread_count(THREADS)
        self._forms.set_thread_count(FORM_THREADS)
        self._reports.set_thread_count(REPORT_THREADS)
        self._desk.set_thread_count(DESK_THREADS)

    def add_task(self, channel: Any) -> None:
        """Queue a connection's next request."""
        channel.arrived = time.monotonic()
        self._lane(channel.requests[0]).add_task(channel)

    def shutdown(self, timeout: float) -> None:
        """End the threads, each after the request that it answers."""
        for lane in (self._reading, self._forms, self._reports, self._desk):
            lane.shutdown(timeout=timeout)

    def _lane(self, request: Any) -> ThreadedTaskDispatcher:
        if request.error:
            # What was refused as it was parsed may have no path.
            return self._reading
        path, is_reading = without_prefix(request.path), request.command in _READING
        if is_of_reports(path):
            return self._forms if is_reading else self._reports
        return self._desk if is_member_path(path) and not is_reading else self._reading
