"""Imports of all modules that add routes, hooks or template globals to the blueprints."""

# ruff: noqa: F401 - imported for their side effect

from __future__ import annotations

from flask import Flask

import register.accounts.web.invitation
import register.accounts.web.member_admin
import register.accounts.web.profile
import register.accounts.web.sign_in
import register.accounts.web.two_factor
import register.cases.web.desk.act_view
import register.cases.web.desk.case
import register.cases.web.desk.case_acts
import register.cases.web.desk.case_list
import register.cases.web.desk.case_summaries
import register.cases.web.desk.change_approval
import register.cases.web.desk.dashboard
import register.cases.web.desk.editor
import register.cases.web.public.cases
import register.cases.web.public.citations
import register.cases.web.public.overview
import register.cases.web.public.social_cards
import register.cases.web.public.structured_data
import register.feeds.web
import register.journal.web.members_journal
import register.journal.web.public_journal
import register.pages.web.page_editor
import register.pages.web.public_pages
import register.reports.web
import register.reports.web.desk.accept_views
import register.reports.web.desk.detail
import register.reports.web.desk.labels
import register.reports.web.desk.list_query
import register.reports.web.desk.report_list
import register.reports.web.desk.report_summary
import register.reports.web.desk.sidebar
import register.reports.web.follow_up_views
import register.reports.web.report_views
import register.territory.web.place_choice
import register.territory.web.place_pages
import register.web.etag
from register.web import service_endpoints
from register.web.blueprints import account, desk, public, submit


def attach(app: Flask) -> None:
    """Register all blueprints on an application."""
    for blueprint in (
        public,
        account,
        desk,
        submit,
        service_endpoints.blueprint,
        service_endpoints.well_known,
    ):
        app.register_blueprint(blueprint)
