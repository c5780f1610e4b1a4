"""Rules of law that set a day, from ``legal_rules.toml``, and the days that follow from an event.

Days are civil days. The dates are information, not legal advice. A term in months ends on the day
with the same number, or on the last day of a shorter month (art. 641 of the code de procédure
civile); the day of the event does not count. No end is put off here: where an article puts it off
from a Saturday, Sunday or public holiday, that later day is given beside it, because whoever counts
on it wrongly loses a right.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

from register.text.dates import Language

# Read at the start, so that a server goes on answering while its program is being replaced.
_TABLES: Mapping[str, Any] = tomllib.loads(
    Path(__file__).with_name("legal_rules.toml").read_text("utf-8")
)
_DAY = timedelta(days=1)
# The days of code du travail, art. L3133-1, that have a date of their own, and those of Easter.
_FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)})
_EASTER_HOLIDAYS = (1, 39, 50)  # days after Easter Sunday


class Procedure(StrEnum):
    """A procedure whose days a page computes; the code is in its address."""

    DOCUMENT = "document"  # a request for a public document
    SUIT = "poursuite"  # being sued for what one wrote


# The events that somebody may know the day of, in their order.
EVENTS: Mapping[Procedure, Sequence[str]] = {
    Procedure.DOCUMENT: ("demande", "refus", "enregistrement", "confirmation"),
    Procedure.SUIT: ("citation", "assignation", "jugement", "signification", "arret"),
}


@dataclass(frozen=True)
class LegalRule:
    """A rule; ``months`` and ``days`` are both 0 where it sets no day.

    :param kind: whose day it is: ``yours``, by which something has to be done; ``theirs``, the
        other side's term, or what happens without a word; or ``check``, something to look at.
    :param opens: the event that the end brings about by itself; with ``opens_within``, that the
        reader may bring about on any day of the term.
    :param backwards: the day is the first one from which the term has not yet ended.
    :param extension: law and article that put an end off to a working day.
    """

    code: str
    kind: Literal["yours", "theirs", "check"]
    law: str
    articles: Sequence[str]
    labels: Mapping[Language, str]
    texts: Mapping[Language, str] = field(default_factory=dict)
    after: Sequence[str] = ()
    months: int = 0
    days: int = 0
    opens: str = ""
    opens_within: bool = False
    backwards: bool = False
    extension: Sequence[str] = ()

    def last_day(self, start: date) -> date:
        """The last day of the term that an event opens."""
        return add_months(start, self.months) + timedelta(days=self.days)

    def earliest_start(self, day: date) -> date:
        """The first day from which the term has not ended before a day."""
        start = add_months(day, -self.months) - timedelta(days=self.days)
        # A month may have no day of that number, so that several days lead to the same end.
        while self.last_day(start) < day:
            start += _DAY
        while self.last_day(start - _DAY) >= day:
            start -= _DAY
        return start


# Event → its name in each language: "la mairie a reçu ma demande".
EVENT_LABELS: Mapping[str, Mapping[Language, str]] = _TABLES["event"]
# Law → its name in each language, in running text, and the address of its text as ``link``.
LAWS: Mapping[str, Mapping[str, str]] = _TABLES["law"]
# Every rule by its code, in the order of the file.
RULES: Mapping[str, LegalRule] = {
    code: LegalRule(code, **row) for code, row in _TABLES["rule"].items()
}


@dataclass(frozen=True)
class LegalDeadline:
    """The day of a rule; None where it sets none.

    ``first`` and ``last`` differ where an event before it may still come on several days: the
    earliest day that is possible, and the latest.
    """

    rule: LegalRule
    first: date | None = None
    last: date | None = None

    @property
    def is_exact(self) -> bool:
        """Whether it is one day that only depends on what was typed."""
        return self.first == self.last

    @property
    def put_off_to(self) -> date | None:
        """The working day to which an article puts off an end that falls on none."""
        if not self.rule.extension or self.last is None or is_working_day(self.last):
            return None
        day = self.last
        while not is_working_day(day):
            day += _DAY
        return day


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, or the last day of the month when there is none."""
    return day + relativedelta(months=months)


def is_working_day(day: date) -> bool:
    """Whether a day is neither Saturday, Sunday nor a public holiday (code du travail, L3133-1)."""
    return (
        day.weekday() < 5
        and (day.month, day.day) not in _FIXED_HOLIDAYS
        and (day - easter(day.year)).days not in _EASTER_HOLIDAYS
    )


def legal_calendar(event: str, day: date) -> Sequence[LegalDeadline]:
    """Every day that follows from an event, in the order of the procedure.

    :param event: one of ``EVENTS``.
    """
    return list(_deadlines({event: (day, day)}))


def exact_days(**events: date | None) -> dict[str, date]:
    """Code of a rule → its day, for the rules whose day follows from known events alone.

    :param events: the day of each event by its code; None for an unknown one.
    """
    spans = {event: (day, day) for event, day in events.items() if day}
    return {
        deadline.rule.code: deadline.last
        for deadline in _deadlines(spans)
        if deadline.last and deadline.is_exact
    }


def _deadlines(spans: dict[str, tuple[date, date]]) -> Iterator[LegalDeadline]:
    for legal_rule in RULES.values():
        start = next((spans[event] for event in legal_rule.after if event in spans), None)
        if start is None:
            continue
        if not legal_rule.months and not legal_rule.days:
            yield LegalDeadline(legal_rule)
            continue
        end = legal_rule.earliest_start if legal_rule.backwards else legal_rule.last_day
        first, last = end(start[0]), end(start[1])
        if legal_rule.opens and legal_rule.opens not in spans:
            spans[legal_rule.opens] = (start[0] if legal_rule.opens_within else first, last)
        yield LegalDeadline(legal_rule, first, last)


def rule(code: str) -> LegalRule:
    """The rule of a code."""
    return RULES[code]
