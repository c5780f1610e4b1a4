"""Page of an invitation link."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import Field

from register.accounts import invitations
from register.accounts.models import MemberInvitation
from register.accounts.web import current_member
from register.accounts.web.forms import (
    REQUIRED_MESSAGE,
    ROLE_LABELS,
    TOO_EARLY_MESSAGE,
    InvitedForm,
    length_hint,
)
from register.db import db, now
from register.errors import Invalid, NotFound, Refused
from register.journal import writing
from register.web import error_messages
from register.web.blueprints import account
from register.web.errors import status_of
from register.web.view_permissions import open_to_all


@account.route("/invitation/<token>", methods=["GET", "POST"])
@open_to_all
def invitation(token: str) -> ResponseReturnValue:
    """Show the invitation, and open the account."""
    try:
        pending = invitations.find_invitation(db.session(), token, now())
        form = InvitedForm()
        if not form.is_sent:
            return _page(pending, form, 422 if form.is_submitted() else 200)
        return _accept(pending, token, form)
    except NotFound:
        return _not_found_page()


def retry_page() -> ResponseReturnValue:
    """The page again, for a form without the CSRF token of this browser."""
    token = str((request.view_args or {}).get("token", ""))
    try:
        pending = invitations.find_invitation(db.session(), token, now())
    except NotFound:
        return _not_found_page()
    return _page(pending, InvitedForm(), 403, str(TOO_EARLY_MESSAGE))


def _accept(pending: MemberInvitation, token: str, form: InvitedForm) -> Response:
    if not pending.email and not form.adresse.data:
        form.adresse.errors = [REQUIRED_MESSAGE]
        return _page(pending, form, 422)
    try:
        with writing() as tx:
            new_member = invitations.accept(
                tx,
                token,
                form.nom.data or "",
                form.nouveau_mot_de_passe.data or "",
                email=form.adresse.data or "",
            )
    except (Invalid, Refused) as error:
        _refused_field(error, form).errors = [error_messages.error_sentence(error)]
        return _page(pending, form, status_of(error))
    current_member.start_session(new_member.id)
    return make_response(redirect(current_member.DESK, 303))


def _refused_field(error: Invalid | Refused, form: InvitedForm) -> Field:
    """The field of an error, next to which the sentence is shown."""
    if error.key.startswith("password"):
        return form.nouveau_mot_de_passe
    return form.nom if error.key == "member_name" else form.adresse


def _not_found_page() -> Response:
    return make_response(render_template("accounts/invitation_invalid.html"), 404)


def _page(
    pending: MemberInvitation, form: InvitedForm, status: int = 200, problem: str = ""
) -> Response:
    body = render_template(
        "accounts/invitation.html",
        invitation=pending,
        role=ROLE_LABELS[pending.role],
        form=form,
        problem=problem,
        hint=length_hint(),
    )
    return make_response(body, status)
