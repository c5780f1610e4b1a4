"""Authentication by password and code, with the same work for every outcome, or by a passkey.

An unknown address, a wrong password, a wrong or used code, too many attempts and a disabled account
have the same answer after the same work: one count, one argon2id verification, one check of the
code, one statement that would consume it. Any difference would reveal who is a member. A passkey
needs none of that: nobody guesses one, and what is asked for it names no account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, select, update
from sqlalchemy.orm import Session

from register.accounts import (
    passkey_ceremonies,
    passkeys,
    passwords,
    sessions,
    sign_in_attempts,
    two_factor,
)
from register.accounts.models import Member, RecoveryCode
from register.accounts.passkey_ceremonies import Answer
from register.accounts.passkeys import PasskeyUse
from register.db import housekeeping
from register.errors import Refused, SealError
from register.text.dates import paris_day

# The secret against which the code is checked when there is no member or second factor.
_DUMMY_SECRET = "A" * 32
_NO_MEMBER = 0


@dataclass(frozen=True)
class VerifiedMember:
    """An authenticated member."""

    member_id: int
    needs_factor: bool
    """Whether the member must set up the second factor before anything else."""
    browser_token: str
    """The token of the known browser, for its long-lived cookie."""


@dataclass(frozen=True)
class _Credentials:
    # None when a link takes its place: the code alone is verified.
    password: str | None
    code: str
    at: datetime
    # Of a passkey, in the place of the code.
    answer: Answer | None = None


@dataclass(frozen=True)
class _CodeCheck:
    """The result of a check: the time step for which a code is valid, or a wrong code."""

    step: int | None
    is_wrong: bool


_NOT_CHECKED = _CodeCheck(None, is_wrong=False)


def authenticate(
    engine: Engine,
    root_key: bytes,
    *,
    email: str,
    password: str,
    code: str,
    browser_token: str,
    at: datetime,
    require_factor: bool,
) -> VerifiedMember | None:
    """Verify the credentials of a sign-in; None when they are wrong or locked.

    :param code: of the application, or a recovery code; ignored for a member who has no second
        factor yet.
    :param browser_token: from the browser's cookie, or empty.
    :param at: the current time, which also determines the valid codes.
    :raises Unavailable: ``busy``; nothing was verified or counted.
    """
    with Session(engine) as session:
        browser_id = sessions.find_browser(session, email, browser_token, at)
    key = sign_in_attempts.sign_in_key(root_key, email, browser_id)
    member_filter = Member.email == sign_in_attempts.fold_email(email)
    with (passwords.MEMBERS if browser_id else passwords.STRANGERS).turn():
        verified = _verify(engine, root_key, member_filter, _Credentials(password, code, at), key)
    if verified is None:
        return None
    with housekeeping(engine) as session:
        browser_token = _store_browser(session, verified.id, browser_id, browser_token, at)
    return VerifiedMember(verified.id, require_factor and not verified.has_factor, browser_token)


def authenticate_by_passkey(
    engine: Engine, root_key: bytes, answer: Answer, *, browser_token: str, at: datetime
) -> VerifiedMember:
    """Verify a sign-in by a passkey alone, whose authenticator verified the user.

    A lock of the address does not apply, as for recovery codes.

    :param browser_token: from the browser's cookie, or empty.
    :raises Refused: as :func:`register.accounts.passkey_ceremonies.verify_use`.
    """
    use = _verify_passkey(engine, root_key, answer, at)
    with housekeeping(engine) as session:
        if not passkeys.store_use(session, use, at, Member.disabled_at.is_(None)):
            raise Refused("passkey_expired")
        email = session.get_one(Member, use.member_id).email
        browser_id = sessions.find_browser(session, email, browser_token, at)
        browser_token = _store_browser(session, use.member_id, browser_id, browser_token, at)
    # Whoever has a passkey has set up the second factor.
    return VerifiedMember(use.member_id, needs_factor=False, browser_token=browser_token)


def _store_browser(
    session: Session, member_id: int, browser_id: int | None, browser_token: str, at: datetime
) -> str:
    """Store that a member signed in with a browser; its token, new for an unknown one."""
    if browser_id is None:
        return sessions.add_browser(session, member_id, at)
    sessions.store_browser_use(session, browser_id, at)
    return browser_token


def _verify_passkey(
    engine: Engine, root_key: bytes, answer: Answer, at: datetime, member_id: int | None = None
) -> PasskeyUse:
    with Session(engine) as session:
        use = passkey_ceremonies.verify_use(session, root_key, answer, at, member_id)
    if use.is_copy:
        with housekeeping(engine) as session:
            passkeys.store_copy(session, use, at)
            key = sign_in_attempts.reauthentication_key(root_key, use.member_id)
            is_owner = Member.id == use.member_id
            sign_in_attempts.count_failure(session, is_owner, key, paris_day(at))
        raise Refused("passkey_copied")
    return use


def reauthenticate(
    engine: Engine,
    root_key: bytes,
    member_id: int,
    password: str,
    code: str,
    at: datetime,
    answer: Answer | None = None,
) -> bool:
    """Verify password and code of a signed-in member again, before a grave act.

    Failures are counted separately: a stolen session can guess ten passwords and no more.

    :param answer: of one of the member's passkeys, in the place of the code.
    :raises Unavailable: ``busy``, as :func:`authenticate`.
    :raises Refused: the passkey is, as :func:`authenticate_by_passkey`.
    """
    key = sign_in_attempts.reauthentication_key(root_key, member_id)
    member_filter = Member.id == member_id
    credentials = _Credentials(password, code, at, answer)
    with passwords.MEMBERS.turn():
        return _verify(engine, root_key, member_filter, credentials, key) is not None


def verify_code(engine: Engine, root_key: bytes, member_id: int, code: str, at: datetime) -> bool:
    """Verify and consume the code of a member who has a link instead of a password.

    Failures are counted, as those of :func:`reauthenticate`. True for a member who has no second
    factor yet.
    """
    key = sign_in_attempts.reauthentication_key(root_key, member_id)
    credentials = _Credentials(None, code, at)
    return _verify(engine, root_key, Member.id == member_id, credentials, key) is not None


def _count_attempt(
    engine: Engine, key: bytes, member_filter: ColumnElement[bool], at: datetime
) -> bool:
    """Count a failure before the verification; whether the attempt may be evaluated."""
    # Two transactions, because deleting rows and then locking one that another request deletes
    # could cause a deadlock.
    with housekeeping(engine) as session:
        sign_in_attempts.forget_old(session, at)
        sign_in_attempts.delete_unneeded(session, paris_day(at))
    with housekeeping(engine) as session:
        is_unlocked = sign_in_attempts.record_failure(session, key, at)
        sign_in_attempts.count_failure(session, member_filter, key, paris_day(at))
        return is_unlocked


def _verify(
    engine: Engine,
    root_key: bytes,
    member_filter: ColumnElement[bool],
    credentials: _Credentials,
    key: bytes,
) -> Member | None:
    """The member with these credentials, or None.

    A failure is counted before the password is verified, so that tries at the same moment cannot
    pass the lock, and taken back on success; a valid code is consumed.
    """
    is_unlocked = _count_attempt(engine, key, member_filter, credentials.at)
    with Session(engine) as session:
        # No transaction stays open during the slow verification of the password.
        member = session.scalar(select(Member).where(member_filter, Member.disabled_at.is_(None)))
    if member is None:
        is_right = passwords.verify_nothing(credentials.password or "")
    elif credentials.password is None:
        is_right = True
    else:
        is_right = passwords.matches(member.password_hash, credentials.password)
    code_check, use = _check_code(root_key, member, credentials), None
    if credentials.answer is not None and member is not None:
        use = _verify_passkey(engine, root_key, credentials.answer, credentials.at, member.id)
    verified = member if is_right else None
    with housekeeping(engine) as session:
        code_check = code_check if is_unlocked else _NOT_CHECKED
        if not _consume_code(
            session, verified, code_check, credentials, key, use, is_unlocked=is_unlocked
        ):
            return None
        sign_in_attempts.clear_failures(session, key)
        sign_in_attempts.uncount_failure(
            session, verified.id if verified else _NO_MEMBER, paris_day(credentials.at)
        )
    return verified


def _check_code(root_key: bytes, member: Member | None, credentials: _Credentials) -> _CodeCheck:
    secret, last_step = _DUMMY_SECRET, 0
    if member is not None and member.totp_secret is not None:
        last_step = member.totp_step
        try:
            secret = two_factor.open_secret(root_key, member.id, member.totp_secret)
        except SealError:
            # A secret that cannot be decrypted has no codes: recovery codes remain.
            return _NOT_CHECKED
    step = two_factor.step_of(secret, credentials.code, credentials.at)
    if step is None:
        return _CodeCheck(None, is_wrong=two_factor.is_code(credentials.code))
    # A code that was used before is not valid, but is no guess either.
    return _CodeCheck(step if step > last_step else None, is_wrong=False)


def _consume_code(
    session: Session,
    verified: Member | None,
    code_check: _CodeCheck,
    credentials: _Credentials,
    key: bytes,
    use: PasskeyUse | None,
    *,
    is_unlocked: bool,
) -> bool:
    """Consume the code, or a passkey's answer, by conditional updates: one of several succeeds.

    They check the account again: its password may have changed, or it may have been disabled,
    during the verification.
    """
    member_id = verified.id if verified else _NO_MEMBER
    unchanged = (
        Member.id == member_id,
        Member.disabled_at.is_(None),
        Member.password_hash == (verified.password_hash if verified else ""),
    )
    if verified is not None and not verified.has_factor:
        no_factor_yet = (*unchanged, Member.totp_secret.is_(None))
        return is_unlocked and session.scalar(select(Member.id).where(*no_factor_yet)) is not None
    if use is not None:
        # Not during a lock: with a passkey at hand, the password would be all there is to guess.
        return is_unlocked and passkeys.store_use(session, use, credentials.at, *unchanged)
    # Under the row's lock, like the code itself: of a hundred codes sent at once, no more are
    # evaluated than the budget allows. A write must not reveal that the password was right: when
    # no code is counted, the row of the attempts is rewritten unchanged.
    is_counted = _updates_one_row(
        session,
        sign_in_attempts.charge_stmt(
            member_id if code_check.is_wrong else _NO_MEMBER, credentials.at
        ),
    )
    session.execute(sign_in_attempts.rewrite_stmt(b"" if is_counted else key))
    consume_totp = update(Member).where(
        *unchanged,
        Member.totp_secret == (verified.totp_secret if verified else b""),
        Member.totp_step < (code_check.step or 0),
        sign_in_attempts.has_room(credentials.at),
    )
    if _updates_one_row(session, consume_totp.values(totp_step=code_check.step or 0)):
        return True
    # A recovery code is accepted during a lock too: it is too long to be guessed.
    consume_recovery = update(RecoveryCode).where(
        RecoveryCode.member_id.in_(select(Member.id).where(*unchanged)),
        RecoveryCode.code_hash == two_factor.recovery_digest(credentials.code),
        RecoveryCode.used_at.is_(None),
    )
    return _updates_one_row(session, consume_recovery.values(used_at=credentials.at))


def _updates_one_row(session: Session, stmt: object) -> bool:
    outcome = session.execute(stmt, execution_options={"synchronize_session": False})  # type: ignore[call-overload]
    return bool(outcome.rowcount == 1)
