"""Who is signed in, as views ask it: the door has looked already."""

from __future__ import annotations

from typing import cast
from urllib.parse import quote, urlsplit

from flask import g, request, session
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden

from register.accounts import acts as accounts
from register.accounts import session_acts, sessions
from register.accounts.models import Member
from register.accounts.sessions import SignedIn
from register.db import db, housekeeping, now
from register.journal import writing

# The name under which the signed cookie carries the token of the server's session.
TOKEN_FIELD = "sid"  # noqa: S105 - the name of a field, no secret
_ENVIRON_KEY = "register.signed_in"


def signed_in() -> SignedIn | None:
    """Who is signed in with this request's cookie; looked up once."""
    if _ENVIRON_KEY not in request.environ:
        request.environ[_ENVIRON_KEY] = _look_up()
    return cast("SignedIn | None", request.environ[_ENVIRON_KEY])


def _look_up() -> SignedIn | None:
    token = session.get(TOKEN_FIELD)
    if not isinstance(token, str):
        return None
    # A session of its own, closed at once: the request's would still be reading when an act
    # erases words, and hold the erasure back.
    with Session(db.engine) as read_session:
        signed_in_member = sessions.find_session(read_session, token, now())
        is_due = signed_in_member is not None and sessions.needs_touch(
            read_session, signed_in_member, now()
        )
        read_session.expunge_all()
    if signed_in_member and is_due:
        with housekeeping(db.engine) as db_session:
            sessions.touch(db_session, signed_in_member.session_id, now())
    return signed_in_member


def member() -> Member:
    """The member who asks; a view behind the door always has one."""
    return require_signed_in().member


def require_signed_in() -> SignedIn:
    """The member who asks, and in which session."""
    current = signed_in()
    if current is None:
        raise Forbidden
    return current


def has_ended() -> bool:
    """Whether the cookie is of a session that is no more: signed out, too old, or closed."""
    return TOKEN_FIELD in session and signed_in() is None


def display_name(member_id: int | None) -> str:
    """What a member is called on the desk; whoever acted from the console has no name there."""
    names = request.environ.get("register.names")
    if names is None:
        names = request.environ["register.names"] = accounts.display_names(db.session())
    return str(names[member_id]) if member_id else str(_("la console"))


def start_session(member_id: int) -> None:
    """Sign a member in: a new cookie, so that one set before is worth nothing after."""
    previous = signed_in()
    with writing(at=now()) as tx:
        if previous is not None:
            previous_id = previous.member.id
            session_acts.end_sessions(
                tx, previous_id, by=previous_id, only_session=previous.session_id
            )
        token = session_acts.sign_in(tx, member_id)
    _reset_cookie()
    session[TOKEN_FIELD] = token


def end_session() -> None:
    """Sign out: the session is closed on the server before the cookie is given up."""
    current = signed_in()
    if current is not None:
        close_session(current.session_id)
    _reset_cookie()


def confirm_session() -> None:
    """Note that the member who asks has just given password and code again: a new token."""
    current = require_signed_in()
    with housekeeping(db.engine) as db_session:
        session[TOKEN_FIELD] = sessions.confirm(db_session, current.session_id, now())
    forget_lookup()


def renew_session() -> None:
    """Give the session in use a new token, as its member's account has just changed."""
    current = require_signed_in()
    with housekeeping(db.engine) as db_session:
        session[TOKEN_FIELD] = sessions.renew(db_session, current.session_id)
    forget_lookup()


def remember_browser() -> str:
    """Know the browser of the member who asks from now on; the token for its cookie."""
    with housekeeping(db.engine) as db_session:
        return sessions.remember(db_session, member().id, now())


def forget_lookup() -> None:
    """Look the member up again the next time: their account or session has just changed."""
    request.environ.pop(_ENVIRON_KEY, None)


def close_session(session_id: int) -> bool:
    """Close one of the own sessions of the member who asks; whether there was such a one."""
    member_id = member().id
    with writing(at=now()) as tx:
        return bool(session_acts.end_sessions(tx, member_id, by=member_id, only_session=session_id))


def close_other_sessions() -> None:
    """Close the sessions of the member who asks, but for the one they ask in."""
    current = require_signed_in()
    with writing(at=now()) as tx:
        session_acts.end_sessions(
            tx, current.member.id, by=current.member.id, except_session=current.session_id
        )


def _reset_cookie() -> None:
    """Begin the cookie anew, and forget who came with the old one."""
    session.clear()
    forget_lookup()
    # A form that was already read has made the old session's token that of this page.
    g.pop("csrf_token", None)


MEMBER_PREFIXES = ("/compte", "/moderation")
SIGN_IN = "/compte/connexion"
SIGN_OUT = "/compte/deconnexion"
FACTOR = "/compte/seconde-preuve"
ACCOUNT = "/compte"
DESK = "/moderation"

# Longer, and the address of the sign-in page that carries it would be refused by the guards.
_MAX_ADDRESS_LENGTH = 1_500


def is_member_path(path: str) -> bool:
    """Whether an address is behind the door, whether or not there is a view at it."""
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in MEMBER_PREFIXES)


def member_address(address: str) -> str:
    """The address, if it is one behind this register's own door; else the empty text.

    ``//elsewhere``, ``\\\\elsewhere`` and ``javascript:`` are all read as an address by a browser;
    none of them begins with a path of ours.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    rebuilt = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if (
        rebuilt != address
        or not is_member_path(parts.path)
        or len(quote(address)) > _MAX_ADDRESS_LENGTH
    ):
        return ""
    if "\\" in address or any(ord(letter) < 33 for letter in address):
        return ""
    return "" if parts.path in (SIGN_IN, SIGN_OUT) else address


def sign_in_url(address: str) -> str:
    """The address of the sign-in page that leads on to another one, where that is ours."""
    target = member_address(address)
    return f"{SIGN_IN}?suite={quote(target, safe='/')}" if target else SIGN_IN
