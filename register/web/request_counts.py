"""Counts and durations of requests, by kind of address and class of status.

Nothing is counted before the first scrape, or the start of several processes: the library takes
time and memory to import, and most registers have no monitor. A report is a request among those of
all pages, since its minute must be nowhere.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Flask

from register.web.headers import WSGI, StartResponse
from register.web.l10n import without_prefix

_EXTENSION = "register.request_counts"
_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # of prometheus_client, read when it is imported
# Seconds. A page of the cache takes one thousandth, a search a tenth.
_BUCKETS = (0.01, 0.1, 0.5, 2.5, 10.0)
_KINDS = (
    ("static", re.compile(r"/static/")),
    ("service", re.compile(r"/(?:healthz|readyz|metrics)\Z")),
    ("members", re.compile(r"/(?:moderation|compte)(?:/|\Z)")),
    ("feeds", re.compile(r".*\.atom\Z")),
)
_OTHER_KIND = "pages"


class RequestCounts:
    """Middleware that counts; the outermost, so that refused requests count too."""

    def __init__(self, app: WSGI) -> None:
        self.app = app
        self.registry: Any = None
        self._requests: Any = None
        self._seconds: Any = None

    def start(self, folder: Path | None) -> None:
        """Begin to count.

        :param folder: where several processes add up their counts; None for one process alone.
        """
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.environ[_FOLDER_VARIABLE] = str(folder)
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Histogram,
            disable_created_metrics,
            multiprocess,
        )

        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = CollectorRegistry()
        self._requests = Counter(
            "webcitoyen_requests",
            "Requests by kind of address and class of status.",
            ("kind", "status"),
            registry=None if folder else registry,
        )
        self._seconds = Histogram(
            "webcitoyen_request_seconds",
            "Time until the response is ready, up to the end of its bucket.",
            buckets=_BUCKETS,
            registry=None if folder else registry,
        )
        if folder is not None:
            multiprocess.MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
        self.registry = registry

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Count the application's response."""
        if self.registry is None:
            return self.app(environ, start_response)
        status_class = "5xx"

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status_class
            status_class = f"{status[0]}xx"
            return start_response(status, headers, exc_info)

        # Before the application, which changes the path.
        kind = request_kind(without_prefix(environ.get("PATH_INFO", "")))
        started = time.monotonic()
        try:
            return self.app(environ, start)
        finally:
            # The exact time of a lone request would tell what it was.
            seconds = time.monotonic() - started
            bound = next((bound for bound in _BUCKETS if seconds <= bound), seconds)
            self._seconds.observe(bound)
            self._requests.labels(kind, status_class).inc()


def request_kind(path: str) -> str:
    """The kind of a path: one of few, whatever is asked for."""
    return next((kind for kind, pattern in _KINDS if pattern.match(path)), _OTHER_KIND)


def attach(app: Flask) -> None:
    """Add the middleware to an application, after all others."""
    counts = RequestCounts(app.wsgi_app)
    app.extensions[_EXTENSION] = counts
    app.wsgi_app = counts  # type: ignore[method-assign]


def of(app: Flask) -> RequestCounts:
    """The counts of an application."""
    counts: RequestCounts = app.extensions[_EXTENSION]
    return counts


def start(app: Flask, processes: int) -> None:
    """Begin to count in a web server of several processes, before they fork.

    They add up in files, in a folder of this server; those of ended ones are removed.
    """
    if processes == 1:
        return  # which begins at the first scrape
    folder = Path(app.instance_path) / "counts"
    for path in folder.glob("*") if folder.is_dir() else ():
        if not (path.name.isdigit() and Path(f"/proc/{path.name}").exists()):
            shutil.rmtree(path, ignore_errors=True)
    of(app).start(folder / str(os.getpid()))
