"""Flask application: its cookie key, the modules with its views, and its middleware."""

# ruff: noqa: F401 - modules with views, hooks or template globals are imported for that effect

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.templating import Environment
from flask_babel import Babel

import register.accounts.web.member_admin
import register.accounts.web.passkey_pages
import register.accounts.web.profile
import register.accounts.web.sign_in
import register.cases.web.desk.act_view
import register.cases.web.desk.case
import register.cases.web.desk.case_acts
import register.cases.web.desk.case_files
import register.cases.web.desk.case_list
import register.cases.web.desk.case_summaries
import register.cases.web.desk.change_approval
import register.cases.web.desk.claims
import register.cases.web.desk.editor
import register.cases.web.desk.invitation_views
import register.cases.web.desk.public_preview
import register.cases.web.desk.sources
import register.cases.web.public.cases
import register.cases.web.public.citations
import register.cases.web.public.overview
import register.cases.web.public.piece_view
import register.cases.web.public.structured_data
import register.exchange.web.file_import
import register.exchange.web.public_bundle
import register.feeds.web
import register.incoming.web.notice_desk
import register.incoming.web.notice_views
import register.incoming.web.reply_identity
import register.incoming.web.reply_views
import register.journal.web.members_journal
import register.journal.web.public_journal
import register.operations.web.figures
import register.operations.web.metrics
import register.pages.web.help
import register.pages.web.legal_calendars
import register.pages.web.page_editor
import register.pages.web.public_pages
import register.post.web.received_post
import register.reports.web
import register.reports.web.bound_case
import register.reports.web.desk.accept_views
import register.reports.web.desk.case_uploads
import register.reports.web.desk.claim_views
import register.reports.web.desk.dashboard
import register.reports.web.desk.deadline_list
import register.reports.web.desk.detail
import register.reports.web.desk.file_views
import register.reports.web.desk.labels
import register.reports.web.desk.masking
import register.reports.web.desk.report_list
import register.reports.web.desk.report_list_query
import register.reports.web.desk.report_summary
import register.reports.web.file_field
import register.reports.web.follow_up_views
import register.reports.web.report_form
import register.reports.web.report_views
import register.reports.web.upload_views
import register.territory.web.place_choice
import register.territory.web.place_pages
import register.web.etag
import register.web.query_parameters
from register.accounts.web import access_control
from register.cases.web.public import search_request
from register.errors import SealError
from register.journal import service_mode
from register.postgresql import request_limits
from register.web import (
    assets,
    errors,
    etag,
    fragments,
    headers,
    l10n,
    logs,
    page_cache,
    rate_limits,
    request_context,
    request_counts,
    request_validation,
    service_endpoints,
    template_env,
)
from register.web.blueprints import account, desk, public, submit
from register.web.form_streams import StreamedRequest
from register.web.headers import SAFE_METHODS, StartResponse

_COOKIE_KEY = "register.cookie_key"


class _SessionInterface(SecureCookieSessionInterface):
    """Flask's signed cookies; a request without one does not need the key."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        try:
            return super().open_session(app, request)
        except SealError:
            # Without the key nobody is signed in; the pages that need the key report the error.
            return self.session_class()


class TemplateEnvironment(Environment):
    """Templates that share one plain dict of globals.

    Jinja compares and copies the globals at each import of a macro, dozens of times a page; its own
    chain of dicts takes twenty times as long.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals of a template."""
        return {**self.globals, **d} if d else self.globals


class Application(Flask):
    """A Flask application without ``SECRET_KEY`` in its configuration."""

    session_interface = _SessionInterface()
    request_class = StreamedRequest
    jinja_environment = TemplateEnvironment

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, within the time limits of one."""
        has_form = environ["REQUEST_METHOD"] not in SAFE_METHODS
        with request_limits(), service_mode.answering(form=has_form):
            return self.wsgi_app(environ, start_response)

    @property
    def secret_key(self) -> bytes:  # type: ignore[override]
        """The key that signs cookies and CSRF tokens; the same on every machine.

        :raises SealError: seal key or key store missing or foreign, or no ``init`` yet.
        """
        if _COOKIE_KEY not in self.extensions:
            with self.app_context():
                self.extensions[_COOKIE_KEY] = request_context.derived_key(
                    request_context.COOKIE_PURPOSE
                )
        return bytes(self.extensions[_COOKIE_KEY])


def attach(app: Flask) -> None:
    """Give an application its pages, guards and error pages."""
    settings = app.extensions["register.settings"]
    logs.attach(app)
    Babel(app, default_locale="fr", default_timezone="Europe/Paris", locale_selector=l10n.language)
    template_env.attach(app)
    fragments.attach(app)
    search_request.attach(app)
    errors.attach(app)
    rate_limits.attach(app, settings)
    access_control.attach_access_control(app, settings)
    etag.attach(app)
    for blueprint in (
        public,
        account,
        desk,
        submit,
        service_endpoints.blueprint,
        service_endpoints.well_known,
    ):
        app.register_blueprint(blueprint)
    # Directly around Flask: every middleware added below also applies to cached pages.
    page_cache.attach(app)
    assets.attach(app, settings)
    request_validation.attach(app, settings)
    # Outside request validation, which then sees one address per page in both languages.
    l10n.attach(app)
    # So that the answers of every other middleware get the headers too.
    headers.attach(app, settings)
    # Last, so that every answer is counted.
    request_counts.attach(app)
