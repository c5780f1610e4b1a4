"""Published cases that somebody may be about to report again: same link, or same commune and time.

A citizen sees them, so only public cases and public codes count: never a draft, nor what was
withdrawn, merged or erased. Each look-up reads one index and is bounded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.case_codes import CASE_CODE, IS_PUBLIC_CODE
from register.cases.core_tables import CASE, IS_PUBLIC
from register.cases.duplicates import LOOKUP_LIMIT, NEARBY_SPAN
from register.cases.result_lists import CaseSummary, load_case_summaries
from register.territory import place_queries
from register.text.dates import PartialDate

MAX_CASES = 5
_CANDIDATE_LIMIT = 50  # newest cases of each look-up
# Without a date, people mostly report what is recent.
_RECENT_SPAN = timedelta(days=365)


_CASES_WITH_CODE = (
    select(CASE.c.number, CASE.c.date_first, CASE.c.date_last)
    .join(CASE_CODE, CASE_CODE.c.incident_id == CASE.c.id)
    .where(IS_PUBLIC_CODE, IS_PUBLIC)
    .limit(_CANDIDATE_LIMIT)
)


@dataclass(frozen=True)
class ReportedFacts:
    """What a report says that a case may say too; ``place_code``: as ``commune:93032``."""

    place_code: str
    start: PartialDate | None
    end: PartialDate | None
    types: Collection[str]
    links: Sequence[str]


def find_known_cases(session: Session, facts: ReportedFacts, today: date) -> list[CaseSummary]:
    """Public cases that may be what is reported, the likeliest first, at most ``MAX_CASES``."""
    linked = _numbers_with_link(session, facts.links)
    nearby = _numbers_nearby(session, facts, today)
    summaries = load_case_summaries(session, list(dict.fromkeys((*linked, *nearby))))
    types = set(facts.types)

    def rank(number: int) -> tuple[bool, int, int]:
        common = len(types.intersection(summaries[number].types))
        return number not in linked, -common, nearby.get(number, 0)

    return [summaries[number] for number in sorted(summaries, key=rank)[:MAX_CASES]]


def _numbers_with_link(session: Session, links: Iterable[str]) -> list[int]:
    spellings = sorted({url for link in links for url in _url_spellings(link)})[: 8 * LOOKUP_LIMIT]
    if not spellings:
        return []
    has_link = (CASE_CODE.c.axis == "source", CASE_CODE.c.code.in_(spellings))
    stmt = _CASES_WITH_CODE.where(*has_link).order_by(CASE.c.id.desc())
    return [row.number for row in session.execute(stmt)]


def _url_spellings(link: str) -> Iterator[str]:
    """The addresses that a copied one may stand for: with and without www, a slash, a fragment."""
    try:
        parts = urlsplit(link.strip())
        host = parts.netloc.lower()
    except ValueError:
        return
    if parts.scheme not in ("http", "https") or not host:
        return
    yield link.strip()
    bare_host = host.removeprefix("www.")
    path = parts.path.rstrip("/")
    for scheme in ("https", "http"):
        for netloc in (bare_host, f"www.{bare_host}"):
            for ending in ("", "/"):
                yield urlunsplit((scheme, netloc, path + ending, parts.query, ""))


def _numbers_nearby(session: Session, facts: ReportedFacts, today: date) -> dict[int, int]:
    """Number → days between the report's date and the case's, for the cases of its commune."""
    kind, _colon, code = facts.place_code.partition(":")
    commune = place_queries.current_code(code) if kind == "commune" else None
    if commune is None:
        return {}
    start, end = facts.start, facts.end or facts.start
    if start and end:
        first, last = start.first - NEARBY_SPAN, end.last + NEARBY_SPAN
    else:
        first, last = today - _RECENT_SPAN, today
    stmt = _CASES_WITH_CODE.where(
        CASE_CODE.c.axis == "commune",
        CASE_CODE.c.code == commune,
        CASE.c.date_first <= last,
        CASE.c.date_last >= first,
    ).order_by(CASE.c.sort_day.desc(), CASE.c.id.desc())
    own_first, own_last = start.first if start else today, end.last if end else today
    return {
        row.number: max((row.date_first - own_last).days, (own_first - row.date_last).days, 0)
        for row in session.execute(stmt)
    }
