"""What happened to accounts lately, on the desk's home: one's own, or all for an administrator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from register.accounts import failures
from register.accounts.web import current_member
from register.cases import accountlog
from register.cases.members_journal import MembersJournalLine
from register.db import db, now
from register.journal.web import journal_sentences
from register.text.dates import paris_day

MAX_LINES = 6
_PERIOD = timedelta(days=30)


@dataclass(frozen=True)
class AccountActivity:
    """The newest lines, each with its sentence; failed sign-ins of today, by member."""

    lines: Sequence[tuple[MembersJournalLine, str]]
    failed_today: Sequence[tuple[int, int]]


def account_activity() -> AccountActivity:
    """What the member who asks may see of it."""
    me, at = current_member.member(), now()
    lines = accountlog.recent_account_lines(db.session(), me, at - _PERIOD, MAX_LINES)
    failures_by_member = failures.counts_of_day(db.session(), paris_day(at))
    return AccountActivity(
        [(line, journal_sentences.sentence(line, current_member.display_name)) for line in lines],
        sorted(
            failure
            for failure in failures_by_member.items()
            if me.is_administrator or failure[0] == me.id
        ),
    )
