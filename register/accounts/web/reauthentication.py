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
from register.accounts.web.forms import Proof
from register.accounts.web.resubmission import PROOF_CODE, PROOF_PASSWORD, Carried
from register.db import db, now
from register.errors import Unavailable
from register.web import retry_after
from register.web.context import settings
from register.web.errors import RETRY_AFTER


@dataclass(frozen=True)
class Given:
    """A password and a code, as typed."""

    password: str
    code: str


def needs_factor(member: Member) -> bool:
    """Whether a member has to set up a second factor before anything else."""
    return settings().require_2fa and not member.has_factor


def taken() -> Given | None:
    """The proof that came with a form, taken out of it: no view sees or keeps it."""
    form = request.form
    if PROOF_PASSWORD not in form:
        return None
    given = Given(form[PROOF_PASSWORD], form.get(PROOF_CODE, ""))
    rest = [pair for pair in form.items(multi=True) if pair[0] not in (PROOF_PASSWORD, PROOF_CODE)]
    request.form = ImmutableMultiDict(rest)
    return given


def asked(act: Any, given: Given | None) -> ResponseReturnValue | None:
    """None when whoever asks has proved a moment ago who they are; else the page that asks.

    :param act: what they are about to do, in words.
    """
    if current_member.present().is_confirmed(now()):
        return None
    form = Proof(formdata=None)
    try:
        if given is not None and proves(given):
            current_member.confirm()
            return None
        if given is not None:
            form.is_refused()
    except Unavailable:
        form.is_busy()
        body = _drawn("confirm", act=act, form=form, carried=resubmission.posted())
        return retry_after.too_soon(body, RETRY_AFTER, 503)
    return _page("confirm", 403, act=act, form=form, carried=resubmission.posted())


def proves(given: Given) -> bool:
    """Whether password and code are those of the member who asks; a failure is counted.

    :raises Unavailable: ``busy``; they were not looked at.
    """
    return authentication.reprove(
        db.engine,
        signing_keys.root_key(),
        current_member.member().id,
        given.password,
        given.code,
        now(),
    )


def send_again(carried: Carried, status: int = 200) -> Response:
    """The page from which a form is sent once more, with the token of this session."""
    return _page("send_again", status, carried=carried)


def _page(template: str, status: int, **told: object) -> Response:
    return make_response(_drawn(template, **told), status)


def _drawn(template: str, **told: object) -> str:
    return render_template(f"account/{template}.html", **told)
