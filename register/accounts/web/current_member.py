"""The signed-in member of a request, and the cookies of their session and browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar, cast
from urllib.parse import quote, urlsplit

from flask import Response, g, request, session
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden

from register.accounts import acts as accounts
from register.accounts import sessions
from register.accounts.models import Member, SignInSession
from register.cases.vocabulary import LANGUAGES
from register.db import db, housekeeping, now
from register.journal import WriteTransaction, writing
from register.web.l10n import in_language
from register.web.request_context import settings

Outcome = TypeVar("Outcome")
MEMBER_PREFIXES = ("/compte", "/moderation")
SIGN_IN = "/compte/connexion"
SIGN_OUT = "/compte/deconnexion"
FACTOR = "/compte/seconde-preuve"
ACCOUNT = "/compte"
DESK = "/moderation"

# A longer one would make the sign-in page's own address too long for request validation.
_MAX_ADDRESS_LENGTH = 1_500
# Key of the session token in the signed cookie.
TOKEN_FIELD = "sid"  # noqa: S105 - the name of a field, no secret
_ENVIRON_KEY = "register.signed_in"


def signed_in() -> SignInSession | None:
    """The session of the cookie of this request, with its member; looked up once."""
    if _ENVIRON_KEY in request.environ:
        return cast("SignInSession | None", request.environ[_ENVIRON_KEY])
    token, current = session.get(TOKEN_FIELD), None
    if isinstance(token, str):
        # A session of its own, closed at once: an open read transaction of the request would
        # prevent an act from erasing words in SQLite's log.
        with Session(db.engine) as read_session:
            current = sessions.find_session(read_session, token, now())
            read_session.expunge_all()
    if current and now() - current.seen_at >= sessions.TOUCH_INTERVAL:
        with housekeeping(db.engine) as db_session:
            sessions.store_session_use(db_session, current.id, now())
    request.environ[_ENVIRON_KEY] = current
    return current


def member() -> Member:
    """The current member; views under access control always have one."""
    return require_signed_in().member


def run_act(act: Callable[[WriteTransaction, int], Outcome]) -> Outcome:
    """Run an act in a write transaction, for the signed-in member, and return its outcome."""
    by = member().id
    # An open read transaction would keep destroyed texts in the write-ahead log.
    db.session.rollback()
    with writing() as tx:
        return act(tx, by)


def require_signed_in() -> SignInSession:
    """The current session, with its member."""
    current = signed_in()
    if current is None:
        raise Forbidden
    return current


def has_ended() -> bool:
    """Whether the cookie belongs to a session that is closed or too old."""
    return TOKEN_FIELD in session and signed_in() is None


def display_name(member_id: int | None) -> str:
    """The display name of a member; "la console" for None."""
    names = request.environ.get("register.names")
    if names is None:
        names = request.environ["register.names"] = accounts.display_names(db.session())
    return str(names[member_id]) if member_id else str(_("la console"))


def start_session(member_id: int, browser_token: str = "", *, has_password: bool = True) -> None:
    """Sign a member in, with a new cookie, so that an earlier one is worthless.

    :param browser_token: of the known browser, whose name the session gets.
    :param has_password: whether the password was given; grave acts ask for it otherwise.
    """
    previous = signed_in()
    with writing(at=now(), signing_in=True) as tx:
        if previous is not None:
            sessions.end_sessions(
                tx, previous.member.id, by=previous.member.id, only_session=previous.id
            )
        token = sessions.sign_in(tx, member_id, browser_token, has_password=has_password)
    _reset_cookie()
    session[TOKEN_FIELD] = token


def end_session() -> None:
    """Sign out: close the session on the server, then drop the cookie."""
    close_session(require_signed_in().id, signing_out=True)
    _reset_cookie()


def renew_session(**columns: datetime) -> None:
    """Give the current session a new token, and other columns.

    After a change of the account; and with ``confirmed_at``, after password and code were given.
    """
    current = require_signed_in()
    with housekeeping(db.engine) as db_session:
        session[TOKEN_FIELD] = sessions.replace_token(db_session, current.id, **columns)
    forget_lookup()


def remember_browser(response: Response) -> Response:
    """Add the browser of the current member to the known ones, and set its cookie."""
    with housekeeping(db.engine) as db_session:
        browser_token = sessions.add_browser(db_session, member().id, now())
    return set_browser_cookie(response, browser_token)


def forget_lookup() -> None:
    """Drop the cached member after a change of the account or session."""
    request.environ.pop(_ENVIRON_KEY, None)


def name_session(session_id: int, name: str) -> bool:
    """Name one session of the current member, its browser too if it is this one; False without."""
    current = require_signed_in()
    browser_token = known_browser_token() if session_id == current.id else ""
    with housekeeping(db.engine) as db_session:
        return sessions.name_session(db_session, current.member.id, session_id, name, browser_token)


def close_session(session_id: int, *, signing_out: bool = False) -> bool:
    """Close one session of the current member; whether there was one."""
    member_id = member().id
    with writing(at=now(), signing_in=signing_out) as tx:
        return bool(sessions.end_sessions(tx, member_id, by=member_id, only_session=session_id))


def _reset_cookie() -> None:
    """Clear the cookie and the cached member."""
    session.clear()
    forget_lookup()
    # A form that was read already has cached the CSRF token of the old session.
    g.pop("csrf_token", None)


def known_browser_token() -> str:
    """The token in the cookie of a known browser; empty when there is none."""
    return request.cookies.get(_browser_cookie_name(), "")


def set_browser_cookie(response: Response, browser_token: str) -> Response:
    """Set the cookie of a known browser, for both languages.

    It is sent to the account pages only: on public pages, members are anonymous.
    """
    for lang in LANGUAGES:
        response.set_cookie(
            _browser_cookie_name(),
            browser_token,
            max_age=sessions.LIFETIME,
            secure=settings().is_secure,
            httponly=True,
            samesite="Lax",
            path=in_language(ACCOUNT, lang),
        )
    return response


def _browser_cookie_name() -> str:
    return "__Secure-connu" if settings().is_secure else "connu"


def is_member_path(path: str) -> bool:
    """Whether a path is under access control, with or without a view."""
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in MEMBER_PREFIXES)


def member_address(address: str) -> str:
    """The address, if its path is under this register's access control; else empty.

    Browsers also accept ``//elsewhere``, ``\\\\elsewhere`` and ``javascript:`` as addresses; none
    of them begins with such a path.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    rebuilt = f"{parts.path}?{parts.query}" if parts.query else parts.path
    is_ours = (
        rebuilt == address
        and is_member_path(parts.path)
        and parts.path not in (SIGN_IN, SIGN_OUT)
        and len(quote(address)) <= _MAX_ADDRESS_LENGTH
        and "\\" not in address
        and all(ord(letter) >= 33 for letter in address)
    )
    return address if is_ours else ""


def sign_in_url(address: str) -> str:
    """The address of the sign-in page that leads on to another address of this register."""
    target = member_address(address)
    return f"{SIGN_IN}?suite={quote(target, safe='/')}" if target else SIGN_IN
