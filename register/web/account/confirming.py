"""Ask again who somebody is before a grave act, and go on with what they sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ImmutableMultiDict

from register.db import db, now
from register.errors import Unavailable
from register.members import proving
from register.members.models import Member
from register.web import members, waiting
from register.web.account import carrying, keys
from register.web.account.carrying import PROOF_CODE, PROOF_PASSWORD, Carried
from register.web.context import settings
from register.web.errors import RETRY_AFTER
from register.web.forms.account import Proof


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
    if members.present().is_confirmed(now()):
        return None
    form = Proof(formdata=None)
    try:
        if given is not None and proves(given):
            members.confirm()
            return None
        if given is not None:
            form.is_refused()
    except Unavailable:
        form.is_busy()
        body = _drawn("confirm", act=act, form=form, carried=carrying.posted())
        return waiting.too_soon(body, RETRY_AFTER, 503)
    return _page("confirm", 403, act=act, form=form, carried=carrying.posted())


def proves(given: Given) -> bool:
    """Whether password and code are those of the member who asks; a failure is counted.

    :raises Unavailable: ``busy``; they were not looked at.
    """
    return proving.reprove(
        db.engine, keys.root_key(), members.member().id, given.password, given.code, now()
    )


def send_again(carried: Carried, status: int = 200) -> Response:
    """The page from which a form is sent once more, with the token of this session."""
    return _page("send_again", status, carried=carried)


def _page(template: str, status: int, **told: object) -> Response:
    return make_response(_drawn(template, **told), status)


def _drawn(template: str, **told: object) -> str:
    return render_template(f"account/{template}.html", **told)
