"""Open an account from an invitation link."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import Field

from register.accounts import invitations
from register.accounts.models import MemberInvitation
from register.accounts.web import current_member, paths
from register.accounts.web.forms import MISSING, ROLES, TOO_EARLY, Invited, length_hint
from register.db import db, now
from register.errors import Invalid, NotFound, Refused
from register.journal import writing
from register.web import error_messages
from register.web.errors import status_of


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/invitation/<token>", view_func=invitation, methods=["GET", "POST"])


def invitation(token: str) -> ResponseReturnValue:
    """Say who invites to what, and open the account."""
    try:
        found = invitations.opened(db.session(), token, now())
        form = Invited()
        if not form.is_sent:
            return _page(found, form, 422 if form.is_submitted() else 200)
        return _accepted(found, token, form)
    except NotFound:
        return _nothing()


def again() -> ResponseReturnValue:
    """The page for a form of it that came without the token of this browser."""
    token = str((request.view_args or {}).get("token", ""))
    try:
        found = invitations.opened(db.session(), token, now())
    except NotFound:
        return _nothing()
    return _page(found, Invited(), 403, str(TOO_EARLY))


def _accepted(found: MemberInvitation, token: str, form: Invited) -> Response:
    if not found.email and not form.adresse.data:
        form.adresse.errors = [MISSING]
        return _page(found, form, 422)
    try:
        with writing() as pen:
            made = invitations.accept(
                pen,
                token,
                form.nom.data or "",
                form.nouveau_mot_de_passe.data or "",
                email=form.adresse.data or "",
            )
    except (Invalid, Refused) as error:
        _field_of(error, form).errors = [error_messages.say(error)]
        return _page(found, form, status_of(error))
    current_member.enter(made.id)
    return make_response(redirect(paths.DESK, 303))


def _field_of(error: Invalid | Refused, form: Invited) -> Field:
    """The field that a refusal speaks of: the sentence stands beside it."""
    if error.key.startswith("password"):
        return form.nouveau_mot_de_passe
    return form.nom if error.key == "member_name" else form.adresse


def _nothing() -> Response:
    return make_response(render_template("account/no_invitation.html"), 404)


def _page(found: MemberInvitation, form: Invited, status: int = 200, said: str = "") -> Response:
    body = render_template(
        "account/invitation.html",
        invitation=found,
        role=ROLES[found.role],
        form=form,
        said=said,
        hint=length_hint(),
    )
    return make_response(body, status)
