"""Flask application: its cookie key, the modules with its views, and its middleware."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from functools import cached_property
from importlib import import_module
from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.templating import Environment
from flask_babel import Babel
from werkzeug.utils import find_modules

import register.feeds.web  # noqa: F401 - a face of one module
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
    query_parameters,  # noqa: F401 - attaches a hook
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

# Rooms whose face is a package. Each of its modules is imported, and so attaches its views, hooks
# and template globals to the blueprints.
FACES = (
    *("accounts", "cases", "exchange", "incoming", "journal", "operations", "pages", "post"),
    *("reports", "territory"),
)
for _room in FACES:
    for _name in find_modules(f"register.{_room}.web", include_packages=True, recursive=True):
        import_module(_name)


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

    @cached_property
    def secret_key(self) -> bytes:  # type: ignore[override]
        """The key that signs cookies and CSRF tokens; the same on every machine.

        :raises SealError: seal key or key store missing or foreign, or no ``init`` yet.
        """
        with self.app_context():
            return request_context.derived_key(request_context.COOKIE_PURPOSE)


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
