"""``/signaler``: the report, in one page, checked before it is sent.

Each step is a POST that is answered 200 with the next page, and not by a redirect: what was typed
and the code stand in no address and no cookie. The nonce in the form's token does what a redirect
does elsewhere: a second click, a reload or the back button is the same report.
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
    """The form, empty but for the place that an address made before names (``?lieu=…``)."""
    return _form_with_place(request.args.get("lieu", ""))


@submit.post("/signaler", endpoint="report_on")
def submit_step() -> ResponseReturnValue:
    """The step that a button asks for; whoever presses no button looks at it first."""
    if request.form.get("etape") == "commencer":
        # From the page of a place (``lieu=commune:93032``), which no address names.
        return _form_with_place(request.form.get("lieu", ""))
    return _run_step(_submitted_form(), _STEPS.get(request.form.get("etape", ""), check))


@submit.get("/signaler/ajouter", endpoint="report_again")
def again() -> ResponseReturnValue:
    """To the form: the address of an addition says nothing by itself."""
    return redirect("/signaler", 303)


@submit.post("/signaler/ajouter", endpoint="report_add")
def add() -> ResponseReturnValue:
    """Send what a form says as an addition to the report that it made before."""
    return _run_step(_submitted_form(), _add)


def _form_with_place(place: str) -> Response:
    """A new form whose box for the place is filled in, as if it had been typed."""
    form = ReportForm(formdata=None)
    # Without the database the form still opens, and the place is left to whoever reports.
    with suppress(*OUTAGE_ERRORS):
        form.prefill_place(place)
    return form_page(form)


def _submitted_form() -> ReportForm:
    form = ReportForm()
    token = _token(form)
    # A form that is too old to be sent is read as what it will be once it is shown again.
    form.displayed_on = token.day if token else paris_day(now())
    return form


def _run_step(form: ReportForm, step: Step) -> ResponseReturnValue:
    """A step; where it cannot be done, the form as it was typed, and nothing acknowledged."""
    try:
        return step(form)
    except OUTAGE_ERRORS as error:
        return outage_response(
            error, str(_BUSY), lambda error_text: _form_html(form, error_text=error_text)
        )


# --- the steps ----------------------------------------------------------------------------------


def check(form: ReportForm) -> ResponseReturnValue:
    """Everything in words, before it is sent."""
    if not form.is_sent:
        return form_page(form, 422)
    return render_template(
        "submit/check.html",
        form=form,
        answers=list_answers(form.sent),
        jeton=_reusable_token(form),
    )


def change(form: ReportForm) -> ResponseReturnValue:
    """The form again, as it was filled in."""
    form.resolve_place()
    return form_page(form)


def send(form: ReportForm) -> ResponseReturnValue:
    """Receive the report, and answer with its receipt."""
    if not form.is_sent:
        return form_page(form, 422)
    token = _token(form)
    if token is None:
        return form_page(form, 422, error_text=str(_TOO_OLD))
    try:
        result = receive_service.send(form, token)
    except Refused:
        return _already_sent(form, token)
    if isinstance(result, RateLimited):
        return _rate_limited(form, result.seconds, is_received=result.is_received)
    return receipt(result, form)


def _already_sent(form: ReportForm, token: form_tokens.Token) -> ResponseReturnValue:
    first = receive_service.existing_receipt(token)
    if first is None or not first.accepts_additions:
        return _closed_page(form)
    return make_response(
        render_template(
            "submit/already.html", form=form, first=first, answers=list_answers(form.sent)
        ),
        409,
    )


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
    """The form with what was typed, and why it is here again."""
    return make_response(_form_html(form, error_text=error_text), status)


def receipt(form_receipt: FormReceipt, form: ReportForm, *, is_added: bool = False) -> str:
    """The code of a report that was received, what to do with it and what comes next."""
    received = form_receipt.report_view.received
    return render_template(
        "submit/receipt.html",
        form_receipt=form_receipt,
        answers=short_answers(received.sent) if received else [],
        is_added=is_added,
        # Sent once more with another contact, it is the same report: the contact is not touched.
        contact_left_out=bool(form.contact.data)
        and form.contact.data != form_receipt.report_view.contact,
    )


def _form_html(form: ReportForm, *, error_text: str = "", jeton: str = "") -> str:
    return render_template(
        "submit/report.html",
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
    """The form's token while it holds: it is one filling of it, however often it is shown."""
    return form.jeton.data or "" if _token(form) else form_tokens.new_token(PURPOSE)


def _closed_page(form: ReportForm) -> ResponseReturnValue:
    """The form with a new token: what it made before takes nothing more."""
    return make_response(
        _form_html(form, error_text=str(_CLOSED), jeton=form_tokens.new_token(PURPOSE)), 409
    )


def _rate_limited(form: ReportForm, seconds: int, *, is_received: bool = False) -> Response:
    sentence = _TOO_OFTEN if is_received else _TOO_MANY
    error_text = str(sentence) % {"time": limits.wait_words(seconds)}
    return limits.too_soon_page(_form_html(form, error_text=error_text), seconds)
