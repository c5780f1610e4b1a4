"""Whether the member who asks may be the second person for another."""

from __future__ import annotations

from register.db import db, now
from register.errors import Refused
from register.members import vouching
from register.members.models import Member
from register.web import members
from register.web.context import settings
from register.web.speech import typeset
from register.web.wording import say


def cannot_second(made_by: int) -> str:
    """Why the member who asks cannot be the second person for another; empty when they can."""
    me = members.member()
    if settings().single_moderator and made_by == me.id:
        return ""
    first = db.session.get(Member, made_by)
    try:
        vouching.require_second(me, first or me, now())
    except Refused as error:
        return typeset(say(error))
    return ""


def may_decide(made_by: int) -> bool:
    """Whether the member who asks may be the second person for another."""
    return not cannot_second(made_by)
