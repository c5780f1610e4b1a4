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
from register.cases.core_tables import CASE, CODE, COMMUNE, KIND, OUTLET, PLACE
from register.cases.desk_lists import LISTED, OnDesk
from register.cases.filter_clauses import filed_under
from register.cases.models import Source, SourceUse
from register.text import dates
from register.text.dates import PartialDate
from register.text.errors import TextError
from register.text.fold import fold

# Days between two things that may belong together.
NEAR = timedelta(days=60)
# No claim lasts until then.
_NEVER = datetime.max.replace(tzinfo=UTC)
# Of each way to find candidates, the newest.
CANDIDATES = 100
# Values of one list that are looked up: what comes after says no more of a case.
LOOKED_UP = 40

_SOURCE = Source.__table__
_CITED = SourceUse.__table__
_WORD = re.compile(r"[^\W\d_]{4,}")
# What nearly every case says, or says nothing: no likeness rests on it.
_COMMON = frozenset(
    """
    ainsi alors apres aussi autre autres avant avec avoir blog blogueur cette commune conseil
    conseils contre dans depuis deux elle elles entre etait etre faire fait faits incident
    interdiction leur leurs lors mairie maire mais municipal municipale municipaux nous pour
    plusieurs puis sans selon ses sont sous suite sur tous toute une ville vous
    janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
    """.split()  # noqa: SIM905 # some dozens of quoted words on as many lines are read by nobody
)
LEAST_WORDS = 3
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
_MOST_WORDS = 4


@dataclass(frozen=True)
class Reason:
    """Why a case is like another; ``count`` of what they share, where that can be counted."""

    code: str
    count: int = 1


@dataclass(frozen=True)
class Likely:
    """A case that may be the same or belong with it, and why: the strongest reason first."""

    case: OnDesk
    reasons: tuple[Reason, ...]


def likely(
    session: Session,
    viewer: Member,
    content: Content,
    *,
    but: int | None = None,
    limit: int = 8,
    at: datetime = _NEVER,
) -> list[Likely]:
    """Drafts, public and withdrawn cases that are like one, the likest first.

    :param content: the case as it is being written; nothing of it need be valid yet.
    :param but: the case's own id.
    :param at: now, for who has the others in hand; without it, nobody is said to.
    """
    if not viewer.is_active:
        return []
    told = _Told(session, content)
    found = [one for one in _candidates(session, told) if one != but]
    weighed = [(one, reasons) for one, reasons in _weighed(session, told, found) if reasons]
    weighed.sort(key=lambda pair: (-sum(map(weight, pair[1])), -pair[0]))
    first = weighed[:limit]
    cases = desk_lists.rows(session, viewer, [one for one, _reasons in first], at)
    return [Likely(cases[one], reasons) for one, reasons in first if one in cases]


class _Told:
    """What is compared of a case, folded."""

    def __init__(self, session: Session, content: Content) -> None:
        self.date = date_of(content.date)
        self.own = _codes(session, [content.commune])
        self.linked = _codes(session, content.linked_communes)
        self.outlets = {fold(name) for name in content.outlets[:LOOKED_UP]}
        self.types = set(content.types)
        self.urls = [row.url for row in content.sources[:LOOKED_UP] if row.url]
        named = words(*_names(session, self.communes))
        # That two cases of Gagny say "Gagny" is told already.
        self.words = words(content.title, content.summary) - named

    @property
    def communes(self) -> set[str]:
        """Every code that a case at one of its communes may be filed under."""
        return self.own | self.linked


def words(*texts: str) -> set[str]:
    """The folded words of some texts that say something: of four letters, and not of every case."""
    return set(_WORD.findall(fold(" ".join(texts)))) - _COMMON


def date_of(text: str) -> PartialDate | None:
    """A date as it can be compared; None for none."""
    try:
        return dates.parse(text) if text else None
    except TextError:
        # Still being typed.
        return None


def _codes(session: Session, communes: Sequence[str]) -> set[str]:
    named = [code for code in communes[:LOOKED_UP] if code]
    return set(session.scalars(filed_under(named))) if named else set()


def _names(session: Session, communes: Collection[str]) -> Sequence[str]:
    asked = select(COMMUNE.c.name).join(CODE, CODE.c.current_code == COMMUNE.c.code)
    return session.scalars(asked.where(CODE.c.code.in_(communes)).distinct()).all()


# --- who may be like it ---------------------------------------------------------------------


def _candidates(session: Session, told: _Told) -> list[int]:
    found: dict[int, None] = {}
    for asked in _asked(told):
        found |= dict.fromkeys(session.scalars(asked.limit(CANDIDATES)))
    return list(found)


