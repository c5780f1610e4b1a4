"""Profile page: sessions, password, second factor, recovery codes."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from register.accounts import acts as accounts
from register.accounts import session_acts, sessions
from register.accounts.web import current_member, reauthentication, sign_in
from register.accounts.web.forms import ROLE_LABELS, NewPasswordForm, length_hint
from register.accounts.web.reauthentication import Credentials
from register.db import db, now
from register.errors import Invalid, Unavailable
from register.journal import writing
from register.web import error_messages, limits
from register.web.blueprints import account
from register.web.errors import RETRY_AFTER, status_of
from register.web.view_permissions import asks_password


@account.get("")
def own() -> ResponseReturnValue:
    """The account and its open sessions."""
    signed_in = current_member.require_signed_in()
    return render_template(
        "accounts/profile.html",
        role=ROLE_LABELS[signed_in.member.role],
        sessions=sessions.of_member(db.session(), signed_in.member.id, now()),
        current_session=signed_in.session_id,
        browsers=sessions.count_browsers(db.session(), signed_in.member.id, now()),
        codes_left=accounts.count_unused_codes(db.session(), signed_in.member.id),
    )


@account.route("/mot-de-passe", methods=["GET", "POST"])
@asks_password(lazy_gettext("changer votre mot de passe"), in_own_form=True)
def password() -> ResponseReturnValue:
    """Change the password; every other session ends."""
    form = NewPasswordForm()
    if not form.is_sent:
        return _page(form, 422 if form.is_submitted() else 200)
    credentials = Credentials(form.mot_de_passe.data or "", form.code_a_usage_unique.data or "")
    try:
        if not reauthentication.is_proved(credentials):
            form.set_refused()
            return _page(form, 403)
    except Unavailable:
        form.set_busy()
        return limits.too_soon_page(_render_form(form), RETRY_AFTER, 503)
    current_member.confirm_session()
    signed_in = current_member.require_signed_in()
    try:
        with writing() as tx:
            accounts.change_password(
                tx,
                signed_in.member.id,
                form.nouveau_mot_de_passe.data or "",
                except_session=signed_in.session_id,
            )
    except Invalid as error:
        form.nouveau_mot_de_passe.errors = [error_messages.error_sentence(error, quoting=False)]
        return _page(form, status_of(error))
    flash(_("Votre mot de passe est changé. Vos autres séances sont fermées."))
    # The change forgets all browsers; this one has just been authenticated.
    response = make_response(redirect(current_member.ACCOUNT, 303))
    return sign_in.set_browser_cookie(response, current_member.remember_browser())


@account.post("/seances/<int:session>/fermer")
def close(session: int) -> ResponseReturnValue:
    """End one session, which may be the current one."""
    if current_member.close_session(session):
        flash(_("La séance est fermée."))
    return redirect(current_member.ACCOUNT, 303)


@account.post("/seances/fermer")
def close_others() -> ResponseReturnValue:
    """End all sessions but the current one."""
    current_member.close_other_sessions()
    flash(_("Vos autres séances sont fermées."))
    return redirect(current_member.ACCOUNT, 303)


@account.post("/navigateurs/oublier")
def forget_browsers() -> ResponseReturnValue:
    """Forget all known browsers, this one too."""
    with writing() as tx:
        session_acts.forget_browsers(tx, current_member.member().id)
    flash(_("Vos navigateurs sont oubliés. Le prochain où vous vous connecterez sera reconnu."))
    return redirect(current_member.ACCOUNT, 303)


def _page(form: NewPasswordForm, status: int) -> Response:
    return make_response(_render_form(form), status)


def _render_form(form: NewPasswordForm) -> str:
    return render_template("accounts/password.html", form=form, hint=length_hint())
