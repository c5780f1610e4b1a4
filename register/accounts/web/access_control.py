"""The door of the desk: shut to all but members, but for a short list of open ones.

It stands before every address under ``/compte`` and ``/moderation``, so that a new view is shut
until somebody writes it into a list here. A stranger is told the same at every address: sign
in. What is behind it is never kept by a browser or a proxy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, current_app, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import Forbidden

from register.accounts.web import (
    current_member,
    invitation,
    paths,
    reauthentication,
    resubmission,
    sign_in,
    two_factor,
)
from register.accounts.web.paths import is_member_path
from register.cases.web.desk.act_view import open_case
from register.cases.web.desk.checklist import case_checklist
from register.config import Settings
from register.pages.content import ENGLISH_SUFFIX
from register.web.context import settings

# Who is nobody yet must be able to come in.
PUBLIC_ENDPOINTS: frozenset[str] = frozenset({"account.sign_in", "account.invitation"})
# All that a member may open who has no second factor yet, where one is needed.
FACTOR_SETUP_ENDPOINTS: frozenset[str] = frozenset({"account.factor", "account.sign_out"})
# What an administrator alone may open.
ADMINISTRATOR_ENDPOINTS: frozenset[str] = frozenset(
    {
        "moderation.roster",
        "moderation.roster_invite",
        "moderation.roster_take_back",
        "moderation.roster_role",
        "moderation.roster_disable",
        "moderation.roster_enable",
        "moderation.roster_factor",
        "moderation.roster_sessions",
        "moderation.pages",
        "moderation.page_preview",
        "moderation.page_edit",
        "moderation.page_restore",
        "moderation.page_versions",
        "moderation.page_version",
        "moderation.page_compare",
    }
)
# Acts that cannot be taken back, or that open a door: password and code are asked for again. Each
# says what one is about to do.
GRAVE_ACTS: Mapping[str, Any] = {
    "moderation.erase": _("effacer pour toujours les textes d’un dossier"),
    "moderation.redact": _("caviarder un dossier publié"),
    "moderation.destruction_confirm": _("détruire des versions cachées d’un cas"),
    "moderation.withdraw": _("retirer un dossier de la vue du public"),
    "moderation.merge": _("réunir deux dossiers"),
    "moderation.roster_invite": _("inviter quelqu’un dans l’équipe"),
    "moderation.roster_take_back": _("reprendre une invitation"),
    "moderation.roster_role": _("changer le rôle d’un membre"),
    "moderation.roster_confirm": _("confirmer le compte d’un membre"),
    "moderation.roster_disable": _("désactiver le compte d’un membre"),
    "moderation.roster_enable": _("rouvrir le compte d’un membre"),
    "moderation.roster_factor": _("ôter la seconde preuve d’un membre"),
    "moderation.roster_sessions": _("fermer les séances d’un membre"),
    "account.password": _("changer votre mot de passe"),
    "account.factor": _("mettre en place votre seconde preuve"),
    "account.new_factor": _("changer votre seconde preuve"),
    "account.codes": _("renouveler vos codes de secours"),
}
# Where the register has one moderator, password and code stand for the second person.
GRAVE_ACTS_ALONE: Mapping[str, Any] = {
    "moderation.publish": _("publier seul un cas qui se relit à deux"),
    "moderation.restore": _("rétablir seul un cas qui se relit à deux"),
    "moderation.change": _("publier seul un changement qui se relit à deux"),
    "moderation.reports_sort": _("confirmer seul des signalements rangés ensemble"),
}
# The same on the pages that say who answers for the site and what becomes of what people send: a
# few words more in them, and whoever writes to us trusts what is no longer true.
LEGAL_PAGES: frozenset[str] = frozenset(
    name + tongue
    for name in ("confidentialite", "mentions-legales")
    for tongue in ("", ENGLISH_SUFFIX)
)
GRAVE_ACTS_ON_LEGAL_PAGES: Mapping[str, Any] = {
    "moderation.page_edit": _("changer ce que le registre promet ou dit de ses responsables"),
    "moderation.page_restore": _("rétablir ce que le registre promet ou dit de ses responsables"),
}
# Grave acts whose own form asks for password and code, whatever was given before.
SELF_REAUTHENTICATING: frozenset[str] = frozenset({"account.password"})

# The open doors show their form again when it comes with the token of another session.
_RETRY_VIEWS: Mapping[str, Callable[[], ResponseReturnValue]] = {
    "account.sign_in": sign_in.retry_page,
    "account.invitation": invitation.retry_page,
}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_protect = CSRFProtect()


def attach_access_control(app: Flask, app_settings: Settings) -> None:
    """Put the door and the check of forms before an application's views."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-registre" if app_settings.is_secure else "registre",
        SESSION_COOKIE_SECURE=app_settings.is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # A form left open over lunch is still the form of this session.
        WTF_CSRF_TIME_LIMIT=None,
        # The door looks at Origin, which says as much and which no browser leaves out.
        WTF_CSRF_SSL_STRICT=False,
    )
    # The door first: a stranger learns nothing of which forms there are. Who somebody is comes
    # last: it is asked of those who could do what they ask for.
    app.before_request(_require_member)
    _protect.init_app(app)
    app.before_request(_require_proof)
    app.register_error_handler(CSRFError, _handle_csrf_error)
    app.after_request(_forbid_caching)


