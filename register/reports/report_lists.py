"""Folders of reports on the desk: counts, filtered lists and their pages."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from register.cases.filters import count_pages
from register.key_store import KeyStore
from register.reports.models import Report, ReportState
from register.reports.queries import (
    CLEAR_COLUMNS,
    ReportSummary,
    decrypt_contents,
    make_summary,
    summaries,
)
from register.reports.questions import is_in_danger, typed_answers
from register.reports.report_content import ReportContent
from register.reports.retention import OVERDUE_MONTHS, undecided_clause, undecided_since_clause
from register.text.normalisation import fold

PAGE_SIZE = 30
# Reports decrypted for filtering; the page states when others were left out.
DECRYPT_LIMIT = 5_000
DANGER_LIMIT = 200


class ReportFolder(StrEnum):
    """A list of reports on the desk; a report with news is under NEWS and not under REVIEW."""

    NEW = "nouveaux"
    NEWS = "reponses"
    REVIEW = "en-examen"
    WAITING = "en-attente"
    OVERDUE = "en-retard"
    SUSPECT = "douteux"
    ACCEPTED = "retenus"
    DECLINED = "ecartes"
    WITHDRAWN = "retires"
    SPAM = "indesirables"


_ENDED_FOLDERS = {
    ReportFolder.ACCEPTED: ReportState.ACCEPTED,
    ReportFolder.DECLINED: ReportState.DECLINED,
    ReportFolder.WITHDRAWN: ReportState.WITHDRAWN,
    ReportFolder.SPAM: ReportState.SPAM,
}


@dataclass(frozen=True)
class ReportQuery:
    """The filters of a list. ``folder`` None means all undecided reports.

    ``place`` is ``commune:93032``, ``departement:93`` or typed words; ``words`` are searched for
    in the content.
    """

    folder: ReportFolder | None = None
    place: str = ""
    type: str = ""
    words: str = ""
    holder: int | None = None
    page: int = 1

    @property
    def needs_decryption(self) -> bool:
        """Whether a filter is on encrypted content."""
        return bool(self.place or self.type or self.words)


@dataclass(frozen=True)
class ReportPage:
    """A page of reports, its number and the total; ``partial``: some reports were left out."""

    summaries: Sequence[ReportSummary]
    total: int
    number: int
    partial: bool = False

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return count_pages(self.total, PAGE_SIZE)


def folder_counts(session: Session, today: date) -> dict[ReportFolder, int]:
    """Number of reports by folder, in one pass over the columns in clear."""
    clauses = _folder_clauses(today)
    counts = (func.count().filter(clauses[folder]).label(folder.name) for folder in ReportFolder)
    return dict(zip(ReportFolder, session.execute(select(*counts)).one(), strict=True))


def count_unread(session: Session) -> int:
    """Number of reports in the received state."""
    stmt = select(func.count()).select_from(Report).where(Report.state == ReportState.RECEIVED)
    return session.scalar(stmt) or 0


def count_reports(session: Session, report_query: ReportQuery, today: date) -> int:
    """Number of reports by the filters on columns in clear: folder and holder."""
    stmt = select(func.count()).select_from(Report).where(*_filter_clauses(report_query, today))
    return session.scalar(stmt) or 0


def list_reports(
    session: Session, store: KeyStore, report_query: ReportQuery, today: date
) -> ReportPage:
    """A page of reports, the oldest first while undecided, the newest first afterwards."""
    start = (report_query.page - 1) * PAGE_SIZE
    if not report_query.needs_decryption:
        total = count_reports(session, report_query, today)
        clear_page = first_reports(session, store, report_query, today, PAGE_SIZE, start)
        return ReportPage(clear_page, total, report_query.page)
    keys_stmt = _keys_stmt(report_query, today, DECRYPT_LIMIT + 1)
    ordered_keys = session.scalars(keys_stmt).all()
    rows = session.execute(select(Report.key, Report.sealed).where(Report.key.in_(keys_stmt))).all()
    received = decrypt_contents(store, rows)
    words = fold(report_query.words).split()
    matches = [
        key
        for key in ordered_keys[:DECRYPT_LIMIT]
        if key in received and _matches(received[key].sent, report_query, words)
    ]
    page = matches[start : start + PAGE_SIZE]
    without_texts = summaries(session, page)
    decrypted_page = [replace(without_texts[key], sent=received[key].sent) for key in page]
    partial = len(ordered_keys) > DECRYPT_LIMIT
    return ReportPage(decrypted_page, len(matches), report_query.page, partial)


def first_reports(
    session: Session,
    store: KeyStore,
    report_query: ReportQuery,
    today: date,
    limit: int,
    start: int = 0,
) -> list[ReportSummary]:
    """Reports by the filters on columns in clear; only those of the page are decrypted."""
    keys = session.scalars(_keys_stmt(report_query, today, limit, start)).all()
    reports = reports_by_key(session, store, keys)
    return [reports[key] for key in keys if key in reports]


def new_reports_in_danger(session: Session, store: KeyStore) -> list[ReportSummary]:
    """New reports that say that somebody is in danger, the newest first.

    Of many new ones, the newest alone are decrypted; those that a member marked are left out.
    """
    # Looked up by their index: the column would be read from each row, beside its texts.
    marked = select(Report.key).where(Report.danger_on.is_not(None))
    stmt = (
        select(Report.key)
        .where(Report.state == ReportState.RECEIVED, Report.key.not_in(marked))
        .order_by(Report.day.desc(), Report.key)
        .limit(DANGER_LIMIT)
    )
    reports = reports_by_key(session, store, session.scalars(stmt).all())
    in_danger = [report for report in reports.values() if is_in_danger(report.sent)]
    return sorted(in_danger, key=lambda report: (report.day, report.key), reverse=True)[:PAGE_SIZE]


def reports_by_key(
    session: Session, store: KeyStore, keys: Collection[str]
) -> dict[str, ReportSummary]:
    """Decrypted reports by key."""
    if not keys:
        return {}
    rows = session.execute(select(*CLEAR_COLUMNS, Report.sealed).where(Report.key.in_(keys))).all()
    received = decrypt_contents(store, rows)
    return {row.key: make_summary(row, received.get(row.key)) for row in rows}


def _folder_clauses(today: date) -> dict[ReportFolder, ColumnElement[bool]]:
    return {
        ReportFolder.NEW: and_(Report.state == ReportState.RECEIVED, Report.suspect.is_(False)),
        ReportFolder.NEWS: Report.news.is_(True),
        ReportFolder.REVIEW: and_(Report.state == ReportState.IN_REVIEW, Report.news.is_(False)),
        ReportFolder.WAITING: Report.asked_on.is_not(None),
        ReportFolder.OVERDUE: undecided_since_clause(today, OVERDUE_MONTHS),
        ReportFolder.SUSPECT: and_(undecided_clause(), Report.suspect.is_(True)),
        **{folder: Report.state == state for folder, state in _ENDED_FOLDERS.items()},
    }


def _filter_clauses(report_query: ReportQuery, today: date) -> Iterator[ColumnElement[bool]]:
    if report_query.folder is not None:
        yield _folder_clauses(today)[report_query.folder]
    else:
        yield or_(undecided_clause(), Report.news.is_(True))
        yield Report.suspect.is_(False)
    if report_query.holder is not None:
        yield Report.held_by == report_query.holder


def _keys_stmt(report_query: ReportQuery, today: date, limit: int, start: int = 0) -> Select[str]:
    is_ended = report_query.folder in _ENDED_FOLDERS
    order: Any = Report.moved_on.desc() if is_ended else Report.day
    # Keys alone are sorted, from an index: sorting whole rows would read the encrypted columns.
    return (
        select(Report.key)
        .where(*_filter_clauses(report_query, today))
        .order_by(order, Report.key)
        .limit(limit)
        .offset(start)
    )


def _matches(sent: ReportContent, report_query: ReportQuery, words: Sequence[str]) -> bool:
    """Whether a content matches the filters on encrypted content; ``words`` are folded."""
    if report_query.type and report_query.type not in sent.types:
        return False
    place = report_query.place
    kind, _colon, code = sent.place_code.partition(":")
    if place.startswith("departement:") and kind == "commune":
        # A commune is in the département whose code its own begins with.
        in_place = code.startswith(place.partition(":")[2])
    elif ":" in place:
        in_place = place == sent.place_code
    else:
        in_place = not place or fold(place) in fold(sent.place)
    if not in_place or not words:
        return in_place
    answers = (answer for _question, answer in typed_answers(sent))
    searched = (sent.account, sent.place, sent.actor_text, sent.target_text, *answers)
    searched_text = fold(" ".join(searched))
    return all(word in searched_text for word in words)
