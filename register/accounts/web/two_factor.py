"""Set up the second factor, or another one; recovery codes.

Until its first code has come back, the secret is in no row: it waits in the browser's own signed
cookie, closed from the root key and bound to the session, so that nobody who reads the cookie reads
it, and nobody can put another one in its place. Giving up on the page leaves nothing behind.
"""

from __future__ import annotations

import base64
import binascii

from flask import Blueprint, Response, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from register import encryption
from register.accounts import acts as accounts
from register.accounts import two_factor
from register.accounts.web import (
    current_member,
    paths,
    reauthentication,
    resubmission,
    signing_keys,
)
from register.accounts.web.forms import WRONG_CODE, Factor
from register.accounts.web.resubmission import Carried
from register.db import now
from register.errors import SealError
from register.journal import writing

_PENDING = "preuve"
_PURPOSE = "second factor to be confirmed"
_GROUP = 4  # letters of the secret that are read together


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/seconde-preuve", view_func=factor, methods=["GET", "POST"])
    blueprint.add_url_rule("/seconde-preuve/changer", view_func=new_factor, methods=["POST"])
    blueprint.add_url_rule("/codes", view_func=codes, methods=["POST"])


def factor() -> ResponseReturnValue:
    """Show a new secret, and take the first code that it gives."""
    secret = _pending()
    if secret is None and current_member.member().has_factor:
        return redirect(paths.ACCOUNT, 303)
    if request.method != "POST":
        return page()
    form = Factor()
    if not form.is_sent:
        return page(form, 422, resubmission.handed_on())
    step = two_factor.step_of(secret or "", form.code_a_usage_unique.data or "", now(), 0)
    if secret is None or step is None:
        form.is_refused(str(WRONG_CODE))
        return page(form, 422, resubmission.handed_on())
    return _set_up(secret, step)


def new_factor() -> ResponseReturnValue:
    """Begin with another secret; the one in use holds until the new one is confirmed."""
    _keep(two_factor.new_secret())
    return redirect(paths.FACTOR, 303)


def codes() -> ResponseReturnValue:
    """Make new recovery codes; the former ones are worth nothing from here on."""
    made = two_factor.recovery_codes()
    with writing() as pen:
        accounts.renew_codes(pen, current_member.member().id, made)
    current_member.renew()
    return _codes_page(made)


def page(form: Factor | None = None, status: int = 200, carried: Carried | None = None) -> Response:
    """The page with the drawing; a secret is made where none waits to be confirmed."""
    secret = _pending()
    if secret is None:
        secret = two_factor.new_secret()
        _keep(secret)
    me = current_member.member()
    uri = two_factor.uri(secret, me.email)
    drawing = two_factor.picture(uri, _("Le secret, à lire avec le téléphone"))
    body = render_template(
        "account/factor.html",
        form=form or Factor(formdata=None),
        drawing=Markup(drawing),  # noqa: S704 - made here, of squares
        # A telephone cannot read a drawing on its own screen; applications of codes open this.
        uri=uri,
        groups=[secret[at : at + _GROUP] for at in range(0, len(secret), _GROUP)],
        required=reauthentication.needs_factor(me),
        carried=carried,
    )
    return make_response(body, status)


def _set_up(secret: str, step: int) -> Response:
    made = two_factor.recovery_codes()
    found = current_member.present()
    with writing() as pen:
        accounts.set_factor(
            pen, found.member.id, secret, signing_keys.root_key(), made, step, but=found.session
        )
    session.pop(_PENDING, None)
    current_member.renew()
    return _codes_page(made, resubmission.handed_on())


def _codes_page(made: list[str], carried: Carried | None = None) -> Response:
    return make_response(render_template("account/codes.html", codes=made, carried=carried))


def _pending() -> str | None:
    """The secret that waits in the cookie; None when there is none of this session."""
    try:
        closed = base64.b64decode(str(session.get(_PENDING, "")), validate=True)
        return encryption.opened(signing_keys.root_key(), _PURPOSE, closed, _bound()).decode()
    except (binascii.Error, SealError):
        return None


def _keep(secret: str) -> None:
    closed = encryption.sealed(signing_keys.root_key(), _PURPOSE, secret.encode(), _bound())
    session[_PENDING] = base64.b64encode(closed).decode()


def _bound() -> bytes:
    return str(current_member.present().session).encode()
