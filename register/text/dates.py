"""Partial dates in EDTF and in words, as people type them, and civil days in Paris.

EDTF (ISO 8601-2:2019) is reduced to a year, a month or a day, each with ``~`` (approximate), ``?``
(uncertain) or neither; no interval, season or X.
"""

from __future__ import annotations

import calendar
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from register.errors import TextError
from register.text.normalisation import fold

DateMark = Literal["", "~", "?"]
Language = Literal["fr", "en"]

PARIS = ZoneInfo("Europe/Paris")
FIRST_YEAR, LAST_YEAR = 1000, 2999
# As CLDR has them. Babel would read all that it knows of both languages: 6 MB in each process.
MONTHS, _SHORT_MONTHS, MONTHS_EN, _DAYS, _DAYS_EN = (
    tuple(names.split())
    for names in (
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "janv févr mars avr mai juin juil août sept oct nov déc",
        "January February March April May June July August September October November December",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    )
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
        exists = FIRST_YEAR <= self.year <= LAST_YEAR
        if self.month is None:
            exists = exists and self.day is None
        else:
            exists = exists and 1 <= self.month <= 12
            if exists and self.day is not None:
                exists = 1 <= self.day <= self._days_in_month(self.month)
        if not exists:
            raise TextError("date_impossible", text=self.edtf)

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


def dates_between(first: date, last: date) -> Iterator[PartialDate]:
    """The whole years, whole months and days of a period, the fewest."""
    while first <= last:
        year, month = PartialDate(first.year), PartialDate(first.year, first.month)
        whole = next(
            (known for known in (year, month) if known.first == first and known.last <= last),
            PartialDate(first.year, first.month, first.day),
        )
        yield whole
        first = whole.last + timedelta(days=1)


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


def day_start(day: date) -> datetime:
    """The first moment of a civil day in Paris."""
    return datetime.combine(day, time(), PARIS)


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


# --- typed dates: "26 juin 2006", "vers 2006", "06/2006", "June 26, 2006" --------------------
# Forms show the parsed date back to the person who typed it. Numbers are read in the French
# order, day first; the American order is accepted only where no other reading is possible.

MAX_LENGTH = 100  # characters; a longer text is no date

DATE_WORDS: Mapping[str, Any] = tomllib.loads(
    Path(__file__).with_name("date_words.toml").read_text("utf-8")
)
APPROXIMATE_WORDS, DOUBTFUL_WORDS, UNKNOWN_WORDS, DATE_FILLERS = (
    frozenset(DATE_WORDS[name]) for name in ("approximate", "doubtful", "unknown", "fillers")
)
# Months by their names and abbreviations, French and English; "fév." is in no list.
MONTH_NUMBERS: dict[str, int] = {"fev": 2} | {
    fold(name): number
    for names in (MONTHS, _SHORT_MONTHS, MONTHS_EN, [name[:3] for name in MONTHS_EN])
    for number, name in enumerate(names, start=1)
}
ORDINAL_DAY = re.compile(r"([0-9]{1,2})(?:er|st|nd|rd|th)")
_NUMBER = re.compile(r"[0-9]{1,4}")
_PUNCTUATION = re.compile(r"[/.,()]")
MARKS = re.compile(r"([~?])")


def parse_typed_date(text: str, *, unknown: str = "") -> str:
    """A typed date in EDTF; empty for an empty text.

    :param unknown: result for "inconnue" and its like.
    :raises TextError: ``typed_date`` (not understood), ``typed_date_year`` (no year in four
        digits) or ``date_impossible``, with the value ``text``.
    """
    if len(text) > MAX_LENGTH:
        raise TextError("typed_date", text=text[:MAX_LENGTH])
    words = MARKS.sub(r" \1 ", _PUNCTUATION.sub(" ", fold(text))).split()
    tokens = [ORDINAL_DAY.sub(r"\1", word) for word in words if word not in DATE_FILLERS]
    date_tokens = [
        word for word in tokens if word not in APPROXIMATE_WORDS | DOUBTFUL_WORDS | UNKNOWN_WORDS
    ]
    if not date_tokens:
        return unknown if tokens else ""
    if set(tokens) & UNKNOWN_WORDS:
        raise TextError("typed_date", text=text)
    is_approximate = not APPROXIMATE_WORDS.isdisjoint(tokens)
    is_doubtful = not DOUBTFUL_WORDS.isdisjoint(tokens)
    if is_approximate and is_doubtful:
        # Only one mark is stored, and choosing is up to the person who typed both.
        raise TextError("typed_date", text=text)
    mark: DateMark = "~" if is_approximate else "?" if is_doubtful else ""
    return _partial_date(date_tokens, mark, text).edtf


def _partial_date(date_tokens: list[str], mark: DateMark, text: str) -> PartialDate:
    months = [MONTH_NUMBERS[word] for word in date_tokens if word in MONTH_NUMBERS]
    numbers = [word for word in date_tokens if _NUMBER.fullmatch(word)]
    if len(months) > 1 or len(months) + len(numbers) != len(date_tokens):
        raise TextError("typed_date", text=text)
    years = [number for number in numbers if len(number) == 4]
    if not years:
        raise TextError("typed_date_year", text=text)
    small_numbers = [int(number) for number in numbers if number is not years[0]]
    if (
        len(years) > 1
        or len(small_numbers) > 2 - len(months)
        or any(number > 99 for number in small_numbers)
    ):
        raise TextError("typed_date", text=text)
    month, day = month_and_day(months, small_numbers, year_first=numbers[0] is years[0])
    try:
        return PartialDate(int(years[0]), month, day, mark)
    except TextError as error:
        raise TextError("date_impossible", text=text) from error


def month_and_day(
    months: list[int], small_numbers: list[int], *, year_first: bool
) -> tuple[int | None, int | None]:
    """The month and the day that the numbers of a date stand for, each None when not written."""
    if months:
        return months[0], small_numbers[0] if small_numbers else None
    if len(small_numbers) < 2:
        return (small_numbers[0] if small_numbers else None), None
    month, day = small_numbers if year_first else reversed(small_numbers)
    # "06/26/2006" is possible in the American order only.
    return (day, month) if month > 12 >= day and not year_first else (month, day)


# Monday is 0.
WEEKDAYS: dict[str, int] = {
    fold(name): day for names in (_DAYS, _DAYS_EN) for day, name in enumerate(names)
}
