"""Pages of passkeys, and the challenge that waits in the cookie of a browser.

A challenge works once: it is taken out of the cookie, whose copies end with the session's token,
and a passkey answers none that is older than its last use.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from flask import Response, flash, make_response, redirect, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import Forbidden

from register.accounts import passkey_ceremonies, passkeys, sessions
from register.accounts.passkey_ceremonies import Answer, Challenge, RelyingParty
from register.accounts.web import current_member, forms
from register.db import db, now
from register.errors import Invalid, Refused
from register.journal import WriteTransaction, writing
from register.mail.messages import MailKind
from register.web import error_messages, request_context
from register.web.blueprints import account, asks_password, open_to_all
from register.web.errors import status_of
from register.web.request_context import settings

_CHALLENGE_FIELD = "defi"
_SECTION = f"{current_member.ACCOUNT}#cles"


@account.app_template_global("relying_party")
def relying_party() -> RelyingParty | None:
    """The relying party of this request; None at an address where no passkey works."""
    party = passkey_ceremonies.relying_party(settings().base_url)
    host = urlsplit(f"//{request.host}").hostname
    return party if party is not None and party.host == host else None


@account.app_template_global("has_passkey")
def has_passkey() -> bool:
    """Whether the current member has a passkey."""
    return passkeys.has_passkey(db.session(), current_member.member().id)


def take_answer(text: str) -> Answer:
    """The answer in a form, with the challenge that waits in the cookie, which is taken out of it.

    :raises Refused: ``passkey_elsewhere``.
    """
    party, waiting = relying_party(), cookie.pop(_CHALLENGE_FIELD, None)
    if party is None:
        raise Refused("passkey_elsewhere")
    if waiting is None:
        return Answer(text, None, party)
    nonce, issued_at = waiting
    return Answer(text, Challenge(nonce, datetime.fromisoformat(issued_at)), party)


@account.post("/cles/defi")
@open_to_all
def passkey_challenge() -> ResponseReturnValue:
    """Options for the browser with a new challenge: to make a passkey, or to use one."""
    party, current = relying_party(), current_member.signed_in()
    if party is None:
        raise Forbidden
    challenge = passkey_ceremonies.new_challenge(now())
    root_key, is_creation = request_context.root_key(), "creer" in request.form
    existing = passkeys.list_passkeys(db.session(), root_key, current.member.id) if current else ()
    if not is_creation:
        options = passkey_ceremonies.request_options(party, challenge, existing)
    elif current is not None and sessions.is_confirmed(current, now()):
        options = passkey_ceremonies.creation_options(
            root_key, party, challenge, current.member, existing
        )
    else:
        raise Forbidden
    cookie[_CHALLENGE_FIELD] = challenge.nonce, challenge.issued_at.isoformat()
    return Response(options, mimetype="application/json")


@account.post("/cles/nouvelle")
@asks_password(lazy_gettext("ajouter une clé d’accès à votre compte"))
def new_passkey() -> ResponseReturnValue:
    """The page on which a passkey gets its name and is made."""
    return _new_page(forms.PasskeyForm(formdata=None))


@account.post("/cles")
@asks_password(lazy_gettext("ajouter une clé d’accès à votre compte"))
def add_passkey() -> ResponseReturnValue:
    """Add the passkey that the browser made."""
    form = forms.PasskeyForm()
    if not form.is_sent:
        return _new_page(form, 422)
    member_id, root_key = current_member.member().id, request_context.root_key()
    try:
        credential = passkey_ceremonies.verify_creation(take_answer(form.cle.data or ""), now())
        with writing() as tx:
            passkeys.add_passkey(tx, member_id, root_key, form.nom.data or "", credential)
            notify(tx, member_id, "ajoutée à")
    except (Invalid, Refused) as error:
        return _new_page(form, status_of(error), error_messages.error_sentence(error))
    # Copies of the cookie have the challenge.
    current_member.renew_session()
    flash(_("La clé d’accès est ajoutée : elle ouvre votre compte dès maintenant."))
    return redirect(_SECTION, 303)


@account.post("/cles/<int:passkey>/retirer")
@asks_password(lazy_gettext("retirer une clé d’accès de votre compte"))
def remove_passkey(passkey: int) -> ResponseReturnValue:
    """Remove a passkey."""
    current = current_member.require_signed_in()
    member_id, session_id = current.member.id, current.id
    with writing() as tx:
        is_removed = passkeys.remove_passkey(tx, member_id, passkey, except_session=session_id)
        if is_removed:
            notify(tx, member_id, "retirée de")
    if is_removed:
        flash(
            _(
                "La clé d’accès est retirée, et vos autres séances sont fermées. "
                "Effacez-la de l’appareil."
            )
        )
    return redirect(_SECTION, 303)


def notify(tx: WriteTransaction, member_id: int, change: str) -> None:
    """Tell a member by mail, if there is mail, that a passkey was added or removed.

    :param change: what was done with a passkey, in French, before "votre compte".
    """
    link = f"{settings().base_url}{_SECTION}"
    request_context.send_mail(tx, MailKind.PASSKEY, member_id, change=change, link=link)


def _new_page(form: forms.PasskeyForm, status: int = 200, problem: str = "") -> Response:
    body = render_template("accounts/new_passkey.html", form=form, problem=problem)
    return make_response(body, status)
