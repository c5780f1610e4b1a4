"""Endpoints for programs: health checks, ``robots.txt``, ``security.txt``, favicon."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from urllib.parse import quote

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, redirect
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from register.db import db, now, sqlite_path
from register.errors import RegisterError
from register.operations import outages, schema, setup
from register.web import assets, template_env
from register.web.request_context import current_mode, settings

blueprint = Blueprint("health", __name__)
well_known = Blueprint("machines", __name__)

# Paths without pages for readers.
_PRIVATE_PATHS = ("/moderation", "/compte", "/suivi")
# Searches and filters: an endless number of addresses for the same cases. Simple parsers drop a
# trailing question mark and would then exclude the whole register; the star, which changes nothing
# else, prevents that.
_SEARCH_PATHS = (
    "/incidents?*",
    "/communes?*",
    "/communes/suggest",
    "/registre?*",
    "/statistiques?*",
)
# The longest matching rule wins (RFC 9309 §2.2.2): further pages of a whole list stay allowed.
_PAGED_PATHS = ("/incidents?page=", "/registre?page=")
_LANGUAGES = ("", "/en")

_PLAIN_TEXT = "text/plain; charset=utf-8"
_EXPIRES = timedelta(days=364)  # RFC 9116 §2.5.5 asks for less than a year
_DAY = "public, max-age=86400"


@blueprint.get("/healthz")
def alive() -> Response:
    """Whether the process answers; it reads nothing, so that a slow disk causes no restart."""
    return _no_store(Response("ok\n", content_type=_PLAIN_TEXT))


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """Whether pages can be served, by names of checks only; ``doctor`` gives the reasons."""
    outcomes = readiness_checks()
    statuses = {name: "ok" if passed else "failed" for name, passed in outcomes.items()}
    if not current_mode().is_open:
        # By decision, not by a fault: the pages of this machine are still to be served.
        statuses["mode"] = current_mode().mode.value
    return _no_store(jsonify(statuses)), 200 if all(outcomes.values()) else 503


def readiness_checks() -> dict[str, bool]:
    """The result of each check that a register must pass in order to serve."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def require_pages() -> None:
        template_env.template_names(app)
        assets.require(app)

    return {
        "database": _passes(lambda: db.session.execute(text("SELECT 1"))),
        "schema": _passes(lambda: schema.require(db.engine)),
        "seal": _passes(lambda: setup.require_seal(settings(), db.session())),
        "pages": _passes(require_pages),
        "writes": _passes(_has_writable_database),
    }


def _has_writable_database() -> bool:
    """Whether the database takes what is sent: not when read-only, or its disk is full."""
    path = sqlite_path(settings().database_url)
    if path is None:
        return db.session.execute(text("SHOW transaction_read_only")).scalar() == "off"
    return os.access(path, os.W_OK) and not outages.is_full(path.parent)


def _passes(check: Callable[[], object]) -> bool:
    """Whether a check neither raises an error nor returns False."""
    try:
        return check() is not False
    except (RegisterError, SQLAlchemyError, OSError):
        return False


def _no_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@well_known.get("/robots.txt")
def robots() -> Response:
    """Paths excluded for robots (RFC 9309), and the address of the sitemap."""
    disallowed = [
        language + path for language in _LANGUAGES for path in (*_PRIVATE_PATHS, *_SEARCH_PATHS)
    ]
    allowed = [language + path for language in _LANGUAGES for path in _PAGED_PATHS]
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in disallowed),
        *(f"Allow: {path}" for path in allowed),
        "",
        f"Sitemap: {settings().base_url}/sitemap.xml",
        "",
    ]
    return Response("\n".join(lines), content_type=_PLAIN_TEXT)


@well_known.get("/.well-known/security.txt")
def security() -> Response:
    """Where to report a vulnerability (RFC 9116); 404 when there is no contact."""
    site_settings = settings()
    if not site_settings.contact_email:
        abort(404)
    # From midnight, so that the file stays the same for a whole day.
    today = datetime.combine(now().date(), time(), UTC)
    lines = (
        f"Contact: mailto:{quote(site_settings.contact_email, safe='@+')}",
        f"Expires: {today + _EXPIRES:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: fr, en",
        f"Canonical: {site_settings.base_url}/.well-known/security.txt",
    )
    return Response("\n".join(lines) + "\n", content_type=_PLAIN_TEXT)


@well_known.get("/favicon.ico")
def icon() -> ResponseReturnValue:
    """The icon, for clients that request it without having read a page."""
    response = redirect(assets.address(current_app, "img/favicon.ico"), 302)
    response.headers["Cache-Control"] = _DAY
    return response
