"""The queue of the desk: every open case, report and proposal once, the most urgent first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import desk_lists
from register.cases.desk_lists import DeskCaseSummary
from register.cases.filters import count_pages
from register.cases.models import CaseState, Invitation
from register.cases.todo_clauses import TodoContext, TodoKind
from register.errors import SealError
from register.key_store import KeyStore
from register.reports.queries import ReportSummary, summaries
from register.reports.queue_statements import QueueKind, count_rows, queue_statements
from register.reports.report_lists import reports_by_key

PAGE_SIZE = 20


@dataclass(frozen=True)
class QueueItem:
    """One thing to do: its case or its report, and the id of its reply, change or destruction.

    ``since`` and ``by`` are the day and the member of a reply, change, destruction or approval.
    """

    kind: QueueKind
    incident: int | None
    report: str | None
    ref: int | None = None
    since: date | datetime | None = None
    due: date | None = None
    by: int | None = None


@dataclass(frozen=True)
class QueuePage:
    """A page of the queue, the numbers of things by kind, and what its things are about.

    ``waits`` and ``uninvited`` are about the drafts and edited cases of the page: the kinds of
    tasks they wait for, and those whose authority was neither invited nor said not to be.
    """

    items: Sequence[QueueItem]
    counts: Mapping[QueueKind, int]
    number: int
    pages: int
    cases: Mapping[int, DeskCaseSummary] = field(default_factory=dict)
    reports: Mapping[str, ReportSummary] = field(default_factory=dict)
    waits: Mapping[int, Sequence[TodoKind]] = field(default_factory=dict)
    uninvited: Collection[int] = ()

    @property
    def total(self) -> int:
        """Number of all things, of unknown outcomes at most ``COUNT_LIMIT`` + 1."""
        return sum(self.counts.values())


def load_queue(
    session: Session,
    store: KeyStore,
    viewer: Member,
    todo_context: TodoContext,
    *,
    kind: QueueKind | None = None,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> QueuePage:
    """A page of the queue for an active member; empty for anybody else.

    :param kind: only things of this kind; the counts are of all kinds.
    """
    if not viewer.is_active:
        return QueuePage((), {}, 1, 1)
    statements = queue_statements(session, viewer, todo_context)
    all_counts = count_rows(session, statements.values())
    counts = {kind: count for kind, count in zip(statements, all_counts, strict=True) if count}
    kinds = [kind] if kind else list(counts)
    total = sum(counts.get(listed, 0) for listed in kinds)
    pages = count_pages(total, page_size)
    number = min(page, pages)
    skipped = (number - 1) * page_size
    items: list[QueueItem] = []
    for listed in kinds:
        missing = page_size - len(items)
        if skipped < counts.get(listed, 0) and missing:
            rows = session.execute(statements[listed].limit(missing).offset(skipped))
            items += [QueueItem(listed, *tuple(row)[1:]) for row in rows]
        skipped = max(0, skipped - counts.get(listed, 0))
    case_ids = list({item.incident for item in items if item.incident})
    cases = desk_lists.load_summaries(session, viewer, case_ids)
    unpublished = [id for id, case in cases.items() if case.state != CaseState.PUBLISHED]
    invited = select(Invitation.incident_id).where(Invitation.incident_id.in_(unpublished))
    return QueuePage(
        items,
        counts,
        number,
        pages,
        cases=cases,
        reports=load_reports(session, store, [item.report for item in items if item.report]),
        waits=desk_lists.list_waiting_kinds(
            session, viewer, unpublished, todo_context, _DRAFT_KINDS
        ),
        uninvited=set(unpublished) - set(session.scalars(invited)) if unpublished else (),
    )


def load_reports(
    session: Session, store: KeyStore, keys: Sequence[str]
) -> Mapping[str, ReportSummary]:
    """The reports of some keys, without their contents while those cannot be decrypted."""
    try:
        return reports_by_key(session, store, keys)
    except SealError:
        # Without the keys the queue is still complete, and says nothing of where reports are from.
        return summaries(session, keys)


_DRAFT_KINDS = (TodoKind.READY, TodoKind.APPROVE, TodoKind.SECOND)
