"""What comes after: replies, withdrawal, merge, erasure; and the draft that is given up."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.accounts.web import current_member
from register.cases import acts, deadlines, queries
from register.cases.member_view import Dossier, ReplyRow
from register.cases.queries import Listed
from register.cases.web.desk.act_forms import (
    ActForm,
    DiscardForm,
    EraseForm,
    MergeForm,
    PublishReplyForm,
    ReceiveForm,
    RefuseReplyForm,
    WithdrawForm,
)
from register.cases.web.desk.act_view import opened, opened_for, perform
from register.cases.web.desk.available_acts import why_not
from register.cases.web.desk.case import today
from register.cases.web.desk.editor_flow import WAITS
from register.db import db
from register.journal import Act, Entry, Pen
from register.web.context import book, settings
from register.web.l10n import day_words

_CASE = "/dossiers/<int:incident_id>/"
_REPLY = "/reponses/<int:reply_id>/"


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    for rule, view in (
        (f"{_CASE}reponse", receive_reply),
        (f"{_REPLY}publier", publish_reply),
        (f"{_REPLY}refuser", refuse_reply),
        (f"{_CASE}retirer", withdraw),
        (f"{_CASE}reunir", merge),
        (f"{_CASE}effacer", erase),
        (f"{_CASE}abandonner", discard),
    ):
        blueprint.add_url_rule(rule, view.__name__, view, methods=["GET", "POST"])


def _page(template: str, act: Act, file: Dossier, form: ActForm, said: str, **more: Any) -> str:
    return render_template(
        f"moderation/acts/{template}.html",
        act=act,
        file=file,
        form=form,
        said=said,
        why=why_not(file, current_member.member(), act),
        **more,
    )


def receive_reply(incident_id: int) -> ResponseReturnValue:
    """A right of reply that arrived by post or mail is copied as it is; its three days run."""
    file, form = opened(incident_id), ReceiveForm()
    if request.method == "GET":
        form.received_on.data = today()

    def act(pen: Pen, by: int) -> Any:
        return acts.receive_reply(
            pen,
            file.id,
            by=by,
            author=form.author.data,
            capacity=form.capacity.data,
            text=form.text.data,
            received_on=form.day,
        )

    def done(_row: Any) -> str:
        due = day_words(deadlines.reply_due(form.day))
        told = _("La réponse est notée. Publiez-la ou refusez-la avant la fin du %(day)s.", day=due)
        return str(told)

    return perform(file, form, partial(_page, "receive_reply", Act.REPLY_RECEIVED), act, done)


def publish_reply(reply_id: int) -> ResponseReturnValue:
    """A received reply is inserted, as it is, after the account."""
    file, form = opened_for(reply_id), PublishReplyForm()

    def act(pen: Pen, by: int) -> Entry:
        return acts.reply(pen, reply_id, by=by, reason=form.reason.data, seen=form.seen)

    def done(line: Entry) -> str:
        if line.act == Act.CHANGE_PROPOSED:
            return str(WAITS)
        return str(_("La réponse est publiée, juste après le récit."))

    return perform(
        file, form, partial(_deciding, "publish_reply", Act.REPLIED, reply_id), act, done
    )


def refuse_reply(reply_id: int) -> ResponseReturnValue:
    """A received reply is refused, with the reason that its author is given."""
    file, form = opened_for(reply_id), RefuseReplyForm()

    def act(pen: Pen, by: int) -> Entry:
        told = form.refusal.data
        return acts.refuse_reply(pen, reply_id, by=by, refusal=told, seen=form.seen)

    def done(_line: Entry) -> str:
        return str(_("La réponse est refusée. Envoyez le motif à son auteur."))

    page = partial(_deciding, "refuse_reply", Act.REPLY_REFUSED, reply_id)
    return perform(file, form, page, act, done)


def _deciding(
    template: str, act: Act, reply_id: int, file: Dossier, form: ActForm, said: str
) -> str:
    reply = file.reply(reply_id)
    return _page(template, act, file, form, said, reply=reply, decided=_decided(reply))


def _decided(reply: ReplyRow) -> str:
    return "" if reply.state == "received" else str(_("Cette réponse a déjà été traitée."))


def withdraw(incident_id: int) -> ResponseReturnValue:
    """A case is taken from view; the page shows what the public will read in its place."""
    file, form = opened(incident_id), WithdrawForm()
    form.offer(book())

    def act(pen: Pen, by: int) -> Entry:
        why = {"restriction": form.restriction.data, "reason": form.reason.data}
        return acts.withdraw(pen, file.id, by=by, seen=form.seen, **why)

    def done(_line: Entry) -> str:
        return str(_("Le cas est retiré. À son adresse, le public lit un avis daté."))

    return perform(file, form, partial(_page, "withdraw", Act.WITHDRAWN), act, done)


def merge(incident_id: int) -> ResponseReturnValue:
    """A case is joined to another public one, once both have been looked at side by side."""
    file, form = opened(incident_id), MergeForm()
    kind = Act.MERGED if file.number else Act.DRAFT_MERGED

    def act(pen: Pen, by: int) -> Entry:
        told = {"into": form.into.data, "reason": form.reason.data}
        return acts.merge(pen, file.id, by=by, seen=form.seen, **told)

    def done(_line: Entry) -> str:
        return str(_("Le dossier est réuni au cas nº %(number)s.", number=form.into.data))

    return perform(file, form, partial(_merging, kind), act, done)


def _merging(act: Act, file: Dossier, form: MergeForm, said: str) -> str:
    asked = request.args.get("avec", "") if request.method == "GET" else form.into._value()
    other = _listed(asked)
    # A case is not joined to itself.
    other = None if other and other.number == file.number else other
    return _page("merge", act, file, form, said, asked=asked, other=other)


def _listed(number: str) -> Listed | None:
    if not (number.isascii() and number.isdigit()) or len(number) > 9:
        return None
    return queries.listed(db.session(), [int(number)]).get(int(number))


def erase(incident_id: int) -> ResponseReturnValue:
    """The texts of a case are destroyed for ever, by an administrator and a second person."""
    file, form = opened(incident_id), EraseForm()
    form.offer(book())
    single = settings().single_moderator

    def act(pen: Pen, by: int) -> Entry:
        code = form.restriction.data
        return acts.erase(pen, file.id, by=by, restriction=code, single=single, seen=form.seen)

    def done(_line: Entry) -> str:
        return str(_("Les textes de ce dossier sont détruits."))

    seconds = sorted(file.seconds.get("erase", ()))
    page = partial(_page, "erase", Act.ERASED, single=single, seconds=seconds)
    return perform(file, form, page, act, done)


def discard(incident_id: int) -> ResponseReturnValue:
    """A draft is given up, and its texts destroyed."""
    file, form = opened(incident_id), DiscardForm()

    def act(pen: Pen, by: int) -> Entry:
        return acts.discard(pen, file.id, by=by, seen=form.seen)

    def done(_line: Entry) -> str:
        return str(_("Le brouillon est abandonné, et ses textes détruits."))

    return perform(file, form, partial(_page, "discard", Act.DISCARDED), act, done)
