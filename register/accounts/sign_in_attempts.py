"""Counters of failed sign-ins: lock by address, budget of wrong codes, daily totals.

Anybody who knows a member's address can fail on purpose. Failures of unknown browsers are therefore
counted apart from those of each known browser, with which the member has signed in before
(:mod:`register.accounts.sessions`). A lock on unknown browsers stops remote guessing and leaves the
member's own browser alone. In a new browser, the member can still sign in with a recovery code,
which nobody guesses (:mod:`register.accounts.authentication`).

Unknown addresses have rows too, under keys that reveal no address. The rows are housekeeping
outside the journal, and are deleted after half an hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Update, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from register import encryption
from register.accounts.models import Member, SignInAttempts, SignInFailures
from register.text.normalisation import clean

# Ten guesses in a quarter of an hour are a thousand a day: nothing against twelve letters, and a
# chance of one in a thousand a day against codes of six digits, for somebody with the password.
MAX_FAILURES = 10
WINDOW = timedelta(minutes=15)
LOCK_DURATION = timedelta(minutes=15)
_KEY_PURPOSE = "sign-in tries"  # of the HMAC key of the rows' keys
# Rows of the table, whatever the number of invented addresses.
MAX_ROWS = 5_000
# Budget of wrong codes of an account, and the time in which one of them is restored.
MAX_WRONG_CODES = 40
REFILL = timedelta(hours=30)
_REFILL = int(REFILL.total_seconds())
# Below this, the member and the administrators are warned.
WARN_BELOW = MAX_WRONG_CODES // 2
# Number of counters shared by all addresses without account: enough that requests do not wait for
# one another longer than for an account, few enough to be stored for a day.
_SHARED = 512


def fold_email(email: str) -> str:
    """An address in the form for look-ups, cut one character above the allowed length."""
    return clean(email).strip().lower()[:255]


def sign_in_key(root_key: bytes, email: str, browser_id: int | None = None) -> bytes:
    """The row key of sign-ins at an address: by all unknown browsers, or by one known browser."""
    return _mac(root_key, "tries", fold_email(email), str(browser_id or ""))


def reauthentication_key(root_key: bytes, member_id: int) -> bytes:
    """The row key of a signed-in member's failures to confirm password and code."""
    return _mac(root_key, "confirming", str(member_id))


def record_failure(session: Session, key: bytes, at: datetime) -> bool:
    """Count a failure; whether the attempt may still be evaluated.

    Called before the evaluation, and undone by :func:`clear_failures`, so that of forty attempts
    sent at once, thirty meet the lock.
    """
    # Creates a row or locks the existing one until the end of the transaction. The update changes
    # nothing but takes the lock: with DO NOTHING, another transaction could delete the row before
    # the next statement.
    new_row = {"key": key, "failures": 0, "first_at": at}
    _upsert(session, SignInAttempts, ["key"], new_row, {"failures": SignInAttempts.failures})
    attempts = session.get_one(SignInAttempts, key, populate_existing=True)
    is_unlocked = attempts.locked_until is None or attempts.locked_until <= at
    if is_unlocked and (attempts.locked_until is not None or attempts.first_at <= at - WINDOW):
        attempts.failures, attempts.first_at, attempts.locked_until = 0, at, None
    # Counting goes on during a lock, so that an attempt costs the same work with and without it.
    attempts.failures += 1
    if is_unlocked and attempts.failures >= MAX_FAILURES:
        attempts.locked_until = at + LOCK_DURATION
    session.flush()
    return is_unlocked


def rewrite_stmt(key: bytes) -> Update:
    """A statement that rewrites a counter unchanged, for an attempt that writes nothing else."""
    return (
        update(SignInAttempts)
        .where(SignInAttempts.key == key)
        .values(failures=SignInAttempts.failures)
        .execution_options(synchronize_session=False)
    )


def clear_failures(session: Session, key: bytes) -> None:
    """Delete the failures after a successful sign-in."""
    session.execute(delete(SignInAttempts).where(SignInAttempts.key == key))


