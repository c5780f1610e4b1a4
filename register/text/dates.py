"""Partial dates in EDTF, and civil days in Paris.

EDTF (ISO 8601-2:2019) is reduced to a year, a month or a day, each with ``~`` (approximate), ``?``
(uncertain) or neither; no interval, season or X.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, cast
from zoneinfo import ZoneInfo

from register.errors import TextError

DateMark = Literal["", "~", "?"]
Language = Literal["fr", "en"]

PARIS = ZoneInfo("Europe/Paris")
FIRST_YEAR, LAST_YEAR = 1000, 2999
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

# [0-9] and not \d, which also accepts the digits of other scripts.
_EDTF_FORM = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?([~?]?)")


@dataclass(frozen=True)
class PartialDate:
    """A year, with or without month and day, and a mark for how certain it is.

    :raises TextError: ``date_impossible`` (value ``text``) for a day that does not exist.
    """

    year: int
    month: int | None = None
    day: int | None = None
    mark: DateMark = ""

    def __post_init__(self) -> None:
        if not self._exists():
            raise TextError("date_impossible", text=self.edtf)

    def _exists(self) -> bool:
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            return False
        if self.month is None:
            return self.day is None
        if not 1 <= self.month <= 12:
            return False
        return self.day is None or 1 <= self.day <= self._days_in_month(self.month)

    def _days_in_month(self, month: int) -> int:
        return calendar.monthrange(self.year, month)[1]

    @property
    def html_datetime(self) -> str:
        """The date for ``<time datetime>``, which takes partial dates but no mark (HTML 4.5.14)."""
        parts = [f"{self.year:04d}"]
        parts += [f"{part:02d}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)

    @property
    def edtf(self) -> str:
        """The form in the database, in exports and in URLs."""
        return self.html_datetime + self.mark

    @property
    def first(self) -> date:
        """The first possible day."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> date:
        """The last possible day, included."""
        month = self.month or 12
        return date(self.year, month, self.day or self._days_in_month(month))

    def words(self, language: Language = "fr") -> str:
        """The date in words: "26 juin 2006", "vers juin 2006", "2006 (incertain)"."""
        plain = _plain_words(self.year, self.month, self.day, language)
        if self.mark == "?":
            return f"{plain} ({'incertain' if language == 'fr' else 'uncertain'})"
        if self.mark == "~" and language == "en":
            return f"about {plain}"
        if self.mark == "~":
            return f"{'vers' if self.day is None else 'vers le'} {plain}"
        return plain


def parse(edtf: str) -> PartialDate:
    """Parse ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD`` with at most one mark, nothing around it.

    :raises TextError: ``date_form`` (another form) or ``date_impossible`` (no such day, or a
        year before 1000 or after 2999), both with the value ``text``.
    """
    match = _EDTF_FORM.fullmatch(edtf)
    if match is None:
        raise TextError("date_form", text=edtf)
    year, month, day, mark = match.groups()
    return PartialDate(
        int(year),
        None if month is None else int(month),
        None if day is None else int(day),
        cast(DateMark, mark),
    )


def date_words(edtf: str | None, language: Language = "fr") -> str:
    """A stored partial date in words, "date inconnue" when there is none."""
    if not edtf:
        return "date inconnue" if language == "fr" else "date unknown"
    return parse(edtf).words(language)


def paris_day(moment: datetime) -> date:
    """The civil day in Paris of a time with its time zone.

    :raises ValueError: a time without time zone.
    """
    if moment.tzinfo is None:
        # A guessed time zone would silently give the wrong day for an act of the evening.
        raise ValueError("a moment without a time zone has no civil day")
    return moment.astimezone(PARIS).date()


def day_words(day: date | datetime, language: Language = "fr") -> str:
    """A day in words, "1er juin 2006"; of a time, its civil day in Paris."""
    civil_day = paris_day(day) if isinstance(day, datetime) else day
    return _plain_words(civil_day.year, civil_day.month, civil_day.day, language)


def _plain_words(year: int, month: int | None, day: int | None, language: Language) -> str:
    if month is None:
        return str(year)
    months = MONTHS if language == "fr" else MONTHS_EN
    month_year = f"{months[month - 1]} {year}"
    if day is None:
        return month_year
    return f"{'1er' if day == 1 and language == 'fr' else day} {month_year}"
