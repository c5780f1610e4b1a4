"""Who is signed in, as views ask it: the door has looked already."""

from __future__ import annotations

from typing import cast

from flask import g, session
from flask_babel import gettext as _
from werkzeug.exceptions import Forbidden

from register.db import db, housekeeping, now
from register.members import accounts, sessions
from register.members.models import Member
from register.members.sessions import SignedIn

# The name under which the signed cookie carries the token of the server's session.
TOKEN = "sid"  # noqa: S105 - the name of a field, no secret


def signed_in() -> SignedIn | None:
    """Who is signed in with this request's cookie; looked up once."""
    if "register_signed_in" not in g:
        token = session.get(TOKEN)
        found = sessions.found(db.session(), token, now()) if isinstance(token, str) else None
        if found and sessions.needs_touch(db.session(), found, now()):
            with housekeeping(db.engine) as opened:
                sessions.touch(opened, found.session, now())
        g.register_signed_in = found
    return cast("SignedIn | None", g.register_signed_in)


def member() -> Member:
    """The member who asks; a view behind the door always has one."""
    found = signed_in()
    if found is None:
        raise Forbidden
    return found.member


def called(member_id: int | None) -> str:
    """What a member is called on the desk; whoever acted from the console has no name there."""
    if "register_names" not in g:
        g.register_names = accounts.names(db.session())
    return str(g.register_names.get(member_id, "")) or str(_("la console"))


def enter(member_id: int) -> None:
    """Sign a member in: a new cookie, so that one set before is worth nothing after."""
    with housekeeping(db.engine) as opened:
        sessions.forget_old(opened, now())
        token = sessions.opened(opened, member_id, now())
    session.clear()
    session[TOKEN] = token
    g.pop("register_signed_in", None)


def leave() -> None:
    """Sign out: the session is closed on the server before the cookie is given up."""
    found = signed_in()
    if found is not None:
        with housekeeping(db.engine) as opened:
            sessions.close(opened, found.member.id, found.session)
    session.clear()
    g.pop("register_signed_in", None)
