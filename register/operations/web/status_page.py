"""Page on how the service does, for administrators: what ``doctor`` can say at once.

What takes time stays with the commands: ``doctor`` lists every file and asks the mail server,
``verify`` reads every line.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version

from flask import render_template

from register.db import db
from register.operations import doctor, schema
from register.operations.web.figures import read_figures
from register.web.blueprints import administrators_only, desk
from register.web.error_messages import finding_sentence
from register.web.request_context import settings


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