def _require_member() -> ResponseReturnValue | None:
    if not is_member_path(request.path):
        return None
    if request.method not in _SAFE_METHODS and resubmission.is_cross_site():
        raise Forbidden
    if request.endpoint in PUBLIC_ENDPOINTS:
        return None
    signed_in = current_member.signed_in()
    if signed_in is None:
        return _redirect_to_sign_in()
    if request.endpoint not in FACTOR_SETUP_ENDPOINTS and reauthentication.needs_factor(
        signed_in.member
    ):
        return _redirect_to_factor()
    if request.endpoint in ADMINISTRATOR_ENDPOINTS and not signed_in.member.is_administrator:
        raise Forbidden
    return None


def _redirect_to_sign_in() -> ResponseReturnValue:
    if request.method in _SAFE_METHODS:
        query = request.query_string.decode("latin-1")
        return redirect(
            paths.sign_in_url(f"{request.path}?{query}" if query else request.path), 303
        )
    carried = resubmission.rescued_form()
    if carried is None or request.path == paths.SIGN_OUT:
        return redirect(paths.SIGN_IN, 303)
    return sign_in.page_with_carried_form(carried)


def _redirect_to_factor() -> ResponseReturnValue:
    carried = None if request.method in _SAFE_METHODS else resubmission.rescued_form()
    if carried is None:
        return redirect(paths.FACTOR, 303)
    return two_factor.factor_page(status=403, carried=carried)


def _require_proof() -> ResponseReturnValue | None:
    """Ask who it is before an act that cannot be taken back."""
    if request.method in _SAFE_METHODS or not is_member_path(request.path):
        return None
    proof = reauthentication.take_proof()
    endpoint = request.endpoint or ""
    act = GRAVE_ACTS.get(endpoint) or _second_person_alone(endpoint)
    if (request.view_args or {}).get("page") in LEGAL_PAGES:
        act = GRAVE_ACTS_ON_LEGAL_PAGES.get(endpoint, act)
    if act is None or endpoint in SELF_REAUTHENTICATING:
        return None
    return reauthentication.require_proof(act, proof)


def _second_person_alone(endpoint: str) -> Any:
    """What a single moderator does as the second person, in words; None for any other act."""
    act = GRAVE_ACTS_ALONE.get(endpoint) if settings().single_moderator else None
    return act if act is not None and _needs_second_person(endpoint) else None


def _needs_second_person(endpoint: str) -> bool:
    """Whether what was sent asks for a second person, who has not said yes."""
    if endpoint == "moderation.reports_sort":
        return request.form.get("faire") == "confirmer"
    if endpoint == "moderation.change":
        return True
    case_view = open_case((request.view_args or {})["incident_id"])
    return case_checklist(case_view).needs_second and not case_view.second_persons.get("publish")


def _handle_csrf_error(_error: CSRFError) -> ResponseReturnValue:
    """A form of another session, or of nobody: nothing is done, and what was typed comes back."""
    retry_view = _RETRY_VIEWS.get(request.endpoint or "")
    if retry_view is not None:
        return retry_view()
    carried = resubmission.rescued_form()
    if carried is None:
        # What one handler raises, no other handles.
        return current_app.handle_http_exception(Forbidden())
    return reauthentication.resend_page(carried, 403)


def _forbid_caching(response: Response) -> Response:
    if is_member_path(request.path):
        response.headers["Cache-Control"] = "no-store"
    return response
