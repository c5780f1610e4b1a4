"""Sign-in sessions and known browsers, stored on the server.

A copied cookie is worthless after sign-out, and after the member's next authentication, which gives
the session a new token. Only a digest of the token is stored, and no address or user agent.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from register.accounts.models import KnownBrowser, Member, SignInSession
from register.accounts.sign_in_attempts import fold_email

# For browsers that are left open: an hour without a page, half a day in all.
IDLE_LIMIT = timedelta(hours=1)
ABSOLUTE_LIMIT = timedelta(hours=12)
# How long password and code, once given, are valid for grave acts.
CONFIRMED_FOR = timedelta(minutes=10)
# Minimum time between two writes of a session's last use.
TOUCH_INTERVAL = timedelta(minutes=1)
# Lifetime of a known browser, the same as that of its cookie.
LIFETIME = timedelta(days=365)
# Known browsers of one account, the last used. Private windows add one at each sign-in.
MAX_BROWSERS = 30


@dataclass(frozen=True)
class SignedIn:
    """A signed-in member, their session, and the expiry of their last confirmation."""

    member: Member
    session_id: int
    confirmed_until: datetime

    def is_confirmed(self, at: datetime) -> bool:
        """Whether password and code were given recently."""
        return at < self.confirmed_until


def digest(token: str) -> bytes:
    """The stored digest of a token, whose 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def open_session(session: Session, member_id: int, at: datetime) -> str:
    """Open a session for an authenticated member; the token for their cookie."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignInSession(
            member_id=member_id,
            token_hash=digest(token),
            opened_at=at,
            seen_at=at,
            confirmed_at=at,
        )
    )
    session.flush()
    return token


def find_session(session: Session, token: str, at: datetime) -> SignedIn | None:
    """The session of a token; None when it is closed or too old, or its member disabled."""
    session_row = session.execute(
        select(SignInSession, Member)
        .join(Member, Member.id == SignInSession.member_id)
        .where(SignInSession.token_hash == digest(token), *_alive_conditions(at))
    ).first()
    if session_row is None or not session_row.Member.is_active:
        return None
    sign_in_session = session_row.SignInSession
    return SignedIn(
        session_row.Member, sign_in_session.id, sign_in_session.confirmed_at + CONFIRMED_FOR
    )


def _alive_conditions(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        SignInSession.seen_at > at - IDLE_LIMIT,
        SignInSession.opened_at > at - ABSOLUTE_LIMIT,
    )


def needs_touch(session: Session, signed_in: SignedIn, at: datetime) -> bool:
    """Whether the stored last use of a session is old enough to be updated."""
    seen = session.scalar(
        select(SignInSession.seen_at).where(SignInSession.id == signed_in.session_id)
    )
    return seen is not None and at - seen >= TOUCH_INTERVAL


def touch(session: Session, session_id: int, at: datetime) -> None:
    """Store the last use of a session."""
    session.execute(update(SignInSession).where(SignInSession.id == session_id).values(seen_at=at))


def confirm(session: Session, session_id: int, at: datetime) -> str:
    """Store that password and code were given again; the session's new token."""
    session.execute(
        update(SignInSession).where(SignInSession.id == session_id).values(confirmed_at=at)
    )
    return renew(session, session_id)


def renew(session: Session, session_id: int) -> str:
    """Replace the token of a session; the new token."""
    token = secrets.token_urlsafe(32)
    session.execute(
        update(SignInSession).where(SignInSession.id == session_id).values(token_hash=digest(token))
    )
    return token


def of_member(session: Session, member_id: int, at: datetime) -> Sequence[SignInSession]:
    """The open sessions of a member, last used first."""
    return session.scalars(
        select(SignInSession)
        .where(SignInSession.member_id == member_id, *_alive_conditions(at))
        .order_by(SignInSession.seen_at.desc(), SignInSession.id.desc())
    ).all()


def close_all(session: Session, member_id: int, except_session: int | None = None) -> None:
    """Close the sessions of a member, except one."""
    session.execute(
        delete(SignInSession).where(
            SignInSession.member_id == member_id, SignInSession.id != (except_session or 0)
        )
    )


def forget_old(session: Session, at: datetime) -> None:
    """Delete expired sessions."""
    session.execute(
        delete(SignInSession).where(
            (SignInSession.seen_at <= at - IDLE_LIMIT)
            | (SignInSession.opened_at <= at - ABSOLUTE_LIMIT)
        )
    )


def find_browser(session: Session, email: str, token: str, at: datetime) -> int | None:
    """The id of the known browser with a token, for the account of an address."""
    return session.scalar(
        select(KnownBrowser.id)
        .join(Member, Member.id == KnownBrowser.member_id)
        .where(
            Member.email == fold_email(email),
            KnownBrowser.token_hash == digest(token),
            KnownBrowser.used_at > at - LIFETIME,
        )
    )


def remember(session: Session, member_id: int, at: datetime) -> str:
    """Add a known browser; the token for its cookie."""
    token = secrets.token_urlsafe(32)
    session.add(
        KnownBrowser(member_id=member_id, token_hash=digest(token), created_at=at, used_at=at)
    )
    session.flush()
    newest = (
        select(KnownBrowser.id)
        .where(KnownBrowser.member_id == member_id)
        .order_by(KnownBrowser.used_at.desc(), KnownBrowser.id.desc())
        .limit(MAX_BROWSERS)
    )
    newest_ids = set(session.scalars(newest))
    _delete(session, member_id, KnownBrowser.id.not_in(newest_ids))
    return token


def mark_used(session: Session, browser_id: int, at: datetime) -> None:
    """Store the last use of a browser."""
    session.execute(
        update(KnownBrowser)
        .where(KnownBrowser.id == browser_id)
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )


def count_browsers(session: Session, member_id: int, at: datetime) -> int:
    """Number of known browsers of an account."""
    stmt = select(func.count()).where(
        KnownBrowser.member_id == member_id, KnownBrowser.used_at > at - LIFETIME
    )
    return session.scalar(stmt) or 0


def forget_all(session: Session, member_id: int) -> None:
    """Delete all known browsers of an account."""
    _delete(session, member_id)


def _delete(session: Session, member_id: int, *conditions: ColumnElement[bool]) -> None:
    session.execute(
        delete(KnownBrowser)
        .where(KnownBrowser.member_id == member_id, *conditions)
        .execution_options(synchronize_session=False)
    )
