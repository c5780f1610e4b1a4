"""What was typed, carried from a page that could not take it to one that can.

A session that runs out while somebody writes must not cost them what they wrote. What was sent
comes back in hidden fields of the page that asks them to sign in, or to say again who they are,
and is sent once more with the token of the session that they are in then.

Only what a page of this register asked for is carried: otherwise a page elsewhere could have a
member send a form of its making, by leading them through our own sign-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from flask import current_app, request, session
from itsdangerous import BadData, URLSafeTimedSerializer

from register.accounts.web.paths import member_address

TOKEN_FIELD = "csrf_token"  # noqa: S105 - the name of a field, no secret
# Where the hidden fields of a sign-in page keep the address, and before each field's own name.
ADDRESS_FIELD = "repris"
FIELD_PREFIX = f"{ADDRESS_FIELD}."
# The fields of a page that asks again who somebody is.
PROOF_PASSWORD = "preuve_mot_de_passe"  # noqa: S105 - the name of a field, no secret
PROOF_CODE = "preuve_code"
# What no page repeats: a secret stands in a page only while it is typed.
SECRET_FIELDS = frozenset(
    {
        TOKEN_FIELD,
        PROOF_PASSWORD,
        PROOF_CODE,
        "mot_de_passe",
        "nouveau_mot_de_passe",
        "code_a_usage_unique",
    }
)


@dataclass(frozen=True)
class CarriedForm:
    """A form on its way: where it goes, and its fields in their order."""

    address: str
    fields: tuple[tuple[str, str], ...]

    @property
    def hidden_fields(self) -> list[tuple[str, str]]:
        """The hidden fields by which another form hands this one on."""
        return [
            (ADDRESS_FIELD, self.address),
            *((FIELD_PREFIX + name, value) for name, value in self.fields),
        ]

    @property
    def long_texts(self) -> list[str]:
        """The texts in it that somebody may want to read again or to copy."""
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
    """The form of this request, if a page of this register had it filled in."""
    if is_cross_site() or not _is_signed(request.form.get(TOKEN_FIELD, "")):
        return None
    if "Origin" not in request.headers and not session:
        # Our cookie comes with no form that another site sends (SameSite): either shows ours.
        return None
    posted = posted_form()
    return posted if posted.fields and member_address(posted.address) else None


def carried_form() -> CarriedForm | None:
    """The form that this request's own form carries along."""
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

    Schemes are left out: behind a proxy that nobody told us of, ours is not the reader's.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


def _is_signed(token: str) -> bool:
    """Whether this register made a form's token, for whichever session (Flask-WTF's way)."""
    key = current_app.secret_key
    try:
        URLSafeTimedSerializer(key or b"", salt="wtf-csrf-token").loads(token)
    except BadData:
        return False
    return True
