"""What members do with one report: take it in hand, ask, decline, put aside, take up again.

An act that is refused shows the report as it is now, with everything that was typed.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.cases.web.desk import act_view
from register.errors import Invalid, Refused, RegisterError
from register.journal import WriteTransaction
from register.report_keys import KeyStore
from register.reports import acts
from register.reports.queries import ReportView
from register.reports.web.desk import detail, labels, list_query
from register.reports.web.desk.decision_forms import AskForm, DeclineForm, ReportActForm
from register.web.blueprints import desk
from register.web.context import current_vocabulary, french_vocabulary, key_store
from register.web.errors import status_of
from register.web.l10n import typeset

# Does the act, under the pen, for the member whose id it is given.
ReportAct = Callable[[WriteTransaction, KeyStore, int], object]
# Shows the report again, with why the act was refused.
RefusalPage = Callable[[RegisterError], str]


@desk.post(f"/signalements/{list_query.KEY_RULE}/prendre", endpoint="report_claim")
def claim(key: str) -> ResponseReturnValue:
    """Take a report in hand; whoever comes second is told who has it."""

    def act(tx: WriteTransaction, _store: KeyStore, by: int) -> None:
        acts.claim(tx, key, by=by)

    return _run_simple_act(key, act, _("Vous avez ce signalement en main."))


@desk.post(f"/signalements/{list_query.KEY_RULE}/rendre", endpoint="report_release")
def release(key: str) -> ResponseReturnValue:
    """Give a report back."""

    def act(tx: WriteTransaction, _store: KeyStore, by: int) -> None:
        acts.release(tx, key, by=by)

    return _run_simple_act(key, act, _("Le signalement est rendu : chacun peut le prendre."))


@desk.post(f"/signalements/{list_query.KEY_RULE}/lu", endpoint="report_read")
def read(key: str) -> ResponseReturnValue:
    """Say that what its author sent was read; not what came after that."""
    seen = ReportActForm().seen

    def act(tx: WriteTransaction, _store: KeyStore, by: int) -> None:
        acts.mark_read(tx, key, by=by, seen=seen)

    return _run_simple_act(key, act, _("C’est noté : il n’y a plus rien de nouveau à lire."))


@desk.post(f"/signalements/{list_query.KEY_RULE}/indesirable", endpoint="report_spam")
def spam(key: str) -> ResponseReturnValue:
    """Put a report aside as spam."""

    def act(tx: WriteTransaction, _store: KeyStore, by: int) -> None:
        acts.spam(tx, key, by=by)

    return _run_simple_act(key, act, _("Le signalement est rangé parmi les indésirables."))


@desk.post(f"/signalements/{list_query.KEY_RULE}/reprendre", endpoint="report_reopen")
def reopen(key: str) -> ResponseReturnValue:
    """Take up again what was declined, put aside, or accepted for a case that was given up."""

    def act(tx: WriteTransaction, store: KeyStore, by: int) -> None:
        acts.reopen(tx, store, key, by=by)

    return _run_simple_act(
        key, act, _("Le signalement est repris : il attend de nouveau une décision.")
    )


@desk.post(f"/signalements/{list_query.KEY_RULE}/question", endpoint="report_ask")
def ask_reporter(key: str) -> ResponseReturnValue:
    """Ask the one who reported something."""
    report_view, form = detail.open_report(key), AskForm()
    if not form.is_sent:
        return detail.report_page(report_view, asking=form), 422

    def act(tx: WriteTransaction, store: KeyStore, by: int) -> None:
        acts.ask_reporter(tx, store, key, form.text.data, by=by, seen=form.seen)

    def page(current: ReportView, error_text: str) -> str:
        return detail.report_page(current, error_text=error_text, asking=form)

    confirmation = _("La question est posée. Son auteur la lit avec son code.")
    return _run_act(key, act, _refusal_with_form(key, form, page), confirmation)


@desk.post(f"/signalements/{list_query.KEY_RULE}/ecarter", endpoint="report_decline")
def decline(key: str) -> ResponseReturnValue:
    """Decline a report; the sentence of its reason is proposed where that is asked for."""
    report_view, form = detail.open_report(key), DeclineForm()
    form.set_reasons(current_vocabulary())
    if not form.is_sent:
        return detail.report_page(report_view, declining=form), 422
    if request.form.get("etape") == "proposer":
        form.sentence.data = form.proposed_sentence(french_vocabulary())
        return detail.report_page(report_view, declining=form)

    def act(tx: WriteTransaction, store: KeyStore, by: int) -> None:
        sentence = form.reporter_sentence(french_vocabulary())
        acts.decline(tx, store, key, form.reason.data, by=by, sentence=sentence, seen=form.seen)

    def page(current: ReportView, error_text: str) -> str:
        return detail.report_page(current, error_text=error_text, declining=form)

    confirmation = _("Le signalement est écarté. Son auteur lira votre phrase.")
    return _run_act(key, act, _refusal_with_form(key, form, page), confirmation)


def _refusal_with_form(
    key: str, form: ReportActForm, page: Callable[[ReportView, str], str]
) -> RefusalPage:
    """Shows the report as it is by now, with everything that was typed."""

    def refusal_page(error: RegisterError) -> str:
        current = detail.open_report(key)
        form.vu.data = str(current.message_count)
        return page(current, form.attach_error(error, labels.refusal_text(error, current.summary)))

    return refusal_page


def _run_simple_act(key: str, act: ReportAct, confirmation: str) -> ResponseReturnValue:
    """Do an act that has nothing to fill in."""
    detail.require(key)

    def refusal_page(error: RegisterError) -> str:
        current = detail.open_report(key)
        return detail.report_page(current, error_text=labels.refusal_text(error, current.summary))

    return _run_act(key, act, refusal_page, confirmation)


def _run_act(
    key: str, act: ReportAct, refusal_page: RefusalPage, confirmation: str
) -> ResponseReturnValue:
    store = key_store()
    try:
        act_view.run_act(lambda tx, by: act(tx, store, by))
    except (Refused, Invalid) as error:
        return refusal_page(error), status_of(error)
    flash(typeset(confirmation))
    return redirect(list_query.report_url(key), 303)
