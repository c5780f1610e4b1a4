"""Sign-in sessions and known browsers, stored on the server, and the acts on them.

A copied cookie is worthless after sign-out, and after the member's next authentication, which gives
the session a new token. Only a digest of the token is stored, and no address or user agent.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, delete, func, select, update
from sqlalchemy.orm import Session, contains_eager

from register.accounts import sign_in_attempts, vouching
from register.accounts.models import SESSION_NAME_LENGTH, KnownBrowser, Member, SignInSession
from register.journal import Act, WriteTransaction, writing
from register.journal.service_mode import ServiceMode, read_mode
from register.text.dates import paris_day
from register.text.normalisation import one_line

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


def digest(token: str) -> bytes:
    """The stored digest of a token, whose 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).digest()


# --- rows of sessions and browsers ---------------------------------------------------------------
# Housekeeping: no line of the journal. The acts, which record one, are at the end.


def add_session(
    session: Session,
    member_id: int,
    at: datetime,
    browser_token: str = "",
    *,
    has_password: bool = True,
) -> str:
    """Open a session for an authenticated member; the token for their cookie.

    :param browser_token: of the known browser, whose name the session gets.
    :param has_password: whether the password was given; grave acts ask for it otherwise.
    """
    token = secrets.token_urlsafe(32)
    browser_name = session.scalar(
        select(KnownBrowser.name).where(*_browser(member_id, browser_token))
    )
    session.add(
        SignInSession(
            member_id=member_id,
            token_hash=digest(token),
            opened_at=at,
            seen_at=at,
            confirmed_at=at if has_password else at - CONFIRMED_FOR,
            name=browser_name or "",
        )
    )
    session.flush()
    return token


def find_session(session: Session, token: str, at: datetime) -> SignInSession | None:
    """The session of a token with its member; None when closed or too old, or they are disabled."""
    stmt = select(SignInSession).join(SignInSession.member)
    return session.scalar(
        stmt.options(contains_eager(SignInSession.member)).where(
            SignInSession.token_hash == digest(token),
            Member.disabled_at.is_(None),
            *_alive_conditions(at),
        )
    )


def is_confirmed(current: SignInSession, at: datetime) -> bool:
    """Whether password and code were given recently in a session."""
    return at < current.confirmed_at + CONFIRMED_FOR


