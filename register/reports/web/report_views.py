"""Views of ``/signaler``: the report form, its review and its receipt.

Each step is a POST answered 200 with the next page, without a redirect: neither the typed text nor
the code may be in an address or a cookie. The nonce in the form's token makes a second click, a
reload or the back button the same report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.db import db, now
from register.errors import Refused
from register.journal import Act
from register.reports import acts, form_vocabulary, queries, receipt_codes
from register.reports.acts.transitions import allows
from register.reports.report_content import ACCOUNT_LIMIT, LINKS_LIMIT
from register.reports.web import public_forms, upload_streams
from register.reports.web.additions import add_parts, added_text
from register.reports.web.answer_words import list_answers, short_answers
from register.reports.web.follow_up_page import ReportAccess, report_access
from register.reports.web.question_fields import asked_parts, questions_html, summons_words
from register.reports.web.report_form import AS_TYPED, ReportFields, ReportForm
from register.text.dates import paris_day
from register.text.normalisation import one_line
from register.web import messages, rate_limits
from register.web.blueprints import submit
from register.web.error_messages import error_sentence
from register.web.headers import gzip_body, takes_gzip
from register.web.l10n import language
from register.web.request_context import key_store

PURPOSE = public_forms.FORM_NAME

Step = Callable[[ReportForm], ResponseReturnValue]


@submit.get("/signaler", endpoint="report")
def begin() -> ResponseReturnValue:
    """The form, empty but for a place in the address (``?lieu=…``, from old links)."""
    with public_forms.form_queue.turn():
        return _form_with_place(request.args.get("lieu", ""))


@submit.post("/signaler", endpoint="report_on")
@submit.post("/signaler/avec-fichiers", endpoint="report_with_files")
def submit_step() -> ResponseReturnValue:
    """Run the step of the pressed button; the review, where no button was pressed."""
    upload_streams.receive_form()
    if request.form.get("etape") == "commencer":
        # From the page of a place: a POST keeps ``lieu=commune:93032`` out of addresses.
        # So does what a case page lacks, ``cas=5`` and ``manque=suite``.
        values = request.form
        return _form_with_place(
            values.get("lieu", ""), values.get("cas", ""), values.get("manque", "")
        )
    return _run_step(_STEPS.get(request.form.get("etape", ""), check))


@submit.get("/signaler/questions", endpoint="report_questions")
def all_questions() -> Response:
    """The questions of all types, for the script of the form.

    Compressed, as no page of a form is: nothing in it is of one person.
    """
    html = questions_html(language())
    response = make_response(html)
    if takes_gzip(request.environ):
        response.set_data(gzip_body(html.encode("utf-8")))
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response


@submit.get("/signaler/ajouter", endpoint="report_again")
@submit.get("/signaler/avec-fichiers", endpoint="report_with_files_again")
def again() -> ResponseReturnValue:
    """Redirect to the form."""
    return redirect("/signaler", 303)


@submit.post("/signaler/ajouter", endpoint="report_add")
def add() -> ResponseReturnValue:
    """Send the changed answers of a form as an addition to its report."""
    return _run_step(_add)


def _form_with_place(place: str, case: str = "", missing: str = "") -> str:
    """A new form with the place filled in, and bound to a case if one is given."""
    form = ReportFields(formdata=None)
    form.bind(one_line(case), one_line(missing))
    form.prefill_place(place)
    return _form_html(form)


def _run_step(step: Step) -> ResponseReturnValue:
    form = ReportForm()
    form.take_offers(request.form.get("lieu_propose", ""), request.form.get("quand_propose", ""))
    return public_forms.answer_step(partial(step, form), partial(_form_html, form))


# --- the steps ----------------------------------------------------------------------------------


def check(form: ReportForm) -> ResponseReturnValue:
    """Review the answers before sending."""
    if not form.is_sent:
        return _form_html(form), 422
    return _review_page(form)


def _review_page(form: ReportForm) -> str:
    # The files have boxes there, with their names.
    sent, is_received = replace(form.sent, files=()), _is_received(form)
    return render_template(
        "reports/check_answers.html",
        form=form,
        answers=list_answers(sent, form.displayed_on),
        asked=asked_parts(sent.types),
        summons=summons_words(sent),
        jeton=public_forms.reusable_token(PURPOSE, form.jeton.data or ""),
        is_received=is_received,
        same_day=None if is_received else _same_day(form),
    )


def change(form: ReportForm) -> ResponseReturnValue:
    """Return to the form."""
    form.resolve_place()
    return _form_html(form)


def separate(form: ReportForm) -> ResponseReturnValue:
    """Review the answers as those of a report of its own."""
    form.bind("", "")
    return check(form)


def send(form: ReportForm, *, is_second: bool = False) -> ResponseReturnValue:
    """Receive the report and show its receipt.

    The words of a report that was received of late come back with its day: a browser that goes back
    restores them in a form with a new token.

    A form sent again is answered without the write lock, and has a rate limit of its own. No
    answer depends on the number of reports.
    """
    if not form.is_sent:
        return _form_html(form), 422
    token = form.token
    if token is None:
        return _form_html(form, messages.reports.form_too_old), 422
    first = _first_report(token)
    seconds = rate_limits.wait("replay" if first else "report")
    if seconds:
        pattern = messages.reports.sent_too_often if first else messages.reports.too_many_reports
        return rate_limits.too_soon(pattern, seconds, partial(_form_html, form))
    sent, store = form.sent, key_store()
    if first is not None:
        is_same = first.report_view.summary.sent == sent
        return receipt(first, form) if is_same else _other_text_page(form, first)
    if not is_second and _same_day(form) is not None:
        return _review_page(form), 409
    if not form.fichiers.require_whole():
        return _form_html(form), 422
    is_suspect = rate_limits.are_enabled() and (bool(form.site_web.data) or token.is_hasty)
    # Beyond the budget of all sources together, a report is marked as suspect, never refused.
    is_suspect = bool(rate_limits.budget("report")) or is_suspect
    try:
        with public_forms.queued_transaction() as tx:
            report = acts.receive(
                tx,
                store,
                sent,
                token.nonce,
                contact=form.contact.data,
                suspect=is_suspect,
                files=form.fichiers.manifests,
            )
    except Refused as error:
        if error.key == "evidence_again":
            return _form_html(form, error_sentence(error)), 409
        return _other_text_page(form, _first_report(token))
    return receipt(report_access(report.code, report.key), form)


def _first_key(token: public_forms.Token) -> tuple[str, str | None]:
    """The code of what the token's form sends, and the key of the report received before."""
    code = receipt_codes.derive_code(key_store().derived_key(receipt_codes.CODES), token.nonce)
    return code, queries.key_by_code(db.session(), key_store(), code)


