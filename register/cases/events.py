"""The public events as pages, feeds and the public log read them: from the public ledger alone.

Once a case is withdrawn, merged or erased, its earlier events are gone and the last one remains.

An event belongs to a search when its case answers the search now. Those that take something back
belong to it as well when the case once answered it: whoever was shown a case has to learn that it
went. They are told whatever words were searched for, since words do not outlive a case.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, FORMER_CODE, JOURNAL_ENTRY, is_among
from register.cases.filters import FILTERS, CaseQuery, HitStrengths, clause
from register.cases.models import CaseState, FollowUp
from register.cases.queries import CaseSummary, load_case_summaries
from register.cases.vocabulary import Vocabulary
from register.errors import NotFound
from register.journal import Act, Ledger

# What may still be told of a case that is no longer shown.
FINAL_ACTS = {
    CaseState.WITHDRAWN: Act.WITHDRAWN,
    CaseState.MERGED: Act.MERGED,
    CaseState.ERASED: Act.ERASED,
}
RETRACTING_ACTS = (Act.WITHDRAWN, Act.REDACTED, Act.MERGED, Act.ERASED)

RECENT_LIMIT = 50  # events in the document that readers subscribe to
ARCHIVE_LIMIT = 100  # at most, in one archive document
# An archive ends with an event whose random name begins below this: one in thirty-two. The place
# of a cut depends on no count, so that what is added or withdrawn seldom moves one.
_CUT_PREFIX = "08"
_SELECTIVE_LIMIT = 1_000  # cases


@dataclass(frozen=True)
class EventQuery:
    """Which events: those of a search, of one case, of some acts, within a span of time.

    ``includes_register`` also asks for what happened to the register itself, which has no case. ``matches`` are
    the cases that answer the words of the search, found beforehand.
    """

    query: CaseQuery = field(default_factory=CaseQuery)
    case: int | None = None
    acts: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    includes_register: bool = False
    matches: HitStrengths | None = field(default=None, hash=False)


@dataclass(frozen=True)
class PublicEvent:
    """A line of the public ledger that readers may be told of, and where its case stands."""

    seq: int
    name: str
    act: str
    at: datetime
    number: int | None
    public_json: bytes
    private_json: bytes
    incident_id: int | None
    state: str | None
    revision_id: int | None
    merged_into: int | None

    @property
    def reason(self) -> str:
        """The public code of why it was done, or nothing."""
        return json.loads(self.public_json)["reason"] or ""

    @property
    def private(self) -> Mapping[str, Any]:
        """What the line tells of fragments by their ids; never shown."""
        details: Mapping[str, Any] = json.loads(self.private_json)
        return details

    @property
    def is_public(self) -> bool:
        """Whether the case's texts may be told beside the event."""
        return self.state == CaseState.PUBLISHED


@dataclass(frozen=True)
class EventPage:
    """Some events, newest first. ``older``: the name after which the next stretch goes on."""

    events: Sequence[PublicEvent]
    older: str | None


@dataclass(frozen=True)
class LatestEvent:
    """One public event. ``title`` and ``case`` are None for a case that is no longer shown."""

    act: str
    at: datetime
    number: int
    title: str | None
    case: CaseSummary | None


# --- which events --------------------------------------------------------------------------

_IS_PUBLIC = CASE.c.state == CaseState.PUBLISHED
_later_entry = JOURNAL_ENTRY.alias("later")
# A case withdrawn twice is told of once, by the last line.
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
_COLUMNS = select(
    JOURNAL_ENTRY.c.seq,
    JOURNAL_ENTRY.c.event,
    JOURNAL_ENTRY.c.act,
    JOURNAL_ENTRY.c.at,
    JOURNAL_ENTRY.c.case_number,
    JOURNAL_ENTRY.c.public_json,
    JOURNAL_ENTRY.c.private_json,
    CASE.c.id,
    CASE.c.state,
    CASE.c.revision_id,
    CASE.c.merged_into,
).where(JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value)
_CASE_EVENTS = _COLUMNS.join(CASE, CASE.c.number == JOURNAL_ENTRY.c.case_number)
_ALL_EVENTS = _COLUMNS.outerjoin(CASE, CASE.c.number == JOURNAL_ENTRY.c.case_number)

Clause = ColumnElement[bool]


@dataclass(frozen=True)
class Alternative:
    """One way in which an event may be wanted. Each is a statement of its own.

    Joined by "or", no database would use an index. ``is_selective``: its cases are few beside the ledger,
    so that they are looked up first and their lines put in order; otherwise the ledger is read
    from its end until there are enough. A planner that has to guess takes the wrong one of the
    two, and reads a hundred thousand lines for the three of a village.
    """

    clause: Clause
    is_selective: bool = False


