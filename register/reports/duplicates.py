"""What may be the same as a report: cases of the register, and other reports nobody has decided.

A report is compared with cases as a draft made of it would be. Other reports are closed; those
received nearest to it are opened and compared in memory, and no word of them is kept anywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import duplicates
from register.cases.duplicates import (
    MIN_SHARED_WORDS,
    DuplicateReason,
    PossibleDuplicate,
    is_enough,
    weight,
)
from register.cases.vocabulary import Vocabulary
from register.report_keys import KeyStore
from register.reports import report_content, report_to_draft
from register.reports.models import Report, ReportState
from register.reports.queries import open_clause
from register.reports.report_content import ReportContent
from register.text.normalisation import fold

# Characters of an account that are compared: who tells a long one says early what it is about.
_COMPARED_LENGTH = 3_000
# Reports opened on each side of the day of this one.
DECRYPT_LIMIT = 150
# A word that more of them have tells nothing: one in fifty, and never fewer than three.
_COMMON_SHARE, _MIN_COMMON = 50, 3


@dataclass(frozen=True)
class SimilarReport:
    """Another report that may be of the same thing, and why: the strongest reason first."""

    key: str
    state: ReportState
    day: date
    sent: ReportContent
    reasons: tuple[DuplicateReason, ...]


def similar_cases(
    session: Session,
    viewer: Member,
    sent: ReportContent,
    vocabulary: Vocabulary,
    at: datetime,
    limit: int = 6,
) -> list[PossibleDuplicate]:
    """The cases that are like a report, the likest first.

    :param at: now, for who has them in hand.
    """
    place = report_to_draft.reported_place(session, sent)
    draft_parts = report_to_draft.draft_parts(sent, vocabulary, place)
    ticked_names = {part.name for part in draft_parts if part.ticked}
    # Its words are compared with those of cases, and go nowhere else.
    draft = replace(
        report_to_draft.draft_content(draft_parts, ticked_names, vocabulary, place),
        title="",
        summary=sent.account[:_COMPARED_LENGTH],
    )
    return duplicates.find_possible_duplicates(session, viewer, draft, limit=limit, at=at)


def similar_reports(
    session: Session,
    store: KeyStore,
    viewer: Member,
    key: str,
    day: date,
    sent: ReportContent,
    limit: int = 6,
) -> list[SimilarReport]:
    """Undecided reports that are like one, the likest first, among those received nearest to it.

    :param key: the report's own.
    :param day: the day on which it was received.
    """
    if not viewer.is_active:
        return []
    neighbours = _decrypt_nearest(session, store, key, day)
    compared = [_ComparedFields(other.sent) for other in neighbours]
    # Common words are those of many reports, whatever they are about.
    word_counts = Counter(word for candidate in compared for word in candidate.words)
    max_reports = max(_MIN_COMMON, len(compared) // _COMMON_SHARE)
    own_fields = _ComparedFields(sent)
    rare = {word for word in own_fields.words if word_counts[word] <= max_reports}
    scored = [
        replace(
            other,
            reasons=tuple(
                sorted(_shared_reasons(own_fields, candidate, rare), key=weight, reverse=True)
            ),
        )
        for other, candidate in zip(neighbours, compared, strict=True)
    ]
    similar = [candidate for candidate in scored if is_enough(candidate.reasons)]
    similar.sort(
        key=lambda candidate: (-sum(map(weight, candidate.reasons)), candidate.day, candidate.key)
    )
    return similar[:limit]


def _decrypt_nearest(session: Session, store: KeyStore, key: str, day: date) -> list[SimilarReport]:
    rows: list[Any] = []
    for stmt in _nearest_stmts(key, day):
        rows += session.execute(stmt.limit(DECRYPT_LIMIT)).all()
    keys = store.keys(row.key for row in rows)
    return [
        SimilarReport(
            row.key, ReportState(row.state), row.day, _decrypt_sent(keys[row.key], row), ()
        )
        for row in rows
        if row.key in keys
    ]


def _decrypt_sent(key: bytes, row: Any) -> ReportContent:
    return report_content.decrypt_content(key, row.key, row.sealed).sent


def _nearest_stmts(key: str, day: date) -> Iterator[Select[Any]]:
    stmt: Any = select(Report.key, Report.state, Report.day, Report.sealed).where(
        open_clause(),
        Report.sealed.is_not(None),
        Report.key != key,
    )
    yield stmt.where(Report.day <= day).order_by(Report.day.desc(), Report.key)
    yield stmt.where(Report.day > day).order_by(Report.day, Report.key)


class _ComparedFields:
    """What is compared of a report, folded."""

    def __init__(self, sent: ReportContent) -> None:
        # Two that were left in words may still be the same words.
        self.place = sent.place_code or fold(sent.place)
        self.date = duplicates.parse_date(sent.date)
        self.types = set(sent.types)
        self.links = set(sent.links)
        place_words = duplicates.distinctive_words(sent.place)
        self.words = (
            duplicates.distinctive_words(
                sent.account[:_COMPARED_LENGTH], sent.actor_text, sent.target_text
            )
            - place_words
        )


def _shared_reasons(
    own: _ComparedFields, other: _ComparedFields, rare: set[str]
) -> Iterator[DuplicateReason]:
    if own.links & other.links:
        yield DuplicateReason("source")
    if own.place and own.place == other.place:
        yield DuplicateReason("commune")
    if other.date:
        yield from duplicates.compare_dates(own.date, other.date.first, other.date.last)
    types = len(own.types & other.types)
    if types:
        yield DuplicateReason("types", types)
    common = len(rare & other.words)
    if common >= MIN_SHARED_WORDS:
        yield DuplicateReason("mots", common)
