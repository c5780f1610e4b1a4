"""Pages of the second factor: setup, replacement, recovery codes.

Until its first code is accepted, the secret is not in the database: it is in the browser's signed
cookie, encrypted and bound to the session, so that it can be neither read nor replaced there. An
abandoned setup leaves nothing behind.
"""

from __future__ import annotations

import base64
import binascii

from flask import Response, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup

from register import encryption
from register.accounts import acts as accounts
from register.accounts import two_factor
from register.accounts.web import current_member, reauthentication
from register.accounts.web.forms import WRONG_CODE_MESSAGE, FactorForm
from register.accounts.web.reauthentication import CarriedForm
from register.db import now
from register.errors import SealError
from register.journal import writing
from register.web import request_context
from register.web.blueprints import account
from register.web.view_permissions import asks_password, before_second_factor

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
    form = FactorForm()
    if not form.is_sent:
        return factor_page(form, 422, reauthentication.carried_form())
    step = two_factor.step_of(secret or "", form.code_a_usage_unique.data or "", now(), 0)
    if secret is None or step is None:
        form.set_refused(str(WRONG_CODE_MESSAGE))
        return factor_page(form, 422, reauthentication.carried_form())
    return _set_up_factor(secret, step)


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
    with writing() as tx:
        accounts.renew_codes(tx, current_member.member().id, new_codes)
    current_member.renew_session()
    return _codes_page(new_codes)


def factor_page(
    form: FactorForm | None = None, status: int = 200, carried: CarriedForm | None = None
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
        form=form or FactorForm(formdata=None),
        drawing=Markup(drawing),  # noqa: S704 - made here, of squares
        # A telephone cannot scan its own screen; authenticator applications open this link.
        uri=uri,
        groups=[secret[at : at + _GROUP_LETTERS] for at in range(0, len(secret), _GROUP_LETTERS)],
        required=reauthentication.needs_factor(current),
        carried=carried,
    )
    return make_response(body, status)


def _set_up_factor(secret: str, step: int) -> Response:
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
            except_session=current.session_id,
        )
    session.pop(_PENDING_FIELD, None)
    current_member.renew_session()
    return _codes_page(new_codes, reauthentication.carried_form())


def _codes_page(new_codes: list[str], carried: CarriedForm | None = None) -> Response:
    return make_response(
        render_template("accounts/recovery_codes.html", codes=new_codes, carried=carried)
    )


def _pending_secret() -> str | None:
    """The pending secret in the cookie; None when there is none of this session."""
    try:
        sealed = base64.b64decode(str(session.get(_PENDING_FIELD, "")), validate=True)
        return encryption.decrypt(
            request_context.root_key(), _KEY_PURPOSE, sealed, _session_binding()
        ).decode()
    except (binascii.Error, SealError):
        return None


def _store_pending(secret: str) -> None:
    sealed = encryption.encrypt(
        request_context.root_key(), _KEY_PURPOSE, secret.encode(), _session_binding()
    )
    session[_PENDING_FIELD] = base64.b64encode(sealed).decode()


def _session_binding() -> bytes:
    return str(current_member.require_signed_in().session_id).encode()
