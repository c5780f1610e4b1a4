"""The desk: each view looks up, validates, calls one act and redirects."""

from __future__ import annotations

from flask import Blueprint, Flask

from register.accounts.web import member_admin
from register.cases.web.desk import (
    after_publication,
    case,
    cases,
    changing,
    claims_and_notes,
    dashboard,
    editor,
    publication,
    versions,
)
from register.journal.web import members_journal
from register.pages.web import desk, page_history
from register.reports.web import desk as reports

ROUTES = (
    dashboard,
    reports,
    cases,
    claims_and_notes,
    members_journal,
    case,
    editor,
    versions,
    publication,
    after_publication,
    changing,
    member_admin,
    desk,
    page_history,
)


def register(app: Flask) -> None:
    """Give an application its desk."""
    blueprint = Blueprint("moderation", __name__, url_prefix="/moderation")
    for module in ROUTES:
        module.route(blueprint)
    app.register_blueprint(blueprint)
