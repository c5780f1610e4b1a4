"""Possible duplicates of a report among cases and undecided reports.

A report is compared with cases through the draft that it would become. Other reports are
encrypted: those received on the nearest days are decrypted and compared in memory only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import select
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
from register.key_store import KeyStore
from register.reports import report_to_draft
from register.reports.models import Report
from register.reports.queries import CLEAR_COLUMNS, ReportSummary, decrypt_contents, make_summary
from register.reports.questions import typed_answers
from register.reports.report_content import ReportContent
from register.reports.retention import undecided_clause
from register.text.normalisation import fold

# Characters of an account that are compared; a long account states its subject early.
_COMPARED_LENGTH = 3_000
# Reports decrypted on each side of the report's day.
DECRYPT_LIMIT = 150
_MOST_SIMILAR = 6
# A word is common, and ignored, when more than one report in 50 (at least 3) has it.
_COMMON_SHARE, _MIN_COMMON = 50, 3


def similar_cases(
    session: Session,
    viewer: Member,
    sent: ReportContent,
    vocabulary: Vocabulary,
    own_case: int | None = None,
) -> list[PossibleDuplicate]:
    """Cases similar to a report, the most similar first.

    :param own_case: the case that the report already led to.
    """
    draft_parts = report_to_draft.draft_parts(sent, vocabulary)
    ticked_names = {part.name for part in draft_parts if part.ticked}
    # The account serves this comparison only: drafts never store the reporter's words.
    draft = replace(
        report_to_draft.draft_content(draft_parts, ticked_names, vocabulary),
        title="",
        summary=_compared_text(sent),
    )
    return duplicates.find_possible_duplicates(
        session, viewer, draft, exclude_id=own_case, limit=_MOST_SIMILAR
    )


def similar_reports(
    session: Session, store: KeyStore, viewer: Member, key: str, day: date, sent: ReportContent
) -> list[tuple[ReportSummary, Sequence[DuplicateReason]]]:
    """Undecided reports similar to a report, the most similar first; the strongest reason first.

    Only the reports received on the nearest days are compared.

    :param key: the key of the report.
    :param day: the day on which it was received.
    """
    if not viewer.is_active:
        return []
    neighbours = _decrypt_nearest(session, store, key, day)
    compared = [_ComparedFields(other.sent) for other in neighbours if other.sent]
    word_counts = Counter(word for candidate in compared for word in candidate.words)
    max_reports = max(_MIN_COMMON, len(compared) // _COMMON_SHARE)
    own_fields = _ComparedFields(sent)
    rare = {word for word in own_fields.words if word_counts[word] <= max_reports}
    similar = []
    for other, candidate in zip(neighbours, compared, strict=True):
        reasons = sorted(own_fields.shared_reasons(candidate, rare), key=weight, reverse=True)
        if is_enough(reasons):
            rank = (-sum(map(weight, reasons)), other.day, other.key)
            similar.append((rank, (other, reasons)))
    return [report for _rank, report in sorted(similar, key=itemgetter(0))[:_MOST_SIMILAR]]


def _decrypt_nearest(session: Session, store: KeyStore, key: str, day: date) -> list[ReportSummary]:
    stmt: Any = select(*CLEAR_COLUMNS, Report.sealed).where(
        undecided_clause(), Report.sealed.is_not(None), Report.key != key
    )
    earlier_stmt = stmt.where(Report.day <= day).order_by(Report.day.desc(), Report.key)
    later_stmt = stmt.where(Report.day > day).order_by(Report.day, Report.key)
    rows = [
        row
        for half_stmt in (earlier_stmt, later_stmt)
        for row in session.execute(half_stmt.limit(DECRYPT_LIMIT))
    ]
    received = decrypt_contents(store, rows)
    return [make_summary(row, received[row.key]) for row in rows if row.key in received]


def _compared_text(sent: ReportContent) -> str:
    """The account and the typed answers."""
    texts = (sent.account, *(words for _question, words in typed_answers(sent)))
    return "\n".join(text[:_COMPARED_LENGTH] for text in texts)


class _ComparedFields:
    """The compared fields of a report, folded."""

    def __init__(self, sent: ReportContent) -> None:
        # Two unrecognised places may still have been typed with the same words.
        self.place = sent.place_code or fold(sent.place)
        self.date = duplicates.parse_date(sent.date)
        self.types = set(sent.types)
        self.links = set(sent.links)
        words = duplicates.distinctive_words(
            _compared_text(sent), sent.actor_text, sent.target_text
        )
        self.words = words - duplicates.distinctive_words(sent.place)

    def shared_reasons(self, other: _ComparedFields, rare: set[str]) -> Iterator[DuplicateReason]:
        """Reasons why another report may be of the same facts; ``rare``: own rare words."""
        if self.links & other.links:
            yield DuplicateReason("source")
        if self.place and self.place == other.place:
            yield DuplicateReason("commune")
        if other.date:
            yield from duplicates.compare_dates(self.date, other.date.first, other.date.last)
        types = len(self.types & other.types)
        if types:
            yield DuplicateReason("types", types)
        common = len(rare & other.words)
        if common >= MIN_SHARED_WORDS:
            yield DuplicateReason("mots", common)
