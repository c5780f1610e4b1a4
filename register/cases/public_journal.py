"""Public journal: pages of the public ledger, filtered by kind of act and by month.

All lines are listed, also those of cases that are no longer public. The title of a case, and the
texts that an act added, are shown only while the case is public.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, FromClause, func, select
from sqlalchemy.orm import Session

from register.cases.core_tables import CORRECTION, FOLLOW_UP, JOURNAL_ENTRY
from register.cases.filters import LENGTH_LIMIT, VALUES_LIMIT, count_pages, parse_page_number
from register.cases.result_lists import CaseSummary, load_case_summaries
from register.errors import Invalid, TextError
from register.journal import Act, Ledger, LedgerPosition
from register.text import dates
from register.text.normalisation import one_line

PAGE_SIZE = 50

# Name in URLs of each public act, in the order of the form.
PUBLIC_ACTS_BY_KIND: Mapping[str, Act] = MappingProxyType(
    {
        "publication": Act.PUBLISHED,
        "suite": Act.FOLLOWED_UP,
        "reponse": Act.REPLIED,
        "correction": Act.CORRECTED,
        "caviardage": Act.REDACTED,
        "retrait": Act.WITHDRAWN,
        "retablissement": Act.RESTORED,
        "reunion": Act.MERGED,
        "effacement": Act.ERASED,
        "ouverture": Act.OPENED,
    }
)


@dataclass(frozen=True)
class PublicJournalQuery:
    """Kinds of acts, civil month in Paris (``YYYY-MM``) and page of a list of lines."""

    kinds: tuple[str, ...] = ()
    month: str = ""
    page: int = 1

    def pairs(self) -> list[tuple[str, str]]:
        """Parameters as (name, value), in a fixed order, without defaults."""
        pairs = [("acte", kind) for kind in self.kinds]
        if self.month:
            pairs.append(("mois", self.month))
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        return pairs

    def query_string(self) -> str:
        """Canonical query string, without the question mark."""
        return urlencode(self.pairs())

    def at_page(self, page: int) -> PublicJournalQuery:
        """Copy at another page."""
        return replace(self, page=page)

    def without(self, kind: str) -> PublicJournalQuery:
        """Copy without one kind, at the first page."""
        kinds = tuple(other_kind for other_kind in self.kinds if other_kind != kind)
        return replace(self, kinds=kinds, page=1)

    @property
    def is_bare(self) -> bool:
        """Whether there is no filter."""
        return not self.kinds and not self.month

    @property
    def acts(self) -> tuple[str, ...]:
        """Acts of the kinds, as lines name them; an empty tuple means all."""
        return tuple(PUBLIC_ACTS_BY_KIND[kind].value for kind in self.kinds)

    @property
    def since(self) -> datetime | None:
        """Start of the month."""
        return _first_moment(self.month) if self.month else None

    @property
    def until(self) -> datetime | None:
        """Start of the next month."""
        return _first_moment(_next_month(self.month)) if self.month else None


@dataclass(frozen=True)
class PublicJournalLine:
    """Line of the public ledger.

    ``case`` is None if the case is not public now; ``words`` is then empty. ``words``: the title
    of the follow-up or the public note of the correction that the act added. ``into``: number of
    the case that this one was merged into.
    """

    seq: int
    at: datetime
    act: str
    number: int | None
    reason: str
    digest: str
    case: CaseSummary | None
    words: str
    into: int | None


@dataclass(frozen=True)
class PublicJournalPage:
    """Page of lines, newest first, and the number of all matching lines."""

    lines: Sequence[PublicJournalLine]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """Number of pages; an empty list has one."""
        return count_pages(self.total, PAGE_SIZE)


def parse(args: Mapping[str, Sequence[str]]) -> PublicJournalQuery:
    """Parse the parameters of a URL; unknown names are ignored.

    :raises Invalid: ``filter`` or ``filter_too_many``, with the name; ``page``.
    """
    kinds = _typed_values(args, "acte", VALUES_LIMIT)
    for kind in kinds:
        if kind not in PUBLIC_ACTS_BY_KIND:
            raise Invalid("filter", name="acte", value=kind[:LENGTH_LIMIT])
    months = _typed_values(args, "mois", 1)
    for month in months:
        if not _is_month(month):
            raise Invalid("filter", name="mois", value=month[:LENGTH_LIMIT])
    # The last page number counts, as in a list of cases.
    pages = [one_line(value) for value in args.get("page", ())]
    return PublicJournalQuery(
        kinds=tuple(kind for kind in PUBLIC_ACTS_BY_KIND if kind in kinds),
        month=months[0] if months else "",
        page=parse_page_number(pages[-1] if pages else ""),
    )


def _typed_values(args: Mapping[str, Sequence[str]], name: str, limit: int) -> list[str]:
    typed = [value for value in map(one_line, args.get(name, ())) if value]
    if len(typed) > limit:
        raise Invalid("filter_too_many", name=name)
    return typed


def _is_month(month: str) -> bool:
    try:
        parsed = dates.parse(month)
    except TextError:
        return False
    return parsed.month is not None and parsed.day is None and not parsed.mark


def _first_moment(month: str) -> datetime:
    """Start of a month in Paris."""
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=dates.PARIS)


def _next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def list_months(first: datetime, last: datetime) -> list[str]:
    """Civil months between two times, the newest first."""
    month, end = (f"{dates.paris_day(instant):%Y-%m}" for instant in (first, last))
    month_names = [month]
    while month < end:
        month = _next_month(month)
        month_names.append(month)
    return month_names[::-1]


# --- queries -------------------------------------------------------------------------------

_LINES_STMT = select(
    JOURNAL_ENTRY.c.seq,
    JOURNAL_ENTRY.c.at,
    JOURNAL_ENTRY.c.act,
    JOURNAL_ENTRY.c.case_number,
    JOURNAL_ENTRY.c.digest,
    JOURNAL_ENTRY.c.public_json,
    JOURNAL_ENTRY.c.private_json,
).where(JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value)


def query_page(
    session: Session, journal_query: PublicJournalQuery, head: LedgerPosition
) -> PublicJournalPage:
    """One page of the public ledger.

    :param head: position of the ledger, read first on the same session.
    """
    if journal_query.is_bare:
        # Lines are numbered without a gap: a page is a range of the key, and needs no count.
        total, last_seq = head.seq, head.seq - (journal_query.page - 1) * PAGE_SIZE
        stmt = _LINES_STMT.where(
            JOURNAL_ENTRY.c.seq <= last_seq, JOURNAL_ENTRY.c.seq > last_seq - PAGE_SIZE
        )
    else:
        extent = _count_extent(session, journal_query, head)
        total = extent.total
        is_in_extent = JOURNAL_ENTRY.c.seq.between(extent.first, extent.last)
        stmt = _LINES_STMT.where(is_in_extent, *_line_clauses(journal_query, head))
        stmt = stmt.limit(PAGE_SIZE).offset((journal_query.page - 1) * PAGE_SIZE)
    line_rows = session.execute(stmt.order_by(JOURNAL_ENTRY.c.seq.desc())).all()
    return PublicJournalPage(_make_lines(session, line_rows), total, journal_query.page)


def page_of_line(seq: int, head: LedgerPosition) -> int:
    """Page of the unfiltered journal that has a line."""
    return (head.seq - seq) // PAGE_SIZE + 1


def _line_clauses(
    journal_query: PublicJournalQuery, head: LedgerPosition
) -> Iterator[ColumnElement[bool]]:
    yield JOURNAL_ENTRY.c.seq <= head.seq
    if journal_query.kinds:
        yield JOURNAL_ENTRY.c.act.in_(journal_query.acts)
    if journal_query.month:
        yield JOURNAL_ENTRY.c.at >= journal_query.since
        yield JOURNAL_ENTRY.c.at < journal_query.until


@dataclass(frozen=True)
class _Extent:
    """Number of matching lines, and their first and last numbers, which bound the scan."""

    total: int
    first: int
    last: int


_extents: dict[tuple[str, str], _Extent] = {}
_EXTENTS_LIMIT = 512


def _count_extent(
    session: Session, journal_query: PublicJournalQuery, head: LedgerPosition
) -> _Extent:
    """Extent of a query, cached for each position of the ledger."""
    key = (head.digest, journal_query.at_page(1).query_string())
    extent = _extents.get(key)
    if extent is None:
        stmt = select(func.count(), func.min(JOURNAL_ENTRY.c.seq), func.max(JOURNAL_ENTRY.c.seq))
        is_public = JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value
        total, first, last = session.execute(
            stmt.where(is_public, *_line_clauses(journal_query, head))
        ).one()
        extent = _Extent(total, first or 0, last or 0)
        if len(_extents) >= _EXTENTS_LIMIT:
            _extents.clear()
        _extents[key] = extent
    return extent


def _make_lines(session: Session, line_rows: Sequence[Any]) -> list[PublicJournalLine]:
    cases = load_case_summaries(
        session, sorted({line_row.case_number for line_row in line_rows if line_row.case_number})
    )
    private = {line_row.seq: json.loads(line_row.private_json) for line_row in line_rows}
    visible = [private[line_row.seq] for line_row in line_rows if line_row.case_number in cases]
    follow_ups = {fields.get("follow_up") for fields in visible}
    corrections = {fields.get("correction") for fields in visible}
    titles = _fragment_texts(session, FOLLOW_UP, "title", follow_ups)
    notes = _fragment_texts(session, CORRECTION, "note", corrections)
    lines = []
    for line_row in line_rows:
        case = cases.get(line_row.case_number or 0)
        fields = private[line_row.seq]
        words = titles.get(fields.get("follow_up")) or notes.get(fields.get("correction")) or ""
        lines.append(
            PublicJournalLine(
                seq=line_row.seq,
                at=line_row.at,
                act=line_row.act,
                number=line_row.case_number,
                reason=json.loads(line_row.public_json)["reason"] or "",
                digest=line_row.digest.hex(),
                case=case,
                words=words if case else "",
                into=fields.get("into"),
            )
        )
    return lines


def _fragment_texts(
    session: Session, table: FromClause, column: str, fragment_ids: set[int | None]
) -> dict[Any, str]:
    """Id → text of the follow-ups or corrections that still exist."""
    fragment_ids.discard(None)
    if not fragment_ids:
        return {}
    stmt = select(table.c.id, table.c[column]).where(table.c.id.in_(fragment_ids))
    return dict(session.execute(stmt).all())
