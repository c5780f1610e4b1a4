"""Folders of reports on the desk: counts, filtered lists and their pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from register.cases.deadlines import add_months
from register.report_keys import KeyStore
from register.reports import rules
from register.reports.models import Report, ReportState
from register.reports.queries import (
    CLEAR_COLUMNS,
    ReportSummary,
    decrypt_received,
    make_summary,
    summaries,
)
from register.reports.report_content import ReportContent
from register.text.normalisation import fold

PAGE_SIZE = 30
# Reports decrypted for filtering; the page states when others were left out.
DECRYPT_LIMIT = 5_000


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


_ENDED_FOLDERS = frozenset(
    {ReportFolder.ACCEPTED, ReportFolder.DECLINED, ReportFolder.WITHDRAWN, ReportFolder.SPAM}
)


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
        return max(1, -(-self.total // PAGE_SIZE))


def open_clause() -> ColumnElement[bool]:
    """The clause of undecided reports."""
    return Report.state.in_([state.value for state in rules.OPEN_STATES])


def folder_counts(session: Session, today: date) -> dict[ReportFolder, int]:
    """Number of reports by folder, in one pass over the columns in clear."""
    clauses = _folder_clauses(today)
    folder_row = session.execute(
        select(
            *(func.count().filter(clauses[folder]).label(folder.name) for folder in ReportFolder)
        )
    ).one()
    return {folder: folder_row[number] for number, folder in enumerate(ReportFolder)}


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
    matches, partial = _decrypt_matches(session, store, report_query, today)
    page = matches[start : start + PAGE_SIZE]
    without_texts = summaries(session, [key for key, _sent in page])
    decrypted_page = [replace(without_texts[key], sent=sent) for key, sent in page]
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
    keys_stmt = _keys_stmt(report_query, today, limit, start)
    stmt = select(*CLEAR_COLUMNS, Report.sealed).where(Report.key.in_(keys_stmt))
    rows = session.execute(stmt.order_by(*_order_columns(report_query))).all()
    keys = store.keys(row.key for row in rows if row.sealed is not None)
    received_by_key = {row.key: decrypt_received(row, keys) for row in rows}
    return [make_summary(row, received_by_key[row.key]) for row in rows]


def _folder_clauses(today: date) -> dict[ReportFolder, ColumnElement[bool]]:
    return {
        ReportFolder.NEW: and_(Report.state == ReportState.RECEIVED, Report.suspect.is_(False)),
        ReportFolder.NEWS: Report.news.is_(True),
        ReportFolder.REVIEW: and_(Report.state == ReportState.IN_REVIEW, Report.news.is_(False)),
        ReportFolder.WAITING: Report.state == ReportState.WAITING,
        ReportFolder.OVERDUE: and_(
            open_clause(), Report.day <= add_months(today, -rules.OVERDUE_MONTHS)
        ),
        ReportFolder.SUSPECT: and_(open_clause(), Report.suspect.is_(True)),
        ReportFolder.ACCEPTED: Report.state == ReportState.ACCEPTED,
        ReportFolder.DECLINED: Report.state == ReportState.DECLINED,
        ReportFolder.WITHDRAWN: Report.state == ReportState.WITHDRAWN,
        ReportFolder.SPAM: Report.state == ReportState.SPAM,
    }


def _filter_clauses(report_query: ReportQuery, today: date) -> Iterator[ColumnElement[bool]]:
    if report_query.folder is not None:
        yield _folder_clauses(today)[report_query.folder]
    else:
        yield or_(open_clause(), Report.news.is_(True))
        yield Report.suspect.is_(False)
    if report_query.holder is not None:
        yield Report.held_by == report_query.holder


def _order_columns(report_query: ReportQuery) -> tuple[Any, ...]:
    if report_query.folder in _ENDED_FOLDERS:
        return Report.moved_on.desc(), Report.key
    return Report.day, Report.key


def _keys_stmt(report_query: ReportQuery, today: date, limit: int, start: int = 0) -> Select[str]:
    # Keys alone are sorted, from an index: sorting whole rows would read the encrypted columns.
    return (
        select(Report.key)
        .where(*_filter_clauses(report_query, today))
        .order_by(*_order_columns(report_query))
        .limit(limit)
        .offset(start)
    )


def _decrypt_matches(
    session: Session, store: KeyStore, report_query: ReportQuery, today: date
) -> tuple[Sequence[tuple[str, ReportContent]], bool]:
    """Keys and contents that match, in order; and whether some reports were left out."""
    keys_stmt = _keys_stmt(report_query, today, DECRYPT_LIMIT + 1)
    ordered_keys = session.scalars(keys_stmt).all()
    rows = session.execute(select(Report.key, Report.sealed).where(Report.key.in_(keys_stmt))).all()
    keys = store.keys(row.key for row in rows if row.sealed is not None)
    received_by_key = {row.key: decrypt_received(row, keys) for row in rows}
    words = fold(report_query.words).split()
    matches = [
        (key, received.sent)
        for key in ordered_keys[:DECRYPT_LIMIT]
        if (received := received_by_key[key]) and _matches(received.sent, report_query, words)
    ]
    return matches, len(ordered_keys) > DECRYPT_LIMIT


def _matches(sent: ReportContent, report_query: ReportQuery, words: Sequence[str]) -> bool:
    if report_query.type and report_query.type not in sent.types:
        return False
    if report_query.place and not _matches_place(sent, report_query.place):
        return False
    if not words:
        return True
    searched_text = fold(" ".join([sent.account, sent.place, sent.actor_text, sent.target_text]))
    return all(word in searched_text for word in words)


def _matches_place(sent: ReportContent, place: str) -> bool:
    kind, _, code = sent.place_code.partition(":")
    if place == sent.place_code:
        return True
    if kind == "commune" and place.startswith("departement:"):
        return code.startswith(place.partition(":")[2])
    return ":" not in place and fold(place) in fold(sent.place)
