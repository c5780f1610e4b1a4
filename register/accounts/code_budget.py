"""Budget of wrong codes: what an account's second factor may be guessed at in a year.

Only somebody who has the password gets as far as a code of six figures. Of a million codes, three
are right at any moment (:data:`register.accounts.two_factor.DRIFT`), so that 332 wrong codes in a year
are one chance in a thousand: forty at once, and one more each thirty hours. Beyond it the second
factor takes a recovery code only, until time has passed, the password is another one, or the factor
was set up anew. A code that is right costs nothing; nor does whatever a stranger types who does not
have the password.

An account holds one number: the moment at which its budget is whole again. A wrong code moves it
by the time of one try (a leaky bucket, ITU-T I.371, as a virtual schedule).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, case, update

from register.accounts.models import Member

MAX_WRONG_CODES = 40
REFILL = timedelta(hours=30)
_REFILL = int(REFILL.total_seconds())
# From here on a member and the administrators are warned.
WARN_BELOW = MAX_WRONG_CODES // 2


def has_room(at: datetime) -> ColumnElement[bool]:
    """The condition that one more code of an account may be looked at."""
    return Member.totp_whole_at <= _seconds(at) + (MAX_WRONG_CODES - 1) * _REFILL


def charge_stmt(member_id: int, at: datetime) -> Update:
    """The statement that counts a wrong code; it changes nothing where there is no room."""
    whole_at = case((Member.totp_whole_at > _seconds(at), Member.totp_whole_at), else_=_seconds(at))
    stmt = update(Member).where(Member.id == member_id, has_room(at))
    return stmt.values(totp_whole_at=whole_at + _REFILL)


def remaining_tries(member: Member, at: datetime) -> int:
    """How many wrong codes an account may still take now."""
    owed = max(0, member.totp_whole_at - _seconds(at))
    return max(0, (MAX_WRONG_CODES * _REFILL - owed) // _REFILL)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
