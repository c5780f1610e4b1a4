"""The members, for administrators."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, flash, make_response, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.accounts import activity, invitations, vouching
from register.accounts import acts as accounts
from register.accounts.acts import acting
from register.accounts.models import Member, Role
from register.accounts.web import current_member, paths
from register.accounts.web.forms import ROLES, Invite, RoleOf
from register.db import db, now
from register.errors import NotFound, RegisterError
from register.journal import Pen, writing
from register.web import error_messages
from register.web.context import settings
from register.web.errors import status_of

_HERE = "/moderation/membres"


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    for rule, view in (
        ("/invitations", roster_invite),
        ("/invitations/<int:invitation>/reprendre", roster_take_back),
        ("/<int:member>/role", roster_role),
        ("/<int:member>/confirmer", roster_confirm),
        ("/<int:member>/desactiver", roster_disable),
        ("/<int:member>/rouvrir", roster_enable),
        ("/<int:member>/seconde-preuve", roster_factor),
        ("/<int:member>/seances", roster_sessions),
    ):
        blueprint.add_url_rule(f"/membres{rule}", view_func=view, methods=["POST"])
    blueprint.add_url_rule("/membres", view_func=roster)
    blueprint.add_app_template_global(unconfirmed_members)


def roster() -> ResponseReturnValue:
    """Who is in the team, who is invited, and what may be done about either."""
    return _page(Invite(formdata=None))


def roster_invite() -> ResponseReturnValue:
    """Make a link that opens one account; this page alone shows it."""
    form = Invite()
    if not form.is_sent:
        return _page(form, 422)
    email, role = form.adresse.data or "", Role(form.role.data)
    me = current_member.member()
    try:
        with writing() as pen:
            token = invitations.invite(pen, email, role, by=me.id)
    except RegisterError as error:
        form.adresse.errors = [error_messages.say(error)]
        return _page(form, status_of(error))
    body = render_template(
        "moderation/roster_invited.html",
        email=email,
        role=ROLES[role.value],
        link=f"{settings().base_url}/compte/invitation/{token}",
        until=now() + invitations.LASTS,
    )
    return make_response(body)


def roster_take_back(invitation: int) -> ResponseReturnValue:
    """Have an invitation open nothing any more."""
    return _done(
        lambda pen: invitations.take_back(pen, invitation, by=current_member.member().id),
        _("L’invitation est reprise : son lien n’ouvre plus rien."),
    )


def roster_role(member: int) -> ResponseReturnValue:
    """Give a member another role."""
    form = RoleOf()
    if not form.is_sent:
        return _page(Invite(formdata=None), 422, _("Choisissez un rôle."))
    role = Role(form.role.data)
    return _done(
        lambda pen: accounts.set_role(pen, member, role, by=current_member.member().id),
        _("Le rôle est changé."),
    )


def roster_confirm(member: int) -> ResponseReturnValue:
    """Say that a new or reopened account is a person of its own; any member may who vouches."""
    by = current_member.member()
    told = _("Le compte est confirmé : ce membre peut désormais être la seconde personne.")
    if by.is_administrator:
        return _done(lambda pen: vouching.confirm(pen, member, by=acting(pen, by.id)), told)
    with writing() as pen:
        vouching.confirm(pen, member, by=acting(pen, by.id))
    flash(told)
    return redirect(paths.DESK, 303)


def roster_disable(member: int) -> ResponseReturnValue:
    """Close a member's account; what they did stays theirs."""
    return _done(
        lambda pen: accounts.disable(pen, member, by=current_member.member().id),
        _("Le compte est fermé, ses séances aussi. Ce que ce membre a fait reste à son nom."),
    )


def roster_enable(member: int) -> ResponseReturnValue:
    """Open a closed account again."""
    return _done(
        lambda pen: accounts.enable(pen, member, by=current_member.member().id),
        _("Le compte est rouvert, avec le même mot de passe."),
    )


def roster_factor(member: int) -> ResponseReturnValue:
    """Take a second factor away: its member sets up another one at their next sign-in."""
    return _done(
        lambda pen: accounts.reset_factor(pen, member, by=current_member.member().id),
        _("La seconde preuve est ôtée. Ce membre en installera une autre en se connectant."),
    )


def roster_sessions(member: int) -> ResponseReturnValue:
    """End all sessions of a member, whose telephone or computer was lost."""
    return _done(
        lambda pen: activity.end_sessions(pen, member, by=current_member.member().id),
        _("Les séances de ce membre sont fermées. Pour revenir, il devra se connecter."),
    )


def _done(act: Callable[[Pen], object], told: str) -> ResponseReturnValue:
    try:
        with writing() as pen:
            act(pen)
    except NotFound:
        raise
    except RegisterError as error:
        return _page(Invite(formdata=None), status_of(error), error_messages.say(error))
    flash(told)
    current_member.forget()
    # Whoever gave up their own role, or closed their own account, has nothing more to see here.
    still = current_member.signed_in()
    return redirect(_HERE if still and still.member.is_administrator else paths.DESK, 303)


def _page(form: Invite, status: int = 200, said: str = "") -> Response:
    body = render_template(
        "moderation/roster.html",
        form=form,
        said=said,
        everyone=accounts.everyone(db.session()),
        pending=invitations.pending(db.session(), now()),
        roles=ROLES,
        unconfirmed=unconfirmed(),
    )
    return make_response(body, status)


def unconfirmed_members() -> list[Member]:
    """The accounts that the member who asks may confirm."""
    may = unconfirmed()
    return [one for one in vouching.waiting(db.session(), now()) if may.get(one.id)]


def unconfirmed() -> dict[int, bool]:
    """The accounts that vouch for nobody yet, and whether the member who asks may confirm them."""
    me, at = current_member.member(), now()
    waiting = vouching.waiting(db.session(), at)
    return {one.id: vouching.may_second(me, one, at) for one in waiting}
