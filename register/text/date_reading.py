"""What people type for a date in a report: a day, an interval, a season, "il y a trois jours".

Nothing is refused. A reading says what was recognised and what is odd about it, and the page shows
both before anything is sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from register.errors import TextError
from register.text import dates
from register.text.dates import MONTH_NUMBERS, WEEKDAYS, DateMark, PartialDate
from register.text.normalisation import fold, one_line
from register.text.relative_dates import relative_day, relative_moment


@dataclass(frozen=True)
class DateReading:
    """A typed date: its first and last partial dates in EDTF, and what is odd about it.

    ``start`` is empty where nothing was recognised. ``end``: of what lasted from one date to
    another. ``span``: first and last day between which a moment lies that is stored as its middle.
    ``weekday``: the day of the week (Monday is 0) of a date that was typed with another one.
    ``is_year_missing``: a recognised date whose year is the nearest past one.
    """

    start: str = ""
    end: str = ""
    span: tuple[date, date] | None = None
    weekday: int | None = None
    is_year_missing: bool = False
    is_impossible: bool = False
    is_future: bool = False


@dataclass(frozen=True)
class _Point:
    """The parts of a typed date; None for what was not written."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    mark: DateMark = ""
    weekday: int | None = None

    def filled_from(self, other: _Point) -> _Point:
        """The same, with the missing year, and the missing month of a day, of another date."""
        month = other.month if self.month is None and self.day is not None else self.month
        year = other.year if self.year is None else self.year
        return replace(self, year=year, month=month)


# Hours and parts of the day, which no date keeps.
_DAY_PART = (
    r"(?:(?:au|le|en|dans l|dans la|en fin d|en fin de|en debut d|en debut de|a|vers|in the|at) )?"
    r"(?:matin|matinee|midi|apres midi|soir|soiree|nuit|morning|afternoon|evening|night|noon)"
)
_HOUR = (
    r"(?:(?:a|vers|at|des|around) )?[0-9]{1,2} ?(?:h|heures?|hours?|:|(?=[ap]m\b))"
    r"(?: ?[0-9]{2})?(?: ?[ap]m)?"
)
_TIME = re.compile(rf"(?<![0-9a-z])(?:{_DAY_PART}|{_HOUR})(?![0-9a-z])")
# What the date is of: "lors du conseil municipal du 5 novembre".
_OCCASION = re.compile(
    r"^(?:lors|pendant|durant|au cours|a l occasion|a|au|le|la)? ?(?:de |du |de la |d |le |la |l )?"
    r"(?:conseil municipal|conseil|seance|reunion publique|reunion|council meeting|meeting)"
    r"(?: (?:du|de|d|of|on))? "
)
_SINCE = re.compile(r"^(?:depuis|a partir|a compter|since|from)(?: (?:du|de|d|le))? ")
_OPENED = re.compile(
    r"(?:entre|de|du|d|from|between) (?:le )?(.+?) (et|a|au|jusqu a|to|and|-) (.+)"
)
_JOINED = re.compile(r"(?:le )?(.+?) (et|a|au|jusqu a|to|and) (.+)")
_DASHED = re.compile(r"(.+?) ?- ?(.+)")
_SCHOOL_YEAR = re.compile(r"([0-9]{2})([0-9]{2}) ?[-/] ?([0-9]{2})")
_SHORT_YEAR_DATE = re.compile(r"([0-9]{1,2})[ ./-]([0-9]{1,2})[ ./-]([0-9]{2})")
_DASHES = str.maketrans(dict.fromkeys("–—−‐‑", "-"))
_FILLERS = dates.DATE_FILLERS | {"d", "a", "au", "dans", "pendant", "durant", "debut", "vers la"}
_PUNCTUATION = re.compile(r"[/.,;()!-]")
_FEAST_DAYS = {"noel": (12, 25), "christmas": (12, 25)}


