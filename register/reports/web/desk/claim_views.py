"""Views that claim, release or assign a report, or mark its urgency."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from register.accounts.web import current_member
from register.cases.web.desk.claims import AssignForm, UrgencyForm
from register.reports import acts
from register.reports.web.desk import report_list_query
from register.reports.web.desk.detail import open_report, report_page, run_report_act
from register.web.blueprints import desk
from register.web.form_fields import BaseForm
from register.web.l10n import typeset


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/prendre", endpoint="report_claim")
def claim(key: str) -> ResponseReturnValue:
    """Claim a report; the refusal names the member who already holds it."""
    confirmation = _("Vous avez ce signalement en main.")
    return run_report_act(key, lambda tx, _store, by: acts.claim(tx, key, by=by), confirmation)


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/rendre", endpoint="report_release")
def release(key: str) -> ResponseReturnValue:
    confirmation = _("Le signalement est rendu : chacun peut le prendre.")
    return run_report_act(key, lambda tx, _store, by: acts.release(tx, key, by=by), confirmation)


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/confier", endpoint="report_assign")
def assign(key: str) -> ResponseReturnValue:
    """Assign a report to a member, or hand it over."""
    form = AssignForm()
    if not form.is_sent:
        return report_page(open_report(key), error_text=_first_fault(form)), 422
    name = current_member.display_name(form.to.data)
    confirmation = _("Le signalement est confié à %(name)s.", name=name)
    return run_report_act(
        key, lambda tx, _store, by: acts.assign(tx, key, to=form.to.data, by=by), confirmation
    )


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/urgence", endpoint="report_urgency")
def set_urgency(key: str) -> ResponseReturnValue:
    """Set or take off the danger mark and the term of a report."""
    form = UrgencyForm()
    if not form.is_sent:
        return report_page(open_report(key), error_text=_first_fault(form)), 422
    confirmation = _("C’est noté : la file en tient compte.")
    return run_report_act(
        key,
        lambda tx, store, by: acts.set_urgency(tx, store, key, form.urgency, by=by),
        confirmation,
    )


def _first_fault(form: BaseForm) -> str:
    """The first fault of a small form, whose page shows it at the top."""
    return typeset(next(iter(form.faults()), ("", ""))[1])
