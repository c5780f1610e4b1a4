"""The legal clocks: pure functions on civil days (Europe/Paris). Information, not advice.

A term in months ends on the day with the same number, or on the last day of a shorter month
(art. 641 of the code de procédure civile).
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, or the last day of the month when there is none."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def limitation_ends(first_published: date) -> date:
    """End of the three months of loi du 29 juillet 1881, art. 65, from the first publication."""
    return add_months(first_published, 3)


def reply_window_ends(published: date) -> date:
    """Last day to ask for a right of reply: three months (LCEN art. 1-1 III)."""
    return add_months(published, 3)


def reply_due(received: date) -> date:
    """Last day to insert a reply: three days after its receipt (LCEN art. 1-1 III)."""
    return received + timedelta(days=3)


def proof_due(summons: date) -> date:
    """Last day for the offer of proof: ten days from the summons (loi de 1881, art. 55)."""
    return summons + timedelta(days=10)


@dataclass(frozen=True)
class RequestTerms:
    """Where the terms of a request for a public document fall; None where a day is unknown."""

    silence_refuses: date | None
    refer_to_cada_by: date | None
    cada_answers_by: date | None
    refusal_confirmed: date | None
    court_by: date | None


def request_terms(
    requested: date | None, refused: date | None = None, cada_registered: date | None = None
) -> RequestTerms:
    """The terms of a request for a public document.

    One month's silence is a refusal (CRPA R311-12, R311-13); two months to refer to the CADA
    (R343-1), which answers within one (R343-3); the refusal is confirmed by two months' silence
    after registration (R343-4, R343-5); then two months to the administrative court
    (code de justice administrative R421-1).
    """
    silence_day = add_months(requested, 1) if requested else None
    refusal_day = refused or silence_day
    confirmation_day = add_months(cada_registered, 2) if cada_registered else None
    return RequestTerms(
        silence_refuses=silence_day,
        refer_to_cada_by=add_months(refusal_day, 2) if refusal_day else None,
        cada_answers_by=add_months(cada_registered, 1) if cada_registered else None,
        refusal_confirmed=confirmation_day,
        court_by=add_months(confirmation_day, 2) if confirmation_day else None,
    )
