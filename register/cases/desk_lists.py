"""Lists of the desk, for active members only: all cases except erased ones.

A list first selects the ids of its page and then loads these twenty cases, so that its cost does
not depend on the texts of the others. Newest change first: each change makes a revision, and
revision ids ascend.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import core_tables as tables
from register.cases import filters, todo_clauses
from register.cases.filters import PAGE_SIZE, CaseQuery, SummaryPage
from register.cases.models import CaseState
from register.cases.todo_clauses import TodoContext, TodoKind

Clause = ColumnElement[bool]

# An erased case has no content; only the journal lists it.
LISTED_STATES = (CaseState.DRAFT, CaseState.PUBLISHED, CaseState.WITHDRAWN, CaseState.MERGED)


class ClaimFilter(StrEnum):
    """Filter by the member who has claimed a case; an expired claim does not count."""

    ANY = ""
    MINE = "moi"
    TAKEN = "pris"
    FREE = "libre"


@dataclass(frozen=True)
class DeskCaseSummary(tables.PlacedCase):
    """Case in a list of the desk, without account and sources.

    ``changed_at``, ``changed_by``, ``unmet`` and ``refused_by`` are those of the current revision.
    The claim of ``held_by`` may be over: see :func:`register.cases.urgency.claim_holder`.
    """

    id: int
    number: int | None
    state: str
    title: str
    summary: str
    date: str
    outcome: str
    restriction: str
    merged_into: int | None
    moved_at: datetime | None
    changed_at: datetime
    changed_by: int
    held_by: int | None
    held_until: datetime | None
    danger_on: dt.date | None
    term_on: dt.date | None
    term_label: str
    country: str
    place_label: str
    language: str
    contested: bool
    types: tuple[str, ...] = ()
    report_withdrawn: bool = False
    unmet: str | None = ""
    refused_by: int | None = None


@dataclass(frozen=True)
class DeskMatches:
    """Cases that match the words of a search: public ones by number, the others by id."""

    numbers: Collection[int] = ()
    ids: Collection[int] = ()


@dataclass(frozen=True)
class DeskQuery:
    """Query of a desk list; ``case_query`` holds the filters that the public list also has."""

    case_query: CaseQuery = field(default_factory=CaseQuery)
    state: CaseState | None = None
    claim: ClaimFilter = ClaimFilter.ANY
    waiting_for: TodoKind | None = None
    page: int = 1

    def at_page(self, page: int) -> DeskQuery:
        """Copy at another page."""
        return replace(self, page=page)


DeskCasePage = SummaryPage[DeskCaseSummary]


def query_desk_page(
    session: Session,
    viewer: Member,
    desk_query: DeskQuery,
    todo_context: TodoContext,
    matches: DeskMatches | None = None,
) -> DeskCasePage:
    """One page of the desk's cases, newest change first.

    :param matches: result of the word search; unused without words.
    :raises ValueError: the query has words and ``matches`` is None.
    """
    if not viewer.is_active:
        return DeskCasePage([], 0, desk_query.page)
    conditions = list_clauses(viewer, desk_query, todo_context)
    if desk_query.case_query.words:
        if matches is None:
            raise ValueError("a query with words needs the result of the word search as matches")
        public_matches = and_(
            tables.IS_PUBLIC, tables.is_among(tables.CASE.c.number, matches.numbers)
        )
        conditions.append(or_(public_matches, tables.is_among(tables.CASE.c.id, matches.ids)))
    total = session.scalar(select(func.count()).select_from(tables.CASE).where(*conditions)) or 0
    case_ids = session.scalars(
        select(tables.CASE.c.id)
        .where(*conditions)
        .order_by(tables.CASE.c.revision_id.desc())
        .limit(PAGE_SIZE)
        .offset((desk_query.page - 1) * PAGE_SIZE)
    ).all()
    summaries = load_summaries(session, viewer, case_ids)
    return DeskCasePage(
        [summaries[case_id] for case_id in case_ids if case_id in summaries], total, desk_query.page
    )


def list_clauses(viewer: Member, desk_query: DeskQuery, todo_context: TodoContext) -> list[Clause]:
    """SQL conditions of a list, without those of its words."""
    states = (desk_query.state,) if desk_query.state else LISTED_STATES
    conditions: list[Clause] = [tables.CASE.c.state.in_(states)]
    conditions += [
        filters.clause(desk_query.case_query, filter_name)
        for filter_name in desk_query.case_query.values
        if filter_name != filters.WORDS
    ]
    if desk_query.claim is ClaimFilter.FREE:
        conditions.append(
            or_(tables.CASE.c.held_until.is_(None), tables.CASE.c.held_until <= todo_context.at)
        )
    elif desk_query.claim:
        conditions.append(tables.CASE.c.held_until > todo_context.at)
    if desk_query.claim is ClaimFilter.MINE:
        conditions.append(tables.CASE.c.held_by == viewer.id)
    if desk_query.waiting_for:
        conditions.append(todo_clauses.clause(desk_query.waiting_for, viewer, todo_context))
    return conditions


def count_states(session: Session, viewer: Member) -> Mapping[str, int]:
    """Number of cases in each listed state."""
    if not viewer.is_active:
        return {}
    stmt = select(tables.CASE.c.state, func.count()).where(tables.CASE.c.state.in_(LISTED_STATES))
    return dict(session.execute(stmt.group_by(tables.CASE.c.state)).all())


def load_summaries(
    session: Session, viewer: Member, ids: Sequence[int]
) -> Mapping[int, DeskCaseSummary]:
    """Case id → summary, for the cases among some ids that have a current revision."""
    if not ids or not viewer.is_active:
        return {}
    case_rows = session.execute(_SUMMARIES_STMT, {"ids": ids})
    return {case_row.id: DeskCaseSummary(**case_row._mapping) for case_row in case_rows}


def list_waiting_kinds(
    session: Session,
    viewer: Member,
    ids: Sequence[int],
    todo_context: TodoContext,
    kinds: Sequence[TodoKind],
) -> Mapping[int, Sequence[TodoKind]]:
    """Case id → the kinds of tasks that the case waits for, among some cases and kinds."""
    waiting: dict[int, list[TodoKind]] = {}
    for kind in kinds if ids else ():
        stmt = select(tables.CASE.c.id).where(
            tables.CASE.c.id.in_(ids), todo_clauses.clause(kind, viewer, todo_context)
        )
        for case_id in session.scalars(stmt):
            waiting.setdefault(case_id, []).append(kind)
    return waiting


_SUMMARIES_STMT = (
    select(
        *tables.case_columns(DeskCaseSummary),
        tables.REVISION.c.made_at.label("changed_at"),
        tables.REVISION.c.made_by.label("changed_by"),
        tables.REVISION.c.unmet,
        tables.REVISION.c.refused_by,
    )
    .join(tables.REVISION, tables.REVISION.c.id == tables.CASE.c.revision_id)
    .where(tables.CASE.c.id.in_(bindparam("ids", expanding=True)))
)
