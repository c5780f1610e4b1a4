"""Public events for the home page and feeds: queries on the public ledger.

Of a withdrawn, merged or erased case, only the last event is listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from register.cases.case_codes import CASE_CODE, IS_PRESENT
from register.cases.case_sets import Strengths
from register.cases.core_tables import CASE, IS_PUBLIC, IS_PUBLIC_LINE, JOURNAL_ENTRY, is_among
from register.cases.filters import FILTERS, CaseQuery, Clause, clause
from register.cases.mergers import list_parted_lines
from register.cases.models import CaseState
from register.errors import NotFound
from register.journal import Act, Ledger

# The only act that is listed of a case that is no longer shown.
FINAL_ACTS = {
    CaseState.WITHDRAWN: Act.WITHDRAWN,
    CaseState.MERGED: Act.MERGED,
    CaseState.ERASED: Act.ERASED,
}
RETRACTING_ACTS = (Act.WITHDRAWN, Act.REDACTED, Act.MERGED, Act.ERASED)
_SELECTIVE_LIMIT = 1_000  # cases


@dataclass(frozen=True)
class EventQuery:
    """Conditions on events: a search, one case, some acts, a span of time.

    ``includes_register`` adds the events of the register itself, which have no case. ``matches``
    are the cases that match the words of the search, from the search engine.
    """

    case_query: CaseQuery = field(default_factory=CaseQuery)
    case: int | None = None
    acts: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    includes_register: bool = False
    matches: Strengths | None = field(default=None, hash=False)


@dataclass(frozen=True)
class Alternative:
    """One condition under which an event is selected. Each makes a statement of its own.

    Joined by "or", no database would use an index. ``is_selective``: its cases are few compared
    with the ledger, so they are looked up first and their lines sorted; otherwise the ledger is
    read from its end until there are enough lines. A planner that has to guess takes the wrong
    one of the two, and reads a hundred thousand lines for the three of a village.
    """

    clause: Clause
    is_selective: bool = False


_later_entry = JOURNAL_ENTRY.alias("later")
# A case withdrawn twice has one event, that of the last line.
_IS_FINAL = and_(
    or_(
        *(
            and_(CASE.c.state == state, JOURNAL_ENTRY.c.act == act)
            for state, act in FINAL_ACTS.items()
        )
    ),
    ~exists().where(
        _later_entry.c.ledger == Ledger.PUBLIC.value,
        _later_entry.c.case_number == JOURNAL_ENTRY.c.case_number,
        _later_entry.c.act == JOURNAL_ENTRY.c.act,
        _later_entry.c.seq > JOURNAL_ENTRY.c.seq,
    ),
)
_earlier_entry = JOURNAL_ENTRY.alias("before")
_same_entry = JOURNAL_ENTRY.alias("same")
_IS_RETRACTING = JOURNAL_ENTRY.c.act.in_(RETRACTING_ACTS)


def alternatives(session: Session, event_query: EventQuery) -> Iterator[Alternative]:
    """The conditions under which an event is selected."""
    is_listed = or_(IS_PUBLIC, _IS_FINAL)
    if event_query.includes_register:
        entry_filters = list(_entry_filters(JOURNAL_ENTRY, event_query))
        yield Alternative(
            and_(or_(is_listed, JOURNAL_ENTRY.c.case_number.is_(None)), *entry_filters)
        )
        if entry_filters:
            # If an earlier line of a case matches, its final line is selected too.
            has_earlier_entry = exists().where(
                _earlier_entry.c.ledger == Ledger.PUBLIC.value,
                _earlier_entry.c.case_number == JOURNAL_ENTRY.c.case_number,
                _earlier_entry.c.seq < JOURNAL_ENTRY.c.seq,
                *_entry_filters(_earlier_entry, event_query),
            )
            yield Alternative(
                and_(_has_act(FINAL_ACTS.values()), _IS_FINAL, has_earlier_entry), is_selective=True
            )
    elif event_query.case is not None:
        yield Alternative(
            and_(is_listed, JOURNAL_ENTRY.c.case_number == event_query.case), is_selective=True
        )
        # The feed of a case that was merged into this one redirects to this one's feed, also for
        # readers who still follow it there once the case is parted.
        yield Alternative(
            and_(_IS_FINAL, CASE.c.merged_into == event_query.case), is_selective=True
        )
        parted_lines = list_parted_lines(session, event_query.case)
        if parted_lines:
            yield Alternative(is_among(JOURNAL_ENTRY.c.seq, parted_lines), is_selective=True)
    else:
        yield from _search_alternatives(session, event_query)


def _entry_filters(entries: Any, event_query: EventQuery) -> Iterator[Clause]:
    if event_query.acts:
        yield entries.c.act.in_(event_query.acts)
    if event_query.since is not None:
        yield entries.c.at >= event_query.since
    if event_query.until is not None:
        yield entries.c.at < event_query.until


def _search_alternatives(session: Session, event_query: EventQuery) -> Iterator[Alternative]:
    """The conditions under which an event matches a search.

    It matches when its case matches now. A retracting event also matches when the case matched
    before, so that readers who saw the case learn that it is gone, and whatever words are searched
    for, since the words of a case are destroyed with it.
    """
    code_clauses, text_clauses = [], []
    for filter_name, filter_values in event_query.case_query.values.items():
        search_filter = FILTERS[filter_name]
        current_clause = clause(event_query.case_query, filter_name, event_query.matches)
        if search_filter.is_text:
            text_clauses.append(current_clause)
        else:
            former_clause = and_(search_filter.code_clause(filter_values), ~IS_PRESENT)
            code_clauses.append((current_clause, former_clause))
    if not code_clauses and not text_clauses:
        yield Alternative(or_(IS_PUBLIC, _IS_FINAL))
        return
    current_clauses = [current_clause for current_clause, _former in code_clauses]
    matches = and_(IS_PUBLIC, *current_clauses, *text_clauses)
    # Counts no further than the limit.
    sample = select(CASE.c.id).where(matches).limit(_SELECTIVE_LIMIT + 1).subquery()
    match_count = session.scalar(select(func.count()).select_from(sample)) or 0
    yield Alternative(matches, is_selective=match_count <= _SELECTIVE_LIMIT)
    if text_clauses:
        yield Alternative(
            and_(IS_PUBLIC, _is_public_retraction(session), *current_clauses), is_selective=True
        )
    if code_clauses:
        yield Alternative(_formerly_matching(code_clauses, text_clauses), is_selective=True)
    else:
        yield Alternative(and_(_has_act(RETRACTING_ACTS), _IS_FINAL), is_selective=True)


def _has_act(acts: Iterable[Act]) -> Clause:
    """Lines of some rare acts, as a subquery so that they are looked up first."""
    seqs = select(_same_entry.c.seq).where(
        _same_entry.c.ledger == Ledger.PUBLIC.value, _same_entry.c.act.in_(list(acts))
    )
    return JOURNAL_ENTRY.c.seq.in_(seqs)


def _is_public_retraction(session: Session) -> Clause:
    """Retracting lines of cases that are public.

    They are looked up in a separate statement: no planner knows how few of them there are, and
    with a common type it would begin with all cases of that type.
    """
    stmt = select(JOURNAL_ENTRY.c.seq).join(CASE, CASE.c.number == JOURNAL_ENTRY.c.case_number)
    return is_among(
        JOURNAL_ENTRY.c.seq, session.scalars(stmt.where(IS_PUBLIC, _has_act(RETRACTING_ACTS))).all()
    )


def _formerly_matching(
    code_clauses: Sequence[tuple[Clause, Clause]], text_clauses: Sequence[Clause]
) -> Clause:
    """Events of cases that once had the codes: those that retract, or that changed a code."""
    candidates = select(CASE_CODE.c.incident_id).where(
        or_(*(former_clause for _current, former_clause in code_clauses))
    )
    # The event itself changed the code, like a correction that moves a case to another commune.
    has_changed = or_(
        *(
            _former_code_exists(former_clause, CASE_CODE.c.until_line == JOURNAL_ENTRY.c.seq)
            for _current, former_clause in code_clauses
        )
    )
    # The case still had the code then; a retraction is listed wherever the case was listed before.
    was_current = or_(CASE_CODE.c.until_line >= JOURNAL_ENTRY.c.seq, _IS_RETRACTING)
    return and_(
        CASE.c.id.in_(candidates),
        or_(IS_PUBLIC, _IS_FINAL),
        or_(_IS_RETRACTING, has_changed),
        *(
            or_(and_(IS_PUBLIC, current_clause), _former_code_exists(former_clause, was_current))
            for current_clause, former_clause in code_clauses
        ),
        *(or_(_IS_RETRACTING, and_(IS_PUBLIC, text_clause)) for text_clause in text_clauses),
    )


def _former_code_exists(code_clause: Clause, seq_clause: Clause) -> Clause:
    return exists().where(CASE_CODE.c.incident_id == CASE.c.id, code_clause, seq_clause)


RECENT_LIMIT = 50  # events in the document that readers subscribe to
ARCHIVE_LIMIT = 100  # at most, in one archive document
# An archive ends with an event whose random name begins below this: one in thirty-two. The cut
# depends on no count, so that new or withdrawn events seldom move it.
_CUT_PREFIX = "08"


@dataclass(frozen=True)
class PublicEvent:
    """A line of the public ledger, and the present state of its case."""

    seq: int
    name: str
    act: str
    at: datetime
    number: int | None
    digest: bytes
    public_json: bytes
    private_json: bytes
    incident_id: int | None
    state: str | None
    revision_id: int | None
    merged_into: int | None

    @property
    def reason(self) -> str:
        """The public reason code; empty if there is none, or if the case is erased since."""
        is_erased = self.state == CaseState.ERASED
        return "" if is_erased else self._public["reason"] or ""

    @property
    def texts(self) -> Sequence[str]:
        """The names of the published texts that the line seals."""
        return list(self._public.get("texts", ()))

    @cached_property
    def _public(self) -> Mapping[str, Any]:
        details: Mapping[str, Any] = json.loads(self.public_json)
        return details

    @cached_property
    def private(self) -> Mapping[str, Any]:
        """The private details of the line, such as ids of fragments; never shown."""
        details: Mapping[str, Any] = json.loads(self.private_json)
        return details

    @property
    def is_public(self) -> bool:
        """Whether the case's texts may be shown with the event."""
        return self.state == CaseState.PUBLISHED


