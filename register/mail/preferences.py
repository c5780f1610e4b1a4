"""How each member gets mail about what waits at the desk, and what they were told already."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from register.mail.models import MailPreference, NoticedThing


class NoticeMode(StrEnum):
    """When a member gets mail."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    NEVER = "never"


# Of the key of the digests, derived from the root key.
KEY_PURPOSE = "things that mails were about"


def thing_digest(key: bytes, thing: str) -> bytes:
    """The HMAC by which a thing is stored: the table names no case and no report."""
    return hmac.digest(key, thing.encode(), "sha256")[:16]


def load_preference(session: Session, member_id: int) -> MailPreference:
    """How a member gets mail; a row that is not stored yet for one who never chose."""
    default = MailPreference(member_id=member_id, mode=NoticeMode.DAILY.value)
    return session.get(MailPreference, member_id) or default


def noticed_things(session: Session, member_id: int) -> set[bytes]:
    """Digests of the things that a member was told of and that still waited then."""
    stmt = select(NoticedThing.thing).where(NoticedThing.member_id == member_id)
    return set(session.scalars(stmt))


def note_things(session: Session, member_id: int, new: Collection[bytes]) -> None:
    """Note that a member was told of things."""
    session.add_all(NoticedThing(member_id=member_id, thing=thing) for thing in new)


def forget_things(session: Session, member_id: int, over: Collection[bytes]) -> None:
    """Delete things that wait no more: coming back, they are new."""
    is_over = NoticedThing.thing.in_(over)
    session.execute(delete(NoticedThing).where(NoticedThing.member_id == member_id, is_over))
