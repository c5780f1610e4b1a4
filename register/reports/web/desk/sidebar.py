"""Reports in the margin of the desk and on its home: a day and a place each, never their words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Blueprint

from register.cases.web.desk.seconding import may_decide
from register.db import db, now
from register.errors import SealError
from register.reports import queries, retention
from register.reports.queries import Asked, Tray
from register.reports.web.desk import labels, list_query
from register.text import dates
from register.web.context import key_store
from register.web.l10n import day_words, number, typeset
from register.web.messages.desk_reports import CLOCK, MANY, TOGETHER, TRAYS, UNOPENED

# So many reports that nobody has taken up, and the desk is warned.
FLOOD = 200
# What the margin shows of those that nobody has read.
_SHOWN = 5
# What asks for somebody on the home of the desk, the most pressing first.
_TOLD = (Tray.OVERDUE, Tray.NEWS, Tray.NEW, Tray.REVIEW, Tray.WAITING, Tray.SUSPECT)


@dataclass(frozen=True)
class Waiting:
    """A report that nobody has read; ``late``: its day is past."""

    key: str
    address: str
    place: str
    said: str
    until: str
    late: bool


@dataclass(frozen=True)
class Margin:
    """How many reports nobody has read, and the oldest of them."""

    total: int
    lines: Sequence[Waiting]


@dataclass(frozen=True)
class Count:
    """How many reports lie in a tray, what that is, and their list."""

    name: str
    why: str
    said: str
    address: str
    late: bool


def route(blueprint: Blueprint) -> None:
    """What templates of the desk ask about reports."""
    blueprint.add_app_template_global(margin, "reports_margin")


def margin() -> Margin:
    """The oldest reports that nobody has read; none where they cannot be opened."""
    today, asked = dates.paris_day(now()), Asked(tray=Tray.NEW)
    try:
        lines = queries.first(db.session(), key_store(), asked, today, limit=_SHOWN)
    except SealError:
        return Margin(0, ())
    return Margin(queries.count(db.session(), asked, today), [_waiting(line) for line in lines])


def _waiting(line: queries.Line) -> Waiting:
    today = dates.paris_day(now())
    until, late = labels.deadline(line, today)
    return Waiting(
        key=line.key,
        address=list_query.report(line.key),
        place=labels.place_short(line.sent),
        said=labels.since(line, today),
        until=until,
        late=late,
    )


def counts() -> Sequence[Count]:
    """How many reports wait, by their trays; those that are empty are left out."""
    found = queries.counts(db.session(), dates.paris_day(now()))
    told = [
        Count(
            name=typeset(str(TRAYS[tray][0])),
            why=typeset(str(TRAYS[tray][1])),
            said=number(found[tray]),
            address=list_query.listed(Asked(tray=tray)),
            late=tray is Tray.OVERDUE,
        )
        for tray in _TOLD
        if found[tray]
    ]
    spam = retention.spam_to_confirm(db.session())
    if waiting := sum(count for member, count in spam.items() if may_decide(member)):
        name, why = (typeset(str(text)) for text in TOGETHER)
        address = list_query.listed(Asked(tray=Tray.SPAM))
        told.append(Count(name, why, number(waiting), address, late=False))
    return told


def warnings() -> Iterator[str]:
    """What is wrong with reports as a whole, in sentences."""
    if queries.unread(db.session()) > FLOOD:
        yield typeset(str(MANY) % {"count": number(FLOOD)})
    known = retention.jumped(db.session(), dates.paris_day(now()))
    if known is not None:
        yield typeset(str(CLOCK) % {"day": day_words(known)})
    try:
        key_store().require()
    except SealError:
        yield typeset(str(UNOPENED))
