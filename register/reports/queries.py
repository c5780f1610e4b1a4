"""How reports are read: by their author's code, and by members from the desk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from register.cases.deadlines import add_months
from register.cases.models import CaseState as CaseState
from register.cases.models import Incident
from register.errors import NotFound
from register.report_keys import KeyStore
from register.reports import receipts, report_content, rules
from register.reports.models import Message, MessageKind, Report, ReportState, RetainedReport
from register.reports.report_content import Decision, Received, ReportContent
from register.text.normalisation import fold

PAGE_SIZE = 30
# Reports that are opened to be filtered; the page says that those beyond were not.
DECRYPT_LIMIT = 5_000


class ReportFolder(StrEnum):
    """Where a report lies on the desk; in review until news come, and again once they are read."""

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


# What stands in the columns of a row, without what is sealed.
_CLEAR_COLUMNS = (
    Report.key,
    Report.state,
    Report.suspect,
    Report.news,
    Report.day,
    Report.moved_on,
    Report.held_by,
    Report.held_until,
    Report.reason,
    Report.purge_on,
    Report.together_by,
)


def open_clause() -> ColumnElement[bool]:
    """The clause of those that can still be decided."""
    return Report.state.in_([state.value for state in rules.OPEN_STATES])


def _folder_clause(folder: ReportFolder, today: date) -> ColumnElement[bool]:
    clauses: Mapping[ReportFolder, Callable[[], ColumnElement[bool]]] = {
        ReportFolder.NEW: lambda: and_(
            Report.state == ReportState.RECEIVED, Report.suspect.is_(False)
        ),
        ReportFolder.NEWS: lambda: Report.news.is_(True),
        ReportFolder.REVIEW: lambda: and_(
            Report.state == ReportState.IN_REVIEW, Report.news.is_(False)
        ),
        ReportFolder.WAITING: lambda: Report.state == ReportState.WAITING,
        ReportFolder.OVERDUE: lambda: and_(
            open_clause(), Report.day <= add_months(today, -rules.OVERDUE_MONTHS)
        ),
        ReportFolder.SUSPECT: lambda: and_(open_clause(), Report.suspect.is_(True)),
        ReportFolder.ACCEPTED: lambda: Report.state == ReportState.ACCEPTED,
        ReportFolder.DECLINED: lambda: Report.state == ReportState.DECLINED,
        ReportFolder.WITHDRAWN: lambda: Report.state == ReportState.WITHDRAWN,
        ReportFolder.SPAM: lambda: Report.state == ReportState.SPAM,
    }
    return clauses[folder]()


@dataclass(frozen=True)
class ReportSummary:
    """A report in a list. ``sent`` is None once its texts are destroyed."""

    key: str
    state: ReportState
    suspect: bool
    news: bool
    day: date
    moved_on: date
    held_by: int | None
    held_until: datetime | None
    reason: str
    purge_on: date | None
    together_by: int | None
    sent: ReportContent | None

    @property
    def is_open(self) -> bool:
        """Whether it can still be decided."""
        return self.state in rules.OPEN_STATES

    def holder(self, at: datetime) -> int | None:
        """Who has it in hand; a claim that ran out is nobody's."""
        return self.held_by if self.held_until is not None and self.held_until > at else None


@dataclass(frozen=True)
class ReportQuery:
    """Which reports. ``folder`` None asks for all that is undecided; ``place`` is ``commune:93032``,
    ``departement:93`` or words of it; ``words`` are looked for in what was sent."""

    folder: ReportFolder | None = None
    place: str = ""
    type: str = ""
    words: str = ""
    holder: int | None = None
    page: int = 1

    @property
    def needs_decryption(self) -> bool:
        """Whether what is asked for stands in no column, so that reports have to be opened."""
        return bool(self.place or self.type or self.words)


@dataclass(frozen=True)
class ReportPage:
    """A page of reports, its number, how many there are, and whether some were not looked at."""

    summaries: Sequence[ReportSummary]
    total: int
    number: int
    partial: bool = False

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True)
class ReportMessage:
    """A message, opened."""

    day: date
    kind: MessageKind
    text: str

    @property
    def by_reporter(self) -> bool:
        """Whether the one who reported wrote it."""
        return self.kind is not MessageKind.QUESTION


