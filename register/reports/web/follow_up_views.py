"""Views of ``/suivi``: follow-up of a report by its code.

Forms are answered 200 with the page, without a redirect: the next page needs the code too, which
must not be in an address or a cookie. The nonce in a form's token detects a second sending.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.db import db
from register.errors import Invalid, Refused
from register.journal import WriteTransaction
from register.operations import setup
from register.reports import acts, report_content
from register.reports.models import MessageKind, ReportState
from register.reports.web import follow_up_page, upload_streams
from register.reports.web.follow_up_page import ReportAccess, report_html, with_report
from register.reports.web.public_forms import queued_transaction
from register.reports.web.receipt_page import receipt_page_html
from register.web import messages, rate_limits
from register.web.blueprints import submit
from register.web.error_messages import error_sentence
from register.web.errors import status_of
from register.web.headers import clear_browser_cache
from register.web.request_context import key_store

ENTER = "/suivi"

# An act in a transaction, with the nonce of its form; it returns the confirmation.
FormAct = Callable[[WriteTransaction, str], object]


@submit.get(ENTER, endpoint="follow_enter")
def enter() -> str:
    return follow_up_page.code_page(follow_up_page.ReceiptCodeForm(formdata=None))


def enter_first() -> ResponseReturnValue:
    """Redirect to the page that asks for the code."""
    return redirect(ENTER, 303)


# Addresses that take the code in a form.
for _address in (
    *("message", "message/avec-fichiers", "contact", "retirer", "detruire"),
    *("recu.json", "recu.html", "quitter"),
):
    submit.add_url_rule(f"{ENTER}/{_address}", view_func=enter_first)


@submit.post("/suivi/quitter", endpoint="follow_leave")
def leave() -> Response:
    """Leave the follow-up and clear the browser's cache of this site."""
    return clear_browser_cache(make_response(render_template("reports/follow_up_left.html")))


@submit.post(ENTER)
@with_report(follow_up_page.busy_code_page)
def follow(access: ReportAccess) -> ResponseReturnValue:
    """The status of a report."""
    return report_html(access)


@submit.post("/suivi/message", endpoint="follow_message")
@submit.post("/suivi/message/avec-fichiers", endpoint="follow_message_with_files")
def message() -> ResponseReturnValue:
    """Store an answer, an addition or a correction, with its files."""
    upload_streams.receive_form()
    return _message()


@with_report(lambda why: follow_up_page.unsaved_form_html(follow_up_page.MessageForm(), why))
def _message(access: ReportAccess) -> ResponseReturnValue:
    form = follow_up_page.MessageForm()
    if form.is_sent and not form.fichiers.require_whole():
        return report_html(access, form), 422

    confirmations = {
        MessageKind.ANSWER: _("Votre réponse est enregistrée."),
        MessageKind.ADDITION: _("Votre ajout est enregistré."),
        MessageKind.CORRECTION: _("Votre correction est enregistrée."),
    }

    def act(tx: WriteTransaction, nonce: str) -> object:
        text, files = form.message.data, form.fichiers.manifests
        acts.add(tx, key_store(), access.key, form.kind, text, nonce, files)
        return confirmations[form.kind]

    return _perform(access, form, act)


@submit.post("/suivi/contact", endpoint="follow_contact")
@with_report(lambda why: follow_up_page.unsaved_form_html(follow_up_page.ContactForm(), why))
def contact(access: ReportAccess) -> ResponseReturnValue:
    """Store, change or erase the contact."""
    form = follow_up_page.ContactForm()
    form.is_needed = not access.report_view.contact
    if request.form.get("acte") == follow_up_page.DELETE:
        form.contact.data, form.is_needed = "", False

    def act(tx: WriteTransaction, _nonce: str) -> object:
        if form.contact.data != access.report_view.contact:
            acts.leave_contact(tx, key_store(), access.key, form.contact.data)
        if form.contact.data:
            return _("Votre contact est enregistré.")
        return _("Votre contact est effacé.")

    return _perform(access, form, act)


