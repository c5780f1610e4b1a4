"""Sign-ins, ends of sessions and failed sign-ins, as lines of the desk's ledger.

Lines name an account and nothing of the browser: no address, no user agent. A stranger writes
none: failures are counters (:mod:`register.accounts.failures`), one line an account and day.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from register.accounts import acts as accounts
from register.accounts import browsers, failures, sessions
from register.accounts.models import SignInSession
from register.journal import Act, Pen, writing
from register.text.dates import paris_day

# A try that began before midnight may be counted after it; its day is over when none can be.
_MARGIN = timedelta(minutes=10)


def sign_in(pen: Pen, member_id: int) -> str:
    """Open a session for a member who just proved who they are; the token for their cookie.

    :raises Refused: a member who may not act any more.
    """
    accounts.acting(pen, member_id)
    sessions.forget_old(pen.session, pen.at)
    token = sessions.opened(pen.session, member_id, pen.at)
    pen.record(Act.SIGNED_IN, by=member_id, details={"member": member_id})
    _write_failures(pen)
    return token


def end_sessions(
    pen: Pen,
    member_id: int,
    *,
    by: int | None,
    only: int | None = None,
    but: int | None = None,
) -> int:
    """Close open sessions of a member: all of them, one, or all but one; how many there were.

    :param by: the member, an administrator, or None from the console.
    :raises Refused: ``by`` may not.
    """
    if by != member_id:
        accounts.administering(pen, by)
    ended = [
        row.id
        for row in sessions.of_member(pen.session, member_id, pen.at)
        if only in (None, row.id) and row.id != but
    ]
    if ended:
        pen.session.execute(delete(SignInSession).where(SignInSession.id.in_(ended)))
        told = {"member": member_id, "count": len(ended)}
        pen.record(Act.SESSIONS_ENDED, by=by, details=told)
    return len(ended)


def forget_browsers(pen: Pen, member_id: int) -> None:
    """Know none of a member's browsers any more.

    :raises Refused: a member who may not act any more.
    """
    accounts.acting(pen, member_id)
    known = browsers.count(pen.session, member_id, pen.at)
    browsers.forget_all(pen.session, member_id)
    told = {"member": member_id, "count": known}
    pen.record(Act.BROWSERS_FORGOTTEN, by=member_id, details=told)


def write_failures(engine: Engine, at: datetime) -> None:
    """Write the lines of the failed sign-ins of days that are over, if there are any."""
    with Session(engine) as session:
        if not failures.over(session, _first_open(at)):
            return
    with writing(engine, at) as pen:
        _write_failures(pen)


def _write_failures(pen: Pen) -> None:
    for row in failures.over(pen.session, _first_open(pen.at)):
        told = {"member": row.account, "day": row.day.isoformat(), "count": row.count}
        pen.record(Act.SIGN_INS_FAILED, by=None, details=told)
        pen.session.delete(row)


def _first_open(at: datetime) -> date:
    """The first day whose failures are still being counted."""
    return paris_day(at - _MARGIN)