def _alive_conditions(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (SignInSession.seen_at > at - IDLE_LIMIT, SignInSession.opened_at > at - ABSOLUTE_LIMIT)


def store_session_use(session: Session, session_id: int, at: datetime) -> None:
    """Store the last use of a session."""
    session.execute(update(SignInSession).where(SignInSession.id == session_id).values(seen_at=at))


def replace_token(session: Session, session_id: int, **columns: datetime) -> str:
    """Replace the token of a session, and other columns if any; the new token."""
    token = secrets.token_urlsafe(32)
    stmt = update(SignInSession).where(SignInSession.id == session_id)
    session.execute(stmt.values(token_hash=digest(token), **columns))
    return token


def name_session(
    session: Session, member_id: int, session_id: int, name: str, browser_token: str = ""
) -> bool:
    """Give a session of a member a name, empty for none; whether there is such a session.

    :param browser_token: of the known browser of this session, for the next sign-ins.
    """
    name = one_line(name)[:SESSION_NAME_LENGTH]
    stmt = update(SignInSession).where(
        SignInSession.id == session_id, SignInSession.member_id == member_id
    )
    row = session.execute(stmt.values(name=name).returning(SignInSession.id)).first()
    session.execute(
        update(KnownBrowser).where(*_browser(member_id, browser_token)).values(name=name)
    )
    return row is not None


def _browser(member_id: int, browser_token: str) -> tuple[ColumnElement[bool], ...]:
    return (KnownBrowser.member_id == member_id, KnownBrowser.token_hash == digest(browser_token))


def list_sessions(session: Session, member_id: int, at: datetime) -> Sequence[SignInSession]:
    """The open sessions of a member, last used first."""
    return session.scalars(
        select(SignInSession)
        .where(SignInSession.member_id == member_id, *_alive_conditions(at))
        .order_by(SignInSession.seen_at.desc(), SignInSession.id.desc())
    ).all()


def delete_sessions(session: Session, member_id: int, except_session: int | None = None) -> None:
    """Close the sessions of a member, except one."""
    session.execute(
        delete(SignInSession).where(
            SignInSession.member_id == member_id, SignInSession.id != (except_session or 0)
        )
    )


def delete_all(session: Session) -> None:
    """Close the sessions of all members and forget their browsers, as after a restore."""
    for table in (SignInSession, KnownBrowser):
        session.execute(delete(table))


def find_browser(session: Session, email: str, token: str, at: datetime) -> int | None:
    """The id of the known browser with a token, for the account of an address."""
    return session.scalar(
        select(KnownBrowser.id)
        .join(Member, Member.id == KnownBrowser.member_id)
        .where(
            Member.email == sign_in_attempts.fold_email(email),
            KnownBrowser.token_hash == digest(token),
            KnownBrowser.used_at > at - LIFETIME,
        )
    )


def add_browser(session: Session, member_id: int, at: datetime) -> str:
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
    delete_browsers(session, member_id, KnownBrowser.id.not_in(newest))
    return token


def store_browser(
    session: Session, member_id: int, browser_id: int | None, browser_token: str, at: datetime
) -> str:
    """Store that a member signed in with a browser; its token, new for an unknown one."""
    if browser_id is None:
        return add_browser(session, member_id, at)
    session.execute(
        update(KnownBrowser)
        .where(KnownBrowser.id == browser_id)
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )
    return browser_token


def count_browsers(session: Session, member_id: int, at: datetime) -> int:
    """Number of known browsers of an account."""
    stmt = select(func.count()).where(
        KnownBrowser.member_id == member_id, KnownBrowser.used_at > at - LIFETIME
    )
    return session.scalar(stmt) or 0


def delete_browsers(session: Session, member_id: int, *conditions: ColumnElement[bool]) -> None:
    """Delete the known browsers of an account, all or those that fulfil some conditions."""
    session.execute(
        delete(KnownBrowser)
        .where(KnownBrowser.member_id == member_id, *conditions)
        .execution_options(synchronize_session=False)
    )


# --- acts ---------------------------------------------------------------------------------------
# Lines name an account, but no address or user agent. Strangers cannot write lines: failures are
# counted (:mod:`register.accounts.sign_in_attempts`) and get one line per account and day.

# An attempt that began before midnight may be counted after it: a day is finished this much later.
_MARGIN = timedelta(minutes=10)


def sign_in(
    tx: WriteTransaction, member_id: int, browser_token: str = "", *, has_password: bool = True
) -> str:
    """Open a session for an authenticated member; the token for their cookie.

    The parameters are those of :func:`add_session`.

    :raises Refused: a member who may not act any more.
    """
    vouching.load_acting_member(tx, member_id)
    tx.session.execute(delete(SignInSession).where(~and_(*_alive_conditions(tx.at))))
    token = add_session(tx.session, member_id, tx.at, browser_token, has_password=has_password)
    tx.record(Act.SIGNED_IN, by=member_id, details={"member": member_id})
    _record_failure_lines(tx)
    return token


def end_sessions(
    tx: WriteTransaction,
    member_id: int,
    *,
    by: int | None,
    only_session: int | None = None,
    except_session: int | None = None,
) -> int:
    """Close the open sessions of a member: all, one, or all but one; the number closed.

    :param by: the member, an administrator, or None from the console.
    :raises Refused: ``by`` may not.
    """
    if by != member_id:
        vouching.require_administrator(tx, by)
    ended = [
        each.id
        for each in list_sessions(tx.session, member_id, tx.at)
        if only_session in (None, each.id) and each.id != except_session
    ]
    if ended:
        tx.session.execute(delete(SignInSession).where(SignInSession.id.in_(ended)))
        details = {"member": member_id, "count": len(ended)}
        tx.record(Act.SESSIONS_ENDED, by=by, details=details)
    return len(ended)


def forget_browsers(tx: WriteTransaction, member_id: int) -> None:
    """Forget all known browsers of a member.

    :raises Refused: a member who may not act any more.
    """
    vouching.load_acting_member(tx, member_id)
    browser_count = count_browsers(tx.session, member_id, tx.at)
    delete_browsers(tx.session, member_id)
    details = {"member": member_id, "count": browser_count}
    tx.record(Act.BROWSERS_FORGOTTEN, by=member_id, details=details)


def change_mode(tx: WriteTransaction, mode: ServiceMode) -> bool:
    """Close the register to forms, or open it again; whether it was in another mode.

    A lockdown closes the sessions of all members. Their browsers stay known: they give no access.
    """
    if read_mode(tx.session).mode is mode:
        return False
    if mode is ServiceMode.LOCKDOWN:
        tx.session.execute(delete(SignInSession))
    tx.record(Act.MODE_CHANGED, by=None, details={"mode": mode.value})
    return True


def write_failure_lines(engine: Engine, at: datetime) -> None:
    """Write the lines of failed sign-ins of finished days, if there are any."""
    with Session(engine) as session:
        if not sign_in_attempts.finished_counters(session, _first_open_day(at)):
            return
    with writing(engine, at) as tx:
        _record_failure_lines(tx)


def _record_failure_lines(tx: WriteTransaction) -> None:
    for counter in sign_in_attempts.finished_counters(tx.session, _first_open_day(tx.at)):
        details = {
            "member": counter.account,
            "day": counter.day.isoformat(),
            "count": counter.count,
        }
        tx.record(Act.SIGN_INS_FAILED, by=None, details=details)
        tx.session.delete(counter)


def _first_open_day(at: datetime) -> date:
    """The first day that is not finished."""
    return paris_day(at - _MARGIN)
