"""The public case that a report adds to, and public cases that it may be about.

They are read at each display and carried by the form: a report sends a number and no title.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from flask_babel import gettext as _

from register.cases.known_cases import ReportedFacts, find_known_cases
from register.cases.result_lists import CaseSummary, load_case_summaries
from register.db import db
from register.reports.report_content import ReportContent
from register.reports.web.public_forms import OUTAGE_ERRORS
from register.reports.web.report_form import ReportForm
from register.text import dates
from register.web import messages
from register.web.blueprints import submit
from register.web.l10n import typeset, with_label


@submit.app_template_global("known_cases")
def known_cases(form: ReportForm) -> Sequence[CaseSummary]:
    """Public cases that may be what the form tells; none once an answer was given."""
    if form.case_number or form.autre.data:
        return ()
    reading = form.date_reading
    start, end = (dates.parse(edtf) if edtf else None for edtf in (reading.start, reading.end))
    types = form.types.data or ()
    facts = ReportedFacts(form.place_code, start, end, types, form.links)
    # Without the database, the review is shown without them.
    with suppress(*OUTAGE_ERRORS):
        return find_known_cases(db.session(), facts, form.displayed_on)
    return ()


@submit.app_template_global("bound_case")
def bound_case(form: ReportForm) -> CaseSummary | None:
    """The case that the form adds to, while it is public."""
    number = form.case_number
    with suppress(*OUTAGE_ERRORS):
        return load_case_summaries(db.session(), [number]).get(number) if number else None
    return None


@submit.app_template_global("case_words")
def case_words(sent: ReportContent) -> str:
    """The case that a report adds to, by its number, and what it tells of it."""
    if not sent.case:
        return ""
    number = typeset(_("nº %(number)s", number=sent.case))
    missing = messages.reports.missing_parts.get(sent.missing)
    return typeset(with_label(number, str(missing))) if missing else number
