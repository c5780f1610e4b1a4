"""What a form of the site bears in the place of a session: its nonce, and when it was shown.

Signed, so that a nonce is of our making and the time too. Neither is kept anywhere; the time says
whether a form was filled in by a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from itsdangerous import BadData, URLSafeTimedSerializer

from register.db import now
from register.reports import receipts
from register.text.dates import paris_day
from register.web import request_context

# A form may be left open for a weekend; one from last month is shown again, filled in.
MAX_AGE = 3 * 24 * 3600
# Nobody reads the page and writes what happened in less.
MIN_AGE = 5


@dataclass(frozen=True)
class Token:
    """A nonce, the day on which the form was shown, and for how many seconds it has been."""

    nonce: str
    day: date
    age: float

    @property
    def is_hasty(self) -> bool:
        """Whether no person fills in a form so fast."""
        return self.age < MIN_AGE


def new_token(purpose: str) -> str:
    """A token for a form; ``purpose`` keeps one form's from another's."""
    return str(_signer(purpose).dumps(receipts.new_nonce()))


def read_token(purpose: str, text: str) -> Token | None:
    """The token that a form came with; None when it is none of ours, or too old."""
    try:
        nonce, signed_at = _signer(purpose).loads(text, max_age=MAX_AGE, return_timestamp=True)
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
