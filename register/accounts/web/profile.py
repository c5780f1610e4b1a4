"""Profile pages: sessions, password, second factor and recovery codes.

Until the first code of a second factor is accepted, its secret is not in the database: it is in the
browser's signed cookie, encrypted and bound to the session, so that it can be neither read nor
replaced there. An abandoned setup leaves nothing behind.
"""

from __future__ import annotations

import base64
import binascii

from flask import Response, flash, make_response, redirect, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup

from register import encryption
from register.accounts import acts as accounts
from register.accounts import one_use_links, passkeys, sessions, two_factor
from register.accounts.web import current_member, forms, reauthentication
from register.accounts.web.reauthentication import CarriedForm
from register.db import db, housekeeping, now
from register.errors import Invalid, Refused, SealError, Unavailable
from register.journal import writing
from register.mail import preferences
from register.web import error_messages, messages, rate_limits, request_context
from register.web.blueprints import account, asks_password, before_second_factor
from register.web.errors import RETRY_AFTER, status_of


@account.get("")
def own() -> ResponseReturnValue:
    """The account and its open sessions."""
    signed_in = current_member.require_signed_in()
    member = signed_in.member
    return render_template(
        "accounts/profile.html",
        role=messages.accounts.roles[member.role],
        sessions=sessions.list_sessions(db.session(), member.id, now()),
        current_session=signed_in.id,
        browsers=sessions.count_browsers(db.session(), member.id, now()),
        codes_left=accounts.count_unused_codes(db.session(), member.id),
        passkeys=passkeys.list_passkeys(db.session(), request_context.root_key(), member.id),
        link=one_use_links.member_link(db.session(), member.id, now()),
        notice_form=_notice_form(member.id) if request_context.settings().mail_url else None,
    )


def _notice_form(member_id: int) -> forms.NoticeModeForm:
    mode = preferences.load_preference(db.session(), member_id).mode
    return forms.NoticeModeForm(formdata=None, rythme=mode)


@account.post("/courriel")
def notice_mode() -> ResponseReturnValue:
    """Choose when to get mail about what waits at the desk."""
    form, member_id = forms.NoticeModeForm(), current_member.require_signed_in().member.id
    if form.is_sent:
        with housekeeping(db.engine) as session:
            preference = preferences.load_preference(session, member_id)
            preference.mode = form.rythme.data
            session.add(preference)
        flash(_("C’est noté."))
    return redirect(f"{current_member.ACCOUNT}#courriel", 303)


@account.route("/mot-de-passe", methods=["GET", "POST"])
@asks_password(lazy_gettext("changer votre mot de passe"), in_own_form=True)
def password() -> ResponseReturnValue:
    """Change the password; every other session ends."""
    form = forms.NewPasswordForm()
    if not form.is_sent:
        return _render_form(form), 422 if form.is_submitted() else 200
    current_password, code = form.mot_de_passe.data or "", form.code_a_usage_unique.data or ""
    try:
        if not reauthentication.is_proved(current_password, code):
            form.mot_de_passe.errors = [messages.accounts.proof_refused]
            return _render_form(form), 403
    except Refused as error:
        form.code_a_usage_unique.errors = [error_messages.error_sentence(error)]
        return _render_form(form), status_of(error)
    except Unavailable:
        form.mot_de_passe.errors = [messages.accounts.busy]
        return rate_limits.too_soon_page(_render_form(form), RETRY_AFTER, 503)
    current_member.renew_session(confirmed_at=now())
    current = current_member.require_signed_in()
    new_password, member_id = form.nouveau_mot_de_passe.data or "", current.member.id
    try:
        with writing() as tx:
            accounts.change_password(tx, member_id, new_password, except_session=current.id)
    except Invalid as error:
        form.nouveau_mot_de_passe.errors = [error_messages.error_sentence(error, quoting=False)]
        return _render_form(form), status_of(error)
    return changed_password_response()


def changed_password_response() -> Response:
    """Redirect to the account after a change of the password, which forgot all its browsers.

    This one has just been authenticated.
    """
    flash(_("Votre mot de passe est changé. Vos autres séances sont fermées."))
    return current_member.remember_browser(make_response(redirect(current_member.ACCOUNT, 303)))


def _render_form(form: forms.NewPasswordForm) -> str:
    return render_template("accounts/password.html", form=form, hint=forms.LENGTH_HINT)


@account.post("/seances/<int:session>/fermer")
def close(session: int) -> ResponseReturnValue:
    """End one session, which may be the current one."""
    if current_member.close_session(session):
        flash(_("La séance est fermée."))
    return redirect(current_member.ACCOUNT, 303)


@account.post("/seances/<int:session>/nommer")
def name_session(session: int) -> ResponseReturnValue:
    """Give one session a name, empty for none."""
    form = forms.SessionNameForm()
    if not form.is_sent:
        flash(_("Ce nom est trop long : la séance garde le sien."))
    elif current_member.name_session(session, form.nom.data or ""):
        flash(_("Le nom de la séance est enregistré."))
    return redirect(current_member.ACCOUNT, 303)


