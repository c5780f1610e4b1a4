"""Who somebody is: password and code, judged in one way and in one time for everybody.

An unknown address, a wrong password, a wrong or used code, too many tries and a closed account
have the same answer after the same work: one count, one argon2id verification, one look at the
code, one statement that would use it up. Whatever differed would tell who is a member.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, select, update
from sqlalchemy.orm import Session

from register.accounts import browsers, code_budget, failures, login_attempts, passwords, two_factor
from register.accounts.models import Member, RecoveryCode
from register.db import housekeeping
from register.errors import SealError
from register.text.dates import paris_day

# What stands in for the secret of whoever has none, so that the code is looked at all the same.
_NO_SECRET = "A" * 32
_NOBODY = 0


@dataclass(frozen=True)
class Proved:
    """Somebody who has proved who they are."""

    member_id: int
    needs_factor: bool
    """True for a member who has to set up the second factor before anything else."""
    mark: str
    """The token by which their account knows their browser, for its long-lived cookie."""


@dataclass(frozen=True)
class _Given:
    """What was typed, and when."""

    password: str
    code: str
    at: datetime


@dataclass(frozen=True)
class _Typed:
    """What a code was: the half-minute that it is good for now, or a guess that failed."""

    step: int | None
    is_wrong: bool


_NOT_LOOKED_AT = _Typed(None, is_wrong=False)


def prove(
    engine: Engine,
    root_key: bytes,
    *,
    email: str,
    password: str,
    code: str,
    mark: str,
    at: datetime,
    require_factor: bool,
) -> Proved | None:
    """Whose address, password and code these are; None when they are nobody's, or not now.

    :param code: of the application, or a recovery code; not looked at for a member who has no
        second factor yet.
    :param mark: what the browser's cookie says, or nothing.
    :param at: the moment; also what the code is judged by.
    :raises Unavailable: ``busy``; nothing was judged, and nothing counted as a failure.
    """
    with Session(engine) as session:
        browser = browsers.known(session, email, mark, at)
    key = login_attempts.sign_in_key(root_key, email, browser)
    named = Member.email == login_attempts.folded(email)
    with (passwords.MEMBERS if browser else passwords.STRANGERS).turn():
        free = _counted(engine, key, named, at)
        who = _judged(engine, root_key, named, _Given(password, code, at), key, free=free)
    if who is None:
        return None
    with housekeeping(engine) as session:
        if browser is None:
            mark = browsers.remember(session, who.id, at)
        else:
            browsers.used(session, browser, at)
    return Proved(who.id, require_factor and not who.has_factor, mark)


def reprove(
    engine: Engine, root_key: bytes, member_id: int, password: str, code: str, at: datetime
) -> bool:
    """Whether a member who is signed in is still who they say, before a grave act.

    Its failures are counted by themselves: a stolen session guesses ten passwords and no more.

    :raises Unavailable: ``busy``, as :func:`prove`.
    """
    key = login_attempts.confirming_key(root_key, member_id)
    named = Member.id == member_id
    given = _Given(password, code, at)
    with passwords.MEMBERS.turn():
        free = _counted(engine, key, named, at)
        return _judged(engine, root_key, named, given, key, free=free) is not None


def _counted(engine: Engine, key: bytes, named: ColumnElement[bool], at: datetime) -> bool:
    # Apart: whoever holds the rows they forget, and then asks for one that somebody else forgets,
    # waits for somebody who waits for them.
    with housekeeping(engine) as session:
        login_attempts.forget_old(session, at)
        failures.forget_unknown(session, paris_day(at))
    with housekeeping(engine) as session:
        free = login_attempts.failed(session, key, at)
        failures.count(session, failures.account_of(session, named, key), paris_day(at))
        return free


def _judged(
    engine: Engine,
    root_key: bytes,
    named: ColumnElement[bool],
    given: _Given,
    key: bytes,
    *,
    free: bool,
) -> Member | None:
    """The member whose password and code were given; the code is used up by it."""
    with Session(engine) as session:
        # No transaction stays open while the password is worked on.
        member = session.scalar(select(Member).where(named, Member.disabled_at.is_(None)))
    if member is None:
        right = passwords.verify_nothing(given.password)
    else:
        right = passwords.matches(member.password_hash, given.password)
    typed = _typed(root_key, member, given)
    who = member if right else None
    with housekeeping(engine) as session:
        typed = typed if free else _NOT_LOOKED_AT
        if not _let_in(session, who, typed, given, key, free=free):
            return None
        login_attempts.succeeded(session, key)
        failures.take_back(session, who.id if who else _NOBODY, paris_day(given.at))
    return who


def _typed(root_key: bytes, member: Member | None, given: _Given) -> _Typed:
    secret, after = _NO_SECRET, 0
    if member is not None and member.totp_secret is not None:
        after = member.totp_step
        try:
            secret = two_factor.opened(root_key, member.id, member.totp_secret)
        except SealError:
            # A secret that does not open has no code: the recovery codes remain.
            return _NOT_LOOKED_AT
    step = two_factor.step_of(secret, given.code, given.at, 0)
    if step is None:
        return _Typed(None, is_wrong=two_factor.is_code(given.code))
    # A code that has served lets nobody in, and was no guess.
    return _Typed(step if step > after else None, is_wrong=False)


def _let_in(
    session: Session, who: Member | None, typed: _Typed, given: _Given, key: bytes, *, free: bool
) -> bool:
    """Use the code up, by statements that of several askers only one sees succeed.

    The account is looked at once more by them: a password changed or an account closed while
    argon2id was at work lets nobody in.
    """
    member_id = who.id if who else _NOBODY
    same = (
        Member.id == member_id,
        Member.disabled_at.is_(None),
        Member.password_hash == (who.password_hash if who else ""),
    )
    if who is not None and not who.has_factor:
        still = (*same, Member.totp_secret.is_(None))
        return free and session.scalar(select(Member.id).where(*still)) is not None
    # Under the row's lock, as the code itself: of a hundred codes at once, no more are looked at
    # than the budget has room for. Whether a row is written must not tell that the password was
    # right: where no code is counted, the row of the tries is written as it is.
    counted = _changed(
        session, code_budget.charge(member_id if typed.is_wrong else _NOBODY, given.at)
    )
    session.execute(login_attempts.rewritten(b"" if counted else key))
    used = update(Member).where(
        *same,
        Member.totp_secret == (who.totp_secret if who else b""),
        Member.totp_step < (typed.step or 0),
        code_budget.has_room(given.at),
    )
    if _changed(session, used.values(totp_step=typed.step or 0)):
        return True
    # A recovery code is also taken beyond the lock: it is too long to be guessed.
    stood_in = update(RecoveryCode).where(
        RecoveryCode.member_id.in_(select(Member.id).where(*same)),
        RecoveryCode.code_hash == two_factor.recovery_digest(given.code),
        RecoveryCode.used_at.is_(None),
    )
    return _changed(session, stood_in.values(used_at=given.at))


def _changed(session: Session, statement: object) -> bool:
    done = session.execute(statement, execution_options={"synchronize_session": False})  # type: ignore[call-overload]
    return bool(done.rowcount == 1)
