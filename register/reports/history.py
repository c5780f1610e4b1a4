"""Journal lines about one report, in the most exact order that is known.

Lines of reporters and of views have a day only. The lines of one ledger have an order; those of two
ledgers have none on the same day, but for what one of them needs: news before they are read, a
view before the act of the member who viewed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import Session

from register.cases import members_journal
from register.cases.core_tables import JOURNAL_ENTRY
from register.cases.members_journal import MembersJournalLine
from register.journal import Act, Ledger
from register.text.dates import day_start

_ACTS = {
    ledger: [act.value for act in Act if act.value.startswith("report_") and act.ledger is ledger]
    for ledger in (Ledger.DESK, Ledger.REPORTS)
}
# Acts of members that need no view: on several reports at once, or at the closing of an account.
_LIST_ACTS = (Act.REPORT_SPAM, Act.REPORT_SPAM_AGREED, Act.REPORT_REOPENED, Act.REPORT_RELEASED)
_MAKE_NEWS = (Act.REPORT_ADDED, Act.REPORT_WITHDRAWN)
_READ_NEWS = (Act.REPORT_READ, Act.REPORT_ASKED, Act.REPORT_ACCEPTED, Act.REPORT_DECLINED)
_VIEWS = (Act.REPORT_VIEWED, Act.REPORT_CONTACT_VIEWED)


def history(session: Session, key: str, received: date) -> Sequence[MembersJournalLine]:
    """The journal lines about a report, the newest first.

    :param received: the day of receipt, the earliest of any line about the report.
    """
    since = day_start(received)
    private_text: ColumnElement[str] = cast(JOURNAL_ENTRY.c.private_json, Text)
    if session.get_bind().dialect.name == "postgresql":
        private_text = func.convert_from(JOURNAL_ENTRY.c.private_json, "UTF8")
    rows = [
        row
        for ledger, act_names in _ACTS.items()
        for row in session.execute(
            select(*JOURNAL_ENTRY.columns).where(
                JOURNAL_ENTRY.c.ledger == ledger.value,
                JOURNAL_ENTRY.c.act.in_(act_names),
                JOURNAL_ENTRY.c.at >= since,
                private_text.contains(key, autoescape=True),
            )
        )
    ]
    return [*_in_order(members_journal.make_lines(session, rows))][::-1]


def _in_order(lines: Sequence[MembersJournalLine]) -> Iterator[MembersJournalLine]:
    """The lines, the oldest first: both ledgers are merged day by day.

    By default, lines without a time are last: a withdrawal ends what members can do, and an answer
    comes after its question.
    """
    has_news = False
    ordered = sorted(lines, key=lambda line: (line.day, line.seq))
    for _day, day_lines in groupby(ordered, key=lambda line: line.day):
        timed: list[MembersJournalLine] = []
        untimed: list[MembersJournalLine] = []
        for line in day_lines:
            (untimed if line.at is None else timed).append(line)
        while timed or untimed:
            if untimed and (not timed or _precedes(untimed, timed[0], has_news)):
                line = untimed.pop(0)
            else:
                line = timed.pop(0)
            act = Act(line.act)
            has_news = act in _MAKE_NEWS or (has_news and act not in _READ_NEWS)
            yield line


def _precedes(
    untimed: Sequence[MembersJournalLine], timed: MembersJournalLine, has_news: bool
) -> bool:
    """Whether the first line without a time comes before a timed one of the same day."""
    act = Act(timed.act)
    if untimed[0].act == Act.REPORT_RECEIVED:
        return True
    if act is Act.REPORT_READ and not has_news:
        return True
    # Whoever acts on the page of a report has viewed it.
    return act not in _LIST_ACTS and any(
        line.act in _VIEWS and line.by == timed.by for line in untimed
    )