@account.post("/liens/<int:link>/reprendre")
def revoke_link(link: int) -> ResponseReturnValue:
    """Revoke a link by which somebody could choose a new password for this account."""
    current_member.run_act(lambda tx, by: one_use_links.revoke_link(tx, link, by=by))
    flash(_("Le lien est repris : il n’ouvre plus rien."))
    return redirect(current_member.ACCOUNT, 303)


@account.post("/seances/fermer")
def close_others() -> ResponseReturnValue:
    """End all sessions but the current one."""
    current_id = current_member.require_signed_in().id
    current_member.run_act(
        lambda tx, by: sessions.end_sessions(tx, by, by=by, except_session=current_id)
    )
    flash(_("Vos autres séances sont fermées."))
    return redirect(current_member.ACCOUNT, 303)


@account.post("/navigateurs/oublier")
def forget_browsers() -> ResponseReturnValue:
    """Forget all known browsers, this one too."""
    current_member.run_act(sessions.forget_browsers)
    flash(_("Vos navigateurs sont oubliés. Le prochain où vous vous connecterez sera reconnu."))
    return redirect(current_member.ACCOUNT, 303)


# --- second factor ------------------------------------------------------------------------------

_PENDING_FIELD = "preuve"
_KEY_PURPOSE = "second factor to be confirmed"
_GROUP_LETTERS = 4  # letters of the secret that are read together


@account.route("/seconde-preuve", methods=["GET", "POST"])
@before_second_factor
@asks_password(lazy_gettext("mettre en place votre seconde preuve"))
def factor() -> ResponseReturnValue:
    """Show a new secret, and accept its first code."""
    secret = _pending_secret()
    if secret is None and current_member.member().has_factor:
        return redirect(current_member.ACCOUNT, 303)
    if request.method != "POST":
        return factor_page()
    form, carried = forms.FactorForm(), reauthentication.carried_form()
    if not form.is_sent:
        return factor_page(form, 422, carried)
    step = two_factor.step_of(secret or "", form.code_a_usage_unique.data or "", now())
    if secret is None or step is None:
        form.code_a_usage_unique.errors = [str(messages.accounts.wrong_code)]
        return factor_page(form, 422, carried)
    new_codes = two_factor.recovery_codes()
    current = current_member.require_signed_in()
    with writing() as tx:
        accounts.set_factor(
            tx,
            current.member.id,
            secret,
            request_context.root_key(),
            new_codes,
            step,
            except_session=current.id,
        )
    cookie.pop(_PENDING_FIELD, None)
    current_member.renew_session()
    return render_template("accounts/recovery_codes.html", codes=new_codes, carried=carried)


@account.post("/seconde-preuve/changer")
@asks_password(lazy_gettext("changer votre seconde preuve"))
def new_factor() -> ResponseReturnValue:
    """Begin with a new secret; the current one stays valid until the new one is confirmed."""
    _store_pending(two_factor.new_secret())
    return redirect(current_member.FACTOR, 303)


@account.post("/codes")
@asks_password(lazy_gettext("renouveler vos codes de secours"))
def codes() -> ResponseReturnValue:
    """Replace the recovery codes."""
    new_codes = two_factor.recovery_codes()
    current_member.run_act(lambda tx, by: accounts.renew_codes(tx, by, new_codes))
    current_member.renew_session()
    return render_template("accounts/recovery_codes.html", codes=new_codes, carried=None)


def factor_page(
    form: forms.FactorForm | None = None, status: int = 200, carried: CarriedForm | None = None
) -> Response:
    """The page with the QR code; makes a secret if none is pending."""
    secret = _pending_secret()
    if secret is None:
        secret = two_factor.new_secret()
        _store_pending(secret)
    current = current_member.member()
    uri = two_factor.otpauth_uri(secret, current.email)
    drawing = two_factor.qr_svg(uri, _("Le secret, à lire avec le téléphone"))
    body = render_template(
        "accounts/two_factor.html",
        form=form or forms.FactorForm(formdata=None),
        drawing=Markup(drawing),  # noqa: S704 - made here, of squares
        # A telephone cannot scan its own screen; authenticator applications open this link.
        uri=uri,
        groups=[secret[at : at + _GROUP_LETTERS] for at in range(0, len(secret), _GROUP_LETTERS)],
        required=reauthentication.needs_factor(current),
        carried=carried,
    )
    return make_response(body, status)


def _pending_secret() -> str | None:
    """The pending secret in the cookie; None when there is none of this session."""
    try:
        sealed = base64.b64decode(str(cookie.get(_PENDING_FIELD, "")), validate=True)
        return encryption.decrypt(
            request_context.root_key(), _KEY_PURPOSE, sealed, _session_binding()
        ).decode()
    except (binascii.Error, SealError):
        return None


def _store_pending(secret: str) -> None:
    sealed = encryption.encrypt(
        request_context.root_key(), _KEY_PURPOSE, secret.encode(), _session_binding()
    )
    cookie[_PENDING_FIELD] = base64.b64encode(sealed).decode()


def _session_binding() -> bytes:
    return str(current_member.require_signed_in().id).encode()
