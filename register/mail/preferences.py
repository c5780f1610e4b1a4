"""How each member gets mail about what waits at the desk, and what they were told already."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from datetime import date
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from register.mail.models import MailPreference, NoticedThing


class NoticeMode(StrEnum):
    """When a member gets mail."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    NEVER = "never"


DEFAULT_MODE = NoticeMode.DAILY
# Of the key of the digests, derived from the root key.
KEY_PURPOSE = "things that mails were about"


def thing_digest(key: bytes, thing: str) -> bytes:
    """The HMAC by which a thing is stored: the table names no case and no report."""
    return hmac.new(key, thing.encode(), hashlib.sha256).digest()[:16]


def notice_mode(session: Session, member_id: int) -> NoticeMode:
    """How a member gets mail."""
    preference = session.get(MailPreference, member_id)
    return NoticeMode(preference.mode) if preference else DEFAULT_MODE


def set_notice_mode(session: Session, member_id: int, mode: NoticeMode) -> None:
    """Set how a member gets mail."""
    _preference(session, member_id).mode = mode.value


def digest_day(session: Session, member_id: int) -> date | None:
    """The last day on which a member's things were looked at for the daily mail."""
    preference = session.get(MailPreference, member_id)
    return preference.digest_on if preference else None


def set_digest_day(session: Session, member_id: int, day: date) -> None:
    """Note that a member's things were looked at for the daily mail of a day."""
    _preference(session, member_id).digest_on = day


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


def _preference(session: Session, member_id: int) -> MailPreference:
    preference = session.get(MailPreference, member_id)
    if preference is None:
        preference = MailPreference(member_id=member_id, mode=DEFAULT_MODE.value)
        session.add(preference)
    return preference
