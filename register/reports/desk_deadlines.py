"""Days that run at the desk: replies, terms, limitation periods, destructions, reports, questions.

Each kind is one statement in the order of its days. A page merges the beginnings of all of them,
so that its cost grows with its number and not with the register.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, case, cast, literal, null, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import legal_rules
from register.cases.core_tables import CASE, IS_PUBLIC, IS_PUBLIC_LINE, JOURNAL_ENTRY, REPLY
from register.cases.deadlines import CONSEQUENCES, PeriodScope
from register.cases.filters import count_pages
from register.cases.legal_rules import LegalRule
from register.cases.models import CaseState
from register.cases.second_person import Destruction
from register.post.models import ReceivedPost
from register.reports.models import Report, ReportState
from register.reports.queue_statements import LIVE_STATES, MARKABLE, count_rows
from register.reports.retention import ANSWER_TERM, OVERDUE_MONTHS, undecided_clause
from register.text.dates import day_start, paris_day

PAGE_SIZE = 20
_REPORT, _DESTRUCTION = Report.__table__.c, Destruction.__table__.c
_POST = ReceivedPost.__table__.c
_PERIOD_ACTS = [
    act.value
    for act, consequence in CONSEQUENCES.items()
    if consequence.scope is not PeriodScope.NONE
]


class DeadlineKind(StrEnum):
    """Why a day counts; the values are those of the address."""

    REPLY = "reponse"  # a right of reply to be decided within three days
    TERM = "echeance"  # typed by a member on a case or a report
    REPORT = "signalement"  # from that day on, an undecided report is late
    QUESTION = "question"  # without an answer by then, a report returns to the queue
    DESTRUCTION = "destruction"  # of what a redaction hid, unless somebody confirms it earlier
    POST = "courrier"  # a summons, a court's decision, a request that came by post
    REQUEST = "demande"  # a legal day of a request for a public document
    LIMITATION = "prescription"  # the last day for proceedings against a publication


@dataclass(frozen=True)
class DeskDeadline:
    """A day, and its case or its report.

    ``ref`` is the id of a reply or destruction, or the number of a journal line; ``act`` the act of
    that line, or the code of the rule of law of a request. ``member`` has claimed the case or
    report, hid what is to be destroyed, noted what came by post, or published.
    """

    kind: DeadlineKind
    due: date
    incident: int | None
    report: str | None
    ref: int | None
    since: date | None
    member: int | None
    act: str


@dataclass(frozen=True)
class DeadlineQuery:
    """The filters of a list of days; ``member`` is an id."""

    kind: DeadlineKind | None = None
    member: int | None = None
    page: int = 1


@dataclass(frozen=True)
class DeadlinePage:
    """A page of days, the earliest first, and the number of days by kind."""

    items: Sequence[DeskDeadline]
    counts: Mapping[DeadlineKind, int]
    number: int
    pages: int


# Of a request for a document: the event that is known, and the rules that lead to a day.
_REQUEST_DAYS = (
    ("demande", ("silence",)),
    ("demande", ("silence", "saisine")),
    ("refus", ("saisine",)),
    ("enregistrement", ("avis",)),
    ("enregistrement", ("confirmation",)),
    ("enregistrement", ("confirmation", "tribunal")),
)


def _last_day(terms: Sequence[LegalRule], start: date) -> date:
    for term in terms:
        start = term.last_day(start)
    return start


def _earliest_start(terms: Sequence[LegalRule], day: date) -> date:
    for term in reversed(terms):
        day = term.earliest_start(day)
    return day


@dataclass(frozen=True)
class _Source:
    """A statement whose rows are in the order of their days, and how the first column makes one."""

    kind: DeadlineKind
    stmt: Select[Any]
    due: Callable[[Any], date]


def load_deadlines(
    session: Session,
    viewer: Member,
    at: datetime,
    query: DeadlineQuery,
    undecided_after: int,
    page_size: int = PAGE_SIZE,
) -> DeadlinePage:
    """A page of the days for an active member, with the counts of all kinds; else an empty one.

    :param undecided_after: months, as in the settings.
    """
    if not viewer.is_active:
        return DeadlinePage((), {}, 1, 1)
    sources = list(_sources(at, query.member, undecided_after))
    counts = dict.fromkeys(DeadlineKind, 0)
    all_counts = count_rows(session, (source.stmt for source in sources))
    for source, count in zip(sources, all_counts, strict=True):
        counts[source.kind] += count
    total = counts[query.kind] if query.kind else sum(counts.values())
    pages = count_pages(total, page_size)
    number = min(query.page, pages)
    streams = [
        _read(session, source, number * page_size)
        for source in sources
        if query.kind in (None, source.kind)
    ]
    merged = heapq.merge(*streams, key=lambda item: item.due)
    items = list(islice(merged, (number - 1) * page_size, number * page_size))
    return DeadlinePage(items, counts, number, pages)


def first_deadlines(
    session: Session,
    kinds: Collection[DeadlineKind],
    at: datetime,
    undecided_after: int,
    limit: int,
) -> Iterator[DeskDeadline]:
    """The earliest days of some kinds, of all members; at most ``limit`` of each statement."""
    for source in _sources(at, None, undecided_after):
        if source.kind in kinds:
            yield from _read(session, source, limit)


def _read(session: Session, source: _Source, limit: int) -> Iterator[DeskDeadline]:
    for row in session.execute(source.stmt.limit(limit)):
        start, incident, report, ref, member, act = row
        since = paris_day(start) if isinstance(start, datetime) else start
        due = source.due(since)
        yield DeskDeadline(
            source.kind, due, incident, report, ref, since if since != due else None, member, act
        )


def _sources(at: datetime, member: int | None, undecided_after: int) -> Iterator[_Source]:
    """The statement of each kind; typed terms have one for cases and one for reports."""
    case_holder = case((CASE.c.held_until > at, CASE.c.held_by))
    report_holder = case((_REPORT.held_until > at, _REPORT.held_by))

    def source(
        kind: DeadlineKind,
        start: ColumnElement[Any],
        owner: ColumnElement[Any],
        *conditions: ColumnElement[bool],
        due: Callable[[Any], date] = lambda day: day,
        **columns: ColumnElement[Any],
    ) -> _Source:
        values = {**_EMPTY, **columns, "member": owner}
        # Rows of one day in a fixed order, so that no page repeats another.
        stmt = select(start, *(values[name].label(name) for name in _EMPTY)).order_by(
            start, *(values[name] for name in ("incident", "report", "ref") if name in columns)
        )
        own_conditions = [owner == member] if member is not None else []
        return _Source(kind, stmt.where(*conditions, *own_conditions), due)

    yield source(
        DeadlineKind.REPLY,
        REPLY.c.due_on,
        case_holder,
        REPLY.c.state == "received",
        REPLY.c.incident_id == CASE.c.id,
        IS_PUBLIC,
        incident=CASE.c.id,
        ref=REPLY.c.id,
    )
    yield source(
        DeadlineKind.TERM,
        CASE.c.term_on,
        case_holder,
        CASE.c.term_on.is_not(None),
        CASE.c.state.in_(LIVE_STATES),
        incident=CASE.c.id,
    )
    yield source(
        DeadlineKind.TERM,
        _REPORT.term_on,
        report_holder,
        _REPORT.term_on.is_not(None),
        MARKABLE,
        report=_REPORT.key,
    )
    months = min(OVERDUE_MONTHS, undecided_after)
    yield source(
        DeadlineKind.REPORT,
        _REPORT.day,
        report_holder,
        undecided_clause(),
        due=lambda day: legal_rules.add_months(day, months),
        report=_REPORT.key,
    )
    yield source(
        DeadlineKind.QUESTION,
        _REPORT.asked_on,
        report_holder,
        _REPORT.state == ReportState.WAITING,
        due=lambda day: day + ANSWER_TERM,
        report=_REPORT.key,
    )
    yield source(
        DeadlineKind.DESTRUCTION,
        _DESTRUCTION.due_on,
        _DESTRUCTION.made_by,
        _DESTRUCTION.ended_at.is_(None),
        _DESTRUCTION.incident_id == CASE.c.id,
        CASE.c.state != CaseState.ERASED,
        incident=CASE.c.id,
        ref=_DESTRUCTION.id,
    )
    yield source(
        DeadlineKind.POST,
        _POST.due_on,
        _POST.entered_by,
        _POST.closed_on.is_(None),
        incident=_POST.incident_id,
        ref=_POST.id,
    )
    for number, (event, codes) in enumerate(_REQUEST_DAYS):
        terms = [legal_rules.rule(code) for code in codes]
        yield source(
            DeadlineKind.REQUEST,
            CASE.c.request_on,
            case_holder,
            CASE.c.request_event == event,
            CASE.c.request_on >= _earliest_start(terms, paris_day(at)),
            CASE.c.state.in_(LIVE_STATES),
            due=partial(_last_day, terms),
            incident=CASE.c.id,
            ref=literal(number, Integer),
            act=literal(codes[-1], String(20)),
        )
    rule = legal_rules.rule("prescription")
    yield source(
        DeadlineKind.LIMITATION,
        JOURNAL_ENTRY.c.at,
        JOURNAL_ENTRY.c.member_id,
        IS_PUBLIC_LINE,
        JOURNAL_ENTRY.c.act.in_(_PERIOD_ACTS),
        JOURNAL_ENTRY.c.at >= day_start(rule.earliest_start(paris_day(at))),
        due=rule.last_day,
        incident=JOURNAL_ENTRY.c.incident_id,
        ref=JOURNAL_ENTRY.c.seq,
        act=JOURNAL_ENTRY.c.act,
    )


_EMPTY: Mapping[str, ColumnElement[Any]] = {
    "incident": cast(null(), Integer),
    "report": cast(null(), String(32)),
    "ref": cast(null(), Integer),
    "member": cast(null(), Integer),
    "act": cast("", String(20)),
}
