"""The public ledger as its page lists it: every public act, in order, by kind and by month.

All lines are told, also those of a case that is no longer shown: the ledger is what nothing is
taken out of. But a case's words stand beside its lines only while the case is public.
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

from register.cases.core_tables import CORRECTION, ENTRY, FOLLOW_UP
from register.cases.filters import LENGTH_LIMIT, VALUES_LIMIT, page_number, pages_of
from register.cases.queries import Listed, listed
from register.errors import Invalid
from register.journal import Act, Ledger, Position
from register.text import dates
from register.text.errors import TextError
from register.text.sanitize import one_line

PAGE_SIZE = 50

# What an address calls each public act, in the order in which a form offers them.
KINDS: Mapping[str, Act] = MappingProxyType(
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
class Asked:
    """Which lines: of some kinds, of one civil month in Paris (``YYYY-MM``); and which page."""

    kinds: tuple[str, ...] = ()
    month: str = ""
    page: int = 1

    def pairs(self) -> list[tuple[str, str]]:
        """The question as name and value, in a fixed order; defaults are left out."""
        pairs = [("acte", kind) for kind in self.kinds]
        if self.month:
            pairs.append(("mois", self.month))
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        return pairs

    def text(self) -> str:
        """The canonical query string, without the question mark."""
        return urlencode(self.pairs())

    def at(self, page: int) -> Asked:
        """The same question at another page."""
        return replace(self, page=page)

    def without(self, kind: str) -> Asked:
        """The same question less one kind, from its first page."""
        return replace(self, kinds=tuple(kept for kept in self.kinds if kept != kind), page=1)

    @property
    def is_bare(self) -> bool:
        """Whether nothing is filtered."""
        return not self.kinds and not self.month

    @property
    def acts(self) -> tuple[str, ...]:
        """The acts behind the kinds, as lines name them; none of them means all."""
        return tuple(KINDS[kind].value for kind in self.kinds)

    @property
    def since(self) -> datetime | None:
        """The first moment of the month."""
        return _first_moment(self.month) if self.month else None

    @property
    def until(self) -> datetime | None:
        """The first moment of the month after."""
        return _first_moment(_after(self.month)) if self.month else None


@dataclass(frozen=True)
class Line:
    """One line. ``case`` is None when the case is not shown now, ``words`` is then empty.

    ``words``: the title of the follow-up or the public note of the correction that the act added.
    ``into``: the number of the case that another one was merged into.
    """

    seq: int
    at: datetime
    act: str
    number: int | None
    reason: str
    digest: str
    case: Listed | None
    words: str
    into: int | None


@dataclass(frozen=True)
class Page:
    """One page of the ledger, newest line first, and the size of the whole answer."""

    lines: Sequence[Line]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are; an empty answer has one."""
        return pages_of(self.total, PAGE_SIZE)


def parse(args: Mapping[str, Sequence[str]]) -> Asked:
    """Read the question of an address; unknown names are not ours to judge.

    :raises Invalid: ``filter`` or ``filter_too_many``, with the name; ``page``.
    """
    kinds = _given(args, "acte", VALUES_LIMIT)
    for kind in kinds:
        if kind not in KINDS:
            raise Invalid("filter", name="acte", value=kind[:LENGTH_LIMIT])
    months = _given(args, "mois", 1)
    for month in months:
        if not _is_month(month):
            raise Invalid("filter", name="mois", value=month[:LENGTH_LIMIT])
    # The last one counts, as in a list of cases.
    pages = [one_line(value) for value in args.get("page", ())]
    return Asked(
        kinds=tuple(kind for kind in KINDS if kind in kinds),
        month=months[0] if months else "",
        page=page_number(pages[-1] if pages else ""),
    )


def _given(args: Mapping[str, Sequence[str]], name: str, most: int) -> list[str]:
    given = [value for value in map(one_line, args.get(name, ())) if value]
    if len(given) > most:
        raise Invalid("filter_too_many", name=name)
    return given


def _is_month(text: str) -> bool:
    try:
        told = dates.parse(text)
    except TextError:
        return False
    return told.month is not None and told.day is None and not told.mark


def _first_moment(month: str) -> datetime:
    """When a month begins on the clocks of Paris."""
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=dates.PARIS)


