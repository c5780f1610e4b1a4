"""Place and day of an account, offered on the review of a report where their answers are empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask_babel import gettext as _

from register.db import now
from register.reports.account_hints import DateHint, date_hints, place_hints
from register.reports.web.report_form import ReportForm
from register.territory.gazetteer import gazetteer
from register.territory.web.place_choice import place_key
from register.territory.web.place_names import describe_place
from register.text.dates import paris_day
from register.web.blueprints import submit
from register.web.l10n import edtf_words, typeset


class Offer(NamedTuple):
    """The value of a button, and its words."""

    value: str
    words: str


@submit.app_template_global("offered_places")
def offered_places(form: ReportForm) -> Sequence[Offer]:
    """Communes that the account names, where the place is not answered."""
    if form.lieu.data:
        return []
    offers = []
    for reading in place_hints(gazetteer(), form.recit.data):
        key = place_key(reading)
        offers.append(Offer(key, typeset(describe_place(*key.split(":")))))
    return offers


@submit.app_template_global("offered_days")
def offered_days(form: ReportForm) -> Sequence[Offer]:
    """Days that the account tells, where the date is not answered."""
    if form.quand.data:
        return []
    hints = date_hints(form.recit.data, form.displayed_on or paris_day(now()))
    return [Offer(hint.words, _day_words(hint)) for hint in hints]


def _day_words(hint: DateHint) -> str:
    """The words of the account, and the day that they mean where it is not in them."""
    day = edtf_words(hint.reading.start)
    if day in hint.words:
        return typeset(hint.words)
    return typeset(_("« %(typed)s » : %(date)s", typed=hint.words, date=day))