@dataclass(frozen=True)
class ReportView:
    """A report with everything about it; after the purge, what is left."""

    summary: ReportSummary
    received: Received | None = None
    contact: str = ""
    messages: Sequence[ReportMessage] = field(default_factory=tuple)
    decision: Decision = field(default_factory=Decision)
    case: Any | None = None

    @property
    def is_purged(self) -> bool:
        """Whether its texts are destroyed."""
        return self.received is None

    @property
    def message_count(self) -> int:
        """What an act is told, so that it notices a message that came meanwhile."""
        return len(self.messages)

    @property
    def has_live_case(self) -> bool:
        """Whether it led to a case that was not given up."""
        return self.case is not None and self.case.state != CaseState.ERASED

    @property
    def public_number(self) -> int | None:
        """The number of its case while that is public."""
        if self.case is None or self.case.state != CaseState.PUBLISHED:
            return None
        return int(self.case.number)


def key_by_code(session: Session, store: KeyStore, typed: str) -> str | None:
    """The key of the report behind a code; None for an unknown one and for no code alike."""
    receipt = receipts.hash_code(
        store.derived_key(receipts.RECEIPTS), receipts.normalize_code(typed)
    )
    return session.scalar(select(Report.key).where(Report.receipt == receipt))


def folder_counts(session: Session, today: date) -> dict[ReportFolder, int]:
    """How many reports lie in each tray, in one pass over the columns in clear."""
    folder_row = session.execute(
        select(
            *(
                func.count().filter(_folder_clause(folder, today)).label(folder.name)
                for folder in ReportFolder
            )
        )
    ).one()
    return {folder: folder_row[number] for number, folder in enumerate(ReportFolder)}


def received_days(session: Session, keys: Collection[str]) -> dict[str, date]:
    """When those of some reports that are still there came in."""
    if not keys:
        return {}
    rows = session.execute(select(Report.key, Report.day).where(Report.key.in_(keys)))
    return {row.key: row.day for row in rows}


def summaries(session: Session, keys: Collection[str]) -> dict[str, ReportSummary]:
    """Some reports as their columns in clear tell them; nothing of them is opened."""
    if not keys:
        return {}
    rows = session.execute(select(*_CLEAR_COLUMNS).where(Report.key.in_(keys)))
    return {row.key: _summary(row, None) for row in rows}


def count_unread(session: Session) -> int:
    """How many reports nobody has taken up; many of them warn the desk."""
    return (
        session.scalar(
            select(func.count()).select_from(Report).where(Report.state == ReportState.RECEIVED)
        )
        or 0
    )


def count_reports(session: Session, report_query: ReportQuery, today: date) -> int:
    """How many reports there are of what columns in clear answer: a tray, and who has them."""
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
    """So many reports of what columns in clear answer, in their order; no other is opened."""
    keys_stmt = _keys_stmt(report_query, today, limit, start)
    stmt = select(*_CLEAR_COLUMNS, Report.sealed).where(Report.key.in_(keys_stmt))
    rows = session.execute(stmt.order_by(*_order_columns(report_query))).all()
    keys = store.keys(row.key for row in rows if row.sealed is not None)
    return [_summary(row, _decrypt_sent(row, keys)) for row in rows]


def _keys_stmt(report_query: ReportQuery, today: date, limit: int, start: int = 0) -> Select[str]:
    """The keys of some reports, in their order: an index has all that it takes, and sorting whole
    rows would read everything that is sealed."""
    stmt = (
        select(Report.key)
        .where(*_filter_clauses(report_query, today))
        .order_by(*_order_columns(report_query))
    )
    return stmt.limit(limit).offset(start)


def _decrypt_matches(
    session: Session, store: KeyStore, report_query: ReportQuery, today: date
) -> tuple[Sequence[tuple[str, ReportContent]], bool]:
    """Those that answer, opened, in their order; and whether some were not looked at."""
    keys_stmt = _keys_stmt(report_query, today, DECRYPT_LIMIT + 1)
    ordered_keys = session.scalars(keys_stmt).all()
    rows = session.execute(select(Report.key, Report.sealed).where(Report.key.in_(keys_stmt))).all()
    keys = store.keys(row.key for row in rows if row.sealed is not None)
    sent_by_key = {row.key: _decrypt_sent(row, keys) for row in rows}
    candidates = [(key, sent_by_key[key]) for key in ordered_keys[:DECRYPT_LIMIT]]
    words = fold(report_query.words).split()
    matches = [
        (key, sent)
        for key, sent in candidates
        if sent is not None and _matches(sent, report_query, words)
    ]
    return matches, len(ordered_keys) > DECRYPT_LIMIT


def _filter_clauses(report_query: ReportQuery, today: date) -> Iterator[ColumnElement[bool]]:
    if report_query.folder is not None:
        yield _folder_clause(report_query.folder, today)
    else:
        yield or_(open_clause(), Report.news.is_(True))
        yield Report.suspect.is_(False)
    if report_query.holder is not None:
        yield Report.held_by == report_query.holder


