"""Sign-in sessions, kept on the server: a cookie copied before sign-out opens nothing after it.

Nor does one that was copied before its member last proved who they are: each proof gives the
session another token. The journal says that a session was opened or closed, and not from which
browser. Only a digest of the token is kept, and no address or user agent.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from register.accounts.login_attempts import fold_email
from register.accounts.models import KnownBrowser, Member, SignInSession

# An hour without a page, half a day in all: a browser left open at a council table closes itself.
IDLE_LIMIT = timedelta(hours=1)
ABSOLUTE_LIMIT = timedelta(hours=12)
# How long password and code, once given, stand for grave acts.
CONFIRMED_FOR = timedelta(minutes=10)
# A page a second must not be a write a second.
TOUCH_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True)
class SignedIn:
    """Who is signed in, in which session, and until when they have confirmed who they are."""

    member: Member
    session_id: int
    confirmed_until: datetime

    def is_confirmed(self, at: datetime) -> bool:
        """Whether password and code were given a moment ago."""
        return at < self.confirmed_until


def digest(token: str) -> bytes:
    """What is kept of a token: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def open_session(session: Session, member_id: int, at: datetime) -> str:
    """Open a session for a member who just proved who they are; the token for their cookie."""
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
    """Whose session a token opens now; None when it is closed, too old, or its member disabled."""
    row = session.execute(
        select(SignInSession, Member)
        .join(Member, Member.id == SignInSession.member_id)
        .where(SignInSession.token_hash == digest(token), *_alive_conditions(at))
    ).first()
    if row is None or not row.Member.is_active:
        return None
    sign_in_session = row.SignInSession
    return SignedIn(row.Member, sign_in_session.id, sign_in_session.confirmed_at + CONFIRMED_FOR)


def _alive_conditions(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        SignInSession.seen_at > at - IDLE_LIMIT,
        SignInSession.opened_at > at - ABSOLUTE_LIMIT,
    )


def needs_touch(session: Session, signed_in: SignedIn, at: datetime) -> bool:
    """Whether the session's last use was noted long enough ago to be noted again."""
    seen = session.scalar(
        select(SignInSession.seen_at).where(SignInSession.id == signed_in.session_id)
    )
    return seen is not None and at - seen >= TOUCH_INTERVAL


def touch(session: Session, session_id: int, at: datetime) -> None:
    """Note that a session is in use."""
    session.execute(update(SignInSession).where(SignInSession.id == session_id).values(seen_at=at))


def confirm(session: Session, session_id: int, at: datetime) -> str:
    """Note that password and code were given again; the session's new token."""
    session.execute(
        update(SignInSession).where(SignInSession.id == session_id).values(confirmed_at=at)
    )
    return renew(session, session_id)


def renew(session: Session, session_id: int) -> str:
    """Give a session another token; the one before it opens nothing any more."""
    token = secrets.token_urlsafe(32)
    session.execute(
        update(SignInSession).where(SignInSession.id == session_id).values(token_hash=digest(token))
    )
    return token


def of_member(session: Session, member_id: int, at: datetime) -> Sequence[SignInSession]:
    """A member's open sessions, the last used first."""
    return session.scalars(
        select(SignInSession)
        .where(SignInSession.member_id == member_id, *_alive_conditions(at))
        .order_by(SignInSession.seen_at.desc(), SignInSession.id.desc())
    ).all()


def close_all(session: Session, member_id: int, except_session: int | None = None) -> None:
    """Close a member's sessions, but for the one they are in."""
    session.execute(
        delete(SignInSession).where(
            SignInSession.member_id == member_id, SignInSession.id != (except_session or 0)
        )
    )


def forget_old(session: Session, at: datetime) -> None:
    """Delete what no token opens any more."""
    session.execute(
        delete(SignInSession).where(
            (SignInSession.seen_at <= at - IDLE_LIMIT)
            | (SignInSession.opened_at <= at - ABSOLUTE_LIMIT)
        )
    )


# As long as the cookie lasts: a browser that nobody signs in with for a year is a new one.
LIFETIME = timedelta(days=365)
# Of one account, the last used. Whoever signs in from private windows makes one each time.
MAX_BROWSERS = 30


def find_browser(session: Session, email: str, token: str, at: datetime) -> int | None:
    """The browser with this token, where the account of an address knows it."""
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
    """Know one browser more; the token for its cookie."""
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
    """Note that a browser was signed in with."""
    session.execute(
        update(KnownBrowser)
        .where(KnownBrowser.id == browser_id)
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )


def count_browsers(session: Session, member_id: int, at: datetime) -> int:
    """How many browsers an account knows."""
    stmt = select(func.count()).where(
        KnownBrowser.member_id == member_id, KnownBrowser.used_at > at - LIFETIME
    )
    return session.scalar(stmt) or 0


def forget_all(session: Session, member_id: int) -> None:
    """Know no browser any more."""
    _delete(session, member_id)


def _delete(session: Session, member_id: int, *conditions: ColumnElement[bool]) -> None:
    session.execute(
        delete(KnownBrowser)
        .where(KnownBrowser.member_id == member_id, *conditions)
        .execution_options(synchronize_session=False)
    )