def forget_old(session: Session, at: datetime) -> None:
    """Delete outdated rows, and beyond :data:`MAX_ROWS` those with the fewest failures.

    Run it in a transaction of its own, which holds no other lock. Because rows of one failure go
    first, a flood of invented addresses does not remove the counter of the attacked one.
    """
    is_unlocked = or_(SignInAttempts.locked_until.is_(None), SignInAttempts.locked_until <= at)
    outdated = SignInAttempts.first_at <= at - WINDOW
    _delete(session, select(SignInAttempts.key).where(outdated, is_unlocked))
    surplus = (session.scalar(select(func.count()).select_from(SignInAttempts)) or 0) - MAX_ROWS
    if surplus > 0:
        # A tenth more at once, so that not every attempt of a flood sorts the table.
        smallest = (
            select(SignInAttempts.key)
            .order_by(SignInAttempts.failures, SignInAttempts.first_at)
            .limit(surplus + MAX_ROWS // 10)
        )
        _delete(session, smallest)


def _delete(session: Session, keys: Select[bytes]) -> None:
    # Locked rows are in use, and waiting for them could cause a deadlock.
    unlocked_keys = keys.with_for_update(skip_locked=True)
    session.execute(
        delete(SignInAttempts)
        .where(SignInAttempts.key.in_(unlocked_keys))
        .execution_options(synchronize_session=False)
    )


def _upsert(
    session: Session,
    model: type[SignInAttempts] | type[SignInFailures],
    key_columns: list[str],
    new_row: Mapping[str, object],
    changes: Mapping[str, object],
) -> None:
    """Insert a row, or apply changes to the existing one."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    insert: Any = postgresql.insert if is_postgresql else sqlite.insert
    stmt = insert(model).values(new_row)
    session.execute(stmt.on_conflict_do_update(index_elements=key_columns, set_=changes))


def _mac(root_key: bytes, *parts: str) -> bytes:
    # Joined by a character that no cleaned address contains, so that lists cannot collide.
    return encryption.keyed_digest(root_key, _KEY_PURPOSE, "\0".join(parts).encode())


def has_room(at: datetime) -> ColumnElement[bool]:
    """The condition that one more code of an account may be evaluated."""
    return Member.totp_whole_at <= _seconds(at) + (MAX_WRONG_CODES - 1) * _REFILL


def charge_stmt(member_id: int, at: datetime) -> Update:
    """A statement that counts a wrong code, if there is room."""
    whole_at = case((Member.totp_whole_at > _seconds(at), Member.totp_whole_at), else_=_seconds(at))
    stmt = update(Member).where(Member.id == member_id, has_room(at))
    return stmt.values(totp_whole_at=whole_at + _REFILL)


def remaining_attempts(member: Member, at: datetime) -> int:
    """Number of wrong codes that an account may still receive now."""
    owed = max(0, member.totp_whole_at - _seconds(at))
    return max(0, (MAX_WRONG_CODES * _REFILL - owed) // _REFILL)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def count_failure(
    session: Session, member_filter: ColumnElement[bool], key: bytes, day: date
) -> None:
    """Increment the counter of an account and day, or one of those that unknown addresses share.

    :param key: the row key of the attempt, which selects one of the shared counters.
    """
    member_id = session.scalar(select(Member.id).where(member_filter))
    account = member_id or -(int.from_bytes(key[:4], "big") % _SHARED)
    new_row = {"account": account, "day": day, "count": 1}
    increment = {"count": SignInFailures.count + 1}
    _upsert(session, SignInFailures, ["account", "day"], new_row, increment)


def uncount_failure(session: Session, account: int, day: date) -> None:
    """Decrement the counter of an account and day, after a success."""
    session.execute(
        update(SignInFailures)
        .where(
            SignInFailures.account == account, SignInFailures.day == day, SignInFailures.count > 0
        )
        .values(count=SignInFailures.count - 1)
        .execution_options(synchronize_session=False)
    )


def delete_unneeded(session: Session, today: date) -> None:
    """Delete the counters of past days that need no line: no account, or no failure."""
    is_unneeded = or_(SignInFailures.account < 1, SignInFailures.count < 1)
    session.execute(
        delete(SignInFailures)
        .where(SignInFailures.day < today, is_unneeded)
        .execution_options(synchronize_session=False)
    )


def counts_of_day(session: Session, day: date) -> Mapping[int, int]:
    """Number of failures by account on a day, without accounts that have none."""
    stmt = select(SignInFailures.account, SignInFailures.count).where(
        SignInFailures.day == day, SignInFailures.account > 0, SignInFailures.count > 0
    )
    return dict(session.execute(stmt).all())


def finished_counters(session: Session, today: date) -> Sequence[SignInFailures]:
    """The counters of accounts of past days, by day."""
    return session.scalars(
        select(SignInFailures)
        .where(SignInFailures.account > 0, SignInFailures.count > 0, SignInFailures.day < today)
        .order_by(SignInFailures.day, SignInFailures.account)
    ).all()
