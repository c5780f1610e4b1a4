"""Reports in the desk's sidebar and on its dashboard, by day and place, without their words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from register.cases.web.desk.act_view import may_decide
from register.db import db, now
from register.errors import SealError
from register.reports import report_lists
from register.reports.acts import retention
from register.reports.queries import ReportSummary
from register.reports.report_lists import ReportFolder, ReportQuery
from register.reports.web.desk import labels, list_query
from register.text import dates
from register.web.blueprints import desk
from register.web.l10n import day_words, number, typeset
from register.web.messages.desk import (
    CLOCK_WARNING,
    KEY_MISSING,
    MANY_UNREAD,
    REPORT_LISTS,
    SPAM_TO_CONFIRM,
)
from register.web.request_context import key_store

# Number of unread reports above which the desk is warned.
FLOOD = 200
# Number of unread reports in the sidebar.
_UNREAD_LIMIT = 5
# Folders on the dashboard, the most urgent first.
_DASHBOARD_FOLDERS = (
    ReportFolder.OVERDUE,
    ReportFolder.NEWS,
    ReportFolder.NEW,
    ReportFolder.REVIEW,
    ReportFolder.WAITING,
    ReportFolder.SUSPECT,
)


@dataclass(frozen=True)
class UnreadReport:
    """An unread report; ``late``: it is overdue."""

    key: str
    address: str
    place: str
    since: str
    until: str
    late: bool


@dataclass(frozen=True)
class UnreadReports:
    """The number of unread reports, and the oldest of them."""

    total: int
    reports: Sequence[UnreadReport]


@dataclass(frozen=True)
class FolderCount:
    """A folder with its description, its number of reports and its address."""

    name: str
    why: str
    count_text: str
    address: str
    late: bool


@desk.app_template_global("reports_margin")
def unread_reports() -> UnreadReports:
    """The oldest unread reports; none without the key store."""
    today, report_query = dates.paris_day(now()), ReportQuery(folder=ReportFolder.NEW)
    try:
        summaries = report_lists.first_reports(
            db.session(), key_store(), report_query, today, limit=_UNREAD_LIMIT
        )
    except SealError:
        return UnreadReports(0, ())
    return UnreadReports(
        report_lists.count_reports(db.session(), report_query, today),
        [_unread_report(summary) for summary in summaries],
    )


def _unread_report(summary: ReportSummary) -> UnreadReport:
    today = dates.paris_day(now())
    until, late = labels.deadline(summary, today)
    return UnreadReport(
        key=summary.key,
        address=list_query.report_url(summary.key),
        place=labels.place_short(summary.sent),
        since=labels.since_text(summary, today),
        until=until,
        late=late,
    )


def folder_counts() -> Sequence[FolderCount]:
    """Number of reports by folder, without empty folders, and of spam to confirm."""
    counts_by_folder = report_lists.folder_counts(db.session(), dates.paris_day(now()))
    folder_rows = [
        FolderCount(
            name=typeset(str(REPORT_LISTS[folder][0])),
            why=typeset(str(REPORT_LISTS[folder][1])),
            count_text=number(counts_by_folder[folder]),
            address=list_query.list_url(ReportQuery(folder=folder)),
            late=folder is ReportFolder.OVERDUE,
        )
        for folder in _DASHBOARD_FOLDERS
        if counts_by_folder[folder]
    ]
    spam = retention.spam_to_confirm(db.session())
    if waiting := sum(count for member, count in spam.items() if may_decide(member)):
        name, why = (typeset(str(text)) for text in SPAM_TO_CONFIRM)
        address = list_query.list_url(ReportQuery(folder=ReportFolder.SPAM))
        folder_rows.append(FolderCount(name, why, number(waiting), address, late=False))
    return folder_rows


def warnings() -> Iterator[str]:
    """Sentences about a flood of reports, a jump of the clock and a missing key store."""
    if report_lists.count_unread(db.session()) > FLOOD:
        yield typeset(str(MANY_UNREAD) % {"count": number(FLOOD)})
    last_day = retention.clock_jump(db.session(), dates.paris_day(now()))
    if last_day is not None:
        yield typeset(str(CLOCK_WARNING) % {"day": day_words(last_day)})
    try:
        key_store().require()
    except SealError:
        yield typeset(str(KEY_MISSING))
