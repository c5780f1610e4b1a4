"""Parser of dates as people type them: "26 juin 2006", "vers 2006", "06/2006", "June 26, 2006".

Forms show the parsed date back to the person who typed it. Numbers are read in the French order,
day first; the American order is accepted only where no other reading is possible.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from register.errors import TextError
from register.text.dates import DateMark, PartialDate
from register.text.normalisation import fold

MAX_LENGTH = 100  # characters; a longer text is no date

_APPROXIMATE_WORDS = frozenset(
    {"~", "vers", "environ", "circa", "ca", "about", "around", "approximativement"}
)
_DOUBTFUL_WORDS = frozenset(
    {"?", "incertain", "incertaine", "probablement", "probably", "uncertain"}
)
_UNKNOWN_WORDS = frozenset({"inconnue", "inconnu", "unknown"})
# Words that are ignored: the beginning of a month is somewhere in that month.
# fmt: off
_FILLERS = frozenset({
    "le", "la", "les", "en", "du", "de", "des", "mois", "annee", "date", "jour", "er",
    "the", "of", "on", "in", "day", "year",
    "debut", "fin", "mi", "courant", "milieu", "early", "late", "mid",
})
# fmt: on
# Months by their names and abbreviations, French and English.
_MONTHS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "janvier janv jan january",
            "fevrier fevr fev february feb",
            "mars mar march",
            "avril avr april apr",
            "mai may",
            "juin jun june",
            "juillet juil july jul",
            "aout august aug",
            "septembre sept sep september",
            "octobre oct october",
            "novembre nov november",
            "decembre dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_ORDINAL = re.compile(r"([0-9]{1,2})(?:er|st|nd|rd|th)")
_NUMBER = re.compile(r"[0-9]{1,4}")
_PUNCTUATION = re.compile(r"[/.,()]")
_MARKS = re.compile(r"([~?])")


def parse_typed_date(text: str, *, unknown: str = "") -> str:
    """A typed date in EDTF (see :mod:`register.text.dates`); empty for an empty text.

    :param unknown: result for "inconnue" and its like.
    :raises TextError: ``typed_date`` (not understood), ``typed_date_year`` (no year in four
        digits) or ``date_impossible``, with the value ``text``.
    """
    if len(text) > MAX_LENGTH:
        raise TextError("typed_date", text=text[:MAX_LENGTH])
    words = _MARKS.sub(r" \1 ", _PUNCTUATION.sub(" ", fold(text))).split()
    tokens = [_ORDINAL.sub(r"\1", word) for word in words if word not in _FILLERS]
    date_tokens = [
        word for word in tokens if word not in _APPROXIMATE_WORDS | _DOUBTFUL_WORDS | _UNKNOWN_WORDS
    ]
    if not date_tokens:
        return unknown if tokens else ""
    if set(tokens) & _UNKNOWN_WORDS:
        raise TextError("typed_date", text=text)
    return _partial_date(date_tokens, _date_mark(tokens, text), text).edtf


def _date_mark(tokens: list[str], text: str) -> DateMark:
    is_approximate = not _APPROXIMATE_WORDS.isdisjoint(tokens)
    is_doubtful = not _DOUBTFUL_WORDS.isdisjoint(tokens)
    if is_approximate and is_doubtful:
        # Only one mark is stored, and choosing is up to the person who typed both.
        raise TextError("typed_date", text=text)
    return "~" if is_approximate else "?" if is_doubtful else ""


def _partial_date(date_tokens: list[str], mark: DateMark, text: str) -> PartialDate:
    months = [_MONTHS[word] for word in date_tokens if word in _MONTHS]
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
    month, day = _month_and_day(months, small_numbers, year_first=numbers[0] is years[0])
    try:
        return PartialDate(int(years[0]), month, day, mark)
    except TextError as error:
        raise TextError("date_impossible", text=text) from error


def _month_and_day(
    months: list[int], small_numbers: list[int], *, year_first: bool
) -> tuple[int | None, int | None]:
    if months:
        return months[0], small_numbers[0] if small_numbers else None
    if len(small_numbers) < 2:
        return (small_numbers[0] if small_numbers else None), None
    month, day = small_numbers if year_first else reversed(small_numbers)
    # "06/26/2006" is possible in the American order only.
    return (day, month) if month > 12 >= day and not year_first else (month, day)


_DAYS_AGO = {
    **dict.fromkeys(("aujourd hui", "ce matin", "ce midi", "cet apres midi", "ce soir"), 0),
    **dict.fromkeys(("tout a l heure", "today", "this morning", "this afternoon", "tonight"), 0),
    **dict.fromkeys(("hier", "yesterday", "last night"), 1),
    **dict.fromkeys(("avant hier", "the day before yesterday"), 2),
}
_WEEKDAYS = {
    name: day
    for names in (
        ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    )
    for day, name in enumerate(names)
}
_RELATIVE_DAY = re.compile(
    r"(?:le |au |pendant |durant |on )?"
    rf"(?:(?P<ago>{'|'.join(_DAYS_AGO)})"
    rf"|(?P<before>last )?(?P<weekday>{'|'.join(_WEEKDAYS)})(?P<last> dernier)?)"
    r"(?: (?:au |dans l |en |en fin d |en debut d |en fin de |en debut de )?"
    r"(?:matin|matinee|midi|apres midi|soir|soiree|morning|afternoon|evening))?"
    r"(?:,? (?:a |vers |at )?[0-9]{1,2} ?(?:h|heures?|:|(?=[ap]m))"
    r"(?: ?[0-9]{2})?(?: ?[ap]m)?)?[.!]?"
)


def parse_relative_date(text: str, today: date) -> date | None:
    """The day that words such as "hier" or "lundi dernier" mean on ``today``; None for others."""
    match = _RELATIVE_DAY.fullmatch(fold(text[:100]))
    if match is None:
        return None
    if match["ago"]:
        return today - timedelta(days=_DAYS_AGO[match["ago"]])
    days = (today.weekday() - _WEEKDAYS[match["weekday"]]) % 7
    if not days and not (match["last"] or match["before"]):
        return None
    return today - timedelta(days=days or 7)
