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
    """An authenticated member, and the token of the known browser for its long-lived cookie."""

    member_id: int
    browser_token: str


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
    is_member = Member.email == sign_in_attempts.fold_email(email)
    attempt = _Attempt(engine, root_key, is_member, key, at, password, code)
    with (passwords.MEMBERS if browser_id else passwords.STRANGERS).turn():
        verified = attempt.verify()
    if verified is None:
        return None
    with housekeeping(engine) as session:
        browser_token = sessions.store_browser(session, verified.id, browser_id, browser_token, at)
    return VerifiedMember(verified.id, browser_token)


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
        member_id = use.member_id
        browser_token = sessions.store_browser(session, member_id, browser_id, browser_token, at)
    return VerifiedMember(member_id, browser_token)


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
    is_member = Member.id == member_id
    attempt = _Attempt(engine, root_key, is_member, key, at, password, code, answer)
    with passwords.MEMBERS.turn():
        return attempt.verify() is not None


def verify_code(engine: Engine, root_key: bytes, member_id: int, code: str, at: datetime) -> bool:
    """Verify and consume the code of a member who has a link instead of a password.

    Failures are counted, as those of :func:`reauthenticate`. True for a member who has no second
    factor yet.
    """
    key = sign_in_attempts.reauthentication_key(root_key, member_id)
    attempt = _Attempt(engine, root_key, Member.id == member_id, key, at, password=None, code=code)
    return attempt.verify() is not None


@dataclass(frozen=True)
class _Attempt:
    """One attempt to authenticate a member.

    :param is_member: the condition on the member that it is about.
    :param key: of the row that counts its failures.
    :param password: None when a link takes its place: the code alone is verified.
    :param answer: of a passkey, in the place of the code.
    """

    engine: Engine
    root_key: bytes
    is_member: ColumnElement[bool]
    key: bytes
    at: datetime
    password: str | None
    code: str
    answer: Answer | None = None

    def verify(self) -> Member | None:
        """The member with these credentials, or None.

        A failure is counted before the password is verified, so that tries at the same moment
        cannot pass the lock, and taken back on success; a valid code is consumed.
        """
        is_unlocked = self._count()
        with Session(self.engine) as session:
            # No transaction stays open during the slow verification of the password.
            is_active = Member.disabled_at.is_(None)
            member = session.scalar(select(Member).where(self.is_member, is_active))
        if member is None:
            is_right = passwords.verify_nothing(self.password or "")
        elif self.password is None:
            is_right = True
        else:
            is_right = passwords.matches(member.password_hash, self.password)
        code_check, use = self._check_code(member), None
        if self.answer is not None and member is not None:
            use = _verify_passkey(self.engine, self.root_key, self.answer, self.at, member.id)
        verified = member if is_right else None
        with housekeeping(self.engine) as session:
            code_check = code_check if is_unlocked else _NOT_CHECKED
            if not self._consume(session, verified, code_check, use, is_unlocked=is_unlocked):
                return None
            sign_in_attempts.clear_failures(session, self.key)
            sign_in_attempts.uncount_failure(
                session, verified.id if verified else _NO_MEMBER, paris_day(self.at)
            )
        return verified

    def _count(self) -> bool:
        """Count a failure before the verification; whether the attempt may be evaluated."""
        day = paris_day(self.at)
        # Two transactions, because deleting rows and then locking one that another request deletes
        # could cause a deadlock.
        with housekeeping(self.engine) as session:
            sign_in_attempts.forget_old(session, self.at)
            sign_in_attempts.delete_unneeded(session, day)
        with housekeeping(self.engine) as session:
            is_unlocked = sign_in_attempts.record_failure(session, self.key, self.at)
            sign_in_attempts.count_failure(session, self.is_member, self.key, day)
            return is_unlocked

    def _check_code(self, member: Member | None) -> _CodeCheck:
        secret, last_step = _DUMMY_SECRET, 0
        if member is not None and member.totp_secret is not None:
            last_step = member.totp_step
            try:
                secret = two_factor.open_secret(self.root_key, member.id, member.totp_secret)
            except SealError:
                # A secret that cannot be decrypted has no codes: recovery codes remain.
                return _NOT_CHECKED
        step = two_factor.step_of(secret, self.code, self.at)
        if step is None:
            return _CodeCheck(None, is_wrong=two_factor.is_code(self.code))
        # A code that was used before is not valid, but is no guess either.
        return _CodeCheck(step if step > last_step else None, is_wrong=False)

    def _consume(
        self,
        session: Session,
        verified: Member | None,
        code_check: _CodeCheck,
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
            no_factor_yet = select(Member.id).where(*unchanged, Member.totp_secret.is_(None))
            return is_unlocked and session.scalar(no_factor_yet) is not None
        if use is not None:
            # Not during a lock: with a passkey at hand, only the password would have to be guessed.
            return is_unlocked and passkeys.store_use(session, use, self.at, *unchanged)
        # Under the row's lock, like the code itself: of a hundred codes sent at once, no more are
        # evaluated than the budget allows. A write must not reveal that the password was right:
        # when no code is counted, the row of the attempts is rewritten unchanged.
        charged_id = member_id if code_check.is_wrong else _NO_MEMBER
        is_counted = _updates_one_row(session, sign_in_attempts.charge_stmt(charged_id, self.at))
        session.execute(sign_in_attempts.rewrite_stmt(b"" if is_counted else self.key))
        consume_totp = update(Member).where(
            *unchanged,
            Member.totp_secret == (verified.totp_secret if verified else b""),
            Member.totp_step < (code_check.step or 0),
            sign_in_attempts.has_room(self.at),
        )
        if _updates_one_row(session, consume_totp.values(totp_step=code_check.step or 0)):
            return True
        # A recovery code is accepted during a lock too: it is too long to be guessed.
        consume_recovery = update(RecoveryCode).where(
            RecoveryCode.member_id.in_(select(Member.id).where(*unchanged)),
            RecoveryCode.code_hash == two_factor.recovery_digest(self.code),
            RecoveryCode.used_at.is_(None),
        )
        return _updates_one_row(session, consume_recovery.values(used_at=self.at))


def _updates_one_row(session: Session, stmt: object) -> bool:
    outcome = session.execute(stmt, execution_options={"synchronize_session": False})  # type: ignore[call-overload]
    return bool(outcome.rowcount == 1)
