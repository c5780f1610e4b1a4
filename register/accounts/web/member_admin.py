"""Pages of member administration."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, flash, make_response, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from register.accounts import acts as accounts
from register.accounts import invitations, session_acts, vouching
from register.accounts.acts import load_acting_member
from register.accounts.models import Member, Role
from register.accounts.web import current_member
from register.accounts.web.forms import ROLE_LABELS, MemberInviteForm, RoleForm
from register.db import db, now
from register.errors import NotFound, RegisterError
from register.journal import WriteTransaction, writing
from register.web import error_messages
from register.web.blueprints import desk
from register.web.errors import status_of
from register.web.request_context import settings
from register.web.view_permissions import administrators_only, asks_password

_ROSTER_PATH = "/moderation/membres"


@desk.get("/membres")
@administrators_only
def roster() -> ResponseReturnValue:
    """The members and invitations, with the possible acts."""
    return _page(MemberInviteForm(formdata=None))


@desk.post("/membres/invitations")
@administrators_only
@asks_password(lazy_gettext("inviter quelqu’un dans l’équipe"))
def roster_invite() -> ResponseReturnValue:
    """Create an invitation link, which only this page shows."""
    form = MemberInviteForm()
    if not form.is_sent:
        return _page(form, 422)
    email, role = form.adresse.data or "", Role(form.role.data)
    me = current_member.member()
    try:
        with writing() as tx:
            token = invitations.invite(tx, email, role, by=me.id)
    except RegisterError as error:
        form.adresse.errors = [error_messages.error_sentence(error)]
        return _page(form, status_of(error))
    body = render_template(
        "accounts/member_invited.html",
        email=email,
        role=ROLE_LABELS[role.value],
        link=f"{settings().base_url}/compte/invitation/{token}",
        until=now() + invitations.LIFETIME,
    )
    return make_response(body)


@desk.post("/membres/invitations/<int:invitation>/reprendre")
@administrators_only
@asks_password(lazy_gettext("reprendre une invitation"))
def roster_take_back(invitation: int) -> ResponseReturnValue:
    """Revoke an invitation."""
    return _perform(
        lambda tx: invitations.revoke(tx, invitation, by=current_member.member().id),
        _("L’invitation est reprise : son lien n’ouvre plus rien."),
    )


@desk.post("/membres/<int:member>/role")
@administrators_only
@asks_password(lazy_gettext("changer le rôle d’un membre"))
def roster_role(member: int) -> ResponseReturnValue:
    """Change the role of a member."""
    form = RoleForm()
    if not form.is_sent:
        return _page(MemberInviteForm(formdata=None), 422, _("Choisissez un rôle."))
    role = Role(form.role.data)
    return _perform(
        lambda tx: accounts.set_role(tx, member, role, by=current_member.member().id),
        _("Le rôle est changé."),
    )


@desk.post("/membres/<int:member>/confirmer")
@asks_password(lazy_gettext("confirmer le compte d’un membre"))
def roster_confirm(member: int) -> ResponseReturnValue:
    """Confirm that an account belongs to a separate person; open to all members who vouch."""
    current = current_member.member()
    success = _("Le compte est confirmé : ce membre peut désormais être la seconde personne.")
    if current.is_administrator:
        return _perform(
            lambda tx: vouching.confirm_member(tx, member, by=load_acting_member(tx, current.id)),
            success,
        )
    with writing() as tx:
        vouching.confirm_member(tx, member, by=load_acting_member(tx, current.id))
    flash(success)
    return redirect(current_member.DESK, 303)


@desk.post("/membres/<int:member>/desactiver")
@administrators_only
@asks_password(lazy_gettext("désactiver le compte d’un membre"))
def roster_disable(member: int) -> ResponseReturnValue:
    """Disable an account; its authorship stays."""
    return _perform(
        lambda tx: accounts.disable_member(tx, member, by=current_member.member().id),
        _("Le compte est fermé, ses séances aussi. Ce que ce membre a fait reste à son nom."),
    )


@desk.post("/membres/<int:member>/rouvrir")
@administrators_only
@asks_password(lazy_gettext("rouvrir le compte d’un membre"))
def roster_enable(member: int) -> ResponseReturnValue:
    """Enable a disabled account."""
    return _perform(
        lambda tx: accounts.enable_member(tx, member, by=current_member.member().id),
        _("Le compte est rouvert, avec le même mot de passe."),
    )


@desk.post("/membres/<int:member>/seconde-preuve")
@administrators_only
@asks_password(lazy_gettext("ôter la seconde preuve d’un membre"))
def roster_factor(member: int) -> ResponseReturnValue:
    """Remove a second factor; the member sets up another one at the next sign-in."""
    return _perform(
        lambda tx: accounts.reset_factor(tx, member, by=current_member.member().id),
        _("La seconde preuve est ôtée. Ce membre en installera une autre en se connectant."),
    )


@desk.post("/membres/<int:member>/seances")
@administrators_only
@asks_password(lazy_gettext("fermer les séances d’un membre"))
def roster_sessions(member: int) -> ResponseReturnValue:
    """End all sessions of a member, for a lost telephone or computer."""
    return _perform(
        lambda tx: session_acts.end_sessions(tx, member, by=current_member.member().id),
        _("Les séances de ce membre sont fermées. Pour revenir, il devra se connecter."),
    )


def _perform(act: Callable[[WriteTransaction], object], success: str) -> ResponseReturnValue:
    try:
        with writing() as tx:
            act(tx)
    except NotFound:
        raise
    except RegisterError as error:
        return _page(
            MemberInviteForm(formdata=None), status_of(error), error_messages.error_sentence(error)
        )
    flash(success)
    current_member.forget_lookup()
    # After giving up the own role or account, this page is no longer accessible.
    current = current_member.signed_in()
    return redirect(
        _ROSTER_PATH if current and current.member.is_administrator else current_member.DESK, 303
    )


def _page(form: MemberInviteForm, status: int = 200, problem: str = "") -> Response:
    body = render_template(
        "accounts/members.html",
        form=form,
        problem=problem,
        everyone=accounts.all_members(db.session()),
        pending=invitations.pending(db.session(), now()),
        roles=ROLE_LABELS,
        unconfirmed=confirmable_accounts(),
    )
    return make_response(body, status)


@desk.app_template_global("unconfirmed_members")
def unconfirmed_members() -> list[Member]:
    """The accounts that the current member may confirm."""
    confirmable = confirmable_accounts()
    return [
        account
        for account in vouching.unconfirmed_accounts(db.session(), now())
        if confirmable.get(account.id)
    ]


def confirmable_accounts() -> dict[int, bool]:
    """The accounts that do not vouch yet, and whether the current member may confirm them."""
    current, at = current_member.member(), now()
    unconfirmed_accounts = vouching.unconfirmed_accounts(db.session(), at)
    return {
        account.id: vouching.may_second(current, account, at) for account in unconfirmed_accounts
    }
