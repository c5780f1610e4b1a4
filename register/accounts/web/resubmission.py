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

from register.accounts.web.paths import local

TOKEN = "csrf_token"  # noqa: S105 - the name of a field, no secret
# Where the hidden fields of a sign-in page keep the address, and before each field's own name.
ADDRESS = "repris"
BEFORE = f"{ADDRESS}."
# The fields of a page that asks again who somebody is.
PROOF_PASSWORD = "preuve_mot_de_passe"  # noqa: S105 - the name of a field, no secret
PROOF_CODE = "preuve_code"
# What no page repeats: a secret stands in a page only while it is typed.
SECRETS = frozenset(
    {
        TOKEN,
        PROOF_PASSWORD,
        PROOF_CODE,
        "mot_de_passe",
        "nouveau_mot_de_passe",
        "code_a_usage_unique",
    }
)


@dataclass(frozen=True)
class Carried:
    """A form on its way: where it goes, and its fields in their order."""

    address: str
    fields: tuple[tuple[str, str], ...]

    @property
    def handed(self) -> list[tuple[str, str]]:
        """The hidden fields by which another form hands this one on."""
        return [(ADDRESS, self.address), *((BEFORE + name, value) for name, value in self.fields)]

    @property
    def written(self) -> list[str]:
        """The texts in it that somebody may want to read again or to copy."""
        return [value for _name, value in self.fields if any(map(str.isspace, value.strip()))]


def posted() -> Carried:
    """The form of this request without its secrets."""
    path, query = quote(request.path), request.query_string.decode("latin-1")
    return Carried(
        f"{path}?{query}" if query else path,
        tuple(
            (name, value) for name, value in request.form.items(multi=True) if name not in SECRETS
        ),
    )


def rescued() -> Carried | None:
    """The form of this request, if a page of this register had it filled in."""
    if is_foreign() or not _is_signed(request.form.get(TOKEN, "")):
        return None
    if "Origin" not in request.headers and not session:
        # Our cookie comes with no form that another site sends (SameSite): either shows ours.
        return None
    found = posted()
    return found if found.fields and local(found.address) else None


def handed_on() -> Carried | None:
    """The form that this request's own form carries along."""
    address = local(request.form.get(ADDRESS, ""))
    if not address:
        return None
    return Carried(
        address,
        tuple(
            (name.removeprefix(BEFORE), value)
            for name, value in request.form.items(multi=True)
            if name.startswith(BEFORE)
        ),
    )


def is_foreign() -> bool:
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
