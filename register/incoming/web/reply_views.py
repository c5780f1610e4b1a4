"""Views of ``/incidents/<number>/droit-de-reponse``: form, review, receipt, and follow-up by code.

As for a report, each step is a POST answered with the next page: neither text nor code is in an
address or a cookie, and the nonce in the form's token makes a second click the same reply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.cases import deadlines, queries, reply_refusals
from register.cases.queries import PublicCase
from register.db import db, now
from register.errors import Moved, Refused
from register.incoming import acts, retention
from register.incoming import queries as incoming_queries
from register.incoming.acts import Receipt
from register.incoming.web.reply_form import ReplyForm
from register.reports import receipt_codes
from register.reports.web import follow_up_page, public_forms, upload_streams
from register.reports.web.public_forms import OUTAGE_ERRORS, REPLY_FORM_NAME, Token
from register.text import markup
from register.text.dates import paris_day
from register.web import messages, rate_limits, urls
from register.web.blueprints import submit
from register.web.error_messages import error_sentence
from register.web.l10n import language, switch_language
from register.web.request_context import key_store

FILES_ADDRESS = "/droit-de-reponse/avec-fichiers"


@submit.app_template_global("reply_term_days")
def reply_term_days() -> int:
    """Days from the decision to the destruction of what is sealed beside a reply."""
    return retention.AFTER_DECISION.days


Step = Callable[[PublicCase, ReplyForm], ResponseReturnValue]


@submit.get("/incidents/<number>/droit-de-reponse", endpoint="right_of_reply")
def begin(number: str) -> ResponseReturnValue:
    """How the one who is written about may answer, and the form (LCEN art. 1-1 III)."""
    case = _load_case(number)
    if case.number != urls.case_number(number):
        return redirect(f"{urls.case(case.number)}/droit-de-reponse", 301)
    form = ReplyForm(formdata=None)
    form.cas.data = str(case.number)
    return _form_html(case, form)


@submit.get(FILES_ADDRESS, endpoint="reply_with_files_again")
def again() -> ResponseReturnValue:
    """Redirect to the list of cases: the address names none."""
    return redirect("/incidents", 303)


@submit.post("/incidents/<number>/droit-de-reponse", endpoint="reply_on")
def submit_step(number: str) -> ResponseReturnValue:
    """Run the step of the pressed button; the review, where no button was pressed."""
    upload_streams.receive_form()
    return _run_step(number)


@submit.post(FILES_ADDRESS, endpoint="reply_with_files")
def submit_with_files() -> ResponseReturnValue:
    """The same for a form with its files, whose address names no case for the proxies' sake."""
    upload_streams.receive_form()
    return _run_step(request.form.get("cas", ""))


def _load_case(number: str) -> PublicCase:
    """The public case of a number, or the last one that it was merged into."""
    session, case_number = db.session(), urls.case_number(number)
    try:
        return queries.load_public_case(session, case_number)
    except Moved:
        merger = queries.load_merged_case(session, case_number).merger
        return queries.load_public_case(session, merger.remaining)


def _run_step(number: str) -> ResponseReturnValue:
    case = _load_case(number)
    form = ReplyForm()
    form.cas.data = str(case.number)
    step = _STEPS.get(request.form.get("etape", ""), check)
    try:
        with public_forms.submission_queue.turn():
            return step(case, form)
    except OUTAGE_ERRORS as error:
        return public_forms.outage_response(
            error,
            str(messages.reports.form_busy),
            lambda why: _form_html(case, form, error_text=why),
        )


# --- the steps ----------------------------------------------------------------------------------


def check(case: PublicCase, form: ReplyForm) -> ResponseReturnValue:
    """Review the reply as it would be published, before sending."""
    if not form.is_sent:
        return _form_html(case, form), 422
    return render_template(
        "incoming/reply_check.html",
        **_case_values(case),
        form=form,
        jeton=_reusable_token(form),
        html=markup.render_plain_text(form.texte.data),
        role=messages.incoming.roles[form.role.data],
    )


def change(case: PublicCase, form: ReplyForm) -> ResponseReturnValue:
    """Return to the form."""
    return _form_html(case, form)


