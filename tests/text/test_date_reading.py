"""Dates of a report as people type them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.errors import TextError
from register.text import dates
from register.text.date_reading import DateReading, interval_end, read_date
from register.text.dates import parse_typed_date

# A Wednesday.
TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("typed", "start"),
    [
        # One day.
        ("jeudi 5 novembre 2026", "2026-11-05"),
        ("le jeudi 5 novembre 2026, vers 18 h 30", "2026-11-05"),
        ("5 novembre 2026 à 18h", "2026-11-05"),
        ("le 5 novembre 2026 au soir", "2026-11-05"),
        ("Thursday, November 5, 2026", "2026-11-05"),
        ("03/03/26", "2026-03-03"),
        ("3.3.26", "2026-03-03"),
        ("26-06-06", "2006-06-26"),
        ("14/07/98", "1998-07-14"),
        ("3 mars 26", "2026-03-03"),
        ("1er juin 2006", "2006-06-01"),
        ("Noël 2023", "2023-12-25"),
        ("lors du conseil municipal du 5 novembre 2026", "2026-11-05"),
        ("séance du 12/03/2024", "2024-03-12"),
        ("jeudi 5 novembre", "2026-11-05"),  # the weekday says which year
        # Days counted from today.
        ("hier soir", "2026-11-24"),
        ("avant-hier soir", "2026-11-23"),
        ("avant-hier, vers 20h30", "2026-11-23"),
        ("lundi dernier", "2026-11-23"),
        ("mercredi dernier au soir", "2026-11-18"),
        ("il y a trois jours", "2026-11-22"),
        ("Il y a 3 jours", "2026-11-22"),
        ("3 days ago", "2026-11-22"),
        ("il y a dix jours", "2026-11-15"),
        ("il y a dix-sept jours", "2026-11-08"),
        ("ten days ago", "2026-11-15"),
        ("il y a environ trois jours", "2026-11-22~"),
        # Moments in a span.
        ("la semaine dernière", "2026-11-19~"),
        ("la semaine passée", "2026-11-19~"),
        ("last week", "2026-11-19~"),
        ("le week-end dernier", "2026-11-21~"),
        ("il y a deux semaines", "2026-11-11~"),
        ("il y a quinze jours", "2026-11-11~"),
        ("il y a un mois", "2026-10~"),
        ("il y a deux mois environ", "2026-09~"),
        ("il y a deux ans", "2024~"),
        ("depuis trois mois", "2026-08~"),
        ("le mois dernier", "2026-10"),
        ("ce mois-ci", "2026-11"),
        ("l’an dernier", "2025"),
        ("l’année dernière", "2025"),
        ("cette année", "2026"),
        ("en mars dernier", "2026-03"),
        ("décembre dernier", "2025-12"),
        ("printemps 2024", "2024-05~"),
        ("au printemps 2024", "2024-05~"),
        ("à l’automne 2023", "2023-11~"),
        ("été 2006", "2006-08~"),
        ("l’été dernier", "2026-08~"),
        ("cet été", "2026-08~"),
        ("hiver 2024", "2024~"),
        ("hiver 2023-2024", "2024-02~"),
        ("spring 2024", "2024-05~"),
        ("dans les années 90", "1994~"),
        # Months and years.
        ("début 2023", "2023"),
        ("fin 2023", "2023"),
        ("fin juin 2024", "2024-06"),
        ("mi-juin 2024", "2024-06"),
        ("depuis 2019", "2019"),
        ("depuis mars 2024", "2024-03"),
        ("vers 2019", "2019~"),
        ("2006 ?", "2006?"),
        # No year: the nearest past one, deduced.
        ("fin juin", "2026-06?"),
        ("3 mars", "2026-03-03?"),
        ("le 5 décembre", "2025-12-05?"),
        ("03/03", "2026-03-03?"),
        ("en décembre", "2025-12?"),
        ("29 février", "2024-02-29?"),
    ],
)
def test_common_ways_to_say_a_moment_are_understood(typed: str, start: str) -> None:
    reading = read_date(typed, TODAY)
    assert (reading.start, reading.end) == (start, "")
    assert not reading.is_impossible
    assert not reading.is_future
    assert reading.is_year_missing == (start.endswith("?") and typed != "2006 ?")


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ("entre mars et mai 2024", "2024-03", "2024-05"),
        ("de mars à mai 2024", "2024-03", "2024-05"),
        ("mars-mai 2024", "2024-03", "2024-05"),
        ("mars – mai 2024", "2024-03", "2024-05"),
        ("mars et avril 2024", "2024-03", "2024-04"),
        ("2015-2019", "2015", "2019"),
        ("2015–2019", "2015", "2019"),
        ("de 2015 à 2019", "2015", "2019"),
        ("entre 2015 et 2019", "2015", "2019"),
        ("2023-24", "2023", "2024"),
        ("du 3 au 5 mars 2024", "2024-03-03", "2024-03-05"),
        ("3-5 mars 2024", "2024-03-03", "2024-03-05"),
        ("les 3 et 4 mars 2024", "2024-03-03", "2024-03-04"),
        ("du 28 février au 2 mars 2024", "2024-02-28", "2024-03-02"),
        ("du 12 janvier 2023 au 3 mars 2024", "2023-01-12", "2024-03-03"),
        ("12/01/2023 - 03/03/2024", "2023-01-12", "2024-03-03"),
        ("du 12/01/23 au 03/03/24", "2023-01-12", "2024-03-03"),
        ("de novembre à février 2024", "2023-11", "2024-02"),
        ("de mars 2023 à mai", "2023-03", "2023-05"),
        ("from March to May 2024", "2024-03", "2024-05"),
        ("between March and May 2024", "2024-03", "2024-05"),
        ("entre mars et mai", "2026-03?", "2026-05?"),
        ("de novembre à février", "2025-11?", "2026-02?"),
    ],
)
def test_an_interval_has_a_first_and_a_last_date(typed: str, start: str, end: str) -> None:
    reading = read_date(typed, TODAY)
    assert (reading.start, reading.end) == (start, end)
    assert interval_end(typed, start) == end


def test_a_moment_in_a_span_gives_the_span() -> None:
    assert read_date("la semaine dernière", TODAY).span == (date(2026, 11, 16), date(2026, 11, 22))
    assert read_date("printemps 2024", TODAY).span == (date(2024, 3, 20), date(2024, 6, 20))
    assert read_date("le mois dernier", TODAY).span is None
    sunday = date(2026, 11, 22)
    assert read_date("le week-end dernier", sunday).span == (date(2026, 11, 14), date(2026, 11, 15))
    assert read_date("ce week-end", sunday).span == (date(2026, 11, 21), sunday)


@pytest.mark.parametrize(
    ("typed", "start", "weekday"),
    [
        ("jeudi 4 novembre 2026", "2026-11-04?", 2),
        ("lundi 26 juin 2006", "2006-06-26", None),
        ("mardi 26 juin 2006", "2006-06-26?", 0),
        ("vendredi 5 novembre", "2026-11-05?", 3),
    ],
)
def test_a_wrong_weekday_is_noticed(typed: str, start: str, weekday: int | None) -> None:
    reading = read_date(typed, TODAY)
    assert (reading.start, reading.weekday) == (start, weekday)


@pytest.mark.parametrize(
    "typed", ["31 février 2026", "31/02/2026", "29 février 2026", "30 février", "32 janvier 2026"]
)
def test_a_day_that_does_not_exist_is_impossible(typed: str) -> None:
    assert read_date(typed, TODAY) == DateReading(is_impossible=True)


@pytest.mark.parametrize(
    ("typed", "is_future"),
    [
        ("12 mars 2027", True),
        ("2027", True),
        ("26 novembre 2026", True),
        ("25 novembre 2026", False),
        ("novembre 2026", False),
        ("2026", False),
        ("de 2026 à 2028", True),
        ("de 2020 à 2026", False),
    ],
)
def test_a_day_that_has_not_come_is_recognised_and_noticed(typed: str, is_future: bool) -> None:
    reading = read_date(typed, TODAY)
    assert reading.start
    assert reading.is_future == is_future


@pytest.mark.parametrize(
    "typed",
    [
        *("", "   ", "je ne sais plus", "un lundi", "cette nuit", "mardi ou mercredi", "bientôt"),
        *("2006 ou 2007", "2006 et 2019", "hier ou avant-hier", "il y a quelques jours", "le 5"),
        *("1 2 3 4 2006", "123 juin 2006", "juin2006", "inconnue", "x" * 200_000, "2026 " * 40_000),
        *("de", "entre", "-", "2019-2015", "il y a 5000 mois", "les années 85", "vers 2006 ?"),
        *("٢٦ juin ٢٠٠٦", "avant 2010", "jusqu’en 2019", "sauf le 5 novembre 2026"),
    ],
)
def test_other_words_are_no_date(typed: str) -> None:
    assert read_date(typed, TODAY) == DateReading()


@given(st.text(max_size=120), st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)))
def test_any_text_is_read_or_not(typed: str, today: date) -> None:
    reading = read_date(typed, today)
    for edtf in (reading.start, reading.end):
        assert edtf == "" or dates.parse(edtf).edtf == edtf


_WORDS = st.sampled_from(
    """
    le du au de et à - / , vers ? 5 12 31 26 2024 2026 mars juin lundi jeudi hier semaine dernière
    il y a trois jours mois ans printemps hiver depuis entre soir 18h 03/03/26 1er
    """.split()  # noqa: SIM905 # a list of quoted words would take many lines
)


@given(st.lists(_WORDS, max_size=9).map(" ".join), st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_any_mixture_of_words_of_dates_is_read_or_not(typed: str, today: date) -> None:
    reading = read_date(typed, today)
    if reading.end:
        assert dates.parse(reading.start).first <= dates.parse(reading.end).last
    assert interval_end(typed, reading.start) in (reading.end, "") or not reading.start


@given(st.text(max_size=60))
def test_what_forms_of_the_desk_read_is_read_the_same(typed: str) -> None:
    try:
        edtf = parse_typed_date(typed)
    except TextError:
        return
    if edtf:
        assert read_date(typed, TODAY).start == edtf