def _search_alternatives(
    session: Session, event_query: EventQuery, vocabulary: Vocabulary
) -> Iterator[Alternative]:
    """The ways in which an event may belong to a search."""
    code_clauses, text_clauses = [], []
    for filter_name, filter_values in event_query.query.values.items():
        current_clause = clause(event_query.query, filter_name, vocabulary, event_query.matches)
        former_clause = FILTERS[filter_name].former_clause
        if former_clause is None:
            text_clauses.append(current_clause)
        else:
            code_clauses.append((current_clause, former_clause(filter_values, vocabulary)))
    if not code_clauses and not text_clauses:
        yield Alternative(or_(_IS_PUBLIC, _IS_FINAL))
        return
    current_clauses = [current_clause for current_clause, _former in code_clauses]
    yield Alternative(
        and_(_IS_PUBLIC, *current_clauses, *text_clauses),
        is_selective=_is_selective(session, [*current_clauses, *text_clauses]),
    )
    if text_clauses:
        yield Alternative(
            and_(_IS_PUBLIC, _is_public_retraction(session), *current_clauses), is_selective=True
        )
    if code_clauses:
        yield Alternative(_formerly_matching(code_clauses, text_clauses), is_selective=True)
    else:
        yield Alternative(and_(_has_act(RETRACTING_ACTS), _IS_FINAL), is_selective=True)


def _has_act(acts: Iterable[Act]) -> Clause:
    """Lines of some rare acts, looked up before anything else."""
    seqs = select(_same_entry.c.seq).where(
        _same_entry.c.ledger == Ledger.PUBLIC.value, _same_entry.c.act.in_(list(acts))
    )
    return JOURNAL_ENTRY.c.seq.in_(seqs)


def _is_public_retraction(session: Session) -> Clause:
    """Lines that took something back from a case that is public all the same.

    They are looked up apart: no database knows how few of them there are, and beside a common type
    it would begin with all cases of the type.
    """
    stmt = select(JOURNAL_ENTRY.c.seq).join(CASE, CASE.c.number == JOURNAL_ENTRY.c.case_number)
    return is_among(
        JOURNAL_ENTRY.c.seq,
        session.scalars(stmt.where(_IS_PUBLIC, _has_act(RETRACTING_ACTS))).all(),
    )


def _is_selective(session: Session, conditions: Sequence[Clause]) -> bool:
    """Whether a search has few cases; looked at no further than it takes to say so."""
    sample = select(CASE.c.id).where(_IS_PUBLIC, *conditions).limit(_SELECTIVE_LIMIT + 1).subquery()
    return (session.scalar(select(func.count()).select_from(sample)) or 0) <= _SELECTIVE_LIMIT


def _formerly_matching(
    code_clauses: Sequence[tuple[Clause, Clause]], text_clauses: Sequence[Clause]
) -> Clause:
    """Events of the cases that once had the codes: what took them back, or changed one of them."""
    candidates = select(FORMER_CODE.c.incident_id).where(
        or_(*(former_clause for _current, former_clause in code_clauses))
    )
    # By the event itself, as a correction that moves a case to another commune.
    has_changed = or_(
        *(
            _former_code_exists(former_clause, FORMER_CODE.c.seq == JOURNAL_ENTRY.c.seq)
            for _current, former_clause in code_clauses
        )
    )
    # Still had then; what takes a case back is told wherever the case was shown before.
    was_current = or_(FORMER_CODE.c.seq >= JOURNAL_ENTRY.c.seq, _IS_RETRACTING)
    return and_(
        CASE.c.id.in_(candidates),
        or_(_IS_PUBLIC, _IS_FINAL),
        or_(_IS_RETRACTING, has_changed),
        *(
            or_(and_(_IS_PUBLIC, current_clause), _former_code_exists(former_clause, was_current))
            for current_clause, former_clause in code_clauses
        ),
        *(or_(_IS_RETRACTING, and_(_IS_PUBLIC, text_clause)) for text_clause in text_clauses),
    )


def _former_code_exists(code_clause: Clause, seq_clause: Clause) -> Clause:
    return exists().where(FORMER_CODE.c.incident_id == CASE.c.id, code_clause, seq_clause)


def list_events(
    session: Session,
    event_query: EventQuery,
    vocabulary: Vocabulary,
    *,
    before: int | None = None,
    limit: int,
) -> list[PublicEvent]:
    """The newest public events that are wanted, newest first.

    :param before: only those older than this line of the public ledger.
    """
    rows_by_seq: dict[int, Any] = {}
    for alternative in _alternatives(session, event_query, vocabulary):
        stmt = (_ALL_EVENTS if event_query.includes_register else _CASE_EVENTS).where(
            alternative.clause
        )
        if before is not None:
            stmt = stmt.where(JOURNAL_ENTRY.c.seq < before)
        # A sum is in no index, so that no index is read for its order's sake.
        order = JOURNAL_ENTRY.c.seq + 0 if alternative.is_selective else JOURNAL_ENTRY.c.seq
        for event_row in session.execute(stmt.order_by(order.desc()).limit(limit)):
            rows_by_seq[event_row.seq] = event_row
    return [_public_event(rows_by_seq[seq]) for seq in sorted(rows_by_seq, reverse=True)[:limit]]