def send(case: PublicCase, form: ReplyForm) -> ResponseReturnValue:
    """Receive the reply and show its receipt; a form sent again shows that of the first."""
    if not form.is_sent:
        return _form_html(case, form), 422
    token, store = _token(form), key_store()
    if token is None:
        return _form_html(case, form, error_text=str(messages.reports.form_too_old)), 422
    existing = acts.find_received(db.session(), store, form.sent, token.nonce)
    seconds = rate_limits.wait("replay" if existing else "reply")
    if seconds:
        pattern = messages.reports.sent_too_often if existing else messages.incoming.too_many
        error_text = str(pattern) % {"time": rate_limits.wait_words(seconds)}
        page = _form_html(case, form, error_text=error_text)
        return rate_limits.too_soon_page(page, seconds)
    if existing is not None:
        return _receipt_html(existing, form)
    if rate_limits.are_enabled() and (form.site_web.data or token.is_hasty):
        form.site_web.data = ""
        return _form_html(case, form, error_text=str(messages.incoming.hasty)), 422
    if not form.fichiers.require_whole():
        return _form_html(case, form), 422
    try:
        with public_forms.queued_transaction() as tx:
            receipt = acts.receive(
                tx,
                store,
                case.number,
                form.sent,
                token.nonce,
                language=language(),
                files=form.fichiers.manifests,
            )
    except Refused as error:
        return _form_html(case, form, error_text=error_sentence(error)), 409
    return _receipt_html(receipt, form)


_STEPS: Mapping[str, Step] = {"verifier": check, "modifier": change, "envoyer": send}


# --- the follow-up by code ----------------------------------------------------------------------


def follow(typed: str) -> ResponseReturnValue | None:
    """The state of the reply with a code, at ``/suivi``; None for a code of something else."""
    key = incoming_queries.key_by_code(db.session(), key_store(), typed)
    if key is None:
        return None
    status = incoming_queries.reply_status(db.session(), key_store(), key)
    if status.part is not None and status.part.language != "fr":
        switch_language("en")
    reply = status.reply
    reasons = reply_refusals.reasons(language())
    return render_template(
        "incoming/reply_follow_up.html",
        status=status,
        code=receipt_codes.format_code(receipt_codes.normalize_code(typed)),
        reason=reasons.get(reply.refusal_code) if reply else None,
        today=paris_day(now()),
    )


follow_up_page.other_code_views.append(follow)


# --- the pages ----------------------------------------------------------------------------------


def _case_values(case: PublicCase) -> dict[str, object]:
    """The case, the longest allowed reply to it, and the last day to ask for one."""
    document = case.snapshot.content
    return {
        "case": case,
        "limit": deadlines.longest_reply(deadlines.answered_texts(document)),
        # Each text made public opens its own three months: the last one ends last.
        "until": deadlines.reply_window_ends(paris_day(case.version_at)),
        "today": paris_day(now()),
    }


def _form_html(case: PublicCase, form: ReplyForm, *, error_text: str = "") -> str:
    """The form as it was typed, with the reason why it is shown again."""
    return render_template(
        "incoming/reply.html",
        **_case_values(case),
        form=form,
        error_text=error_text,
        jeton=_reusable_token(form),
        files_address=FILES_ADDRESS,
        line_width=deadlines.LINE_WIDTH,
    )


def _receipt_html(receipt: Receipt, form: ReplyForm) -> str:
    status = incoming_queries.reply_status(db.session(), key_store(), receipt.key)
    return render_template(
        "incoming/reply_receipt.html",
        status=status,
        code=receipt_codes.format_code(receipt.code),
        is_other=receipt.is_other,
        form=form,
    )


def _token(form: ReplyForm) -> Token | None:
    return public_forms.read_token(REPLY_FORM_NAME, form.jeton.data or "")


def _reusable_token(form: ReplyForm) -> str:
    """The form's token while it is valid, so that one filling has one nonce; else a new token."""
    if _token(form):
        return form.jeton.data or ""
    return public_forms.new_token(REPLY_FORM_NAME)
