"""Figures on how the service does, and their page: queue, worker, mail, backup, index, disk.

None may tell when a report arrived. A monitor writes down each figure every few seconds, so what
reporters do counts from the next day on, and the figures of a day stay as they were first read.
Mails, which follow a report within minutes, count once they are late; the disk, in hundredths.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from shutil import disk_usage
from typing import Any

from flask import current_app, render_template
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from register.db import db, now
from register.errors import RegisterError
from register.journal import Ledger, head
from register.journal.service_mode import ServiceMode, read_mode
from register.mail import outbox
from register.operations import doctor, replay_list, schema
from register.reports.models import Report
from register.reports.retention import undecided_clause
from register.search.engine_interface import SearchEngine
from register.text.dates import paris_day
from register.web.blueprints import administrators_only, desk
from register.web.error_messages import finding_sentence
from register.web.request_context import key_store, settings
from register.worker.lock import worker_lock

COUNT_LIMIT = 200
_DAY_FIGURES = "register.day_figures"


@dataclass(frozen=True)
class QueueFigures:
    """Undecided reports of before today: how many, at most 200, and the days of the oldest."""

    count: int
    oldest_days: int


@dataclass(frozen=True)
class ServiceFigures:
    """The figures; None where it is not known, as without a backup or an index.

    :param index_lag: lines of the public journal that the index has still to read.
    :param disk_free: hundredths of the disk of the data folder.
    """

    database_up: bool = False
    worker_running: bool | None = None
    mode: ServiceMode | None = None
    queue: QueueFigures | None = None
    late_mails: int = 0
    dead_mails: int = 0
    backup_at: datetime | None = None
    rehearsal_at: datetime | None = None
    index_lag: int | None = None
    disk_free: int | None = None


def read_figures() -> ServiceFigures:
    """The present figures; those that need a database are left out while it is away."""
    values: dict[str, Any] = {}
    with suppress(OSError):
        usage = disk_usage(settings().instance)
        values["disk_free"] = 100 * usage.free // usage.total
    with suppress(SQLAlchemyError, RegisterError, OSError):
        lock = worker_lock(settings(), db.engine)
        values["worker_running"] = lock.is_held() and not lock.stands_still()
    try:
        with Session(db.engine) as session:
            values |= _database_figures(session)
    except SQLAlchemyError:
        return ServiceFigures(**values)
    with suppress(SQLAlchemyError, RegisterError):
        store = key_store()
        values["backup_at"] = replay_list.note_time(store, replay_list.BACKUP)
        values["rehearsal_at"] = replay_list.note_time(store, replay_list.REHEARSAL)
    return ServiceFigures(database_up=True, **values)


def _database_figures(session: Session) -> Mapping[str, Any]:
    index: SearchEngine = current_app.extensions["register.search"]
    cursor = index.cursor()
    lag = max(0, head(session, Ledger.PUBLIC).seq - cursor.seq) if cursor else None
    at = now()
    return {
        "mode": read_mode(session).mode,
        "queue": _queue_figures(session, paris_day(at)),
        "late_mails": outbox.count_late(session, at),
        "dead_mails": outbox.count_dead(session, at),
        "index_lag": lag,
    }


def _queue_figures(session: Session, today: date) -> QueueFigures:
    """The queue as first read today: not even a report that is withdrawn shows before tomorrow."""
    by_day: dict[date, QueueFigures] = current_app.extensions.get(_DAY_FIGURES, {})
    if today not in by_day:
        stmt = select(func.count(), func.min(Report.day)).where(
            undecided_clause(), Report.day < today
        )
        count, oldest = session.execute(stmt).one()
        age = (today - oldest).days if oldest else 0
        by_day = {today: QueueFigures(min(count, COUNT_LIMIT), age)}
        current_app.extensions[_DAY_FIGURES] = by_day
    return by_day[today]


# --- page for administrators ---------------------------------------------------------------------
# It has what ``doctor`` can say at once. What takes time stays with the commands: ``doctor`` lists
# every file and asks the mail server, ``verify`` reads every line.


@desk.get("/etat")
@administrators_only
def status() -> str:
    """Worker, mail, backup, index, disk, versions, and what is wrong, by cause."""
    figures = read_figures()
    faults = [
        (finding_sentence(finding), finding.detail)
        for finding in doctor.examine(settings(), quickly=True)
        if not finding.good
    ]
    return render_template(
        "operations/status.html",
        figures=figures,
        faults=faults,
        is_backup_late=doctor.is_late(settings(), figures.backup_at, doctor.BACKUP_DAYS),
        is_rehearsal_late=doctor.is_late(settings(), figures.rehearsal_at, doctor.REHEARSAL_DAYS),
        has_mail=bool(settings().mail_url),
        versions=_versions(),
    )


def _versions() -> Mapping[str, str]:
    dialect = db.engine.dialect
    server = ".".join(map(str, dialect.server_version_info or ()))
    return {
        "Web Citoyen": version("webcitoyen"),
        "Python": platform.python_version(),
        {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[dialect.name]: server,
        "schema": schema.current_revision(db.engine),
    }
