"""Signed tokens of public forms: a nonce and the time of display.

Neither is stored. The time tells how fast a form was filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from itsdangerous import BadData, URLSafeTimedSerializer

from register.db import now
from register.reports import receipts
from register.text.dates import paris_day
from register.web import request_context

# Seconds. A form can stay open for a weekend; an older one is shown again, filled in.
MAX_AGE = 3 * 24 * 3600
# Seconds. A person needs more to read the page and write an account.
MIN_AGE = 5


@dataclass(frozen=True)
class Token:
    """A nonce, the day on which the form was displayed, and its age in seconds."""

    nonce: str
    day: date
    age: float

    @property
    def is_hasty(self) -> bool:
        """Whether the form was filled in faster than a person can."""
        return self.age < MIN_AGE


def new_token(purpose: str) -> str:
    """A new token; it is valid for forms of the same purpose only."""
    return str(_signer(purpose).dumps(receipts.new_nonce()))


def read_token(purpose: str, signed: str) -> Token | None:
    """The token of a submitted form; None for a forged or an old one."""
    try:
        nonce, signed_at = _signer(purpose).loads(signed, max_age=MAX_AGE, return_timestamp=True)
    except BadData:
        return None
    if not isinstance(nonce, str) or not receipts.is_nonce(nonce):
        return None
    at: datetime = signed_at if signed_at.tzinfo else signed_at.replace(tzinfo=UTC)
    return Token(nonce, paris_day(at), (now() - at).total_seconds())


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        request_context.derived_key(request_context.FORM_PURPOSE), salt=f"webcitoyen {purpose}"
    )