@submit.post("/suivi/retirer", endpoint="follow_withdraw")
@with_report(lambda why: follow_up_page.unsaved_form_html(follow_up_page.WithdrawalForm(), why))
def withdraw(access: ReportAccess) -> ResponseReturnValue:
    """Withdraw a report, or request it once its case is public."""
    state, withdrawn = access.report_view.summary.state, _("Votre signalement est retiré.")
    if state is ReportState.WITHDRAWN:
        # The same form again, or another window: confirm what is already done.
        return clear_browser_cache(make_response(report_html(access, done=withdrawn)))
    form = follow_up_page.WithdrawalForm()

    def act(tx: WriteTransaction, nonce: str) -> object:
        if not acts.withdraw(
            tx, key_store(), access.key, nonce, form.raison.data, destroys=form.detruire.data
        ):
            return messages.reports.withdrawal_requested
        return messages.reports.withdrawn_and_destroyed if form.detruire.data else withdrawn

    # A withdrawal happens once; only the request for an accepted report can be repeated.
    limited = state is ReportState.ACCEPTED
    return _cleared(_perform(access, form, act, limited=limited))


@submit.post("/suivi/detruire", endpoint="follow_destroy")
@with_report(lambda why: follow_up_page.unsaved_form_html(follow_up_page.DestructionForm(), why))
def destroy(access: ReportAccess) -> ResponseReturnValue:
    """Destroy the texts of a withdrawn report before their day."""
    destroyed = _("Ce que vous aviez envoyé est détruit, et les échanges avec.")
    if access.report_view.is_purged:
        # The same form again, or another window: confirm what is already done.
        return clear_browser_cache(make_response(report_html(access, done=destroyed)))

    def act(tx: WriteTransaction, _nonce: str) -> object:
        acts.destroy(tx, key_store(), access.key)
        return destroyed

    # It happens once.
    form = follow_up_page.DestructionForm()
    return _cleared(_perform(access, form, act, limited=False))


def _cleared(response: Response) -> Response:
    return clear_browser_cache(response) if response.status_code == 200 else response


@submit.post("/suivi/recu.json", endpoint="follow_receipt")
@with_report(follow_up_page.busy_code_page)
def receipt(access: ReportAccess) -> ResponseReturnValue:
    """The receipt file of a report."""
    return _receipt_download(access, "recu.json", "application/json", lambda document: document)


@submit.post("/suivi/recu.html", endpoint="follow_receipt_page")
@with_report(follow_up_page.busy_code_page)
def receipt_page(access: ReportAccess) -> ResponseReturnValue:
    """The receipt of a report as a page to read, with the receipt file in it."""
    render = partial(receipt_page_html, access.report_view)
    return _receipt_download(access, "recu.html", "text/html; charset=utf-8", render)


def _receipt_download(
    access: ReportAccess, name: str, content_type: str, render: Callable[[bytes], bytes]
) -> ResponseReturnValue:
    """A receipt as a download; the page with the reason once the report's texts are destroyed.

    :param render: makes the file from the receipt document.
    """
    received, day = access.report_view.received, access.report_view.summary.day
    if received is None:
        error_text = _("Le reçu a été détruit avec ce qu’il prouvait.")
        return report_html(access, error_text=error_text), 422
    headers = {
        "Content-Type": content_type,
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    authority = setup.identity(db.session()).tag_authority
    document = report_content.receipt_document(received, day, authority)
    return make_response(render(document), headers)


def _perform(
    access: ReportAccess, form: follow_up_page.ReporterForm, act: FormAct, *, limited: bool = True
) -> Response:
    """Run the act of a form and show the updated report; or the form again, filled in."""
    wait = rate_limits.wait("message") if limited else 0
    if wait:
        pattern = messages.reports.too_many_messages
        return rate_limits.too_soon(
            pattern, wait, lambda why: report_html(access, form, error_text=why)
        )
    token = follow_up_page.submitted_token()
    if token is None:
        return make_response(
            report_html(access, form, error_text=str(messages.reports.follow_up_too_old)), 422
        )
    if not form.is_sent:
        return make_response(report_html(access, form), 422)
    try:
        with queued_transaction() as tx:
            done = str(act(tx, token.nonce))
    except (Refused, Invalid) as error:
        reason = error_sentence(error)
        if isinstance(error, Refused) and error.key != "evidence_again":
            reason = str(
                messages.reports.other_text_sent
                if error.key == "report_already_sent"
                else messages.reports.state_changed
            )
        current = follow_up_page.report_access(access.code, access.key)
        page = report_html(current, form, error_text=reason, used=True)
        return make_response(page, status_of(error))
    current = follow_up_page.report_access(access.code, access.key)
    return make_response(report_html(current, done=done))
