"""Possible duplicates of a case, or cases of the same series, with the reasons.

Candidates are found through indexes (source, commune, outlet, date) and weighed by what they
share with the case. One reason alone is not enough, except a common source: two cases of one
commune are two cases until their dates or words also match.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import desk_lists
from register.cases.case_content import Content
from register.cases.core_tables import CASE, CASE_TYPE, COMMUNE, COMMUNE_CODE, OUTLET, PLACE
from register.cases.desk_lists import LISTED_STATES, DeskCaseSummary
from register.cases.filter_clauses import equivalent_codes
from register.cases.models import Source, SourceUse
from register.errors import TextError
from register.text import dates
from register.text.dates import PartialDate
from register.text.normalisation import fold

NEARBY_SPAN = timedelta(days=60)  # between the dates of two related cases
# Later than the end of any claim.
_NEVER = datetime.max.replace(tzinfo=UTC)
CANDIDATE_LIMIT = 100  # newest candidates of each statement
LOOKUP_LIMIT = 40  # values of each list of the case that are looked up

_SOURCE = Source.__table__
_SOURCE_USE = SourceUse.__table__
_CITING_STMT = select(_SOURCE_USE.c.incident_id).join(
    _SOURCE, _SOURCE.c.id == _SOURCE_USE.c.source_id
)
_WORD = re.compile(r"[^\W\d_]{4,}")
# Words of nearly every case, and function words.
_COMMON_WORDS = frozenset(
    """
    ainsi alors apres aussi autre autres avant avec avoir blog blogueur cette commune conseil
    conseils contre dans depuis deux elle elles entre etait etre faire fait faits incident
    interdiction leur leurs lors mairie maire mais municipal municipale municipaux nous pour
    plusieurs puis sans selon ses sont sous suite sur tous toute une ville vous
    janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
    """.split()  # noqa: SIM905 # a list of quoted words would take fifty lines
)
MIN_SHARED_WORDS = 3
# Weight of each reason, multiplied by its count.
_WEIGHTS = {
    "source": 6,
    "commune": 3,
    "commune_liee": 2,
    "jours": 3,
    "jours_proches": 1,
    "media": 2,
    "types": 1,
    "mots": 1,
}
_MAX_COUNTED = 4


@dataclass(frozen=True)
class DuplicateReason:
    """Kind of likeness, and the number of shared values where these can be counted."""

    code: str
    count: int = 1


@dataclass(frozen=True)
class PossibleDuplicate:
    """Similar case and its reasons, the strongest first."""

    case: DeskCaseSummary
    reasons: tuple[DuplicateReason, ...]


def find_possible_duplicates(
    session: Session,
    viewer: Member,
    content: Content,
    *,
    exclude_id: int | None = None,
    limit: int = 8,
    at: datetime = _NEVER,
) -> list[PossibleDuplicate]:
    """Listed cases that are similar to one, the most similar first.

    :param content: the case as it is being written, which need not be valid.
    :param exclude_id: the case's own id.
    :param at: time at which claims of the other cases count; by default none does.
    """
    if not viewer.is_active:
        return []
    subject = _CaseFeatures(session, content)
    candidate_ids: dict[int, None] = {}
    for stmt in _candidate_stmts(subject):
        candidate_ids |= dict.fromkeys(session.scalars(stmt.limit(CANDIDATE_LIMIT)))
    candidate_ids.pop(exclude_id or 0, None)
    similar_cases = _CandidateFeatures(session, subject, list(candidate_ids)).similar_cases()
    similar_cases.sort(key=lambda pair: (-sum(map(weight, pair[1])), -pair[0]))
    best = similar_cases[:limit]
    summaries = desk_lists.load_summaries(
        session, viewer, [case_id for case_id, _reasons in best], at
    )
    return [
        PossibleDuplicate(summaries[case_id], reasons)
        for case_id, reasons in best
        if case_id in summaries
    ]


class _CaseFeatures:
    """Compared features of the case being written, folded."""

    def __init__(self, session: Session, content: Content) -> None:
        self.date = parse_date(content.date)
        self.own_codes = _commune_codes(session, [content.commune])
        self.linked_codes = _commune_codes(session, content.linked_communes)
        self.outlets = {fold(name) for name in content.outlets[:LOOKUP_LIMIT]}
        self.types = set(content.types)
        self.urls = [source.url for source in content.sources[:LOOKUP_LIMIT] if source.url]
        communes_stmt = select(COMMUNE.c.name).join(
            COMMUNE_CODE, COMMUNE_CODE.c.current_code == COMMUNE.c.code
        )
        commune_names = session.scalars(
            communes_stmt.where(COMMUNE_CODE.c.code.in_(self.commune_codes)).distinct()
        )
        # The commune is a reason of its own: its name must not count as a shared word as well.
        self.words = distinctive_words(content.title, content.summary) - distinctive_words(
            *commune_names
        )

    @property
    def commune_codes(self) -> set[str]:
        """All present and former codes of its communes."""
        return self.own_codes | self.linked_codes


def distinctive_words(*texts: str) -> set[str]:
    """Folded words of at least four letters, without the common ones."""
    return set(_WORD.findall(fold(" ".join(texts)))) - _COMMON_WORDS


def parse_date(typed: str) -> PartialDate | None:
    """Parsed date; None for an empty or invalid one, which may still be being typed."""
    try:
        return dates.parse(typed) if typed else None
    except TextError:
        return None


def _commune_codes(session: Session, commune_codes: Sequence[str]) -> set[str]:
    codes = [code for code in commune_codes[:LOOKUP_LIMIT] if code]
    return set(session.scalars(equivalent_codes(codes))) if codes else set()


# --- candidates -----------------------------------------------------------------------------


def _candidate_stmts(subject: _CaseFeatures) -> Iterator[Select[Any]]:
    if subject.urls:
        yield _newest_first(_CITING_STMT.where(_SOURCE.c.url.in_(subject.urls)))
    if subject.commune_codes:
        yield _newest_first(
            select(PLACE.c.incident_id).where(PLACE.c.code.in_(subject.commune_codes))
        )
    if subject.outlets:
        yield _newest_first(
            select(OUTLET.c.incident_id).where(OUTLET.c.folded.in_(subject.outlets))
        )
    if subject.date and subject.date.day:
        # Only an exact day: hundreds of cases lie near a year.
        first, last = subject.date.first - NEARBY_SPAN, subject.date.last + NEARBY_SPAN
        # Uses the index that lists are sorted by, which begins with the state.
        stmt = select(CASE.c.id).where(
            CASE.c.state.in_(LISTED_STATES), CASE.c.sort_day.between(first, last)
        )
        yield stmt.order_by(CASE.c.sort_day.desc(), CASE.c.id.desc())


def _newest_first(ids: Select[Any]) -> Select[Any]:
    stmt = select(CASE.c.id).where(CASE.c.id.in_(ids), CASE.c.state.in_(LISTED_STATES))
    return stmt.order_by(CASE.c.id.desc())


# --- comparison -----------------------------------------------------------------------------


def is_enough(reasons: Collection[DuplicateReason]) -> bool:
    """Whether the reasons together make a possible duplicate."""
    codes = {reason.code for reason in reasons}
    return "source" in codes or (len(codes) > 1 and codes != {"jours_proches", "types"})


def weight(reason: DuplicateReason) -> int:
    """Weight of a reason with its count."""
    return _WEIGHTS[reason.code] * min(reason.count, _MAX_COUNTED)


class _CandidateFeatures:
    """Compared features of the candidates, loaded by one statement for each table."""

    def __init__(
        self, session: Session, subject: _CaseFeatures, candidate_ids: Sequence[int]
    ) -> None:
        self.subject = subject
        self.cases = session.execute(
            select(
                CASE.c.id, CASE.c.title, CASE.c.summary, CASE.c.date_first, CASE.c.date_last
            ).where(CASE.c.id.in_(candidate_ids))
        ).all()
        self.places = _load_codes(session, PLACE.c.code, candidate_ids)
        self.types = _load_codes(session, CASE_TYPE.c.code, candidate_ids)
        self.outlets = _load_codes(session, OUTLET.c.folded, candidate_ids)
        same_source = _CITING_STMT.where(
            _SOURCE_USE.c.incident_id.in_(candidate_ids), _SOURCE.c.url.in_(subject.urls)
        )
        self.citing_ids = set(session.scalars(same_source)) if subject.urls else set()

    def similar_cases(self) -> list[tuple[int, tuple[DuplicateReason, ...]]]:
        """Ids of the candidates with enough reasons, and these, the strongest first."""
        similar = []
        for candidate in self.cases:
            reasons = tuple(sorted(self.reasons(candidate), key=weight, reverse=True))
            if is_enough(reasons):
                similar.append((candidate.id, reasons))
        return similar

    def reasons(self, candidate: Any) -> Iterator[DuplicateReason]:
        """Yield the reasons of one candidate."""
        subject = self.subject
        if candidate.id in self.citing_ids:
            yield DuplicateReason("source")
        places = self.places.get(candidate.id, set())
        if places & subject.own_codes:
            yield DuplicateReason("commune")
        elif places & subject.linked_codes:
            yield DuplicateReason("commune_liee")
        yield from compare_dates(subject.date, candidate.date_first, candidate.date_last)
        for code, shared in (
            ("media", self.outlets.get(candidate.id, set()) & subject.outlets),
            ("types", self.types.get(candidate.id, set()) & subject.types),
        ):
            if shared:
                yield DuplicateReason(code, len(shared))
        shared_words = len(distinctive_words(candidate.title, candidate.summary) & subject.words)
        if shared_words >= MIN_SHARED_WORDS:
            yield DuplicateReason("mots", shared_words)


def compare_dates(
    day: PartialDate | None, first: date | None, last: date | None
) -> Iterable[DuplicateReason]:
    """Reason, if any, of a date and the days from ``first`` to ``last`` (both set or both None)."""
    if day is None or first is None or last is None:
        return ()
    if first <= day.last and day.first <= last:
        # "2006" overlaps every day of the year, which is weak evidence.
        exact = day.day is not None and first == last
        return (DuplicateReason("jours" if exact else "jours_proches"),)
    is_near = first <= day.last + NEARBY_SPAN and day.first <= last + NEARBY_SPAN
    return (DuplicateReason("jours_proches"),) if is_near else ()


def _load_codes(session: Session, column: Any, candidate_ids: Sequence[int]) -> dict[int, set[str]]:
    codes_by_case: dict[int, set[str]] = {}
    incident_id = column.table.c.incident_id
    stmt = select(incident_id, column).where(incident_id.in_(candidate_ids))
    for case_id, code in session.execute(stmt):
        codes_by_case.setdefault(case_id, set()).add(code)
    return codes_by_case
