"""Dates, periods and case numbers in a typed search, which mean codes of cases and not words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from register.errors import TextError
from register.search import analyzer
from register.search.engine_interface import CODE, QueryAlternative, QueryPart
from register.text.dates import PartialDate, parse, parse_typed_date

_YEAR = "(?:19|20)[0-9]{2}"
FIRST_YEAR, LAST_YEAR = 1900, 2099
# Text of a docket number; shorter numbers are in too many texts.
_DOCKET_LENGTH = 5

_BOUND = r"(?:avant|before|depuis|since|dès|après|apres|after)\s+(?:le\s+|the\s+)?"
# Typed text that may have a reading, for a verbose pattern without case.
PATTERN = rf"""
    (?<![\w/.])(?<!\w-)(?:
        (?:entre|between|from|de)\s+{_YEAR}\s+(?:et|and|to|à|a)\s+{_YEAR}
      | (?:{_BOUND})?(?:
            (?:[0-9]{{1,2}}(?:er|st|nd|rd|th)?\s+)?[^\W\d_]{{3,9}}\.?\s+(?:[0-9]{{1,2}},?\s+)?{_YEAR}
          | [0-9]{{1,2}}(?P<mark>[/.-])[0-9]{{1,2}}(?P=mark){_YEAR}
          | {_YEAR}-[0-9]{{1,2}}-[0-9]{{1,2}}
        )
      | jusqu['’]\s?en\s+{_YEAR}
      | (?:n\s*[°º]|no\.?|num[ée]ro|number)\s*[0-9]{{1,7}}
      | en\s+cours(?!\s+d)
    )(?![\w/-]|[.][0-9])
"""
_NUMBER = re.compile(r"(?:n\s*[°º]|no\.?|num[ée]ro|number)\s*0*([0-9]+)", re.IGNORECASE)
_PERIOD = re.compile(
    rf"(?:(?P<before>avant|before)|(?P<since>depuis|since|dès)|(?P<after>après|apres|after)"
    rf"|(?P<until>jusqu['’]\s?en|until)|entre|between|from|de)"
    rf"\s+(?P<year>{_YEAR})(?:\s+\w+\s+(?P<last>{_YEAR}))?",
    re.IGNORECASE,
)
_BOUNDED = re.compile(rf"({_BOUND})(.+)", re.IGNORECASE)


def read(typed: str) -> QueryPart | None:
    """Part of a query for a text that has the pattern; None if it is only words."""
    if number := _NUMBER.fullmatch(typed):
        digits = number[1]
        as_docket = (QueryAlternative((digits,)),) if len(digits) >= _DOCKET_LENGTH else ()
        return QueryPart(typed, (_code("numero", digits), *as_docket))
    if period := _PERIOD.fullmatch(typed):
        return _read_period(period)
    if analyzer.tokens(typed) == analyzer.tokens("en cours"):
        return QueryPart(typed, (_code("issue", "en_cours"),), filters=(("issue", "en_cours"),))
    bounded = _BOUNDED.fullmatch(typed)
    try:
        typed_date = parse(parse_typed_date(bounded[2] if bounded else typed))
    except TextError:
        return None
    if not typed_date.month:
        return None
    if bounded:
        return _read_bound(typed, bounded[1].split()[0].lower(), typed_date)
    numbers = typed_date.edtf.split("-")
    texts = (typed_date.words(), " ".join(numbers), " ".join(reversed(numbers)))
    as_words = [QueryAlternative(tuple(analyzer.tokens(text))) for text in texts]
    code = _code("jour" if typed_date.day else "mois", typed_date.edtf)
    bounds = ("du", typed_date.edtf), ("au", typed_date.edtf)
    return QueryPart(typed, (code, *as_words), filters=bounds)


def _read_period(period: re.Match[str]) -> QueryPart | None:
    year, first, last = int(period["year"]), FIRST_YEAR, LAST_YEAR
    if period["last"]:
        first, last = sorted((year, int(period["last"])))
    elif period["until"] or period["before"]:
        last = year - bool(period["before"])
    elif period["since"] or period["after"]:
        first = year + bool(period["after"])
    else:
        return None
    since = (("du", str(first)),) if first > FIRST_YEAR else ()
    until = (("au", str(last)),) if last < LAST_YEAR else ()
    codes = tuple(_code("an", str(each)) for each in range(first, last + 1))
    return QueryPart(period.group(), codes, filters=(*since, *until))


def _read_bound(typed: str, word: str, typed_date: PartialDate) -> QueryPart:
    """All days before, after or since a day or a month."""
    first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
    if word in ("avant", "before"):
        last = typed_date.first - timedelta(days=1)
        bound = "au", last.isoformat()
    else:
        is_since = word in ("depuis", "since", "dès")
        first = typed_date.first if is_since else typed_date.last + timedelta(days=1)
        bound = "du", first.isoformat()
    codes = (_code(*each) for each in _codes_between(first, last))
    return QueryPart(typed, tuple(codes), filters=(bound,))


def _codes_between(first: date, last: date) -> Iterator[tuple[str, str]]:
    """The codes of the whole years, whole months and days of a period."""
    while first <= last:
        month_end = (first.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        if first.month == first.day == 1 and date(first.year, 12, 31) <= last:
            yield "an", str(first.year)
            first = date(first.year + 1, 1, 1)
        elif first.day == 1 and month_end <= last:
            yield "mois", first.isoformat()[:7]
            first = month_end + timedelta(days=1)
        else:
            yield "jour", first.isoformat()
            first += timedelta(days=1)


def _code(name: str, code: str) -> QueryAlternative:
    return QueryAlternative((f"{CODE}{name}:{code}",))
