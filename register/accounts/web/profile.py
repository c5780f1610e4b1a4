"""A member's own page: sessions, password, second factor, recovery codes."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.accounts import activity, browsers, sessions
from register.accounts import acts as accounts
from register.accounts.web import current_member, paths, reauthentication, sign_in
from register.accounts.web.forms import ROLES, NewPassword, length_hint
from register.accounts.web.reauthentication import Given
from register.db import db, now
from register.errors import Invalid, Unavailable
from register.journal import writing
from register.web import error_messages, retry_after
from register.web.errors import RETRY_AFTER, status_of


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("", view_func=own)
    blueprint.add_url_rule("/mot-de-passe", view_func=password, methods=["GET", "POST"])
    blueprint.add_url_rule("/seances/fermer", view_func=close_others, methods=["POST"])
    blueprint.add_url_rule("/seances/<int:session>/fermer", view_func=close, methods=["POST"])
    blueprint.add_url_rule("/navigateurs/oublier", view_func=forget_browsers, methods=["POST"])


def own() -> ResponseReturnValue:
    """Who one is here, and by which browsers one is signed in."""
    found = current_member.present()
    return render_template(
        "account/own.html",
        role=ROLES[found.member.role],
        sessions=sessions.of_member(db.session(), found.member.id, now()),
        here=found.session,
        browsers=browsers.count(db.session(), found.member.id, now()),
        codes_left=accounts.codes_left(db.session(), found.member.id),
    )


def password() -> ResponseReturnValue:
    """Another password; every other session ends."""
    form = NewPassword()
    if not form.is_sent:
        return _page(form, 422 if form.is_submitted() else 200)
    given = Given(form.mot_de_passe.data or "", form.code_a_usage_unique.data or "")
    try:
        if not reauthentication.proves(given):
            form.is_refused()
            return _page(form, 403)
    except Unavailable:
        form.is_busy()
        return retry_after.too_soon(_drawn(form), RETRY_AFTER, 503)
    current_member.confirm()
    found = current_member.present()
    try:
        with writing() as pen:
            accounts.change_password(
                pen, found.member.id, form.nouveau_mot_de_passe.data or "", but=found.session
            )
    except Invalid as error:
        form.nouveau_mot_de_passe.errors = [error_messages.say(error, quoting=False)]
        return _page(form, status_of(error))
    flash(_("Votre mot de passe est changé. Vos autres séances sont fermées."))
    # All browsers are forgotten with the former password; this one has just proved itself.
    answer = make_response(redirect(paths.ACCOUNT, 303))
    return sign_in.remember(answer, current_member.know_browser())


def close(session: int) -> ResponseReturnValue:
    """End one of one's sessions; the one in use as well."""
    if current_member.close(session):
        flash(_("La séance est fermée."))
    return redirect(paths.ACCOUNT, 303)


def close_others() -> ResponseReturnValue:
    """End all of one's sessions but the one in use."""
    current_member.close_others()
    flash(_("Vos autres séances sont fermées."))
    return redirect(paths.ACCOUNT, 303)


def forget_browsers() -> ResponseReturnValue:
    """Have every browser be a new one, this one too."""
    with writing() as pen:
        activity.forget_browsers(pen, current_member.member().id)
    flash(_("Vos navigateurs sont oubliés. Le prochain où vous vous connecterez sera reconnu."))
    return redirect(paths.ACCOUNT, 303)


def _page(form: NewPassword, status: int) -> Response:
    return make_response(_drawn(form), status)


def _drawn(form: NewPassword) -> str:
    return render_template("account/password.html", form=form, hint=length_hint())