def _alternatives(
    session: Session, event_query: EventQuery, vocabulary: Vocabulary
) -> Iterator[Alternative]:
    """The ways in which an event may be wanted."""
    is_listed = or_(_IS_PUBLIC, _IS_FINAL)
    if event_query.includes_register:
        entry_filters = list(_entry_filters(JOURNAL_ENTRY, event_query))
        yield Alternative(
            and_(or_(is_listed, JOURNAL_ENTRY.c.case_number.is_(None)), *entry_filters)
        )
        if entry_filters:
            # Whoever was told of a case by one of its lines is told that it went.
            yield Alternative(
                and_(_has_act(FINAL_ACTS.values()), _IS_FINAL, _has_earlier_entry(event_query)),
                is_selective=True,
            )
    elif event_query.case is not None:
        yield Alternative(
            and_(is_listed, JOURNAL_ENTRY.c.case_number == event_query.case), is_selective=True
        )
        # The feed of a case that was joined to this one leads here.
        yield Alternative(
            and_(_IS_FINAL, CASE.c.merged_into == event_query.case), is_selective=True
        )
    else:
        yield from _search_alternatives(session, event_query, vocabulary)


def _entry_filters(entries: Any, event_query: EventQuery) -> Iterator[Clause]:
    if event_query.acts:
        yield entries.c.act.in_(event_query.acts)
    if event_query.since is not None:
        yield entries.c.at >= event_query.since
    if event_query.until is not None:
        yield entries.c.at < event_query.until


def _has_earlier_entry(event_query: EventQuery) -> Clause:
    return exists().where(
        _earlier_entry.c.ledger == Ledger.PUBLIC.value,
        _earlier_entry.c.case_number == JOURNAL_ENTRY.c.case_number,
        _earlier_entry.c.seq < JOURNAL_ENTRY.c.seq,
        *_entry_filters(_earlier_entry, event_query),
    )


def _public_event(event_row: Any) -> PublicEvent:
    return PublicEvent(
        seq=event_row.seq,
        name=event_row.event,
        act=event_row.act,
        at=event_row.at,
        number=event_row.case_number,
        public_json=event_row.public_json,
        private_json=event_row.private_json,
        incident_id=event_row.id,
        state=event_row.state,
        revision_id=event_row.revision_id,
        merged_into=event_row.merged_into,
    )


# --- one after the other -------------------------------------------------------------------


def event_page(
    session: Session, event_query: EventQuery, vocabulary: Vocabulary, after: str | None = None
) -> EventPage:
    """The events of one feed document, by RFC 5005 §4: the newest, or an archive.

    :param after: the name of the event that the newer document ended with.
    :raises NotFound: ``no_such_page``: no public event has that name.
    """
    if after is None:
        matches = list_events(session, event_query, vocabulary, limit=RECENT_LIMIT + 1)
        page_events = matches[:RECENT_LIMIT]
    else:
        before_seq = _seq_of(session, after)
        matches = list_events(
            session, event_query, vocabulary, before=before_seq, limit=ARCHIVE_LIMIT + 1
        )
        page_events = matches[: _archive_length(matches)]
    return EventPage(page_events, page_events[-1].name if len(matches) > len(page_events) else None)


def _archive_length(matches: Sequence[PublicEvent]) -> int:
    for length, event in enumerate(matches[:ARCHIVE_LIMIT], start=1):
        if event.name < _CUT_PREFIX:
            return length
    return ARCHIVE_LIMIT


def _seq_of(session: Session, event_name: str) -> int:
    seq = session.scalar(
        select(JOURNAL_ENTRY.c.seq).where(
            JOURNAL_ENTRY.c.event == event_name, JOURNAL_ENTRY.c.ledger == Ledger.PUBLIC.value
        )
    )
    if seq is None:
        raise NotFound("no_such_page")
    return int(seq)


def latest_events(
    session: Session, vocabulary: Vocabulary, limit: int = 6
) -> Sequence[LatestEvent]:
    """The newest public events as the home page lists them, newest first."""
    public_events = list_events(session, EventQuery(), vocabulary, limit=limit)
    summaries = load_case_summaries(
        session,
        [public_event.number for public_event in public_events if public_event.number is not None],
    )
    follow_up_ids = {
        public_event.seq: public_event.private["follow_up"]
        for public_event in public_events
        if public_event.act == Act.FOLLOWED_UP
    }
    titles = _follow_up_titles(session, follow_up_ids.values())
    events = []
    for public_event in public_events:
        summary = summaries.get(public_event.number or 0)
        title = summary.title if summary else None
        if summary and public_event.seq in follow_up_ids:
            title = titles.get(follow_up_ids[public_event.seq], title)
        events.append(
            LatestEvent(public_event.act, public_event.at, public_event.number or 0, title, summary)
        )
    return events


def _follow_up_titles(session: Session, ids: Collection[int]) -> dict[int, str]:
    if not ids:
        return {}
    title_rows = session.execute(select(FollowUp.id, FollowUp.title).where(FollowUp.id.in_(ids)))
    return dict(title_rows.all())
