"""The terms that the dates of a request for a document set running, in words."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _

from register.cases import deadlines
from register.text import dates
from register.web.blueprints import desk


@desk.app_template_global("request_terms")
def request_terms(row: Any) -> list[tuple[str, date]]:
    """What falls on which day, for the days that are known (CRPA R311-12 s., CJA R421-1).

    :param row: the editor's fields of the request.
    """
    clock = deadlines.request_terms(
        _exact_day(row.asked_on.edtf),
        _exact_day(row.refused_on.edtf),
        _exact_day(row.cada_registered_on.edtf),
    )
    terms = (
        (_("Un mois de silence vaut refus : le"), clock.silence_refuses),
        (_("Deux mois pour saisir la CADA : jusqu’au"), clock.refer_to_cada_by),
        (_("La CADA a un mois pour rendre son avis : jusqu’au"), clock.cada_answers_by),
        (_("Deux mois après la saisine, le refus est confirmé : le"), clock.refusal_confirmed),
        (_("Deux mois pour saisir le tribunal administratif : jusqu’au"), clock.court_by),
    )
    return [(label, day) for label, day in terms if day is not None]


def _exact_day(edtf: str) -> date | None:
    """A day that is known as such; from a month or a year no term can be counted."""
    if not edtf:
        return None
    partial_date = dates.parse(edtf)
    return partial_date.first if partial_date.day and not partial_date.mark else None
