"""Views of ``/incidents/<number>/signaler-contenu/<kind>``, and of its decision at the desk."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import NotFound
from wtforms import RadioField
from wtforms.validators import InputRequired

from register.accounts.web import current_member
from register.cases.web.desk.act_view import open_case
from register.db import db, now
from register.errors import Refused
from register.incoming import acts, notice_acts, queries
from register.incoming.acts import Receipt
from register.incoming.content import LINE_LIMIT, NOTICE_LIMIT, NoticeDecision
from register.incoming.models import Incoming, IncomingKind
from register.incoming.web import incoming_form
from register.incoming.web.incoming_form import FormPages
from register.incoming.web.notice_form import FORMS, ComplaintForm, NoticeForm
from register.journal import WriteTransaction
from register.pages.web.public_pages import readable_case
from register.post.models import OWN_TERMS
from register.reports import receipt_codes
from register.reports.web import follow_up_page, public_forms
from register.text.dates import paris_day
from register.web import messages, rate_limits, urls
from register.web.blueprints import desk, submit
from register.web.error_messages import error_sentence
from register.web.form_fields import DeskForm, code_choices, line_field, text_field
from register.web.l10n import language, switch_language
from register.web.request_context import head, key_store, outbox, settings

_ROUTE = "/incidents/<number>/signaler-contenu/<kind>"
# The button that sends a complaint, on the page that a code opens.
COMPLAIN = "reclamer"


@submit.get(_ROUTE)
def content_notice(number: str, kind: str) -> ResponseReturnValue:
    """The form, with the address of the case."""
    case = readable_case(number)
    form = _form_class(kind)(formdata=None)
    form.endroit.data = settings().base_url + urls.case(case.number)
    delays = queries.load_delays(db.session(), form.kind, paris_day(now()))
    return _form_html(case.number, form, delays=delays)


@submit.post(_ROUTE)
def content_notice_step(number: str, kind: str) -> ResponseReturnValue:
    """Run the step of the pressed button; the review, where no button was pressed."""
    case, form = readable_case(number), _form_class(kind)()

    def receive(tx: WriteTransaction, nonce: str) -> Receipt:
        return notice_acts.receive_notice(
            tx,
            key_store(),
            case.number,
            form.kind,
            form.sent,
            nonce,
            language=language(),
            outbox=outbox(),
            link=follow_up_link(),
        )

    pages = FormPages(
        form=lambda why: _form_html(case.number, form, error_text=why),
        review=lambda: render_template("incoming/notice_check.html", number=case.number, form=form),
        receipt=lambda receipt: _receipt_html(receipt, form),
    )
    return incoming_form.run_step(form, pages, receive)


def _form_class(kind: str) -> type[NoticeForm]:
    if kind not in FORMS:
        raise NotFound
    return FORMS[kind]


# --- the follow-up by code ----------------------------------------------------------------------


def follow(typed: str) -> ResponseReturnValue | None:
    """The state of the notice with a code, at ``/suivi``, and the complaint about its decision."""
    row = queries.find_by_code(db.session(), key_store(), typed, IncomingKind.NOTICE)
    if row is None:
        return None
    if request.form.get("etape") == COMPLAIN:
        return _complain(row.key, typed)
    return _status_html(row.key, typed)


follow_up_page.other_code_views.append(follow)


def _complain(key: str, typed: str) -> ResponseReturnValue:
    form = ComplaintForm()
    if not form.is_sent:
        return _status_html(key, typed, form), 422
    seconds = rate_limits.wait("message")
    if seconds:
        pattern = messages.reports.too_many_messages
        return rate_limits.too_soon(
            pattern, seconds, lambda why: _status_html(key, typed, form, why)
        )
    try:
        with public_forms.queued_transaction() as tx:
            notice_acts.complain(
                tx, key_store(), key, form.reclamation.data, outbox=outbox(), link=follow_up_link()
            )
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
    row, today = db.session.get_one(Incoming, key), paris_day(now())
    status = queries.notice_status(db.session(), key_store(), row, today)
    if status.language != "fr":
        switch_language("en")
    return render_template(
        "incoming/notice_follow_up.html",
        status=status,
        code=receipt_codes.format_code(receipt_codes.normalize_code(typed)),
        form=form or ComplaintForm(formdata=None),
        error_text=error_text,
        today=today,
    )


def _form_html(
    number: int, form: NoticeForm, *, error_text: str = "", delays: queries.Delays | None = None
) -> str:
    """The form as it was typed, with the reason why it is shown again."""
    return render_template(
        "incoming/notice.html",
        number=number,
        form=form,
        error_text=error_text,
        term=OWN_TERMS[form.kind].days,
        delays=delays,
    )


def _receipt_html(receipt: Receipt, form: NoticeForm) -> str:
    row, today = db.session.get_one(Incoming, receipt.key), paris_day(now())
    status = queries.notice_status(db.session(), key_store(), row, today)
    return render_template(
        "incoming/notice_receipt.html",
        status=status,
        code=receipt_codes.format_code(receipt.code),
        is_other=receipt.is_other,
        form=form,
        has_mail=outbox() is not None and bool(form.sent.contact),
    )


# --- at the desk --------------------------------------------------------------------------------


class NoticeDecisionForm(DeskForm):
    """What was decided and why, for the author of the notice."""

    decision = RadioField(
        lazy_gettext("Décision"),
        choices=code_choices(messages.incoming.decisions),
        validators=[InputRequired(lazy_gettext("Choisissez une réponse."))],
    )
    ground = line_field(lazy_gettext("Fondement"), limit=LINE_LIMIT, required=True)
    reasons = text_field(lazy_gettext("Faits et raisons"), limit=NOTICE_LIMIT, required=True)


@desk.route("/courrier/<int:post_id>", methods=["GET", "POST"], endpoint="content_notice")
def decide(post_id: int) -> ResponseReturnValue:
    """A notice, whose first reading is recorded, and the form that decides it."""
    head()
    form = NoticeDecisionForm()
    if not form.is_submitted():
        return _desk_html(post_id, form)
    if not form.validate():
        return _desk_html(post_id, form), 422
    mail_outbox = outbox()
    try:
        current_member.run_act(
            lambda tx, by: notice_acts.decide(
                tx,
                key_store(),
                post_id,
                by=by,
                decision=NoticeDecision(form.decision.data),
                reasons=form.reasons.data,
                ground=form.ground.data,
                outbox=mail_outbox,
                link=follow_up_link(),
            )
        )
    except Refused as error:
        return _desk_html(post_id, form, error_sentence(error)), 409
    flash(_("C’est décidé. La page du code le dit à qui a signalé."))
    return redirect(f"/moderation/courrier/{post_id}", 303)


def _desk_html(post_id: int, form: NoticeDecisionForm, error_text: str = "") -> str:
    session, today = db.session(), paris_day(now())
    row = queries.notice_of_post(session, post_id)
    status = queries.notice_status(session, key_store(), row, today)
    if status.notice is not None and row.read_on is None:
        key = row.key
        current_member.run_act(lambda tx, by: acts.read(tx, key, by=by))
    return render_template(
        "incoming/notice_desk.html",
        status=status,
        file=open_case(status.case.id),
        form=form,
        error_text=error_text,
        today=today,
    )
