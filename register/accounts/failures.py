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


def account_for_failure(session: Session, member_filter: ColumnElement[bool], key: bytes) -> int:
    """The account that a failure counts for; a number below one where there is none.

    :param key: the key under which the try itself is counted.
    """
    member_id = session.scalar(select(Member.id).where(member_filter))
    return member_id or -(int.from_bytes(key[:4], "big") % _SHARED)


def count_failure(session: Session, account: int, day: date) -> None:
    """Count one failure more."""
    new_counter = {"account": account, "day": day, "count": 1}
    increment = {"count": SignInFailures.count + 1}
    if session.get_bind().dialect.name == "postgresql":
        pg_insert = postgresql.insert(SignInFailures).values(new_counter)
        session.execute(
            pg_insert.on_conflict_do_update(index_elements=["account", "day"], set_=increment)
        )
        return
    sqlite_insert = sqlite.insert(SignInFailures).values(new_counter)
    session.execute(sqlite_insert.on_conflict_do_update(["account", "day"], set_=increment))


def uncount_failure(session: Session, account: int, day: date) -> None:
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


def delete_unneeded(session: Session, today: date) -> None:
    """Delete the counters of past days that will be no line: of no account, or of no failure."""
    is_unneeded = or_(SignInFailures.account < 1, SignInFailures.count < 1)
    session.execute(
        delete(SignInFailures)
        .where(SignInFailures.day < today, is_unneeded)
        .execution_options(synchronize_session=False)
    )


def counts_of_day(session: Session, day: date) -> Mapping[int, int]:
    """How many failures each account has on a day; accounts without one are left out."""
    counters = session.execute(
        select(SignInFailures.account, SignInFailures.count).where(
            SignInFailures.day == day, SignInFailures.account > 0, SignInFailures.count > 0
        )
    )
    return {counter[0]: counter[1] for counter in counters}


def finished_counters(session: Session, today: date) -> Sequence[SignInFailures]:
    """The counters of accounts whose day is over, in the order of their days."""
    return session.scalars(
        select(SignInFailures)
        .where(SignInFailures.account > 0, SignInFailures.count > 0, SignInFailures.day < today)
        .order_by(SignInFailures.day, SignInFailures.account)
    ).all()
