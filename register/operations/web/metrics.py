"""``/metrics``: the figures of the service and the counts of requests, for Prometheus.

For a monitor on the machine itself, or one with the token; the address does not exist for others.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Response, abort, current_app, request

from register.hosts import is_loopback
from register.journal.service_mode import ServiceMode
from register.operations.web.figures import ServiceFigures, read_figures
from register.web import request_counts
from register.web.request_context import settings
from register.web.service_endpoints import blueprint

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

# A proxy on this machine adds one of them, whoever asks it.
_PROXY_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP")
_MODES = tuple(ServiceMode)


@blueprint.get("/metrics")
def metrics() -> Response:
    """The figures as text (Prometheus exposition format 0.0.4)."""
    if not (_has_token() or _is_direct()):
        abort(404)
    # Imported at its first use: whoever has no monitor needs not wait for it.
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    body = generate_latest(FigureCollector(read_figures()))
    counts = request_counts.of(current_app)
    if counts.registry is None:
        counts.start(None)
    response = Response(body + generate_latest(counts.registry), content_type=CONTENT_TYPE_LATEST)
    response.headers["Cache-Control"] = "no-store"
    return response


def _has_token() -> bool:
    """Whether the request carries the token of REGISTER_METRICS_TOKEN."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings().metrics_token
    is_same = hmac.compare_digest(token.strip().encode(), expected.encode())
    return bool(expected) and scheme.lower() == "bearer" and is_same


def _is_direct() -> bool:
    """Whether the request comes from a program of this machine, and through no proxy."""
    # What the connection says, before a proxy is believed (werkzeug.middleware.proxy_fix).
    connection: dict[str, Any] = request.environ.get("werkzeug.proxy_fix.orig", request.environ)
    host = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
    return (
        is_loopback(connection.get("REMOTE_ADDR") or "")
        and is_loopback(host)
        and not any(name in request.headers for name in _PROXY_HEADERS)
    )


@dataclass(frozen=True)
class FigureCollector:
    """The figures as metrics; what is not known is left out."""

    figures: ServiceFigures

    def collect(self) -> Iterator[Metric]:
        """One gauge for each figure."""
        from prometheus_client.core import GaugeMetricFamily

        for name, text, value in _gauges(self.figures):
            if value is not None:
                yield GaugeMetricFamily(f"webcitoyen_{name}", text, float(value))


def _gauges(figures: ServiceFigures) -> Iterator[tuple[str, str, float | None]]:
    queue, mode = figures.queue, figures.mode
    yield "database_up", "Whether the database answers.", figures.database_up
    yield (
        "worker_running",
        "Whether a worker has the lock and does something.",
        figures.worker_running,
    )
    closed = "0 open, 1 read-only, 2 lockdown."
    yield "mode", closed, _MODES.index(mode) if mode else None
    waiting = "Undecided reports of before today, as first read today; at most 200."
    yield "reports_waiting", waiting, queue.count if queue else None
    oldest = "Days since the oldest of them arrived."
    yield "oldest_report_days", oldest, queue.oldest_days if queue else None
    yield "mails_late", "Mails that wait for more than an hour.", figures.late_mails
    yield "mails_dead", "Mails given up in the last thirty days.", figures.dead_mails
    yield "backup_timestamp_seconds", "Time of the last backup.", _timestamp(figures.backup_at)
    rehearsal = "Time of the last rehearsal of a restore."
    yield "rehearsal_timestamp_seconds", rehearsal, _timestamp(figures.rehearsal_at)
    lag = "Lines of the public journal that the search index has still to read."
    yield "index_lag_lines", lag, figures.index_lag
    free = figures.disk_free
    yield "disk_free_ratio", "Free part of the disk, in hundredths.", free / 100 if free else free


def _timestamp(at: datetime | None) -> float | None:
    return at.timestamp() if at else None
