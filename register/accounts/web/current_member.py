"""Who is signed in, as views ask it: the door has looked already."""

from __future__ import annotations

from typing import cast

from flask import g, request, session
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden

from register.accounts import activity, browsers, sessions
from register.accounts import acts as accounts
from register.accounts.models import Member
from register.accounts.sessions import SignedIn
from register.db import db, housekeeping, now
from register.journal import writing

# The name under which the signed cookie carries the token of the server's session.
TOKEN = "sid"  # noqa: S105 - the name of a field, no secret
_FOUND = "register.signed_in"


def signed_in() -> SignedIn | None:
    """Who is signed in with this request's cookie; looked up once."""
    if _FOUND not in request.environ:
        request.environ[_FOUND] = _look_up()
    return cast("SignedIn | None", request.environ[_FOUND])


def _look_up() -> SignedIn | None:
    token = session.get(TOKEN)
    if not isinstance(token, str):
        return None
    # A session of its own, closed at once: the request's would still be reading when an act
    # erases words, and hold the erasure back.
    with Session(db.engine) as reading:
        found = sessions.found(reading, token, now())
        is_due = found is not None and sessions.needs_touch(reading, found, now())
        reading.expunge_all()
    if found and is_due:
        with housekeeping(db.engine) as opened:
            sessions.touch(opened, found.session, now())
    return found


def member() -> Member:
    """The member who asks; a view behind the door always has one."""
    return present().member


def present() -> SignedIn:
    """The member who asks, and in which session."""
    found = signed_in()
    if found is None:
        raise Forbidden
    return found


def has_ended() -> bool:
    """Whether the cookie is of a session that is no more: signed out, too old, or closed."""
    return TOKEN in session and signed_in() is None


def called(member_id: int | None) -> str:
    """What a member is called on the desk; whoever acted from the console has no name there."""
    names = request.environ.get("register.names")
    if names is None:
        names = request.environ["register.names"] = accounts.names(db.session())
    return str(names[member_id]) if member_id else str(_("la console"))


def enter(member_id: int) -> None:
    """Sign a member in: a new cookie, so that one set before is worth nothing after."""
    before = signed_in()
    with writing(at=now()) as pen:
        if before is not None:
            former = before.member.id
            activity.end_sessions(pen, former, by=former, only=before.session)
        token = activity.sign_in(pen, member_id)
    _empty()
    session[TOKEN] = token


def leave() -> None:
    """Sign out: the session is closed on the server before the cookie is given up."""
    found = signed_in()
    if found is not None:
        close(found.session)
    _empty()


def confirm() -> None:
    """Note that the member who asks has just given password and code again: a new token."""
    found = present()
    with housekeeping(db.engine) as opened:
        session[TOKEN] = sessions.confirm(opened, found.session, now())
    forget()


def renew() -> None:
    """Give the session in use a new token, as its member's account has just changed."""
    found = present()
    with housekeeping(db.engine) as opened:
        session[TOKEN] = sessions.renew(opened, found.session)
    forget()


def know_browser() -> str:
    """Know the browser of the member who asks from now on; the token for its cookie."""
    with housekeeping(db.engine) as opened:
        return browsers.remember(opened, member().id, now())


def forget() -> None:
    """Look the member up again the next time: their account or session has just changed."""
    request.environ.pop(_FOUND, None)


def close(session_id: int) -> bool:
    """Close one of the own sessions of the member who asks; whether there was such a one."""
    me = member().id
    with writing(at=now()) as pen:
        return bool(activity.end_sessions(pen, me, by=me, only=session_id))


def close_others() -> None:
    """Close the sessions of the member who asks, but for the one they ask in."""
    found = present()
    with writing(at=now()) as pen:
        activity.end_sessions(pen, found.member.id, by=found.member.id, but=found.session)


def _empty() -> None:
    """Begin the cookie anew, and forget who came with the old one."""
    session.clear()
    forget()
    # A form that was already read has made the old session's token that of this page.
    g.pop("csrf_token", None)
