"""Desk page of what came by post or by a form: what is open and dealt with, and the post form."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from sqlalchemy import func, select
from wtforms import IntegerField, RadioField
from wtforms.validators import InputRequired, NumberRange, Optional

from register.accounts.web import current_member
from register.cases.models import Incident
from register.cases.validation import NUMBER_LIMIT
from register.cases.web.desk.act_forms import DayField, today
from register.db import db
from register.errors import Invalid, RegisterError
from register.post import acts
from register.post.models import PostKind, ReceivedPost
from register.web import messages
from register.web.blueprints import desk
from register.web.error_messages import error_sentence
from register.web.errors import status_of
from register.web.form_fields import DeskForm, code_choices
from register.web.l10n import day_words, typeset
from register.web.request_context import head

PATH = "/moderation/courrier"
# What was dealt with is listed up to this many; the journal has all of it.
CLOSED_LIMIT = 20
# What the home page of the desk warns of, and how many days before the last one.
_WARNED_KINDS = (PostKind.SUMMONS, PostKind.WRIT, PostKind.ORDER)
_WARNING_DAYS = 15


class PostForm(DeskForm):
    """What came, when, and about which case."""

    kind = RadioField(
        lazy_gettext("Ce qui est arrivé"),
        choices=code_choices(messages.desk.post_kinds),
        validators=[InputRequired(lazy_gettext("Choisissez une réponse."))],
    )
    received_on = DayField(
        lazy_gettext("Reçu le"),
        missing=lazy_gettext("Ce champ doit être rempli."),
        description=lazy_gettext(
            "Le jour où l’acte ou la lettre a été remis. Les délais en partent."
        ),
    )
    due_on = DayField(
        lazy_gettext("Dernier jour"),
        validators=[Optional()],
        description=lazy_gettext(
            "Celui que fixe le courrier, ou que vous vous donnez. Pour une citation, une "
            "assignation ou une demande RGPD, le registre compte celui de la loi ; pour un "
            "signalement ou une réclamation, celui qu’il se donne. Le plus proche des deux est "
            "retenu."
        ),
    )
    case = IntegerField(
        lazy_gettext("Numéro du cas"),
        validators=[Optional(), NumberRange(1, NUMBER_LIMIT)],
        description=lazy_gettext("S’il s’agit d’un cas publié."),
    )


@desk.route("/courrier", methods=["GET", "POST"])
def received_post() -> ResponseReturnValue:
    """What came and waits, and the form that enters it and says its last day."""
    head()
    # No day is filled in: a paper noted the day after would get a day too many.
    form = PostForm()
    if not form.is_sent:
        return _page(form), 422 if form.is_submitted() else 200
    kind, received_on = PostKind(form.kind.data), form.received_on.data or today()
    try:
        row = current_member.run_act(
            lambda tx, by: acts.enter_post(
                tx, kind, received_on, by=by, due_on=form.due_on.data, case=form.case.data
            )
        )
    except Invalid as error:
        form.attach(error)
        return _page(form), 422
    label = messages.desk.post_kinds[kind]
    flash(_("Noté : %(kind)s. Dernier jour : le %(day)s.", kind=label, day=day_words(row.due_on)))
    return redirect(PATH, 303)


@desk.post("/courrier/<int:post_id>/clore")
def close_post(post_id: int) -> ResponseReturnValue:
    """Note that something is dealt with."""
    try:
        current_member.run_act(lambda tx, by: acts.close_post(tx, post_id, by=by))
    except RegisterError as error:
        return _page(PostForm(formdata=None), error_text=error_sentence(error)), status_of(error)
    flash(_("C’est traité : ce jour ne court plus."))
    return redirect(PATH, 303)


def _page(form: PostForm, error_text: str = "") -> str:
    stmt = select(ReceivedPost, Incident.number).outerjoin(
        Incident, Incident.id == ReceivedPost.incident_id
    )
    session = db.session()
    still_open = session.execute(
        stmt.where(ReceivedPost.closed_on.is_(None)).order_by(ReceivedPost.due_on, ReceivedPost.id)
    ).all()
    closed = session.execute(
        stmt.where(ReceivedPost.closed_on.is_not(None))
        .order_by(ReceivedPost.closed_on.desc(), ReceivedPost.id.desc())
        .limit(CLOSED_LIMIT)
    ).all()
    return render_template(
        "post/received_post.html",
        form=form,
        error_text=error_text,
        still_open=still_open,
        closed=closed,
        today=today(),
    )


@desk.app_template_global("post_warnings")
def post_warnings() -> list[str]:
    """For the home page of the desk: court papers whose last day is near or past, and notices."""
    day = func.min(ReceivedPost.due_on)
    stmt = (
        select(ReceivedPost.kind, day)
        .where(
            ReceivedPost.closed_on.is_(None),
            ReceivedPost.kind.in_(_WARNED_KINDS),
            ReceivedPost.due_on <= today() + timedelta(days=_WARNING_DAYS),
        )
        .group_by(ReceivedPost.kind)
        .order_by(day)
    )
    papers = [
        typeset(
            _(
                "Courrier reçu, %(kind)s : dernier jour le %(day)s. Prévenez le directeur de la "
                "publication et un avocat.",
                kind=messages.desk.post_kinds[kind].lower(),
                day=day_words(due_on),
            )
        )
        for kind, due_on in db.session().execute(stmt)
    ]
    return [*papers, *_notice_warning()]


def _notice_warning() -> Iterator[str]:
    stmt = select(func.count(), func.min(ReceivedPost.due_on)).where(
        ReceivedPost.closed_on.is_(None), ReceivedPost.entered_by.is_(None)
    )
    count, due_on = db.session().execute(stmt).one()
    if count:
        sentence = ngettext(
            "Un signalement de contenu attend une décision, avant la fin du %(day)s.",
            "%(num)s signalements de contenu attendent une décision, le premier avant la fin du "
            "%(day)s.",
            count,
            day=day_words(due_on),
        )
        yield typeset(sentence)
