"""Moments counted from today or known by a season: "la semaine dernière", "il y a trois jours".

Such words mean one moment somewhere in a span. A case stores one partial date, so the moment is
stored as the middle of its span, approximate; the span itself is shown to the person who typed it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from register.text.dates import DATE_WORDS, MONTH_NUMBERS, WEEKDAYS, PartialDate
from register.text.normalisation import fold


def _by_word(table: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {word: key for key, words in table.items() for word in words}


_DAYS_AGO = {word: int(days) for word, days in _by_word(DATE_WORDS["days_ago"]).items()}
_NUMBERS = {word: int(number) for word, number in _by_word(DATE_WORDS["numbers"]).items()}
_UNITS = _by_word(DATE_WORDS["units"])
# Days that French counts with both ends: "quinze jours" are two weeks.
_ROUND_DAYS = {8: 7, 15: 14}
_NUMBER = rf"(?P<number>[0-9]{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_UNIT = rf"(?P<unit>{'|'.join(_UNITS)})"
_ABOUT = r"(?:(?P<about>environ|a peu pres|about) )?"
_AGO = (
    re.compile(rf"(?:il y a|ca fait|depuis) {_ABOUT}{_NUMBER} {_UNIT}(?P<after> environ)?"),
    re.compile(rf"{_ABOUT}{_NUMBER} {_UNIT} ago(?P<after>)"),
)
# Words → (unit, how many units ago).
_UNIT_WORDS = {
    words: (unit, int(count))
    for count, units in DATE_WORDS["units_ago"].items()
    for words, unit in _by_word(units).items()
}
# Words → first and last day, each as month and day.
_SEASONS = {
    word: (season["first"], season["last"])
    for season in DATE_WORDS["seasons"]
    for word in season["words"]
}
_SEASON = re.compile(
    rf"(?P<this>cet?|this|last)? ?(?P<season>{'|'.join(_SEASONS)})"
    r"(?: (?P<last>derniere?|passee?)| (?:de |of )?(?P<year>[0-9]{4})(?: (?P<to>[0-9]{2,4}))?)?"
)
_LAST_MONTH_NAME = re.compile(
    rf"(?:(?P<month>{'|'.join(MONTH_NUMBERS)}) (?:dernier|passe)"
    rf"|last (?P<english>{'|'.join(MONTH_NUMBERS)}))"
)
_RELATIVE_DAY = re.compile(
    r"(?:le |au |pendant |durant |on )?"
    rf"(?:(?P<ago>{'|'.join(_DAYS_AGO)})"
    rf"|(?P<before>last )?(?P<weekday>{'|'.join(WEEKDAYS)})(?P<last> dernier)?)"
    r"(?: (?:au |dans l |en |en fin d |en debut d |en fin de |en debut de )?"
    r"(?:matin|matinee|midi|apres midi|soir|soiree|morning|afternoon|evening))?"
    r"(?:,? (?:a |vers |at )?[0-9]{1,2} ?(?:h|heures?|:|(?=[ap]m))"
    r"(?: ?[0-9]{2})?(?: ?[ap]m)?)?[.!]?"
)
_DECADE = re.compile(
    r"annees (?P<decade>[0-9]{2}|[0-9]{3}0)|(?:the )?(?P<english>[0-9]{2}|[0-9]{3}0) ?s"
)
_LEADING = re.compile(
    r"^(?:(?:c etait|pendant|durant|au cours|courant|dans|vers|debut|fin|milieu|a la fin|au debut"
    r"|au milieu|during|in|early|late|mid|de|du|d|au|a|en|la|le|les|l|the) )+(?=[a-z0-9])"
)


@dataclass(frozen=True)
class Moment:
    """A moment as a partial date, and the first and last day between which it lies."""

    day: PartialDate
    first: date
    last: date

    @property
    def is_exact(self) -> bool:
        """Whether the partial date has the same bounds as the span."""
        return (self.day.first, self.day.last) == (self.first, self.last)


def relative_day(text: str, today: date) -> date | None:
    """The day that words such as "hier" or "lundi dernier" mean on ``today``; None for others."""
    match = _RELATIVE_DAY.fullmatch(fold(text[:100]))
    if match is None:
        return None
    if match["ago"]:
        return today - timedelta(days=_DAYS_AGO[match["ago"]])
    days = (today.weekday() - WEEKDAYS[match["weekday"]]) % 7
    if not days and not (match["last"] or match["before"]):
        return None
    return today - timedelta(days=days or 7)


def relative_moment(folded: str, today: date) -> Moment | None:
    """The moment that folded words mean on ``today``; None for other words."""
    for words in dict.fromkeys((folded, _LEADING.sub("", folded))):
        for read in (_unit_moment, _ago_moment, _season_moment, _month_moment, _decade_moment):
            if moment := read(words, today):
                return moment
    return None


def _unit_moment(words: str, today: date) -> Moment | None:
    unit, count = _UNIT_WORDS.get(words, ("", 0))
    if unit == "week":
        monday = today - timedelta(days=today.weekday() + 7 * count)
        return _between(monday, monday + timedelta(days=6) if count else today)
    if unit == "weekend":
        # On a Sunday, "this weekend" is not over and the last one was a week ago.
        days = (today.weekday() - 5) % 7
        saturday = today - timedelta(days=days + (7 if count and days < 2 else 0))
        return _between(saturday, min(saturday + timedelta(days=1), today))
    if unit == "month":
        return _exactly(_months_before(today, count))
    return _exactly(PartialDate(today.year - count)) if unit else None


def _ago_moment(words: str, today: date) -> Moment | None:
    match = next(filter(None, (form.fullmatch(words) for form in _AGO)), None)
    if match is None:
        return None
    typed = match["number"]
    count = int(typed) if typed.isdecimal() else _NUMBERS[typed]
    is_about = bool(match["about"] or match["after"])
    unit = _UNITS[match["unit"]]
    if unit == "day" and count not in _ROUND_DAYS:
        day = today - timedelta(days=count)
        return _exactly(PartialDate(day.year, day.month, day.day, "~" if is_about else ""))
    if unit in ("day", "week"):
        day = today - timedelta(days=_ROUND_DAYS[count] if unit == "day" else 7 * count)
        about = PartialDate(day.year, day.month, day.day, "~")
        return Moment(about, day - timedelta(days=3), min(day + timedelta(days=3), today))
    if unit == "month" and count < 12 * 100:
        month = _months_before(today, count)
        return _exactly(PartialDate(month.year, month.month, None, "~"))
    return _exactly(PartialDate(today.year - count, None, None, "~")) if unit == "year" else None


def _season_moment(words: str, today: date) -> Moment | None:
    match = _SEASON.fullmatch(words)
    if match is None or bool(match["this"]) + bool(match["last"]) > 1:
        return None
    (month, day), (last_month, last_day) = _SEASONS[match["season"]]
    crosses = last_month < month
    if match["this"] and match["year"]:
        return None
    if not match["year"]:
        # The last one that has begun; the last one that is over, where the words say so.
        over = match["last"] or match["this"] == "last"
        starts = (date(year, month, day) for year in (today.year, today.year - 1, today.year - 2))
        for first in starts:
            last = date(first.year + crosses, last_month, last_day)
            if (last if over else first) <= today:
                return _between(first, min(last, today))
        return None
    year = int(match["year"])
    if not 1000 <= year < 2999:
        return None
    if match["to"]:
        is_next = crosses and int(match["to"]) in (year + 1, (year + 1) % 100)
        if not is_next:
            return None
    elif crosses:
        # Which of its two winters is not said.
        return _exactly(PartialDate(year, None, None, "~"))
    return _between(date(year, month, day), date(year + crosses, last_month, last_day))


def _month_moment(words: str, today: date) -> Moment | None:
    match = _LAST_MONTH_NAME.fullmatch(words)
    if match is None:
        return None
    month = MONTH_NUMBERS[match["month"] or match["english"]]
    return _exactly(PartialDate(today.year - (month >= today.month), month))


def _decade_moment(words: str, today: date) -> Moment | None:
    match = _DECADE.fullmatch(words)
    if match is None:
        return None
    typed = int(match["decade"] or match["english"])
    if typed < 100:
        typed += 2000 if 2000 + typed <= today.year else 1900
    if typed % 10 or not 1000 <= typed <= today.year:
        return None
    return _between(date(typed, 1, 1), date(typed + 9, 12, 31))


def _between(first: date, last: date) -> Moment:
    """The middle of a span, no finer than the span allows."""
    days = (last - first).days
    middle = first + timedelta(days=days // 2)
    if days == 0:
        day = PartialDate(first.year, first.month, first.day)
    elif days < 15:
        day = PartialDate(middle.year, middle.month, middle.day, "~")
    elif days < 200:
        day = PartialDate(middle.year, middle.month, None, "~")
    else:
        day = PartialDate(middle.year, None, None, "~")
    return Moment(day, first, last)


def _exactly(day: PartialDate) -> Moment:
    return Moment(day, day.first, day.last)


def _months_before(today: date, count: int) -> PartialDate:
    months = today.year * 12 + today.month - 1 - count
    return PartialDate(months // 12, months % 12 + 1)
