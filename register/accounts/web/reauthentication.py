"""Reauthentication before a grave act, and resubmission of the interrupted form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Response, current_app, make_response, render_template, request, session
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.datastructures import ImmutableMultiDict

from register.accounts import authentication, sessions
from register.accounts.models import Member
from register.accounts.web import current_member, passkey_pages
from register.accounts.web.current_member import member_address
from register.accounts.web.forms import ProofForm
from register.db import db, now
from register.errors import Refused, Unavailable
from register.web import error_messages, messages, rate_limits, request_context
from register.web.errors import RETRY_AFTER
from register.web.request_context import settings

TOKEN_FIELD = "csrf_token"  # noqa: S105 - the name of a field, no secret
# Name of the hidden field with the form's address, and prefix of its field names.
ADDRESS_FIELD = "repris"
FIELD_PREFIX = f"{ADDRESS_FIELD}."
# Fields of the reauthentication page.
PROOF_PASSWORD = "preuve_mot_de_passe"  # noqa: S105 - the name of a field, no secret
PROOF_CODE = "preuve_code"
# Secrets, which no page repeats.
SECRET_FIELDS = frozenset(
    {
        TOKEN_FIELD,
        PROOF_PASSWORD,
        PROOF_CODE,
        "mot_de_passe",
        "nouveau_mot_de_passe",
        "code_a_usage_unique",
        "cle",
    }
)


@dataclass(frozen=True)
class CarriedForm:
    """An interrupted form: its address, and its fields in order."""

    address: str
    fields: tuple[tuple[str, str], ...]

    @property
    def hidden_fields(self) -> list[tuple[str, str]]:
        """The hidden fields with which another form resubmits this one."""
        return [
            (ADDRESS_FIELD, self.address),
            *((FIELD_PREFIX + name, value) for name, value in self.fields),
        ]

    @property
    def long_texts(self) -> list[str]:
        """The long texts of the form, for reading or copying."""
        return [value for _name, value in self.fields if any(map(str.isspace, value.strip()))]


def posted_form() -> CarriedForm:
    """The form of this request without its secrets."""
    path, query = quote(request.path), request.query_string.decode("latin-1")
    return CarriedForm(
        f"{path}?{query}" if query else path,
        tuple(
            (name, value)
            for name, value in request.form.items(multi=True)
            if name not in SECRET_FIELDS
        ),
    )


def rescued_form() -> CarriedForm | None:
    """The form of this request, if it comes from a page of this register."""
    if is_cross_site():
        return None
    try:
        # Signed by this register, for any session (as Flask-WTF does).
        serializer = URLSafeTimedSerializer(current_app.secret_key or b"", salt="wtf-csrf-token")
        serializer.loads(request.form.get(TOKEN_FIELD, ""))
    except BadData:
        return None
    if "Origin" not in request.headers and not session:
        # Browsers send the SameSite cookie only with forms of this site.
        return None
    posted = posted_form()
    return posted if posted.fields and member_address(posted.address) else None


def carried_form() -> CarriedForm | None:
    """The interrupted form in the hidden fields of this request."""
    address = member_address(request.form.get(ADDRESS_FIELD, ""))
    if not address:
        return None
    return CarriedForm(
        address,
        tuple(
            (name.removeprefix(FIELD_PREFIX), value)
            for name, value in request.form.items(multi=True)
            if name.startswith(FIELD_PREFIX)
        ),
    )


def is_cross_site() -> bool:
    """Whether the browser says that a page of another site sent this request.

    Schemes are not compared: behind a proxy that is not configured, ours is not the reader's.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in (None, "same-origin", "none"):
        return True
    if site == "same-origin" and origin == "null":
        # A form of ours that sends no referrer has no origin either.
        return False
    return origin is not None and urlsplit(origin).netloc != request.host


def needs_factor(member: Member) -> bool:
    """Whether a member must set up a second factor before anything else."""
    return settings().require_2fa and not member.has_factor


def take_proof() -> tuple[str, str] | None:
    """Remove password and code from the form of this request, so that no view sees them."""
    form = request.form
    if PROOF_PASSWORD not in form:
        return None
    proof = form[PROOF_PASSWORD], form.get(PROOF_CODE, "")
    other_fields = [
        field for field in form.items(multi=True) if field[0] not in (PROOF_PASSWORD, PROOF_CODE)
    ]
    request.form = ImmutableMultiDict(other_fields)
    return proof


def require_proof(act: Any, proof: tuple[str, str] | None) -> ResponseReturnValue | None:
    """None when the member is confirmed by a recent or the present proof; else the page that asks.

    :param act: what the member is about to do, in words.
    :param proof: password and code, if they were given.
    """
    if sessions.is_confirmed(current_member.require_signed_in(), now()):
        return None
    form, is_busy = ProofForm(formdata=None), False
    try:
        if proof is not None and is_proved(*proof):
            current_member.renew_session(confirmed_at=now())
            return None
        if proof is not None:
            form.preuve_mot_de_passe.errors = [messages.accounts.proof_refused]
    except Refused as error:
        form.preuve_code.errors = [error_messages.error_sentence(error)]
    except Unavailable:
        form.preuve_mot_de_passe.errors = [messages.accounts.busy]
        is_busy = True
    body = render_template(
        "accounts/reauthentication.html", act=act, form=form, carried=posted_form()
    )
    return rate_limits.too_soon_page(body, RETRY_AFTER, 503) if is_busy else (body, 403)


def is_proved(password: str, code: str) -> bool:
    """Whether password and code are those of the current member; a failure is counted.

    :param code: or the answer of a passkey, as JSON, which a script puts in its place.
    :raises Unavailable: ``busy``; they were not verified.
    :raises Refused: the passkey is.
    """
    answer = passkey_pages.take_answer(code) if code.startswith("{") else None
    root_key, member_id = request_context.root_key(), current_member.member().id
    return authentication.reauthenticate(
        db.engine, root_key, member_id, password, code, now(), answer
    )


def resend_page(carried: CarriedForm, status: int = 200, problem: str = "") -> Response:
    """The page from which a form is sent again, with the CSRF token of this session.

    :param problem: why it was not taken; by default it comes from another session.
    """
    body = render_template("accounts/send_again.html", carried=carried, problem=problem)
    return make_response(body, status)
