"""Pages of member administration."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from register.accounts import acts as accounts
from register.accounts import one_use_links, passkeys, sessions, vouching
from register.accounts.models import Member, MemberInvitation, PasswordLink, Role
from register.accounts.web import current_member, passkey_pages
from register.accounts.web.forms import MemberInviteForm, RoleForm
from register.db import db, now
from register.errors import NotFound, Refused, RegisterError
from register.journal import WriteTransaction, writing
from register.mail.messages import MailKind
from register.reports.acts import close_account
from register.text.dates import day_words
from register.web import error_messages, messages, request_context
from register.web.blueprints import administrators_only, asks_password, desk
from register.web.errors import status_of
from register.web.request_context import settings

_ROSTER_PATH = "/moderation/membres"


@desk.get("/membres")
@administrators_only
def roster() -> ResponseReturnValue:
    """The members and invitations, with the possible acts."""
    return _page()


@desk.post("/membres/invitations")
@administrators_only
@asks_password(lazy_gettext("inviter quelqu’un dans l’équipe"))
def roster_invite() -> ResponseReturnValue:
    """Create an invitation link, which this page alone shows; a mail carries it too."""
    form = MemberInviteForm()
    if not form.is_sent:
        return _page(form, 422)
    email, role = form.adresse.data or "", Role(form.role.data)
    try:
        with writing() as tx:
            token = one_use_links.invite(tx, email, role, by=current_member.member().id)
            link = f"{settings().base_url}/compte/invitation/{token}"
            until = tx.at + one_use_links.LIFETIME
            values = one_use_links.invitation_values(link, role, tx.at)
            is_mailed = request_context.send_mail(tx, MailKind.MEMBER_INVITATION, email, **values)
    except RegisterError as error:
        form.adresse.errors = [error_messages.error_sentence(error)]
        return _page(form, status_of(error))
    return render_template(
        "accounts/member_invited.html",
        email=email,
        role=messages.accounts.roles[role.value],
        link=link,
        until=until,
        is_mailed=is_mailed,
    )


@desk.post("/membres/<int:member>/mot-de-passe")
@administrators_only
@asks_password(lazy_gettext("préparer un lien de mot de passe pour un membre"))
def roster_password_link(member: int) -> ResponseReturnValue:
    """Make a link by which a member chooses a new password; a mail carries it too."""
    try:
        with writing() as tx:
            token = one_use_links.make_link(tx, member, by=current_member.member().id)
            link = f"{settings().base_url}/compte/nouveau-mot-de-passe/{token}"
            until = tx.at + one_use_links.PASSWORD_LINK_LIFETIME
            is_mailed = request_context.send_mail(
                tx, MailKind.RESET_LINK, member, link=link, day=day_words(until)
            )
    except Refused as error:
        return _page(status=status_of(error), problem=error_messages.error_sentence(error))
    return render_template(
        "accounts/password_link_made.html",
        email=db.session.get_one(Member, member).email,
        link=link,
        until=until,
        is_mailed=is_mailed,
    )


@desk.post("/membres/liens/<int:link>/reprendre")
@administrators_only
@asks_password(lazy_gettext("reprendre un lien de mot de passe"))
def roster_revoke_link(link: int) -> ResponseReturnValue:
    """Revoke a link to choose a new password."""
    success = _("Le lien est repris : il n’ouvre plus rien.")
    return _perform(one_use_links.revoke_link, link, success=success)


@desk.post("/membres/invitations/<int:invitation>/reprendre")
@administrators_only
@asks_password(lazy_gettext("reprendre une invitation"))
def roster_take_back(invitation: int) -> ResponseReturnValue:
    """Revoke an invitation."""
    success = _("L’invitation est reprise : son lien n’ouvre plus rien.")
    return _perform(one_use_links.revoke, invitation, success=success)


@desk.post("/membres/<int:member>/role")
@administrators_only
@asks_password(lazy_gettext("changer le rôle d’un membre"))
def roster_role(member: int) -> ResponseReturnValue:
    """Change the role of a member."""
    form = RoleForm()
    if not form.is_sent:
        return _page(status=422, problem=_("Choisissez un rôle."))
    role = Role(form.role.data)
    return _perform(accounts.set_role, member, role, success=_("Le rôle est changé."))


@desk.post("/membres/<int:member>/confirmer")
@asks_password(lazy_gettext("confirmer le compte d’un membre"))
def roster_confirm(member: int) -> ResponseReturnValue:
    """Confirm that an account belongs to a separate person; open to all members who vouch."""
    success = _("Le compte est confirmé : ce membre peut désormais être la seconde personne.")
    if current_member.member().is_administrator:
        return _perform(vouching.confirm_member, member, success=success)
    current_member.run_act(lambda tx, by: vouching.confirm_member(tx, member, by=by))
    flash(success)
    return redirect(current_member.DESK, 303)


@desk.post("/membres/<int:member>/desactiver")
@administrators_only
@asks_password(lazy_gettext("désactiver le compte d’un membre"))
def roster_disable(member: int) -> ResponseReturnValue:
    """Disable an account, and release what it had claimed; its authorship stays."""
    success = _(
        "Le compte est fermé, ses séances aussi, et ce que ce membre avait en main est rendu. Ce "
        "qu’il a fait reste à son nom."
    )
    return _perform(close_account, member, success=success)


@desk.post("/membres/<int:member>/rouvrir")
@administrators_only
@asks_password(lazy_gettext("rouvrir le compte d’un membre"))
def roster_enable(member: int) -> ResponseReturnValue:
    """Enable a disabled account."""
    success = _("Le compte est rouvert, avec le même mot de passe.")
    return _perform(accounts.enable_member, member, success=success)


@desk.post("/membres/<int:member>/seconde-preuve")
@administrators_only
@asks_password(lazy_gettext("ôter la seconde preuve d’un membre"))
def roster_factor(member: int) -> ResponseReturnValue:
    """Remove a second factor; the member sets up another one at the next sign-in."""
    success = _(
        "La seconde preuve est ôtée, et avec elle les clés d’accès. Ce membre installera une autre "
        "seconde preuve en se connectant."
    )
    return _perform(_reset_factor, member, success=success)


def _reset_factor(tx: WriteTransaction, member: int, *, by: int) -> None:
    if passkeys.has_passkey(tx.session, member):
        passkey_pages.notify(tx, member, "retirée de")
    accounts.reset_factor(tx, member, by=by)


@desk.post("/membres/<int:member>/seances")
@administrators_only
@asks_password(lazy_gettext("fermer les séances d’un membre"))
def roster_sessions(member: int) -> ResponseReturnValue:
    """End all sessions of a member, for a lost telephone or computer."""
    success = _("Les séances de ce membre sont fermées. Pour revenir, il devra se connecter.")
    return _perform(sessions.end_sessions, member, success=success)


def _perform(act: Callable[..., object], *arguments: object, success: str) -> ResponseReturnValue:
    """Do an act of the current member, and show the members again."""
    try:
        current_member.run_act(lambda tx, by: act(tx, *arguments, by=by))
    except NotFound:
        raise
    except RegisterError as error:
        return _page(status=status_of(error), problem=error_messages.error_sentence(error))
    flash(success)
    current_member.forget_lookup()
    # After giving up the own role or account, this page is no longer accessible.
    current = current_member.signed_in()
    may_administer = current is not None and current.member.is_administrator
    return redirect(_ROSTER_PATH if may_administer else current_member.DESK, 303)


def _page(
    form: MemberInviteForm | None = None, status: int = 200, problem: str = ""
) -> ResponseReturnValue:
    session, current, at = db.session(), current_member.member(), now()
    body = render_template(
        "accounts/members.html",
        form=form or MemberInviteForm(formdata=None),
        problem=problem,
        everyone=accounts.all_members(session),
        pending=one_use_links.pending(session, MemberInvitation, at),
        links={link.member_id: link for link in one_use_links.pending(session, PasswordLink, at)},
        # Whether the current member may confirm each account that does not vouch yet.
        unconfirmed={
            account.id: vouching.may_second(current, account, at)
            for account in vouching.unconfirmed_accounts(session, at)
        },
    )
    return body, status


@desk.app_template_global("unconfirmed_members")
def unconfirmed_members() -> list[Member]:
    """The accounts that the current member may confirm."""
    current, at = current_member.member(), now()
    return [
        account
        for account in vouching.unconfirmed_accounts(db.session(), at)
        if vouching.may_second(current, account, at)
    ]
