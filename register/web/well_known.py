"""What robots and programs look for at addresses of their own: the crawlers' rules, where to report
a weakness, the icon."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from urllib.parse import quote

from flask import Blueprint, Response, abort, current_app, redirect
from flask.typing import ResponseReturnValue

from register.db import now
from register.web import assets
from register.web.context import settings

well_known = Blueprint("machines", __name__)

# Where no page is for readers; a robot that obeys saves itself the trouble.
_PRIVATE_PATHS = ("/moderation", "/compte", "/suivi")
# Words and filters: as many addresses as there are questions, all of the same cases.
# The star means what its absence would, but to simple readers of these rules, which drop a question
# mark at the end and would then leave out the whole register.
_SEARCH_PATHS = (
    "/incidents?*",
    "/communes?*",
    "/communes/suggest",
    "/registre?*",
    "/statistiques?*",
)
# The longest rule that fits wins (RFC 9309 §2.2.2): the further pages of a whole list stay open.
_PAGED_PATHS = ("/incidents?page=", "/registre?page=")
_LANGUAGES = ("", "/en")

_PLAIN_TEXT = "text/plain; charset=utf-8"
_EXPIRES = timedelta(days=364)  # RFC 9116 §2.5.5 asks for less than a year
_DAY = "public, max-age=86400"


@well_known.get("/robots.txt")
def robots() -> Response:
    """What robots should leave alone (RFC 9309), and where the map is."""
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
    """Where to report a weakness (RFC 9116); 404 when there is no contact."""
    site_settings = settings()
    if not site_settings.contact_email:
        abort(404)
    # Of the day, not of the moment: the file is the same for whoever comes back today.
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
    """The icon, for those who look for it without having read a page."""
    response = redirect(assets.address(current_app, "img/favicon.ico"), 302)
    response.headers["Cache-Control"] = _DAY
    return response
