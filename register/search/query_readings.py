"""Dates, periods and case numbers in a typed search, which mean codes of cases and not words."""

from __future__ import annotations

import re
from datetime import date, timedelta

from register.errors import TextError
from register.search import analyzer
from register.search.engine_interface import CODE, QueryAlternative, QueryPart
from register.text.dates import PartialDate, dates_between, parse, parse_typed_date

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
_PERIOD = re.compile(rf"(?:entre|between|from|de)\s+({_YEAR})\s+\w+\s+({_YEAR})", re.IGNORECASE)
_BOUNDED = re.compile(rf"({_BOUND}|jusqu['’]\s?en\s+|until\s+)(.+)", re.IGNORECASE)


def read(typed: str) -> QueryPart | None:
    """Part of a query for a text that has the pattern; None if it is only words."""
    if number := _NUMBER.fullmatch(typed):
        digits = number[1]
        as_docket = (QueryAlternative((digits,)),) if len(digits) >= _DOCKET_LENGTH else ()
        return QueryPart(typed, (_code("numero", digits), *as_docket))
    if years := _PERIOD.fullmatch(typed):
        first, last = sorted(map(int, years.groups()))
        return _read_between(typed, date(first, 1, 1), date(last, 12, 31))
    if analyzer.tokens(typed) == analyzer.tokens("en cours"):
        return QueryPart(typed, (_code("issue", "en_cours"),), filters=(("issue", "en_cours"),))
    bounded = _BOUNDED.fullmatch(typed)
    try:
        typed_date = parse(parse_typed_date(bounded[2] if bounded else typed))
    except TextError:
        return None
    if bounded:
        return _read_bounded(typed, bounded[1].lower(), typed_date)
    if not typed_date.month:
        return None
    numbers = typed_date.edtf.split("-")
    texts = (typed_date.words(), " ".join(numbers), " ".join(reversed(numbers)))
    as_words = [QueryAlternative(tuple(analyzer.tokens(text))) for text in texts]
    bounds = ("du", typed_date.edtf), ("au", typed_date.edtf)
    return QueryPart(typed, (_date_code(typed_date), *as_words), filters=bounds)


def _read_bounded(typed: str, word: str, typed_date: PartialDate) -> QueryPart:
    if word.startswith(("avant", "before")):
        return _read_between(typed, None, typed_date.first - timedelta(days=1))
    if word.startswith(("jusqu", "until")):
        return _read_between(typed, None, typed_date.last)
    is_after = word.startswith(("apr", "after"))
    after = typed_date.last + timedelta(days=1)
    return _read_between(typed, after if is_after else typed_date.first, None)


def _read_between(typed: str, first: date | None, last: date | None) -> QueryPart:
    """All days of a period that may be open."""
    # A whole year is shown as one.
    since = (("du", f"{first}".removesuffix("-01-01")),) if first else ()
    until = (("au", f"{last}".removesuffix("-12-31")),) if last else ()
    days = first or date(FIRST_YEAR, 1, 1), last or date(LAST_YEAR, 12, 31)
    codes = tuple(map(_date_code, dates_between(*days)))
    return QueryPart(typed, codes, filters=(*since, *until))


def _date_code(known: PartialDate) -> QueryAlternative:
    return _code("jour" if known.day else "mois" if known.month else "an", known.edtf)


def _code(name: str, code: str) -> QueryAlternative:
    return QueryAlternative((f"{CODE}{name}:{code}",))
