"""Whether the member who asks may be the second person for another."""

from __future__ import annotations

from register.accounts import vouching
from register.accounts.models import Member
from register.accounts.web import current_member
from register.db import db, now
from register.errors import Refused
from register.web.context import settings
from register.web.error_messages import say
from register.web.l10n import typeset


def cannot_second(made_by: int) -> str:
    """Why the member who asks cannot be the second person for another; empty when they can."""
    me = current_member.member()
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