def _asked(told: _Told) -> Iterator[Select[Any]]:
    if told.urls:
        cited = select(_CITED.c.incident_id).join(_SOURCE, _SOURCE.c.id == _CITED.c.source_id)
        yield _newest(cited.where(_SOURCE.c.url.in_(told.urls)))
    if told.communes:
        yield _newest(select(PLACE.c.incident_id).where(PLACE.c.code.in_(told.communes)))
    if told.outlets:
        yield _newest(select(OUTLET.c.incident_id).where(OUTLET.c.folded.in_(told.outlets)))
    if told.date and told.date.day:
        # A year alone is near to hundreds, and to none in particular.
        yield _around(told.date)


def _newest(ids: Select[Any]) -> Select[Any]:
    asked = select(CASE.c.id).where(CASE.c.id.in_(ids), CASE.c.state.in_(LISTED))
    return asked.order_by(CASE.c.id.desc())


def _around(day: PartialDate) -> Select[Any]:
    """By the index that lists are in order by; it begins with the state."""
    near = CASE.c.sort_day.between(day.first - NEAR, day.last + NEAR)
    asked = select(CASE.c.id).where(CASE.c.state.in_(LISTED), near)
    return asked.order_by(CASE.c.sort_day.desc(), CASE.c.id.desc())


# --- what they share ------------------------------------------------------------------------


def _weighed(
    session: Session, told: _Told, found: Sequence[int]
) -> Iterator[tuple[int, tuple[Reason, ...]]]:
    held = _Held(session, told, found)
    for row in held.cases:
        reasons = tuple(sorted(held.reasons(row), key=weight, reverse=True))
        yield row.id, reasons if is_enough(reasons) else ()


def is_enough(reasons: Collection[Reason]) -> bool:
    """Whether reasons make a likeness together."""
    codes = {reason.code for reason in reasons}
    return "source" in codes or (len(codes) > 1 and codes != {"jours_proches", "types"})


def weight(reason: Reason) -> int:
    """What a reason counts for beside others."""
    return _WEIGHTS[reason.code] * min(reason.count, _MOST_WORDS)


class _Held:
    """What the candidates have of what is compared, in one look-up for each list."""

    def __init__(self, session: Session, told: _Told, found: Sequence[int]) -> None:
        self.told = told
        self.cases = session.execute(
            select(
                CASE.c.id, CASE.c.title, CASE.c.summary, CASE.c.date_first, CASE.c.date_last
            ).where(CASE.c.id.in_(found))
        ).all()
        self.places = _of(session, PLACE, PLACE.c.code, found)
        self.types = _of(session, KIND, KIND.c.code, found)
        self.outlets = _of(session, OUTLET, OUTLET.c.folded, found)
        cited = select(_CITED.c.incident_id).join(_SOURCE, _SOURCE.c.id == _CITED.c.source_id)
        same = cited.where(_CITED.c.incident_id.in_(found), _SOURCE.c.url.in_(told.urls))
        self.citing = set(session.scalars(same)) if told.urls else set()

    def reasons(self, row: Any) -> Iterator[Reason]:
        """Every reason that a candidate gives."""
        told = self.told
        if row.id in self.citing:
            yield Reason("source")
        places = self.places.get(row.id, set())
        if places & told.own:
            yield Reason("commune")
        elif places & told.linked:
            yield Reason("commune_liee")
        yield from days(told.date, row.date_first, row.date_last)
        for code, shared in (
            ("media", self.outlets.get(row.id, set()) & told.outlets),
            ("types", self.types.get(row.id, set()) & told.types),
        ):
            if shared:
                yield Reason(code, len(shared))
        common = len(words(row.title, row.summary) & told.words)
        if common >= LEAST_WORDS:
            yield Reason("mots", common)


def days(day: PartialDate | None, first: date | None, last: date | None) -> Iterable[Reason]:
    """What a date has in common with the days from ``first`` to ``last``, both of them or none."""
    if day is None or first is None or last is None:
        return ()
    if first <= day.last and day.first <= last:
        # "2006" meets every day of the year: that says little.
        exact = day.day is not None and first == last
        return (Reason("jours" if exact else "jours_proches"),)
    near = first <= day.last + NEAR and day.first <= last + NEAR
    return (Reason("jours_proches"),) if near else ()


def _of(session: Session, table: Any, column: Any, found: Sequence[int]) -> dict[int, set[str]]:
    held: dict[int, set[str]] = {}
    rows = session.execute(
        select(table.c.incident_id, column).where(table.c.incident_id.in_(found))
    )
    for incident_id, value in rows:
        held.setdefault(incident_id, set()).add(value)
    return held