@dataclass(frozen=True)
class EventPage:
    """Some events, newest first. ``older``: the ``after`` of the next page; None on the last."""

    events: Sequence[PublicEvent]
    older: str | None


# In the order of the fields of PublicEvent.
_COLUMNS = select(
    JOURNAL_ENTRY.c.seq,
    JOURNAL_ENTRY.c.event.label("name"),
    JOURNAL_ENTRY.c.act,
    JOURNAL_ENTRY.c.at,
    JOURNAL_ENTRY.c.case_number.label("number"),
    JOURNAL_ENTRY.c.digest,
    JOURNAL_ENTRY.c.public_json,
    JOURNAL_ENTRY.c.private_json,
    CASE.c.id.label("incident_id"),
    CASE.c.state,
    CASE.c.revision_id,
    CASE.c.merged_into,
).where(IS_PUBLIC_LINE)
_CASE_EVENTS = _COLUMNS.join(CASE, CASE.c.number == JOURNAL_ENTRY.c.case_number)
ALL_EVENTS = _COLUMNS.outerjoin(CASE, CASE.c.number == JOURNAL_ENTRY.c.case_number)


def list_events(
    session: Session, event_query: EventQuery, *, before: int | None = None, limit: int
) -> list[PublicEvent]:
    """The newest public events that match, newest first.

    :param before: only events older than this line of the public ledger.
    """
    rows_by_seq: dict[int, Any] = {}
    for alternative in alternatives(session, event_query):
        stmt = (ALL_EVENTS if event_query.includes_register else _CASE_EVENTS).where(
            alternative.clause
        )
        if before is not None:
            stmt = stmt.where(JOURNAL_ENTRY.c.seq < before)
        # No index holds a sum, so the planner cannot read one only for its order.
        order = JOURNAL_ENTRY.c.seq + 0 if alternative.is_selective else JOURNAL_ENTRY.c.seq
        for event_row in session.execute(stmt.order_by(order.desc()).limit(limit)):
            rows_by_seq[event_row.seq] = event_row
    newest_seqs = sorted(rows_by_seq, reverse=True)[:limit]
    return [PublicEvent(*rows_by_seq[seq]) for seq in newest_seqs]


def event_page(session: Session, event_query: EventQuery, after: str | None = None) -> EventPage:
    """The events of one feed document, by RFC 5005 §4: the newest, or an archive.

    :param after: the name of the event that the newer document ended with.
    :raises NotFound: ``no_such_page``: no public event has that name.
    """
    if after is None:
        matches = list_events(session, event_query, limit=RECENT_LIMIT + 1)
        page_events = matches[:RECENT_LIMIT]
    else:
        before_seq = session.scalar(
            select(JOURNAL_ENTRY.c.seq).where(JOURNAL_ENTRY.c.event == after, IS_PUBLIC_LINE)
        )
        if before_seq is None:
            raise NotFound("no_such_page")
        matches = list_events(session, event_query, before=before_seq, limit=ARCHIVE_LIMIT + 1)
        cuts = (length for length, event in enumerate(matches, start=1) if event.name < _CUT_PREFIX)
        page_events = matches[: min(next(cuts, ARCHIVE_LIMIT), ARCHIVE_LIMIT)]
    return EventPage(page_events, page_events[-1].name if len(matches) > len(page_events) else None)
