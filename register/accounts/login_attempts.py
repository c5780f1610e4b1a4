"""Failed sign-ins: counted for every address that is typed, without locking a member out.

Whoever knows a member's address can fail on purpose. Failures of browsers that the account does
not know are therefore counted apart from those of each browser that it does know: one that
somebody signed in with before (:mod:`register.accounts.sessions`). A lock on the first
shuts out whoever guesses from afar and leaves the member's own browser alone. On a new one, the
member still comes in with a recovery code, which nobody guesses (:mod:`register.accounts.authentication`).

Unknown addresses have rows like any other, under keys that tell nobody's address. Housekeeping,
outside the journal: these rows live for half an hour.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Update,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from register import encryption
from register.accounts.models import Member, SignInFailures, SignInTries
from register.text.normalisation import clean

# Ten guesses in a quarter of an hour are a thousand a day: nothing against twelve letters, and
# one chance in a thousand a day against the codes of six figures, for whoever has the password.
MAX_FAILURES = 10
WINDOW = timedelta(minutes=15)
LOCK_DURATION = timedelta(minutes=15)
_KEY_PURPOSE = "sign-in tries"  # of the key that their keys are made with
# However many addresses somebody makes up, the table holds no more.
MAX_ROWS = 5_000


def fold_email(email: str) -> str:
    """An address as accounts are looked up by it; one character too long stays too long."""
    return clean(email).strip().lower()[:255]


def sign_in_key(root_key: bytes, email: str, browser_id: int | None = None) -> bytes:
    """Under which key the sign-ins at an address are counted: that of all unknown browsers, or
    that of one known browser."""
    return _mac(root_key, "tries", fold_email(email), str(browser_id or ""))


def reauthentication_key(root_key: bytes, member_id: int) -> bytes:
    """Under which key a member's failures to confirm who they are, once signed in, are counted."""
    return _mac(root_key, "confirming", str(member_id))


def is_allowed(session: Session, key: bytes, at: datetime) -> bool:
    """Whether a try would be looked at now."""
    tries = session.get(SignInTries, key)
    return tries is None or tries.locked_until is None or tries.locked_until <= at


def record_failure(session: Session, key: bytes, at: datetime) -> bool:
    """Count a failure; whether the try was still one that is looked at.

    Called before the try is judged, and taken back by :func:`clear_failures`: forty tries sent at the
    same moment are forty, and thirty of them find the lock.
    """
    session.execute(_upsert_stmt(session, key, at))
    tries = session.get_one(SignInTries, key, populate_existing=True)
    is_unlocked = tries.locked_until is None or tries.locked_until <= at
    if is_unlocked and (tries.locked_until is not None or tries.first_at <= at - WINDOW):
        tries.failures, tries.first_at, tries.locked_until = 0, at, None
    # Beyond the lock the count goes on, so that a try costs the same work on either side of it.
    tries.failures += 1
    if is_unlocked and tries.failures >= MAX_FAILURES:
        tries.locked_until = at + LOCK_DURATION
    session.flush()
    return is_unlocked


def rewrite_stmt(key: bytes) -> Update:
    """The statement that writes a count as it stands, for a try that writes nothing else."""
    return (
        update(SignInTries)
        .where(SignInTries.key == key)
        .values(failures=SignInTries.failures)
        .execution_options(synchronize_session=False)
    )


def clear_failures(session: Session, key: bytes) -> None:
    """Forget the failures of whoever has come in."""
    session.execute(delete(SignInTries).where(SignInTries.key == key))


def forget_old(session: Session, at: datetime) -> None:
    """Delete the rows that say nothing any more, and beyond :data:`MAX_ROWS` those that say least.

    In a transaction of its own, so that nobody holds these rows while they wait for another.
    Of too many, rows of one failure go first: whoever floods the table with made-up addresses
    does not wash away the count of the one they are after.
    """
    is_unlocked = or_(SignInTries.locked_until.is_(None), SignInTries.locked_until <= at)
    _delete(
        session, select(SignInTries.key).where(SignInTries.first_at <= at - WINDOW, is_unlocked)
    )
    surplus = (session.scalar(select(func.count()).select_from(SignInTries)) or 0) - MAX_ROWS
    if surplus > 0:
        # A tenth more at once, so that not every try of a flood has to sort the table.
        smallest = (
            select(SignInTries.key)
            .order_by(SignInTries.failures, SignInTries.first_at)
            .limit(surplus + MAX_ROWS // 10)
        )
        _delete(session, smallest)


def _delete(session: Session, keys: Select[bytes]) -> None:
    # A row in somebody's hand is no old one; and two that wait for each other wait for ever.
    unlocked_keys = keys.with_for_update(skip_locked=True)
    session.execute(
        delete(SignInTries)
        .where(SignInTries.key.in_(unlocked_keys))
        .execution_options(synchronize_session=False)
    )


def _upsert_stmt(session: Session, key: bytes, at: datetime) -> Insert:
    """The row, made where there is none, and ours until the end of the transaction.

    The update changes nothing: it is what holds the row. Merely left alone, it could be deleted
    by whoever comes in between this statement and the next.
    """
    new_row = {"key": key, "failures": 0, "first_at": at}
    no_change = {"failures": SignInTries.failures}
    if session.get_bind().dialect.name == "postgresql":
        pg_insert = postgresql.insert(SignInTries).values(new_row)
        return pg_insert.on_conflict_do_update(index_elements=["key"], set_=no_change)
    return sqlite.insert(SignInTries).values(new_row).on_conflict_do_update(["key"], set_=no_change)


def _mac(root_key: bytes, *parts: str) -> bytes:
    # Joined by a sign that no cleaned address holds: no two lists make the same message.
    key = encryption.derive_key(root_key, _KEY_PURPOSE)
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).digest()


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
