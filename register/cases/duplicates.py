"""Cases that may be the same as one, or of the same series, with the reasons that make them so.

Candidates are found by index: by a source, a commune, an outlet, a stretch of days; never by
reading all. Each is then weighed by what it shares. A reason alone is no likeness, but for a source
that both cite: two cases of one commune are two cases, until days or words meet too.
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

# Days between two things that may belong together.
NEARBY_SPAN = timedelta(days=60)
# No claim lasts until then.
_NEVER = datetime.max.replace(tzinfo=UTC)
# Of each way to find candidates, the newest.
CANDIDATE_LIMIT = 100
# Values of one list that are looked up: what comes after says no more of a case.
LOOKUP_LIMIT = 40

_SOURCE = Source.__table__
_SOURCE_USE = SourceUse.__table__
_WORD = re.compile(r"[^\W\d_]{4,}")
# What nearly every case says, or says nothing: no likeness rests on it.
_COMMON_WORDS = frozenset(
    """
    ainsi alors apres aussi autre autres avant avec avoir blog blogueur cette commune conseil
    conseils contre dans depuis deux elle elles entre etait etre faire fait faits incident
    interdiction leur leurs lors mairie maire mais municipal municipale municipaux nous pour
    plusieurs puis sans selon ses sont sous suite sur tous toute une ville vous
    janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
    """.split()  # noqa: SIM905 # some dozens of quoted words on as many lines are read by nobody
)
MIN_SHARED_WORDS = 3
# What a reason weighs; words and types weigh by how many there are.
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
    """Why a case is like another; ``count`` of what they share, where that can be counted."""

    code: str
    count: int = 1


@dataclass(frozen=True)
class PossibleDuplicate:
    """A case that may be the same or belong with it, and why: the strongest reason first."""

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
    """Drafts, public and withdrawn cases that are like one, the likest first.

    :param content: the case as it is being written; nothing of it need be valid yet.
    :param exclude_id: the case's own id.
    :param at: now, for who has the others in hand; without it, nobody is said to.
    """
    if not viewer.is_active:
        return []
    subject = _CaseFeatures(session, content)
    candidate_ids = [
        case_id for case_id in _candidate_ids(session, subject) if case_id != exclude_id
    ]
    weighed_cases = [
        (case_id, reasons)
        for case_id, reasons in _weigh(session, subject, candidate_ids)
        if reasons
    ]
    weighed_cases.sort(key=lambda pair: (-sum(map(weight, pair[1])), -pair[0]))
    best = weighed_cases[:limit]
    summaries = desk_lists.load_summaries(
        session, viewer, [case_id for case_id, _reasons in best], at
    )
    return [
        PossibleDuplicate(summaries[case_id], reasons)
        for case_id, reasons in best
        if case_id in summaries
    ]


class _CaseFeatures:
    """What is compared of a case, folded."""

    def __init__(self, session: Session, content: Content) -> None:
        self.date = parse_date(content.date)
        self.own_codes = _commune_codes(session, [content.commune])
        self.linked_codes = _commune_codes(session, content.linked_communes)
        self.outlets = {fold(name) for name in content.outlets[:LOOKUP_LIMIT]}
        self.types = set(content.types)
        self.urls = [source.url for source in content.sources[:LOOKUP_LIMIT] if source.url]
        place_words = distinctive_words(*_commune_names(session, self.commune_codes))
        # That two cases of Gagny say "Gagny" is told already.
        self.words = distinctive_words(content.title, content.summary) - place_words

    @property
    def commune_codes(self) -> set[str]:
        """Every code that a case at one of its communes may be filed under."""
        return self.own_codes | self.linked_codes


def distinctive_words(*texts: str) -> set[str]:
    """The folded words of some texts that say something: of four letters, and not of every case."""
    return set(_WORD.findall(fold(" ".join(texts)))) - _COMMON_WORDS


def parse_date(text: str) -> PartialDate | None:
    """A date as it can be compared; None for none."""
    try:
        return dates.parse(text) if text else None
    except TextError:
        # Still being typed.
        return None


def _commune_codes(session: Session, commune_codes: Sequence[str]) -> set[str]:
    codes = [code for code in commune_codes[:LOOKUP_LIMIT] if code]
    return set(session.scalars(equivalent_codes(codes))) if codes else set()


def _commune_names(session: Session, commune_codes: Collection[str]) -> Sequence[str]:
    stmt = select(COMMUNE.c.name).join(COMMUNE_CODE, COMMUNE_CODE.c.current_code == COMMUNE.c.code)
    return session.scalars(stmt.where(COMMUNE_CODE.c.code.in_(commune_codes)).distinct()).all()


# --- who may be like it ---------------------------------------------------------------------


def _candidate_ids(session: Session, subject: _CaseFeatures) -> list[int]:
    candidate_ids: dict[int, None] = {}
    for stmt in _candidate_stmts(subject):
        candidate_ids |= dict.fromkeys(session.scalars(stmt.limit(CANDIDATE_LIMIT)))
    return list(candidate_ids)


def _candidate_stmts(subject: _CaseFeatures) -> Iterator[Select[Any]]:
    if subject.urls:
        citing_stmt = select(_SOURCE_USE.c.incident_id).join(
            _SOURCE, _SOURCE.c.id == _SOURCE_USE.c.source_id
        )
        yield _newest_first(citing_stmt.where(_SOURCE.c.url.in_(subject.urls)))
    if subject.commune_codes:
        yield _newest_first(
            select(PLACE.c.incident_id).where(PLACE.c.code.in_(subject.commune_codes))
        )
    if subject.outlets:
        yield _newest_first(
            select(OUTLET.c.incident_id).where(OUTLET.c.folded.in_(subject.outlets))
        )
    if subject.date and subject.date.day:
        # A year alone is near to hundreds, and to none in particular.
        yield _dated_near(subject.date)


def _newest_first(ids: Select[Any]) -> Select[Any]:
    stmt = select(CASE.c.id).where(CASE.c.id.in_(ids), CASE.c.state.in_(LISTED_STATES))
    return stmt.order_by(CASE.c.id.desc())


def _dated_near(day: PartialDate) -> Select[Any]:
    """By the index that lists are in order by; it begins with the state."""
    is_near = CASE.c.sort_day.between(day.first - NEARBY_SPAN, day.last + NEARBY_SPAN)
    stmt = select(CASE.c.id).where(CASE.c.state.in_(LISTED_STATES), is_near)
    return stmt.order_by(CASE.c.sort_day.desc(), CASE.c.id.desc())


# --- what they share ------------------------------------------------------------------------


def _weigh(
    session: Session, subject: _CaseFeatures, candidate_ids: Sequence[int]
) -> Iterator[tuple[int, tuple[DuplicateReason, ...]]]:
    candidates = _CandidateFeatures(session, subject, candidate_ids)
    for candidate in candidates.cases:
        reasons = tuple(sorted(candidates.reasons(candidate), key=weight, reverse=True))
        yield candidate.id, reasons if is_enough(reasons) else ()


def is_enough(reasons: Collection[DuplicateReason]) -> bool:
    """Whether reasons make a likeness together."""
    codes = {reason.code for reason in reasons}
    return "source" in codes or (len(codes) > 1 and codes != {"jours_proches", "types"})


def weight(reason: DuplicateReason) -> int:
    """What a reason counts for beside others."""
    return _WEIGHTS[reason.code] * min(reason.count, _MAX_COUNTED)


class _CandidateFeatures:
    """What the candidates have of what is compared, in one look-up for each list."""

    def __init__(
        self, session: Session, subject: _CaseFeatures, candidate_ids: Sequence[int]
    ) -> None:
        self.subject = subject
        self.cases = session.execute(
            select(
                CASE.c.id, CASE.c.title, CASE.c.summary, CASE.c.date_first, CASE.c.date_last
            ).where(CASE.c.id.in_(candidate_ids))
        ).all()
        self.places = _load_codes(session, PLACE, PLACE.c.code, candidate_ids)
        self.types = _load_codes(session, CASE_TYPE, CASE_TYPE.c.code, candidate_ids)
        self.outlets = _load_codes(session, OUTLET, OUTLET.c.folded, candidate_ids)
        citing_stmt = select(_SOURCE_USE.c.incident_id).join(
            _SOURCE, _SOURCE.c.id == _SOURCE_USE.c.source_id
        )
        same_source = citing_stmt.where(
            _SOURCE_USE.c.incident_id.in_(candidate_ids), _SOURCE.c.url.in_(subject.urls)
        )
        self.citing_ids = set(session.scalars(same_source)) if subject.urls else set()

    def reasons(self, candidate: Any) -> Iterator[DuplicateReason]:
        """Every reason that a candidate gives."""
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
    """What a date has in common with the days from ``first`` to ``last``, both of them or none."""
    if day is None or first is None or last is None:
        return ()
    if first <= day.last and day.first <= last:
        # "2006" meets every day of the year: that says little.
        exact = day.day is not None and first == last
        return (DuplicateReason("jours" if exact else "jours_proches"),)
    is_near = first <= day.last + NEARBY_SPAN and day.first <= last + NEARBY_SPAN
    return (DuplicateReason("jours_proches"),) if is_near else ()


def _load_codes(
    session: Session, table: Any, column: Any, candidate_ids: Sequence[int]
) -> dict[int, set[str]]:
    codes_by_case: dict[int, set[str]] = {}
    code_rows = session.execute(
        select(table.c.incident_id, column).where(table.c.incident_id.in_(candidate_ids))
    )
    for incident_id, code in code_rows:
        codes_by_case.setdefault(incident_id, set()).add(code)
    return codes_by_case
