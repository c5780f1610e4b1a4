"""Views that claim, release or assign a report, or mark its urgency."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from register.accounts.web import current_member
from register.cases.web.desk.claims import AssignForm, UrgencyForm
from register.reports import acts
from register.reports.web.desk import report_list_query
from register.reports.web.desk.detail import ReportAct, open_report, report_page, run_report_act
from register.web.blueprints import desk
from register.web.form_fields import BaseForm
from register.web.l10n import typeset
from register.web.request_context import key_store


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/prendre", endpoint="report_claim")
def claim(key: str) -> ResponseReturnValue:
    """Claim a report; the refusal names the member who already holds it."""
    confirmation = _("Vous avez ce signalement en main.")
    return run_report_act(key, lambda tx, by: acts.claim(tx, key, by=by), confirmation)


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/rendre", endpoint="report_release")
def release(key: str) -> ResponseReturnValue:
    confirmation = _("Le signalement est rendu : chacun peut le prendre.")
    return run_report_act(key, lambda tx, by: acts.release(tx, key, by=by), confirmation)


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/confier", endpoint="report_assign")
def assign(key: str) -> ResponseReturnValue:
    """Assign a report to a member, or hand it over."""
    form = AssignForm()
    confirmation = _(
        "Le signalement est confié à %(name)s.", name=current_member.display_name(form.to.data)
    )
    return _run_form(
        key, form, lambda tx, by: acts.assign(tx, key, to=form.to.data, by=by), confirmation
    )


@desk.post(f"/signalements/{report_list_query.KEY_RULE}/urgence", endpoint="report_urgency")
def set_urgency(key: str) -> ResponseReturnValue:
    """Set or take off the danger mark and the term of a report."""
    form, store = UrgencyForm(), key_store()
    return _run_form(
        key,
        form,
        lambda tx, by: acts.set_urgency(tx, store, key, form.urgency, by=by),
        _("C’est noté : la file en tient compte."),
    )


def _run_form(
    key: str, form: BaseForm, act: ReportAct, confirmation: object
) -> ResponseReturnValue:
    """Run the act of a small form, whose first fault is shown at the top of the page."""
    if not form.is_sent:
        fault = typeset(next(iter(form.faults()), ("", ""))[1])
        return report_page(open_report(key), error_text=fault), 422
    return run_report_act(key, act, confirmation)