def _order_columns(report_query: ReportQuery) -> tuple[Any, ...]:
    ended = (
        ReportFolder.ACCEPTED,
        ReportFolder.DECLINED,
        ReportFolder.WITHDRAWN,
        ReportFolder.SPAM,
    )
    if report_query.folder in ended:
        return Report.moved_on.desc(), Report.key
    return Report.day, Report.key


def _summary(row: Any, sent: ReportContent | None) -> ReportSummary:
    columns = {name: getattr(row, name) for name in _COLUMN_NAMES}
    columns["state"] = ReportState(row.state)
    return ReportSummary(**columns, sent=sent)


_COLUMN_NAMES = tuple(column.key for column in _CLEAR_COLUMNS)


def _decrypt_received(row: Any, keys: Mapping[str, bytes]) -> Received | None:
    key = keys.get(row.key)
    if key is None or row.sealed is None:
        return None
    return report_content.decrypt_content(key, row.key, row.sealed)


def _decrypt_sent(row: Any, keys: Mapping[str, bytes]) -> ReportContent | None:
    received = _decrypt_received(row, keys)
    return received.sent if received else None


def _matches(sent: ReportContent, report_query: ReportQuery, words: Sequence[str]) -> bool:
    if report_query.type and report_query.type not in sent.types:
        return False
    if report_query.place and not _matches_place(sent, report_query.place):
        return False
    if not words:
        return True
    text = fold(" ".join([sent.account, sent.place, sent.actor_text, sent.target_text]))
    return all(word in text for word in words)


def _matches_place(sent: ReportContent, place: str) -> bool:
    kind, _, code = sent.place_code.partition(":")
    if place == sent.place_code:
        return True
    if kind == "commune" and place.startswith("departement:"):
        department_code = place.partition(":")[2]
        return code.startswith(department_code)
    return ":" not in place and fold(place) in fold(sent.place)


def get_report(session: Session, store: KeyStore, key: str) -> ReportView:
    """A report with everything about it.

    :raises NotFound: ``no_such_report``.
    """
    row = session.execute(
        select(*_CLEAR_COLUMNS, Report.sealed, Report.contact, Report.decision).where(
            Report.key == key
        )
    ).one_or_none()
    if row is None:
        raise NotFound("no_such_report")
    keys = store.keys([key])
    received = _decrypt_received(row, keys)
    summary = _summary(row, received.sent if received else None)
    if received is None:
        return ReportView(summary)
    data_key = keys[key]
    decision = (
        report_content.decrypt_decision(data_key, key, row.decision) if row.decision else Decision()
    )
    return ReportView(
        summary,
        received,
        contact=_decrypt_contact(store, key, row.contact),
        messages=_decrypt_messages(session, key, data_key),
        decision=decision,
        case=_linked_case(session, decision.incident),
    )


def _decrypt_contact(store: KeyStore, report_key: str, sealed: bytes | None) -> str:
    """The contact; nothing where there is none, or its key is gone as it was taken back since."""
    contact_key = (
        store.key(report_content.contact_key_name(report_key, sealed))
        if sealed is not None
        else None
    )
    return (
        report_content.decrypt_contact(contact_key, report_key, sealed)
        if contact_key and sealed is not None
        else ""
    )


def _decrypt_messages(session: Session, key: str, data_key: bytes) -> list[ReportMessage]:
    rows = session.scalars(
        select(Message).where(Message.report_key == key).order_by(Message.position)
    )
    return [
        ReportMessage(row.day, *report_content.decrypt_message(data_key, row.key, row.sealed))
        for row in rows
    ]


def _linked_case(session: Session, incident_id: int | None) -> Any | None:
    if incident_id is None:
        return None
    return session.execute(
        select(Incident.id, Incident.number, Incident.state, Incident.title).where(
            Incident.id == incident_id
        )
    ).one_or_none()


def retained_reports(session: Session, store: KeyStore, incident_id: int) -> list[ReportContent]:
    """What a case rests on of reports, for members."""
    stmt = (
        select(RetainedReport)
        .where(RetainedReport.incident_id == incident_id)
        .order_by(RetainedReport.key)
    )
    rows = session.scalars(stmt).all()
    key = store.key(report_content.case_key_name(incident_id)) if rows else None
    return (
        [report_content.decrypt_content(key, row.key, row.sealed).sent for row in rows]
        if key
        else []
    )
