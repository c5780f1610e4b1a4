"""Whether the member who asks may be the second person for another."""

from __future__ import annotations

from register.accounts import vouching
from register.accounts.models import Member
from register.accounts.web import current_member
from register.db import db, now
from register.errors import Refused
from register.web.blueprints import desk
from register.web.context import settings
from register.web.error_messages import error_sentence
from register.web.l10n import typeset


def second_person_refusal(author_id: int) -> str:
    """Why the member who asks cannot be the second person for another; empty when they can."""
    me = current_member.member()
    if settings().single_moderator and author_id == me.id:
        return ""
    author = db.session.get(Member, author_id)
    try:
        vouching.require_second(me, author or me, now())
    except Refused as error:
        return typeset(error_sentence(error))
    return ""


@desk.app_template_global("may_decide")
def may_decide(author_id: int) -> bool:
    """Whether the member who asks may be the second person for another."""
    return not second_person_refusal(author_id)
