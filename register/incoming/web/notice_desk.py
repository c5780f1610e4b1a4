"""Desk page of a notice that came by a form: what it says, and the decision."""

from __future__ import annotations

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import RadioField
from wtforms.validators import InputRequired

from register.accounts.web import current_member
from register.cases.web.desk.act_view import open_case
from register.db import db, now
from register.errors import Refused
from register.incoming import acts, notice_acts, notice_queries, retention
from register.incoming.notice_content import LINE_LIMIT, TEXT_LIMIT, NoticeDecision
from register.incoming.web.notice_views import follow_up_link
from register.text.dates import paris_day
from register.web import messages
from register.web.blueprints import desk, submit
from register.web.error_messages import error_sentence
from register.web.form_fields import DeskForm, code_choices, line_field, text_field
from register.web.request_context import head, key_store, outbox


class NoticeDecisionForm(DeskForm):
    """What was decided and why, for the author of the notice."""

    decision = RadioField(
        lazy_gettext("Décision"),
        choices=code_choices(messages.incoming.decisions),
        validators=[InputRequired(lazy_gettext("Choisissez une réponse."))],
    )
    ground = line_field(lazy_gettext("Fondement"), limit=LINE_LIMIT, required=True)
    reasons = text_field(lazy_gettext("Faits et raisons"), limit=TEXT_LIMIT, required=True)


@submit.app_template_global("notice_term_days")
def notice_term_days() -> int:
    """Days from the last decision to the destruction of a notice."""
    return retention.AFTER_NOTICE_DECISION.days


@desk.route("/courrier/<int:post_id>", methods=["GET", "POST"])
def content_notice(post_id: int) -> ResponseReturnValue:
    """A notice, whose first reading is recorded, and the form that decides it."""
    head()
    form = NoticeDecisionForm()
    if not form.is_submitted():
        return _page(post_id, form)
    if not form.validate():
        return _page(post_id, form), 422
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
        return _page(post_id, form, error_sentence(error)), 409
    flash(_("C’est décidé. La page du code le dit à qui a signalé."))
    return redirect(f"/moderation/courrier/{post_id}", 303)


def _page(post_id: int, form: NoticeDecisionForm, error_text: str = "") -> str:
    session, today = db.session(), paris_day(now())
    key = notice_queries.key_of_post(session, post_id)
    status = notice_queries.notice_status(session, key_store(), key, today)
    if status.notice is not None and status.read_on is None:
        current_member.run_act(lambda tx, by: acts.read(tx, key, by=by))
    return render_template(
        "incoming/notice_desk.html",
        status=status,
        file=open_case(status.incident_id),
        form=form,
        error_text=error_text,
        today=today,
        kinds=messages.desk.post_kinds,
        grounds=messages.incoming.grounds,
        decisions=messages.incoming.decisions,
    )