def _first_report(token: public_forms.Token) -> ReportAccess | None:
    """The report received before with the token's nonce; None if there is none."""
    code, key = _first_key(token)
    return report_access(code, key) if key else None


def _is_received(form: ReportForm) -> bool:
    """Whether the form was sent before: the browser's Back leads to its review again."""
    # Without the database, the review is shown as that of a new report.
    with suppress(*public_forms.OUTAGE_ERRORS):
        return form.token is not None and _first_key(form.token)[1] is not None
    return False


def _same_day(form: ReportForm) -> date | None:
    """The day on which the same account was received with another form; None without database."""
    with suppress(*public_forms.OUTAGE_ERRORS):
        account = form.sent.account
        return queries.day_of_same_account(db.session(), key_store(), account, paris_day(now()))
    return None


def _other_text_page(form: ReportForm, first: ReportAccess | None) -> ResponseReturnValue:
    """The choice to add a text to the report that was sent with the same form."""
    if (
        first is None
        or first.report_view.is_purged
        or not allows(first.report_view.summary.state, Act.REPORT_ADDED)
    ):
        return _closed_page(form)
    answers = list_answers(form.sent)
    return render_template(
        "reports/already_sent.html", form=form, first=first, answers=answers
    ), 409


def _add(form: ReportForm) -> ResponseReturnValue:
    """Add the changed answers to the report that the form made before."""
    if not form.is_sent:
        return _form_html(form), 422
    token = form.token
    first = _first_report(token) if token else None
    if token is None or first is None:
        return _form_html(form, messages.reports.form_too_old), 422
    seconds = rate_limits.wait("message")
    if seconds:
        pattern = messages.reports.too_many_reports
        return rate_limits.too_soon(pattern, seconds, partial(_form_html, form))
    before, store, contact = first.report_view.summary.sent, key_store(), form.contact.data
    if before is None:
        return _closed_page(form)
    if not form.fichiers.require_whole():
        return _form_html(form), 422
    addition = added_text(before, form.sent)
    files = [file.manifest for file in form.fichiers.files if file.sent not in before.files]
    try:
        with public_forms.queued_transaction() as tx:
            is_new = add_parts(tx, store, first.key, addition, token.nonce, files)
            if is_new and contact and contact != first.report_view.contact:
                acts.leave_contact(tx, store, first.key, contact)
    except Refused as error:
        if error.key == "evidence_again":
            return _form_html(form, error_sentence(error)), 409
        return _closed_page(form)
    return receipt(report_access(first.code, first.key), form, is_added=True)


_STEPS: Mapping[str, Step] = {
    "verifier": check,
    "modifier": change,
    "envoyer": send,
    "encore": partial(send, is_second=True),
    "separer": separate,
}


# --- the pages ----------------------------------------------------------------------------------


def receipt(access: ReportAccess, form: ReportForm, *, is_added: bool = False) -> str:
    """The receipt page, with the code of a received report."""
    sent, contact = access.report_view.summary.sent, form.contact.data
    return render_template(
        "reports/receipt.html",
        form_receipt=access,
        answers=short_answers(sent) if sent else [],
        is_added=is_added,
        # A form sent again with another contact is the same report, whose contact stays as it is.
        contact_left_out=bool(contact) and contact != access.report_view.contact,
    )


def _form_html(form: ReportFields, error_text: object = "", *, jeton: str = "") -> str:
    """The form as it was typed, with the reason why it is shown again."""
    return render_template(
        "reports/report.html",
        form=form,
        error_text=str(error_text),
        jeton=jeton or public_forms.reusable_token(PURPOSE, form.jeton.data or ""),
        families=form_vocabulary.words("famille", language()),
        types=form_vocabulary.families(language()),
        asked=asked_parts(form.types.data or ()),
        as_typed=AS_TYPED,
        account_limit=ACCOUNT_LIMIT,
        links_limit=LINKS_LIMIT,
    )


def _closed_page(form: ReportForm) -> ResponseReturnValue:
    """The form with a new token, where its former report accepts no addition."""
    return _form_html(
        form, error_text=messages.reports.form_closed, jeton=public_forms.new_token(PURPOSE)
    ), 409
