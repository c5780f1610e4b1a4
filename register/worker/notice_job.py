"""Job that writes the mails about what waits for each member at the desk.

A thing is in one mail only, and again once it has waited no more in between. The mail and the note
of what it was about are one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.accounts import acts as accounts
from register.accounts.models import Member
from register.cases import vocabulary
from register.cases.todo_clauses import TodoContext
from register.config import Settings
from register.db import housekeeping, now
from register.mail import preferences
from register.mail.messages import MailKind
from register.mail.outbox import Outbox
from register.mail.preferences import NoticeMode
from register.reports.notices import NoticeKind, waiting_things
from register.text.dates import PARIS, paris_day
from register.worker.loop import KeepGoing

NOTICE_SECONDS = 120.0  # between two looks: several acts in a row make one mail
DAILY_HOUR = 7  # in Paris, from which the daily mail is written
# A thing and several things of a kind, in a mail that says no number.
_WORDS = {
    NoticeKind.DANGER: ("une urgence attend", "des urgences attendent"),
    NoticeKind.DEADLINE: ("une échéance est pour demain au plus tard",) * 2,
    NoticeKind.REPLY: ("un droit de réponse attend",) * 2,
    NoticeKind.CONTENT: (
        "un signalement de contenu attend une décision",
        "des signalements de contenu attendent une décision",
    ),
    NoticeKind.ENTRUSTED: ("on vous a confié quelque chose",) * 2,
    NoticeKind.NEWS: ("un message est arrivé", "des messages sont arrivés"),
    NoticeKind.REPORT: ("un signalement attend", "des signalements attendent"),
    NoticeKind.SECOND: (
        "une décision attend une seconde personne",
        "des décisions attendent une seconde personne",
    ),
}


@dataclass
class NoticeJob:
    """Mails about what waits.

    :param open_outbox: opens the outbox.
    :param open_key: returns the key of :func:`preferences.thing_digest`.
    :param clock: returns the current time.
    """

    name = "notices"

    database: Engine
    settings: Settings
    open_outbox: Callable[[], Outbox]
    open_key: Callable[[], bytes]
    clock: Callable[[], datetime] = now
    _due_at: float = field(default=0.0, init=False)

    def run(self, _keep_going: KeepGoing) -> float:
        """Write the mails that are due, at most once in :data:`NOTICE_SECONDS`."""
        wait = self._due_at - time.monotonic()
        if wait > 0:
            return wait
        self.write_notices(self.clock())
        self._due_at = time.monotonic() + NOTICE_SECONDS
        return NOTICE_SECONDS

    def write_notices(self, at: datetime) -> None:
        """Write a mail to each member for whom something new waits."""
        key, outbox = self.open_key(), self.open_outbox()
        with Session(self.database) as session:
            members = [each for each in accounts.all_members(session) if each.is_active]
            for member in members:
                self._notify(session, member, key, outbox, at)

    def _notify(
        self, session: Session, member: Member, key: bytes, outbox: Outbox, at: datetime
    ) -> None:
        preference, day = preferences.load_preference(session, member.id), paris_day(at)
        if preference.mode == NoticeMode.NEVER:
            return
        is_daily = preference.mode == NoticeMode.DAILY
        is_early = at.astimezone(PARIS).hour < DAILY_HOUR
        if is_daily and (is_early or preference.digest_on == day):
            return
        todo_context = TodoContext(
            vocabulary.current_vocabulary(session), at, self.settings.single_moderator
        )
        things = {
            preferences.thing_digest(key, thing): kind
            for thing, kind in waiting_things(
                session, member, todo_context, self.settings.undecided_after
            ).items()
        }
        noticed = preferences.noticed_things(session, member.id)
        new, over = things.keys() - noticed, noticed - things.keys()
        if not (new or over or is_daily):
            return
        with housekeeping(self.database) as writer:
            if is_daily:
                preference = preferences.load_preference(writer, member.id)
                preference.digest_on = day
                writer.add(preference)
            if over:
                preferences.forget_things(writer, member.id, over)
            if new:
                preferences.note_things(writer, member.id, new)
                base_url = self.settings.base_url
                outbox.enqueue(
                    writer,
                    MailKind.NOTICE,
                    member.id,
                    at,
                    what=_sentence([things[thing] for thing in new]),
                    link=f"{base_url}/moderation",
                    profile=f"{base_url}/compte#courriel",
                )


def _sentence(kinds: list[NoticeKind]) -> str:
    """The kinds of things, the most urgent first, without their numbers."""
    return " ; ".join(_WORDS[kind][kinds.count(kind) > 1] for kind in NoticeKind if kind in kinds)
