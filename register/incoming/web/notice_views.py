"""Views of ``/incidents/<number>/signaler-contenu/<kind>``: form, review, receipt, follow-up.

Each step is a POST answered with the next page, as for a right of reply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from register.cases import queries
from register.cases.queries import MergedCase, PublicCase
from register.db import db, now
from register.errors import Moved, Refused
from register.incoming import acts, notice_acts, notice_queries
from register.incoming import queries as incoming_queries
from register.incoming.acts import Receipt
from register.incoming.models import IncomingKind
from register.incoming.web.notice_form import FORMS, ComplaintForm, NoticeForm
from register.post.delays import Delays, load_delays
from register.post.models import OWN_TERMS
from register.reports import receipt_codes
from register.reports.web import follow_up_page, public_forms
from register.reports.web.public_forms import NOTICE_FORM_NAME, OUTAGE_ERRORS, Token
from register.text.dates import paris_day
from register.web import messages, rate_limits, urls
from register.web.blueprints import submit
from register.web.error_messages import error_sentence
from register.web.l10n import language, switch_language
from register.web.request_context import key_store, outbox, settings

Step = Callable[[int, NoticeForm], ResponseReturnValue]
_ROUTE = "/incidents/<number>/signaler-contenu/<kind>"
# The button that sends a complaint, on the page that a code opens.
COMPLAIN = "reclamer"


@submit.get(_ROUTE)
def content_notice(number: str, kind: str) -> ResponseReturnValue:
    """The form, with the address of the case."""
    case = _load_case(number)
    form = _form_class(kind)(formdata=None)
    form.endroit.data = settings().base_url + urls.case(case.number)
    delays = load_delays(db.session(), form.kind, paris_day(now()))
    return _form_html(case.number, form, delays=delays)


@submit.post(_ROUTE)
def content_notice_step(number: str, kind: str) -> ResponseReturnValue:
    """Run the step of the pressed button; the review, where no button was pressed."""
    case, form = _load_case(number), _form_class(kind)()
    step = _STEPS.get(request.form.get("etape", ""), check)
    try:
        with public_forms.submission_queue.turn():
            return step(case.number, form)
    except OUTAGE_ERRORS as error:
        return public_forms.outage_response(
            error,
            str(messages.reports.form_busy),
            lambda why: _form_html(case.number, form, error_text=why),
        )


def _form_class(kind: str) -> type[NoticeForm]:
    if kind not in FORMS:
        raise NotFound
    return FORMS[kind]


def _load_case(number: str) -> PublicCase | MergedCase:
    """The public case of a number; a merged one too, whose versions can be read."""
    session, case_number = db.session(), urls.case_number(number)
    try:
        return queries.load_public_case(session, case_number)
    except Moved:
        return queries.load_merged_case(session, case_number)


# --- the steps ----------------------------------------------------------------------------------


def check(number: int, form: NoticeForm) -> ResponseReturnValue:
    """Review the notice before sending."""
    if not form.is_sent:
        return _form_html(number, form), 422
    return render_template(
        "incoming/notice_check.html", number=number, form=form, jeton=_reusable_token(form)
    )


def change(number: int, form: NoticeForm) -> ResponseReturnValue:
    """Return to the form."""
    return _form_html(number, form)


def send(number: int, form: NoticeForm) -> ResponseReturnValue:
    """Receive the notice and show its receipt; a form sent again shows that of the first."""
    if not form.is_sent:
        return _form_html(number, form), 422
    token, store = _token(form), key_store()
    if token is None:
        return _form_html(number, form, error_text=str(messages.reports.form_too_old)), 422
    existing = acts.find_received(db.session(), store, form.sent, token.nonce)
    seconds = rate_limits.wait("replay" if existing else "notice")
    if seconds:
        pattern = (
            messages.reports.sent_too_often if existing else messages.incoming.too_many_notices
        )
        error_text = str(pattern) % {"time": rate_limits.wait_words(seconds)}
        page = _form_html(number, form, error_text=error_text)
        return rate_limits.too_soon_page(page, seconds)
    if existing is not None:
        return _receipt_html(existing, form)
    if rate_limits.are_enabled() and (form.site_web.data or token.is_hasty):
        form.site_web.data = ""
        return _form_html(number, form, error_text=str(messages.incoming.hasty)), 422
    mail_outbox, link = outbox(), follow_up_link()
    try:
        with public_forms.queued_transaction() as tx:
            receipt = notice_acts.receive_notice(
                tx,
                store,
                number,
                form.kind,
                form.sent,
                token.nonce,
                language=language(),
                outbox=mail_outbox,
                link=link,
            )
    except Refused as error:
        return _form_html(number, form, error_text=error_sentence(error)), 409
    return _receipt_html(receipt, form)


_STEPS: Mapping[str, Step] = {"verifier": check, "modifier": change, "envoyer": send}


# --- the follow-up by code ----------------------------------------------------------------------


def follow(typed: str) -> ResponseReturnValue | None:
    """The state of the notice with a code, at ``/suivi``, and the complaint about its decision."""
    key = incoming_queries.key_by_code(db.session(), key_store(), typed, IncomingKind.NOTICE)
    if key is None:
        return None
    if request.form.get("etape") == COMPLAIN:
        return _complain(key, typed)
    return _status_html(key, typed)


follow_up_page.other_code_views.append(follow)


def _complain(key: str, typed: str) -> ResponseReturnValue:
    form = ComplaintForm()
    if not form.is_sent:
        return _status_html(key, typed, form), 422
    seconds = rate_limits.wait("message")
    if seconds:
        error_text = str(messages.reports.too_many_messages)
        error_text %= {"time": rate_limits.wait_words(seconds)}
        return rate_limits.too_soon_page(_status_html(key, typed, form, error_text), seconds)
    try:
        with public_forms.queued_transaction() as tx:
            notice_acts.complain(tx, key_store(), key, form.reclamation.data)
    except Refused as error:
        return _status_html(key, typed, form, error_sentence(error)), 409
    return _status_html(key, typed)


# --- the pages ----------------------------------------------------------------------------------


def follow_up_link() -> str:
    """The address at which a code is typed, for a mail."""
    return f"{settings().base_url}/suivi"


def _status_html(
    key: str, typed: str, form: ComplaintForm | None = None, error_text: str = ""
) -> str:
    today = paris_day(now())
    status = notice_queries.notice_status(db.session(), key_store(), key, today)
    if status.language != "fr":
        switch_language("en")
    return render_template(
        "incoming/notice_follow_up.html",
        status=status,
        code=receipt_codes.format_code(receipt_codes.normalize_code(typed)),
        form=form or ComplaintForm(formdata=None),
        error_text=error_text,
        today=today,
        grounds=messages.incoming.grounds,
        decisions=messages.incoming.decisions,
    )


def _form_html(
    number: int, form: NoticeForm, *, error_text: str = "", delays: Delays | None = None
) -> str:
    """The form as it was typed, with the reason why it is shown again."""
    return render_template(
        "incoming/notice.html",
        number=number,
        form=form,
        error_text=error_text,
        jeton=_reusable_token(form),
        term=OWN_TERMS[form.kind].days,
        delays=delays,
    )


def _receipt_html(receipt: Receipt, form: NoticeForm) -> str:
    today = paris_day(now())
    status = notice_queries.notice_status(db.session(), key_store(), receipt.key, today)
    return render_template(
        "incoming/notice_receipt.html",
        status=status,
        code=receipt_codes.format_code(receipt.code),
        is_other=receipt.is_other,
        form=form,
        has_mail=outbox() is not None and bool(form.sent.contact),
    )


def _token(form: NoticeForm) -> Token | None:
    return public_forms.read_token(NOTICE_FORM_NAME, form.jeton.data or "")


def _reusable_token(form: NoticeForm) -> str:
    """The form's token while it is valid, so that one filling has one nonce; else a new token."""
    if _token(form):
        return form.jeton.data or ""
    return public_forms.new_token(NOTICE_FORM_NAME)
