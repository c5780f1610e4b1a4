"""Days as people say them while it is fresh: "hier soir", "ce matin", "last Tuesday".

Only what leads to one day is read. "Cette nuit" is of two days, and "mardi" said on a Tuesday is
today or a week ago: such words stay words.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from register.text.fold import fold

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
    """The day that some words mean when they are said on ``today``; None for any others."""
    match = _RELATIVE_DAY.fullmatch(fold(text[:100]))
    if match is None:
        return None
    if match["ago"]:
        return today - timedelta(days=_DAYS_AGO[match["ago"]])
    days = (today.weekday() - _WEEKDAYS[match["weekday"]]) % 7
    if not days and not (match["last"] or match["before"]):
        return None
    return today - timedelta(days=days or 7)
