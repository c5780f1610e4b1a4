"""Browsers that an account knows: rows that can be revoked, named by a random token in a cookie.

Failures of strangers lock the member out of no browser that is known (:mod:`.tries`). Only a digest
of the token is kept: neither an old copy of the database nor any key makes one.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from register.accounts.login_attempts import fold_email
from register.accounts.models import KnownBrowser, Member
from register.accounts.sessions import digest

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
