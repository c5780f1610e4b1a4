"""Acts on sessions: sign-in, end of sessions, forgetting of browsers, lines of failed sign-ins.

Lines name an account, but no address or user agent. Strangers cannot write lines: failures are
counted (:mod:`register.accounts.sign_in_attempts`) and get one line per account and day.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from register.accounts import acts as accounts
from register.accounts import sessions, sign_in_attempts
from register.accounts.models import SignInSession
from register.journal import Act, WriteTransaction, writing
from register.text.dates import paris_day

# An attempt that began before midnight may be counted after it: a day is finished this much later.
_MARGIN = timedelta(minutes=10)


def sign_in(tx: WriteTransaction, member_id: int) -> str:
    """Open a session for an authenticated member; the token for their cookie.

    :raises Refused: a member who may not act any more.
    """
    accounts.load_acting_member(tx, member_id)
    sessions.forget_old(tx.session, tx.at)
    token = sessions.open_session(tx.session, member_id, tx.at)
    tx.record(Act.SIGNED_IN, by=member_id, details={"member": member_id})
    _write_failure_lines(tx)
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
        accounts.require_administrator(tx, by)
    ended = [
        sign_in_session.id
        for sign_in_session in sessions.of_member(tx.session, member_id, tx.at)
        if only_session in (None, sign_in_session.id) and sign_in_session.id != except_session
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
    accounts.load_acting_member(tx, member_id)
    browser_count = sessions.count_browsers(tx.session, member_id, tx.at)
    sessions.forget_all(tx.session, member_id)
    details = {"member": member_id, "count": browser_count}
    tx.record(Act.BROWSERS_FORGOTTEN, by=member_id, details=details)


def write_failure_lines(engine: Engine, at: datetime) -> None:
    """Write the lines of failed sign-ins of finished days, if there are any."""
    with Session(engine) as session:
        if not sign_in_attempts.finished_counters(session, _first_open_day(at)):
            return
    with writing(engine, at) as tx:
        _write_failure_lines(tx)


def _write_failure_lines(tx: WriteTransaction) -> None:
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