def _after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def months(first: datetime, last: datetime) -> list[str]:
    """The civil months from one moment to another, the newest first."""
    month, end = (f"{dates.paris_day(moment):%Y-%m}" for moment in (first, last))
    found = [month]
    while month < end:
        month = _after(month)
        found.append(month)
    return found[::-1]


# --- reading -------------------------------------------------------------------------------

_LINES = select(
    ENTRY.c.seq,
    ENTRY.c.at,
    ENTRY.c.act,
    ENTRY.c.case_number,
    ENTRY.c.digest,
    ENTRY.c.public_json,
    ENTRY.c.private_json,
).where(ENTRY.c.ledger == Ledger.PUBLIC.value)


def page(session: Session, asked: Asked, head: Position) -> Page:
    """One page of the public ledger.

    :param head: where the ledger stands, read first on the same session.
    """
    if asked.is_bare:
        # Lines are numbered without a gap: a page is a stretch of numbers, found by the key
        # however long the ledger is, and nothing has to be counted.
        total, top = head.seq, head.seq - (asked.page - 1) * PAGE_SIZE
        chosen = _LINES.where(ENTRY.c.seq <= top, ENTRY.c.seq > top - PAGE_SIZE)
    else:
        extent = _extent(session, asked, head)
        total = extent.total
        within = ENTRY.c.seq.between(extent.first, extent.last)
        chosen = _LINES.where(within, *_clauses(asked, head))
        chosen = chosen.limit(PAGE_SIZE).offset((asked.page - 1) * PAGE_SIZE)
    rows = session.execute(chosen.order_by(ENTRY.c.seq.desc())).all()
    return Page(_told(session, rows), total, asked.page)


def page_of(seq: int, head: Position) -> int:
    """The page of the whole ledger that a line stands on."""
    return (head.seq - seq) // PAGE_SIZE + 1


def _clauses(asked: Asked, head: Position) -> Iterator[ColumnElement[bool]]:
    yield ENTRY.c.seq <= head.seq
    if asked.kinds:
        yield ENTRY.c.act.in_(asked.acts)
    if asked.month:
        yield ENTRY.c.at >= asked.since
        yield ENTRY.c.at < asked.until


@dataclass(frozen=True)
class _Extent:
    """How many lines answer, and between which numbers: a month lies far back in the ledger."""

    total: int
    first: int
    last: int


_extents: dict[tuple[str, str], _Extent] = {}
_EXTENTS_KEPT = 512


def _extent(session: Session, asked: Asked, head: Position) -> _Extent:
    """The extent of an answer, counted once for each position of the ledger."""
    key = (head.digest, asked.at(1).text())
    extent = _extents.get(key)
    if extent is None:
        measured = select(func.count(), func.min(ENTRY.c.seq), func.max(ENTRY.c.seq))
        public = ENTRY.c.ledger == Ledger.PUBLIC.value
        total, first, last = session.execute(measured.where(public, *_clauses(asked, head))).one()
        extent = _Extent(total, first or 0, last or 0)
        if len(_extents) >= _EXTENTS_KEPT:
            _extents.clear()
        _extents[key] = extent
    return extent


def _told(session: Session, rows: Sequence[Any]) -> list[Line]:
    cases = listed(session, sorted({row.case_number for row in rows if row.case_number}))
    private = {row.seq: json.loads(row.private_json) for row in rows}
    shown = [private[row.seq] for row in rows if row.case_number in cases]
    titles = _texts(session, FOLLOW_UP, "title", {told.get("follow_up") for told in shown})
    notes = _texts(session, CORRECTION, "note", {told.get("correction") for told in shown})
    lines = []
    for row in rows:
        case = cases.get(row.case_number or 0)
        told = private[row.seq]
        words = titles.get(told.get("follow_up")) or notes.get(told.get("correction")) or ""
        lines.append(
            Line(
                seq=row.seq,
                at=row.at,
                act=row.act,
                number=row.case_number,
                reason=json.loads(row.public_json)["reason"] or "",
                digest=row.digest.hex(),
                case=case,
                words=words if case else "",
                into=told.get("into"),
            )
        )
    return lines


def _texts(
    session: Session, table: FromClause, column: str, ids: set[int | None]
) -> dict[Any, str]:
    """The words of some fragments by their id; none for a fragment that was destroyed."""
    ids.discard(None)
    if not ids:
        return {}
    asked = select(table.c.id, table.c[column]).where(table.c.id.in_(ids))
    return {row[0]: row[1] for row in session.execute(asked)}
