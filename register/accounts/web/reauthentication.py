"""Ask again who somebody is before a grave act, and go on with what they sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ImmutableMultiDict

from register.accounts import authentication
from register.accounts.models import Member
from register.accounts.web import current_member, resubmission, signing_keys
from register.accounts.web.forms import ProofForm
from register.accounts.web.resubmission import PROOF_CODE, PROOF_PASSWORD, CarriedForm
from register.db import db, now
from register.errors import Unavailable
from register.web import retry_after
from register.web.context import settings
from register.web.errors import RETRY_AFTER


@dataclass(frozen=True)
class Credentials:
    """A password and a code, as typed."""

    password: str
    code: str


def needs_factor(member: Member) -> bool:
    """Whether a member has to set up a second factor before anything else."""
    return settings().require_2fa and not member.has_factor


def take_proof() -> Credentials | None:
    """The proof that came with a form, taken out of it: no view sees or keeps it."""
    form = request.form
    if PROOF_PASSWORD not in form:
        return None
    credentials = Credentials(form[PROOF_PASSWORD], form.get(PROOF_CODE, ""))
    other_fields = [
        field for field in form.items(multi=True) if field[0] not in (PROOF_PASSWORD, PROOF_CODE)
    ]
    request.form = ImmutableMultiDict(other_fields)
    return credentials


def require_proof(act: Any, credentials: Credentials | None) -> ResponseReturnValue | None:
    """None when whoever asks has proved a moment ago who they are; else the page that asks.

    :param act: what they are about to do, in words.
    """
    if current_member.require_signed_in().is_confirmed(now()):
        return None
    form = ProofForm(formdata=None)
    try:
        if credentials is not None and is_proved(credentials):
            current_member.confirm_session()
            return None
        if credentials is not None:
            form.set_refused()
    except Unavailable:
        form.set_busy()
        body = _render_page("confirm", act=act, form=form, carried=resubmission.posted_form())
        return retry_after.too_soon_page(body, RETRY_AFTER, 503)
    return _page("confirm", 403, act=act, form=form, carried=resubmission.posted_form())


def is_proved(credentials: Credentials) -> bool:
    """Whether password and code are those of the member who asks; a failure is counted.

    :raises Unavailable: ``busy``; they were not looked at.
    """
    return authentication.reauthenticate(
        db.engine,
        signing_keys.root_key(),
        current_member.member().id,
        credentials.password,
        credentials.code,
        now(),
    )


def resend_page(carried: CarriedForm, status: int = 200) -> Response:
    """The page from which a form is sent once more, with the token of this session."""
    return _page("send_again", status, carried=carried)


def _page(template: str, status: int, **variables: object) -> Response:
    return make_response(_render_page(template, **variables), status)


def _render_page(template: str, **variables: object) -> str:
    return render_template(f"account/{template}.html", **variables)
