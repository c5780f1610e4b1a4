"""Possible duplicates of a case, or cases of the same series, with the reasons.

Candidates are found through indexes (source, commune, outlet, date) and weighed by what they
share with the case. One reason alone is not enough, except a common source: two cases of one
commune are two cases until their dates or words also match.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import nsmallest
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import desk_lists
from register.cases.case_codes import CASE_CODE, IS_PRESENT
from register.cases.case_content import Content
from register.cases.core_tables import CASE
from register.cases.desk_lists import LISTED_STATES, DeskCaseSummary
from register.errors import TextError
from register.territory import place_queries
from register.text import dates
from register.text.dates import PartialDate
from register.text.normalisation import fold

NEARBY_SPAN = timedelta(days=60)  # between the dates of two related cases
CANDIDATE_LIMIT = 100  # newest candidates of each statement
LOOKUP_LIMIT = 40  # values of each list of the case that are looked up

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
) -> list[PossibleDuplicate]:
    """Listed cases that are similar to one, the most similar first.

    :param content: the case as it is being written, which need not be valid.
    :param exclude_id: the case's own id.
    """
    if not viewer.is_active:
        return []
    subject = _CaseFeatures(content)
    candidate_ids: dict[int, None] = {}
    for stmt in _candidate_stmts(subject):
        candidate_ids |= dict.fromkeys(session.scalars(stmt.limit(CANDIDATE_LIMIT)))
    candidate_ids.pop(exclude_id or 0, None)
    similar_cases = _similar_cases(session, subject, list(candidate_ids))
    best = nsmallest(limit, similar_cases, lambda pair: (-sum(map(weight, pair[1])), -pair[0]))
    summaries = desk_lists.load_summaries(session, viewer, [case_id for case_id, _ in best])
    return [
        PossibleDuplicate(summaries[case_id], reasons)
        for case_id, reasons in best
        if case_id in summaries
    ]


class _CaseFeatures:
    """Compared features of the case being written, folded."""

    def __init__(self, content: Content) -> None:
        self.date = parse_date(content.date)
        own = _commune_names([content.commune])
        linked = _commune_names(content.linked_communes[:LOOKUP_LIMIT])
        self.own_codes, self.linked_codes = own.keys(), linked.keys()
        # Axis → codes by which similar cases are found.
        self.codes = {
            "source": {source.url for source in content.sources[:LOOKUP_LIMIT] if source.url},
            "commune": {*own, *linked},
            "media": {fold(name) for name in content.outlets[:LOOKUP_LIMIT]},
        }
        self.types = set(content.types)
        # The commune is a reason of its own: its name must not count as a shared word as well.
        self.words = distinctive_words(content.title, content.summary) - distinctive_words(
            *own.values(), *linked.values()
        )


def distinctive_words(*texts: str) -> set[str]:
    """Folded words of at least four letters, without the common ones."""
    return set(_WORD.findall(fold(" ".join(texts)))) - _COMMON_WORDS


def parse_date(typed: str) -> PartialDate | None:
    """Parsed date; None for an empty or invalid one, which may still be being typed."""
    try:
        return dates.parse(typed) if typed else None
    except TextError:
        return None


def _commune_names(commune_codes: Sequence[str]) -> dict[str, str]:
    """Code → name of the communes of today that codes lead to."""
    communes = (place_queries.commune(code) for code in commune_codes)
    return {commune.code: commune.name for commune in communes if commune}


# --- candidates -----------------------------------------------------------------------------


def _candidate_stmts(subject: _CaseFeatures) -> Iterator[Select[Any]]:
    for axis, codes in subject.codes.items():
        if codes:
            has_code = (CASE_CODE.c.axis == axis, CASE_CODE.c.code.in_(codes), IS_PRESENT)
            incident_ids = select(CASE_CODE.c.incident_id).where(*has_code)
            is_listed = (CASE.c.id.in_(incident_ids), CASE.c.state.in_(LISTED_STATES))
            yield select(CASE.c.id).where(*is_listed).order_by(CASE.c.id.desc())
    if subject.date and subject.date.day:
        # Only an exact day: hundreds of cases lie near a year.
        first, last = subject.date.first - NEARBY_SPAN, subject.date.last + NEARBY_SPAN
        # Uses the index that lists are sorted by, which begins with the state.
        stmt = select(CASE.c.id).where(
            CASE.c.state.in_(LISTED_STATES), CASE.c.sort_day.between(first, last)
        )
        yield stmt.order_by(CASE.c.sort_day.desc(), CASE.c.id.desc())


# --- comparison -----------------------------------------------------------------------------


def is_enough(reasons: Collection[DuplicateReason]) -> bool:
    """Whether the reasons together make a possible duplicate."""
    codes = {reason.code for reason in reasons}
    return "source" in codes or (len(codes) > 1 and codes != {"jours_proches", "types"})


def weight(reason: DuplicateReason) -> int:
    """Weight of a reason with its count."""
    return _WEIGHTS[reason.code] * min(reason.count, _MAX_COUNTED)


def _similar_cases(
    session: Session, subject: _CaseFeatures, candidate_ids: Sequence[int]
) -> Iterator[tuple[int, tuple[DuplicateReason, ...]]]:
    """Yield the ids of the candidates with enough reasons, and these, the strongest first."""
    codes = _load_codes(session, candidate_ids, (*subject.codes, "type"))
    columns = (CASE.c.id, CASE.c.title, CASE.c.summary, CASE.c.date_first, CASE.c.date_last)
    for candidate in session.execute(select(*columns).where(CASE.c.id.in_(candidate_ids))):
        reasons = _reasons(subject, candidate, codes[candidate.id])
        strongest_first = tuple(sorted(reasons, key=weight, reverse=True))
        if is_enough(strongest_first):
            yield candidate.id, strongest_first


def _load_codes(
    session: Session, candidate_ids: Sequence[int], axes: Collection[str]
) -> Mapping[int, Mapping[str, set[str]]]:
    """Case id → axis → codes."""
    codes: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    stmt = select(CASE_CODE.c.incident_id, CASE_CODE.c.axis, CASE_CODE.c.code).where(
        CASE_CODE.c.incident_id.in_(candidate_ids), CASE_CODE.c.axis.in_(axes), IS_PRESENT
    )
    for case_id, axis, code in session.execute(stmt):
        codes[case_id][axis].add(code)
    return codes


def _reasons(
    subject: _CaseFeatures, candidate: Any, codes: Mapping[str, set[str]]
) -> Iterator[DuplicateReason]:
    """Yield the reasons of one candidate."""
    if codes["source"] & subject.codes["source"]:
        yield DuplicateReason("source")
    if codes["commune"] & subject.own_codes:
        yield DuplicateReason("commune")
    elif codes["commune"] & subject.linked_codes:
        yield DuplicateReason("commune_liee")
    yield from compare_dates(subject.date, candidate.date_first, candidate.date_last)
    if outlets := codes["media"] & subject.codes["media"]:
        yield DuplicateReason("media", len(outlets))
    if types := codes["type"] & subject.types:
        yield DuplicateReason("types", len(types))
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
