"""Partial dates as people type them: "26 juin 2006", "vers 2006", "06/2006", "June 26, 2006".

What is read is always shown back, so that a person sees what their words were taken for. Numbers
are read as the French write them, the day first; the American order is understood only where no
other reading exists.
"""

from __future__ import annotations

import re

from register.text import dates
from register.text.dates import Mark, PartialDate
from register.text.errors import TextError
from register.text.fold import fold

LONGEST = 100  # characters; a longer text is no date

_ABOUT = frozenset({"~", "vers", "environ", "circa", "ca", "about", "around", "approximativement"})
_DOUBTFUL = frozenset({"?", "incertain", "incertaine", "probablement", "probably", "uncertain"})
_UNKNOWN = frozenset({"inconnue", "inconnu", "unknown"})
# Words that say nothing of the day. The beginning of a month is somewhere in that month.
# fmt: off
_FILLERS = frozenset({
    "le", "la", "les", "en", "du", "de", "des", "mois", "annee", "date", "jour", "er",
    "the", "of", "on", "in", "day", "year",
    "debut", "fin", "mi", "courant", "milieu", "early", "late", "mid",
})
# fmt: on
# Each month by the least that tells it from the others, French and English.
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


def read(text: str, *, unknown: str = "") -> str:
    """A typed date in EDTF (see :mod:`register.text.dates`); empty for an empty text.

    :param unknown: what a date that is said to be unknown becomes.
    :raises TextError: ``typed_date`` (not understood), ``typed_date_year`` (no year in four
        digits) or ``date_impossible``, with the value ``text``.
    """
    if len(text) > LONGEST:
        raise TextError("typed_date", text=text[:LONGEST])
    words = _MARKS.sub(r" \1 ", _PUNCTUATION.sub(" ", fold(text))).split()
    said = [_ORDINAL.sub(r"\1", word) for word in words if word not in _FILLERS]
    told = [word for word in said if word not in _ABOUT | _DOUBTFUL | _UNKNOWN]
    if not told:
        return unknown if said else ""
    if set(said) & _UNKNOWN:
        raise TextError("typed_date", text=text)
    return _dated(told, _mark(said, text), text).edtf


def shown(edtf: str) -> str:
    """A stored date as :func:`read` understands it again: in words, empty when there is none."""
    return dates.words(edtf) if edtf else ""


def _mark(said: list[str], text: str) -> Mark:
    about, doubtful = bool(set(said) & _ABOUT), bool(set(said) & _DOUBTFUL)
    if about and doubtful:
        # The register keeps one mark; which of the two is meant is not for it to choose.
        raise TextError("typed_date", text=text)
    return "~" if about else "?" if doubtful else ""


def _dated(told: list[str], mark: Mark, text: str) -> PartialDate:
    months = [_MONTHS[word] for word in told if word in _MONTHS]
    numbers = [word for word in told if _NUMBER.fullmatch(word)]
    if len(months) > 1 or len(months) + len(numbers) != len(told):
        raise TextError("typed_date", text=text)
    years = [number for number in numbers if len(number) == 4]
    if not years:
        raise TextError("typed_date_year", text=text)
    rest = [int(number) for number in numbers if number is not years[0]]
    if len(years) > 1 or len(rest) > 2 - len(months) or any(number > 99 for number in rest):
        raise TextError("typed_date", text=text)
    month, day = _month_and_day(months, rest, year_first=numbers[0] is years[0])
    return _made(int(years[0]), month, day, mark, text)


def _month_and_day(
    months: list[int], rest: list[int], *, year_first: bool
) -> tuple[int | None, int | None]:
    if months:
        return months[0], rest[0] if rest else None
    if len(rest) < 2:
        return (rest[0] if rest else None), None
    month, day = (rest[0], rest[1]) if year_first else (rest[1], rest[0])
    # "06/26/2006" is no day of any French calendar, and one of the American.
    return (day, month) if month > 12 >= day and not year_first else (month, day)


def _made(year: int, month: int | None, day: int | None, mark: Mark, text: str) -> PartialDate:
    try:
        return PartialDate(year, month, day, mark)
    except TextError as error:
        raise TextError("date_impossible", text=text) from error
