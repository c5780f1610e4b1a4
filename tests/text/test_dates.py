"""Partial dates: parsing, bounds and wording, and the civil day of Paris."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from register.errors import TextError
from register.text.dates import (
    MONTH_NUMBERS,
    MONTHS,
    MONTHS_EN,
    WEEKDAYS,
    DateMark,
    PartialDate,
    date_words,
    dates_between,
    day_words,
    paris_day,
    parse,
)
from register.text.normalisation import fold

MARKS: st.SearchStrategy[DateMark] = st.sampled_from(("", "~", "?"))


@st.composite
def partial_dates(draw: st.DrawFn) -> PartialDate:
    year = draw(st.integers(1000, 2999))
    mark = draw(MARKS)
    month = draw(st.none() | st.integers(1, 12))
    if month is None:
        return PartialDate(year, mark=mark)
    last = calendar.monthrange(year, month)[1]
    return PartialDate(year, month, draw(st.none() | st.integers(1, last)), mark)


def test_months_and_weekdays_have_the_names_of_cldr() -> None:
    numbers, weekdays = {"fev": 2}, {}
    for language, months in (("fr", MONTHS), ("en", MONTHS_EN)):
        locale = Locale.parse(language)
        assert months == tuple(locale.months["format"]["wide"].values())
        for width in ("wide", "abbreviated"):
            for number, name in locale.months["format"][width].items():
                numbers[fold(name).rstrip(".")] = number
        for day, name in locale.days["format"]["wide"].items():
            weekdays[fold(name)] = day
    assert (numbers, weekdays) == (MONTH_NUMBERS, WEEKDAYS)


@pytest.mark.parametrize(
    ("edtf", "first", "last", "words"),
    [
        ("2006-06-26", date(2006, 6, 26), date(2006, 6, 26), "26 juin 2006"),
        ("2006-06-01", date(2006, 6, 1), date(2006, 6, 1), "1er juin 2006"),
        ("2006-06", date(2006, 6, 1), date(2006, 6, 30), "juin 2006"),
        ("2006", date(2006, 1, 1), date(2006, 12, 31), "2006"),
        ("2006~", date(2006, 1, 1), date(2006, 12, 31), "vers 2006"),
        ("2006-06~", date(2006, 6, 1), date(2006, 6, 30), "vers juin 2006"),
        ("2006-06-26~", date(2006, 6, 26), date(2006, 6, 26), "vers le 26 juin 2006"),
        ("2006-06-01~", date(2006, 6, 1), date(2006, 6, 1), "vers le 1er juin 2006"),
        ("2006-06-26?", date(2006, 6, 26), date(2006, 6, 26), "26 juin 2006 (incertain)"),
        ("2019-01?", date(2019, 1, 1), date(2019, 1, 31), "janvier 2019 (incertain)"),
        ("2019?", date(2019, 1, 1), date(2019, 12, 31), "2019 (incertain)"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "février 2024"),
        ("2900-02", date(2900, 2, 1), date(2900, 2, 28), "février 2900"),
        ("1000", date(1000, 1, 1), date(1000, 12, 31), "1000"),
    ],
)
def test_a_date_is_parsed_bounded_and_worded(
    edtf: str, first: date, last: date, words: str
) -> None:
    parsed = parse(edtf)
    assert (parsed.first, parsed.last) == (first, last)
    assert parsed.words() == words == date_words(edtf)
    assert parsed.html_datetime == edtf.rstrip("~?")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 2006",
        "2006\n",
        "06",
        "20060626",
        "2006-6",
        "2006-06-26T10:00",
        "2006/2007",
        "2006-21~?",
        "2006~?",
        "~2006",
        "200X",
        "2006-XX",
        "-2006",
        "+2006",
        "26/06/2006",
        "٢٠٠٦",
        "２００６",
        "2006-0６",
    ],
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(TextError) as refused:
        parse(text)
    assert refused.value.key == "date_form"
    assert refused.value.values == {"text": text}


@pytest.mark.parametrize(
    "text",
    ["2006-13", "2006-00", "2006-21", "2006-02-29", "2006-04-31", "2006-01-00", "0999", "3000?"],
)
def test_an_impossible_day_is_refused(text: str) -> None:
    with pytest.raises(TextError) as refused:
        parse(text)
    assert refused.value.key == "date_impossible"
    assert refused.value.values == {"text": text}


def test_a_day_needs_its_month() -> None:
    with pytest.raises(TextError):
        PartialDate(2006, None, 26)


@given(partial_dates())
def test_a_partial_date_survives_its_edtf_form(partial: PartialDate) -> None:
    assert parse(partial.edtf) == partial


@given(partial_dates())
def test_the_range_is_in_order_and_inside_the_coarser_one(partial: PartialDate) -> None:
    assert partial.first <= partial.last
    month = PartialDate(partial.year, partial.month)
    year = PartialDate(partial.year)
    assert year.first <= month.first <= partial.first
    assert partial.last <= month.last <= year.last


@given(st.text(alphabet="0123456789-~?X/ ", max_size=12))
def test_anything_else_is_a_text_error(text: str) -> None:
    try:
        parsed = parse(text)
    except TextError:
        return
    assert parsed.edtf == text


@pytest.mark.parametrize("empty", [None, ""])
def test_a_missing_date_is_worded(empty: str | None) -> None:
    assert date_words(empty) == "date inconnue"


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 6, 30, 21, 59, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_the_civil_day_is_that_of_paris(moment: datetime, day: date) -> None:
    assert paris_day(moment) == day
    assert day_words(moment) == day_words(day)


def test_a_day_is_worded_in_full() -> None:
    assert day_words(date(2026, 7, 1)) == "1er juillet 2026"
    assert day_words(datetime(2026, 6, 30, 22, 0, tzinfo=UTC)) == "1er juillet 2026"


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        day_words(datetime(2026, 6, 30, 22, 0))  # noqa: DTZ001 (naive on purpose)


DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))


@given(DAYS, DAYS)
def test_a_period_is_its_whole_years_months_and_days(first: date, last: date) -> None:
    parts = list(dates_between(first, last))
    if first > last:
        assert parts == []
        return
    assert (parts[0].first, parts[-1].last) == (first, last)
    # Each day is in one of them.
    for former, following in pairwise(parts):
        assert following.first == former.last + timedelta(days=1)
    assert len(parts) <= 200 + 2 * (11 + 30)
