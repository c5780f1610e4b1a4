"""What happened to accounts lately, on the desk's home: one's own, or all for an administrator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from register.accounts import failures
from register.accounts.web import current_member
from register.cases import accountlog
from register.cases.members_journal import Line
from register.db import db, now
from register.journal.web import journal_sentences
from register.text.dates import paris_day

SHOWN = 6
_SINCE = timedelta(days=30)


@dataclass(frozen=True)
class Activity:
    """The newest lines, each with its sentence; failed sign-ins of today, by member."""

    lines: Sequence[tuple[Line, str]]
    failed_today: Sequence[tuple[int, int]]


def activity() -> Activity:
    """What the member who asks may see of it."""
    me, at = current_member.member(), now()
    lines = accountlog.recent(db.session(), me, at - _SINCE, SHOWN)
    failed = failures.of_day(db.session(), paris_day(at))
    return Activity(
        [(line, journal_sentences.sentence(line, current_member.called)) for line in lines],
        sorted(one for one in failed.items() if me.is_administrator or one[0] == me.id),
    )
