"""Views of ``/incidents/<number>/droit-de-reponse``, and of what members alone read of a reply."""

from __future__ import annotations

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.accounts.web import current_member
from register.cases import deadlines, queries, reply_refusals
from register.cases.queries import PublicCase
from register.cases.web.desk.act_view import open_case_of_reply
from register.db import db, now
from register.errors import Moved, NotFound
from register.evidence.file_kinds import extension
from register.incoming import acts
from register.incoming import queries as incoming_queries
from register.incoming.acts import Receipt
from register.incoming.models import Incoming, IncomingKind
from register.incoming.web import incoming_form
from register.incoming.web.incoming_form import FormPages
from register.incoming.web.reply_form import ReplyForm
from register.journal import WriteTransaction
from register.reports import receipt_codes
from register.reports.web import follow_up_page, upload_streams
from register.text import markup
from register.text.dates import paris_day
from register.web import messages, urls
from register.web.blueprints import desk, submit
from register.web.file_response import send_attachment
from register.web.l10n import language, switch_language
from register.web.request_context import key_store

FILES_ADDRESS = "/droit-de-reponse/avec-fichiers"


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


def _load_case(number: str) -> PublicCase:
    """The public case of a number, or the last one that it was merged into."""
    session, case_number = db.session(), urls.case_number(number)
    try:
        return queries.load_public_case(session, case_number)
    except Moved:
        merger = queries.load_merged_case(session, case_number).merger
        return queries.load_public_case(session, merger.remaining)


@submit.post("/incidents/<number>/droit-de-reponse", endpoint="reply_on")
@submit.post(FILES_ADDRESS, endpoint="reply_with_files")
def submit_step(number: str = "") -> ResponseReturnValue:
    """Run the step of the pressed button; the review, where no button was pressed.

    The address of a form with its files names no case for the proxies' sake.
    """
    upload_streams.receive_form()
    case = _load_case(number or request.form.get("cas", ""))
    form = ReplyForm()
    form.cas.data = str(case.number)

    def receive(tx: WriteTransaction, nonce: str) -> Receipt:
        files, words = form.fichiers.manifests, language()
        return acts.receive(
            tx, key_store(), case.number, form.sent, nonce, language=words, files=files
        )

    pages = FormPages(
        form=lambda why: _form_html(case, form, error_text=why),
        review=lambda: _review_html(case, form),
        receipt=lambda receipt: _receipt_html(receipt, form),
    )
    return incoming_form.run_step(form, pages, receive)


# --- the follow-up by code ----------------------------------------------------------------------


def follow(typed: str) -> ResponseReturnValue | None:
    """The state of the reply with a code, at ``/suivi``; None for a code of something else."""
    row = incoming_queries.find_by_code(db.session(), key_store(), typed, IncomingKind.REPLY)
    if row is None:
        return None
    status = incoming_queries.reply_status(db.session(), key_store(), row)
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
        files_address=FILES_ADDRESS,
        line_width=deadlines.LINE_WIDTH,
    )


def _review_html(case: PublicCase, form: ReplyForm) -> str:
    """The reply as it would be published, before it is sent."""
    return render_template(
        "incoming/reply_check.html",
        **_case_values(case),
        form=form,
        html=markup.render_plain_text(form.texte.data),
        role=messages.incoming.roles[form.role.data],
    )


def _receipt_html(receipt: Receipt, form: ReplyForm) -> str:
    row = db.session.get_one(Incoming, receipt.key)
    status = incoming_queries.reply_status(db.session(), key_store(), row)
    return render_template(
        "incoming/reply_receipt.html",
        status=status,
        code=receipt_codes.format_code(receipt.code),
        is_other=receipt.is_other,
        form=form,
    )


# --- at the desk --------------------------------------------------------------------------------


@desk.app_template_global("online_replies")
def online_replies(incident_id: int) -> set[int]:
    """The ids of a case's replies that were sent online."""
    return incoming_queries.online_replies(db.session(), incident_id)


@desk.get("/reponses/<int:reply_id>/identite")
def reply_identity(reply_id: int) -> str:
    """The sealed part of a reply; its first reading is recorded, and its author learns the day."""
    desk_case = open_case_of_reply(reply_id)
    row = incoming_queries.row_of_reply(db.session(), reply_id)
    key, part = row.key, incoming_queries.sealed_part(key_store(), row)
    files = incoming_queries.sent_files(db.session(), key_store(), key)
    if row.read_on is None:
        current_member.run_act(lambda tx, by: acts.read(tx, key, by=by))
    return render_template(
        "incoming/reply_identity.html",
        file=desk_case,
        reply=desk_case.reply(reply_id),
        row=row,
        part=part,
        files=files,
        role=messages.incoming.roles[part.role] if part else "",
    )


@desk.get("/reponses/<int:reply_id>/documents/<string(length=32):file_key>")
def reply_document(reply_id: int, file_key: str) -> Response:
    """A document that came with a reply, as a download.

    :raises NotFound: ``no_sent_file``.
    """
    open_case_of_reply(reply_id)
    row = incoming_queries.row_of_reply(db.session(), reply_id)
    files = dict(incoming_queries.sent_files(db.session(), key_store(), row.key))
    manifest = files.get(file_key)
    if manifest is None:
        raise NotFound("no_sent_file")
    name = f"document-{manifest.sha256[:12]}.{extension(manifest.mime)}"
    return send_attachment(manifest, name)