def read_date(text: str, today: date) -> DateReading:
    """What a typed date means on ``today``, the day on which the form was displayed."""
    typed = one_line(text)
    if not typed or len(typed) > dates.MAX_LENGTH:
        return DateReading()
    try:
        reading = _read(typed, today)
        last = reading.end or reading.start
        return replace(reading, is_future=bool(last) and dates.parse(last).first > today)
    except TextError:
        return DateReading(is_impossible=True)


def interval_end(text: str, start: str) -> str:
    """The end of a typed interval whose first date was stored; empty where there is none."""
    if not start:
        return ""
    try:
        year = dates.parse(start).year
    except TextError:
        return ""
    # An interval depends on the day of its form in the year alone that nobody wrote.
    for today in (date(year + later, 12, 31) for later in (0, 1)):
        reading = read_date(text, today)
        if reading.start == start:
            return reading.end
    return ""


def _read(typed: str, today: date) -> DateReading:
    if day := relative_day(typed, today):
        return DateReading(day.isoformat())
    written = " ".join(_fold_keeping_dashes(typed).split())
    written = _OCCASION.sub("", " ".join(_TIME.sub(" ", written).split()).strip(" ,.;!"))
    folded = written.replace("-", " ")
    if day := relative_day(folded, today):
        return DateReading(day.isoformat())
    if moment := relative_moment(" ".join(folded.split()), today):
        return DateReading(
            moment.day.edtf, span=None if moment.is_exact else (moment.first, moment.last)
        )
    if school_year := _SCHOOL_YEAR.fullmatch(written):
        century, first, last = school_year.groups()
        if 12 < int(last) > int(first):
            return DateReading(f"{century}{first}", f"{century}{last}")
    point = _parse_point(_SINCE.sub("", written), today)
    if point is not None:
        return _reading_of(point, today)
    return _read_interval(written, today)


def _fold_keeping_dashes(typed: str) -> str:
    return "-".join(fold(part) for part in typed.translate(_DASHES).split("-"))


# --- one date -----------------------------------------------------------------------------------


def _parse_point(written: str, today: date, *, is_part: bool = False) -> _Point | None:
    """The parts of one date; None for words that are none.

    :param is_part: whether a day alone, "3", is one: its month is that of the other date.
    """
    if short := _SHORT_YEAR_DATE.fullmatch(written.replace(" ", "/").strip("/")):
        day, month, year = (int(number) for number in short.groups())
        return _Point(_full_year(year, today), month, day)
    tokens = [
        dates.ORDINAL_DAY.sub(r"\1", word)
        for word in dates.MARKS.sub(r" \1 ", _PUNCTUATION.sub(" ", written)).split()
    ]
    tokens = [word for word in tokens if word not in _FILLERS]
    approximate = [word for word in tokens if word in dates.APPROXIMATE_WORDS]
    doubtful = [word for word in tokens if word in dates.DOUBTFUL_WORDS]
    weekdays = [WEEKDAYS[word] for word in tokens if word in WEEKDAYS]
    feasts = [_FEAST_DAYS[word] for word in tokens if word in _FEAST_DAYS]
    months = [MONTH_NUMBERS[word] for word in tokens if word in MONTH_NUMBERS]
    numbers = [word for word in tokens if re.fullmatch("[0-9]{1,4}", word)]
    understood: list[object] = [*approximate, *doubtful, *weekdays, *feasts, *months, *numbers]
    if len(understood) != len(tokens) or (approximate and doubtful):
        return None
    if len(weekdays) > 1 or len(months) + len(feasts) > 1 or any(len(n) == 3 for n in numbers):
        return None
    mark: DateMark = "~" if approximate else "?" if doubtful else ""
    weekday = weekdays[0] if weekdays else None
    if feasts:
        if len(numbers) > 1:
            return None
        feast_year = _full_year(int(numbers[0]), today) if numbers else None
        return _Point(feast_year, *feasts[0], mark, weekday)
    return _numbered_point(months, numbers, mark, weekday, today, is_part=is_part)


