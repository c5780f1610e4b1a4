"""What happened to accounts lately, on the desk's home: one's own, or all for an administrator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from register.db import db, now
from register.incidents import accountlog
from register.incidents.memberlog import Line
from register.members import failures
from register.text.dates import paris_day
from register.web import members
from register.web.moderation import telling

SHOWN = 6
_SINCE = timedelta(days=30)


@dataclass(frozen=True)
class Activity:
    """The newest lines, each with its sentence; failed sign-ins of today, by member."""

    lines: Sequence[tuple[Line, str]]
    failed_today: Sequence[tuple[int, int]]


def activity() -> Activity:
    """What the member who asks may see of it."""
    me, at = members.member(), now()
    lines = accountlog.recent(db.session(), me, at - _SINCE, SHOWN)
    failed = failures.of_day(db.session(), paris_day(at))
    return Activity(
        [(line, telling.sentence(line, members.called)) for line in lines],
        sorted(one for one in failed.items() if me.is_administrator or one[0] == me.id),
    )
