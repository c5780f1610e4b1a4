"""Failed sign-ins by account and day: counters that become one journal line when the day is over.

Nobody who fails writes a line: a thousand failures are one number in one row, and one line for an
account and a day. Housekeeping, outside the journal, until :mod:`register.accounts.activity` writes
the line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from register.accounts.models import Member, SignInFailures

# Rows that all addresses without an account share: as many as make no difference in waiting for
# one, and few enough to be kept for a day.
_SHARED = 512


def account_of(session: Session, named: ColumnElement[bool], key: bytes) -> int:
    """The account that a failure counts for; a number below one where there is none.

    :param key: the key under which the try itself is counted.
    """
    found = session.scalar(select(Member.id).where(named))
    return found or -(int.from_bytes(key[:4], "big") % _SHARED)


def count(session: Session, account: int, day: date) -> None:
    """Count one failure more."""
    new = {"account": account, "day": day, "count": 1}
    more = {"count": SignInFailures.count + 1}
    if session.get_bind().dialect.name == "postgresql":
        made = postgresql.insert(SignInFailures).values(new)
        session.execute(made.on_conflict_do_update(index_elements=["account", "day"], set_=more))
        return
    kept = sqlite.insert(SignInFailures).values(new)
    session.execute(kept.on_conflict_do_update(["account", "day"], set_=more))


def take_back(session: Session, account: int, day: date) -> None:
    """Count one failure less: the try was a success."""
    session.execute(
        update(SignInFailures)
        .where(
            SignInFailures.account == account,
            SignInFailures.day == day,
            SignInFailures.count > 0,
        )
        .values(count=SignInFailures.count - 1)
        .execution_options(synchronize_session=False)
    )


def forget_unknown(session: Session, today: date) -> None:
    """Delete the counters of past days that will be no line: of no account, or of no failure."""
    none = or_(SignInFailures.account < 1, SignInFailures.count < 1)
    session.execute(
        delete(SignInFailures)
        .where(SignInFailures.day < today, none)
        .execution_options(synchronize_session=False)
    )


def of_day(session: Session, day: date) -> Mapping[int, int]:
    """How many failures each account has on a day; accounts without one are left out."""
    rows = session.execute(
        select(SignInFailures.account, SignInFailures.count).where(
            SignInFailures.day == day, SignInFailures.account > 0, SignInFailures.count > 0
        )
    )
    return {row[0]: row[1] for row in rows}


def over(session: Session, today: date) -> Sequence[SignInFailures]:
    """The counters of accounts whose day is over, in the order of their days."""
    return session.scalars(
        select(SignInFailures)
        .where(SignInFailures.account > 0, SignInFailures.count > 0, SignInFailures.day < today)
        .order_by(SignInFailures.day, SignInFailures.account)
    ).all()
