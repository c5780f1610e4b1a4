"""Views of ``/signaler``: the report form, its review and its receipt.

Each step is a POST answered 200 with the next page, without a redirect: neither the typed text nor
the code may be in an address or a cookie. The nonce in the form's token makes a second click, a
reload or the back button the same report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from register.db import now
from register.errors import Refused
from register.reports import plain_words
from register.reports.report_content import ACCOUNT_LIMIT, LINKS_LIMIT
from register.reports.web import form_tokens, receive_service
from register.reports.web.answer_review import list_answers, short_answers
from register.reports.web.receipt_login import OUTAGE_ERRORS, outage_response
from register.reports.web.receive_service import FormReceipt, RateLimited
from register.reports.web.report_form import AS_TYPED, ReportForm
from register.text.dates import paris_day
from register.web import limits
from register.web.blueprints import submit
from register.web.languages import language

PURPOSE = "signaler"

_TOO_OLD = _(
    "Cette page était ouverte depuis trop longtemps : rien n’est parti. Votre texte est plus bas ; "
    "relisez-le et envoyez-le de nouveau."
)
_BUSY = _(
    "Le registre est occupé : votre envoi n’est pas confirmé. Gardez cette page ouverte, votre "
    "texte y est. Attendez une minute, puis envoyez de nouveau ; même si le premier envoi était "
    "arrivé, il ne compterait qu’une fois."
)
_CLOSED = _(
    "Ce formulaire a déjà servi à un signalement qui est clos : rien ne peut plus y être ajouté. "
    "Votre texte est plus bas ; vous pouvez l’envoyer comme un nouveau signalement."
)

_TOO_MANY = _(
    "Beaucoup d’envois sont partis de votre connexion, par vous ou par d’autres : le vôtre "
    "n’est pas parti. Gardez cette page ouverte, votre texte y est. Attendez %(time)s, puis "
    "envoyez-le."
)
_TOO_OFTEN = _(
    "Ce formulaire a déjà été reçu, puis renvoyé bien des fois depuis votre connexion. Rien n’est "
    "perdu. Gardez cette page ouverte ; dans %(time)s, envoyez une fois de plus : votre code "
    "s’affichera de nouveau."
)

Step = Callable[[ReportForm], ResponseReturnValue]


@submit.get("/signaler", endpoint="report")
def begin() -> ResponseReturnValue:
    """The form, empty but for a place in the address (``?lieu=…``, from old links)."""
    return _form_with_place(request.args.get("lieu", ""))


@submit.post("/signaler", endpoint="report_on")
def submit_step() -> ResponseReturnValue:
    """Run the step of the pressed button; the review, where no button was pressed."""
    if request.form.get("etape") == "commencer":
        # From the page of a place: a POST keeps ``lieu=commune:93032`` out of addresses.
        return _form_with_place(request.form.get("lieu", ""))
    return _run_step(_submitted_form(), _STEPS.get(request.form.get("etape", ""), check))


@submit.get("/signaler/ajouter", endpoint="report_again")
def again() -> ResponseReturnValue:
    """Redirect to the form."""
    return redirect("/signaler", 303)


@submit.post("/signaler/ajouter", endpoint="report_add")
def add() -> ResponseReturnValue:
    """Send the changed answers of a form as an addition to its report."""
    return _run_step(_submitted_form(), _add)


def _form_with_place(place: str) -> Response:
    """A new form with the place filled in."""
    form = ReportForm(formdata=None)
    # Without the database, the form opens with no place.
    with suppress(*OUTAGE_ERRORS):
        form.prefill_place(place)
    return form_page(form)


def _submitted_form() -> ReportForm:
    form = ReportForm()
    token = _token(form)
    # A form too old to be sent is shown again today.
    form.displayed_on = token.day if token else paris_day(now())
    return form


def _run_step(form: ReportForm, step: Step) -> ResponseReturnValue:
    """The answer of a step; during an outage, the form as it was typed."""
    try:
        return step(form)
    except OUTAGE_ERRORS as error:
        return outage_response(
            error, str(_BUSY), lambda error_text: _form_html(form, error_text=error_text)
        )


# --- the steps ----------------------------------------------------------------------------------


def check(form: ReportForm) -> ResponseReturnValue:
    """Review the answers before sending."""
    if not form.is_sent:
        return form_page(form, 422)
    return render_template(
        "reports/check_answers.html",
        form=form,
        answers=list_answers(form.sent),
        jeton=_reusable_token(form),
    )


def change(form: ReportForm) -> ResponseReturnValue:
    """Return to the form."""
    form.resolve_place()
    return form_page(form)


def send(form: ReportForm) -> ResponseReturnValue:
    """Receive the report and show its receipt."""
    if not form.is_sent:
        return form_page(form, 422)
    token = _token(form)
    if token is None:
        return form_page(form, 422, error_text=str(_TOO_OLD))
    try:
        outcome = receive_service.send(form, token)
    except Refused:
        first = receive_service.existing_receipt(token)
        if first is None or not first.accepts_additions:
            return _closed_page(form)
        answers = list_answers(form.sent)
        page = render_template("reports/already_sent.html", form=form, first=first, answers=answers)
        return make_response(page, 409)
    if isinstance(outcome, RateLimited):
        return _rate_limited(form, outcome.seconds, is_received=outcome.is_received)
    return receipt(outcome, form)


def _add(form: ReportForm) -> ResponseReturnValue:
    if not form.is_sent:
        return form_page(form, 422)
    token = _token(form)
    first = receive_service.existing_receipt(token) if token else None
    if token is None or first is None:
        return form_page(form, 422, error_text=str(_TOO_OLD))
    seconds = limits.wait("message")
    if seconds:
        return _rate_limited(form, seconds)
    try:
        return receipt(receive_service.add(form, token, first), form, is_added=True)
    except Refused:
        return _closed_page(form)


_STEPS: Mapping[str, Step] = {"verifier": check, "modifier": change, "envoyer": send}


# --- the pages ----------------------------------------------------------------------------------


def form_page(form: ReportForm, status: int = 200, *, error_text: str = "") -> Response:
    """The form as it was typed, with the reason why it is shown again."""
    return make_response(_form_html(form, error_text=error_text), status)


def receipt(form_receipt: FormReceipt, form: ReportForm, *, is_added: bool = False) -> str:
    """The page with the code of a received report."""
    received = form_receipt.report_view.received
    return render_template(
        "reports/receipt.html",
        form_receipt=form_receipt,
        answers=short_answers(received.sent) if received else [],
        is_added=is_added,
        # A form sent again with another contact is the same report, whose contact stays as it is.
        contact_left_out=bool(form.contact.data)
        and form.contact.data != form_receipt.report_view.contact,
    )


def _form_html(form: ReportForm, *, error_text: str = "", jeton: str = "") -> str:
    return render_template(
        "reports/report.html",
        form=form,
        error_text=error_text,
        jeton=jeton or _reusable_token(form),
        families=plain_words.words("famille", language()),
        types=plain_words.families(language()),
        as_typed=AS_TYPED,
        account_limit=ACCOUNT_LIMIT,
        links_limit=LINKS_LIMIT,
    )


def _token(form: ReportForm) -> form_tokens.Token | None:
    return form_tokens.read_token(PURPOSE, form.jeton.data or "")


def _reusable_token(form: ReportForm) -> str:
    """The form's token while it is valid, so that one filling has one nonce; else a new token."""
    return form.jeton.data or "" if _token(form) else form_tokens.new_token(PURPOSE)


def _closed_page(form: ReportForm) -> ResponseReturnValue:
    """The form with a new token, where its former report accepts no addition."""
    return make_response(
        _form_html(form, error_text=str(_CLOSED), jeton=form_tokens.new_token(PURPOSE)), 409
    )


def _rate_limited(form: ReportForm, seconds: int, *, is_received: bool = False) -> Response:
    sentence = _TOO_OFTEN if is_received else _TOO_MANY
    error_text = str(sentence) % {"time": limits.wait_words(seconds)}
    return limits.too_soon_page(_form_html(form, error_text=error_text), seconds)
