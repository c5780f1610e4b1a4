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
from register.cases.duplicates import LEAST_WORDS, Likely, Reason, is_enough, weight
from register.cases.vocabulary import Book
from register.report_keys import KeyStore
from register.reports import encryption, report_place, report_to_draft
from register.reports.models import Report, State
from register.reports.queries import is_open
from register.reports.report_content import Sent
from register.text.fold import fold

# Characters of an account that are compared: who tells a long one says early what it is about.
_READ = 3_000
# Reports opened on each side of the day of this one.
OPENED = 150
# A word that more of them have tells nothing: one in fifty, and never fewer than three.
_SHARE, _FEW = 50, 3


@dataclass(frozen=True)
class LikeReport:
    """Another report that may be of the same thing, and why: the strongest reason first."""

    key: str
    state: State
    day: date
    sent: Sent
    reasons: tuple[Reason, ...]


def cases(
    session: Session, viewer: Member, sent: Sent, book: Book, at: datetime, limit: int = 6
) -> list[Likely]:
    """The cases that are like a report, the likest first.

    :param at: now, for who has them in hand.
    """
    where = report_place.where(session, sent)
    found = report_to_draft.parts(sent, book, where)
    every = {part.name for part in found if part.ticked}
    # Its words are compared with those of cases, and go nowhere else.
    told = replace(
        report_to_draft.content(found, every, book, where), title="", summary=sent.account[:_READ]
    )
    return duplicates.likely(session, viewer, told, limit=limit, at=at)


def reports(
    session: Session,
    store: KeyStore,
    viewer: Member,
    key: str,
    day: date,
    sent: Sent,
    limit: int = 6,
) -> list[LikeReport]:
    """Undecided reports that are like one, the likest first, among those received nearest to it.

    :param key: the report's own.
    :param day: the day on which it was received.
    """
    if not viewer.is_active:
        return []
    others = _opened(session, store, key, day)
    told = [_Told(other.sent) for other in others]
    # Common words are those of many reports, whatever they are about.
    spread = Counter(word for one in told for word in one.words)
    most = max(_FEW, len(told) // _SHARE)
    own = _Told(sent)
    rare = {word for word in own.words if spread[word] <= most}
    found = [
        replace(other, reasons=tuple(sorted(_shared(own, one, rare), key=weight, reverse=True)))
        for other, one in zip(others, told, strict=True)
    ]
    like = [one for one in found if is_enough(one.reasons)]
    like.sort(key=lambda one: (-sum(map(weight, one.reasons)), one.day, one.key))
    return like[:limit]


def _opened(session: Session, store: KeyStore, key: str, day: date) -> list[LikeReport]:
    rows: list[Any] = []
    for asked in _nearest(key, day):
        rows += session.execute(asked.limit(OPENED)).all()
    keys = store.keys(row.key for row in rows)
    return [
        LikeReport(row.key, State(row.state), row.day, _sent(keys[row.key], row), ())
        for row in rows
        if row.key in keys
    ]


def _sent(key: bytes, row: Any) -> Sent:
    return encryption.open_sent(key, row.key, row.sealed).sent


def _nearest(key: str, day: date) -> Iterator[Select[Any]]:
    asked: Any = select(Report.key, Report.state, Report.day, Report.sealed).where(
        is_open(),
        Report.sealed.is_not(None),
        Report.key != key,
    )
    yield asked.where(Report.day <= day).order_by(Report.day.desc(), Report.key)
    yield asked.where(Report.day > day).order_by(Report.day, Report.key)


class _Told:
    """What is compared of a report, folded."""

    def __init__(self, sent: Sent) -> None:
        # Two that were left in words may still be the same words.
        self.place = sent.place_code or fold(sent.place)
        self.date = duplicates.date_of(sent.date)
        self.types = set(sent.types)
        self.links = set(sent.links)
        named = duplicates.words(sent.place)
        self.words = (
            duplicates.words(sent.account[:_READ], sent.actor_text, sent.target_text) - named
        )


def _shared(own: _Told, other: _Told, rare: set[str]) -> Iterator[Reason]:
    if own.links & other.links:
        yield Reason("source")
    if own.place and own.place == other.place:
        yield Reason("commune")
    if other.date:
        yield from duplicates.days(own.date, other.date.first, other.date.last)
    types = len(own.types & other.types)
    if types:
        yield Reason("types", types)
    common = len(rare & other.words)
    if common >= LEAST_WORDS:
        yield Reason("mots", common)