def _numbered_point(
    months: list[int],
    numbers: list[str],
    mark: DateMark,
    weekday: int | None,
    today: date,
    *,
    is_part: bool,
) -> _Point | None:
    years = [number for number in numbers if len(number) == 4]
    small = [int(number) for number in numbers if len(number) < 3]
    if len(years) > 1 or len(small) > (3 if not years and not months else 2):
        return None
    if years:
        if len(small) > 2 - len(months):
            return None
        month, day = dates.month_and_day(months, small, year_first=numbers[0] is years[0])
        return _Point(int(years[0]), month, day, mark, weekday)
    if len(small) == (2 if months else 3):
        written_month = months[0] if months else small[1]
        return _Point(_full_year(small[-1], today), written_month, small[0], mark, weekday)
    if months:
        return _Point(None, months[0], small[0] if small else None, mark, weekday)
    if len(small) == 2:
        return _Point(None, small[1], small[0], mark, weekday)
    if is_part and len(small) == 1:
        return _Point(None, None, small[0], mark, weekday)
    return None


def _full_year(year: int, today: date) -> int:
    """A year of two digits, of which none is later than the next one."""
    if year > 99:
        return year
    return 2000 + year if 2000 + year <= today.year + 1 else 1900 + year


def _reading_of(point: _Point, today: date) -> DateReading:
    """The date of a point; the nearest past year for one that was written without.

    :raises TextError: ``date_impossible``.
    """
    if point.year is not None:
        day = PartialDate(point.year, point.month, point.day, point.mark)
        actual = _other_weekday(point, day)
        if actual is not None and not point.mark:
            day = replace(day, mark="?")
        return DateReading(day.edtf, weekday=actual)
    day = _nearest_past(point, today)
    actual = _other_weekday(point, day)
    is_sure = point.weekday is not None and actual is None
    mark: DateMark = point.mark or ("" if is_sure else "?")
    return DateReading(replace(day, mark=mark).edtf, weekday=actual, is_year_missing=not is_sure)


def _other_weekday(point: _Point, day: PartialDate) -> int | None:
    """The day of the week of a date, where another one was written."""
    if point.weekday is None or day.day is None or day.first.weekday() == point.weekday:
        return None
    return day.first.weekday()


def _nearest_past(point: _Point, today: date) -> PartialDate:
    for year in range(today.year, today.year - 8, -1):
        try:
            day = PartialDate(year, point.month, point.day)
        except TextError:
            # 29 February is in one year of four.
            continue
        if day.first <= today:
            return day
    raise TextError("date_impossible", text="")


# --- an interval --------------------------------------------------------------------------------


def _read_interval(written: str, today: date) -> DateReading:
    for form in (_OPENED, _JOINED, _DASHED):
        match = form.fullmatch(written)
        if match is None:
            continue
        first, last = match[1], match[match.re.groups]
        points = [_parse_point(part, today, is_part=True) for part in (first, last)]
        if points[0] is None or points[1] is None:
            continue
        is_pair = form is _JOINED and match[2] in ("et", "and")
        reading = _interval(points[0], points[1], today)
        if reading.start and is_pair and not _are_neighbours(reading):
            # "2006 et 2019" are two years, and not all of them.
            return DateReading()
        return reading
    return DateReading()


def _interval(first: _Point, last: _Point, today: date) -> DateReading:
    first, last = first.filled_from(last), last.filled_from(first)
    if last.month is None and last.day is not None:
        return DateReading()
    is_year_missing = first.year is None and last.year is None
    if is_year_missing:
        year = _nearest_past(last, today).year
        first, last = (replace(point, year=year, mark=point.mark or "?") for point in (first, last))
    start, end = _partial(first), _partial(last)
    if start.first > end.last and first.month and not (first.year and start.year > end.year):
        # "De novembre à février 2024" begins the year before.
        start = replace(start, year=start.year - 1)
    if start.first > end.last or start == end:
        return DateReading()
    return DateReading(start.edtf, end.edtf, is_year_missing=is_year_missing)


def _partial(point: _Point) -> PartialDate:
    return PartialDate(point.year or 0, point.month, point.day, point.mark)


def _are_neighbours(reading: DateReading) -> bool:
    start, end = dates.parse(reading.start), dates.parse(reading.end)
    return (end.first - start.last).days == 1
