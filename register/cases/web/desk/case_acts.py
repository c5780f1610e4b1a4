"""Views of the acts on a case: from publication and approval to merge, erasure and discard."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from register.accounts.web import current_member
from register.cases import acts, deadlines, queries
from register.cases.acts import public_acts
from register.cases.member_view import DeskCase
from register.cases.models import CaseState
from register.cases.web.desk.act_forms import (
    ActForm,
    ApproveForm,
    DiscardForm,
    EraseForm,
    InviteForm,
    MergeForm,
    PublishForm,
    PublishReplyForm,
    ReceiveReplyForm,
    RefuseReplyForm,
    RestoreForm,
    WithdrawForm,
)
from register.cases.web.desk.act_view import (
    blocked_reason,
    open_case,
    open_case_of_reply,
    perform_act,
)
from register.cases.web.desk.case import case_checklist, today
from register.cases.web.desk.editor_flow import awaits_approval_notice
from register.db import db
from register.journal import Act, JournalEntry, WriteTransaction
from register.web.blueprints import desk
from register.web.l10n import day_words
from register.web.request_context import current_vocabulary, settings
from register.web.view_permissions import asks_password, asks_password_when_alone


def _lacks_second_person(incident_id: int) -> bool:
    desk_case = open_case(incident_id)
    return case_checklist(desk_case).needs_second and not desk_case.second_persons.get("publish")


@desk.route("/dossiers/<int:incident_id>/publier", methods=["GET", "POST"])
@asks_password_when_alone(
    lazy_gettext("publier seul un cas qui se relit à deux"), when=_lacks_second_person
)
def publish(incident_id: int) -> ResponseReturnValue:
    """The checklist, the attestations and the publication of a draft."""
    desk_case, form = open_case(incident_id), PublishForm()

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        return acts.publish(tx, desk_case.id, by=by, **_publish_arguments(form))

    def done(line: JournalEntry) -> str:
        return str(_("Le cas est publié sous le nº %(number)s.", number=line.case_number))

    return perform_act(desk_case, form, partial(_publish_page, Act.PUBLISHED), act, done)


@desk.route("/dossiers/<int:incident_id>/retablir", methods=["GET", "POST"])
@asks_password_when_alone(
    lazy_gettext("rétablir seul un cas qui se relit à deux"), when=_lacks_second_person
)
def restore(incident_id: int) -> ResponseReturnValue:
    """The checklist, the attestations and the restoration of a withdrawn case."""
    desk_case, form = open_case(incident_id), RestoreForm()
    if public_acts.edited_since_withdrawal(db.session(), incident_id):
        form.public_note.flags.required = True
        if request.method == "GET" and case_checklist(desk_case).needs_second:
            form.public_note.data = public_acts.FIXED_NOTE

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        note = form.public_note.data or ""
        return acts.restore(tx, desk_case.id, by=by, public_note=note, **_publish_arguments(form))

    def done(_line: JournalEntry) -> str:
        return str(_("Le cas est rétabli : le public le lit à nouveau."))

    return perform_act(desk_case, form, partial(_publish_page, Act.RESTORED), act, done)


def _publish_arguments(form: PublishForm) -> dict[str, Any]:
    return {
        "reason": form.reason.data,
        "attested": form.attested,
        "flags_reason": form.flags_reason.data,
        "single": settings().single_moderator,
        "seen": form.seen,
    }


def _publish_page(act: Act, desk_case: DeskCase, form: PublishForm, error_text: str) -> str:
    return render_template(
        "cases/desk/acts/publish.html",
        act=act,
        file=desk_case,
        form=form,
        error_text=error_text,
        checked=case_checklist(desk_case, form.attested, form.flags_reason.data or ""),
        sent=request.method == "POST",
        why=blocked_reason(desk_case, current_member.member(), act),
    )


@desk.route("/dossiers/<int:incident_id>/approuver", methods=["GET", "POST"])
def approve(incident_id: int) -> ResponseReturnValue:
    """Approval by a second member of the version on the page, to publish or to erase it."""
    desk_case, form = open_case(incident_id), ApproveForm()
    erasing = request.values.get("pour") == "effacement"
    purpose = "erase" if erasing else "publish"

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        return acts.approve(tx, desk_case.id, by=by, purpose=purpose, seen=form.seen)

    def done(_line: JournalEntry) -> str:
        if erasing:
            return str(_("Vous avez approuvé l’effacement de ce cas."))
        return str(_("Vous avez approuvé cette version. Un autre membre peut maintenant publier."))

    return perform_act(desk_case, form, partial(_approve_page, purpose), act, done)


def _approve_page(purpose: str, desk_case: DeskCase, form: ApproveForm, error_text: str) -> str:
    member = current_member.member()
    if purpose == "erase":
        has_approved = member.id in desk_case.approvers("erase")
        why = _("Vous avez déjà approuvé l’effacement.") if has_approved else ""
    else:
        why = blocked_reason(desk_case, member, Act.APPROVED)
        if not why and desk_case.state not in (CaseState.DRAFT, CaseState.WITHDRAWN):
            why = str(_("Ce cas n’attend aucune approbation pour être publié."))
    return render_template(
        "cases/desk/acts/approve.html",
        file=desk_case,
        form=form,
        error_text=error_text,
        purpose=purpose,
        checked=case_checklist(desk_case),
        why=why,
    )


@desk.route("/dossiers/<int:incident_id>/inviter", methods=["GET", "POST"])
def invite(incident_id: int) -> ResponseReturnValue:
    """The invitation for the authority, and the note that it was sent, or why not."""
    desk_case, form = open_case(incident_id), InviteForm()
    if request.method == "GET":
        form.on.data = today()

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        sent = form.on.data if form.how.data == "yes" else None
        return acts.invite(tx, desk_case.id, form.text.data, by=by, on=sent, seen=form.seen)

    def done(_line: JournalEntry) -> str:
        return str(_("L’invitation est notée.") if form.how.data == "yes" else _("C’est noté."))

    return perform_act(desk_case, form, partial(_act_page, "invite", Act.INVITED), act, done)


def _act_page(
    template: str,
    act: Act,
    desk_case: DeskCase,
    form: ActForm,
    error_text: str,
    **template_values: Any,
) -> str:
    return render_template(
        f"cases/desk/acts/{template}.html",
        act=act,
        file=desk_case,
        form=form,
        error_text=error_text,
        why=blocked_reason(desk_case, current_member.member(), act),
        **template_values,
    )


@desk.route("/dossiers/<int:incident_id>/reponse", methods=["GET", "POST"])
def receive_reply(incident_id: int) -> ResponseReturnValue:
    """Registration of a right of reply that arrived by post or mail."""
    desk_case, form = open_case(incident_id), ReceiveReplyForm()
    if request.method == "GET":
        form.received_on.data = today()

    def act(tx: WriteTransaction, by: int) -> Any:
        return acts.receive_reply(
            tx,
            desk_case.id,
            by=by,
            author=form.author.data,
            capacity=form.capacity.data,
            text=form.text.data,
            received_on=form.day,
        )

    def done(_row: Any) -> str:
        due = day_words(deadlines.reply_due(form.day))
        notice = _(
            "La réponse est notée. Publiez-la ou refusez-la avant la fin du %(day)s.", day=due
        )
        return str(notice)

    return perform_act(
        desk_case, form, partial(_act_page, "receive_reply", Act.REPLY_RECEIVED), act, done
    )


@desk.route("/reponses/<int:reply_id>/publier", methods=["GET", "POST"])
def publish_reply(reply_id: int) -> ResponseReturnValue:
    """Publication of a received reply after the narrative."""
    desk_case, form = open_case_of_reply(reply_id), PublishReplyForm()

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        return acts.reply(tx, reply_id, by=by, reason=form.reason.data, seen=form.seen)

    def done(line: JournalEntry) -> str:
        if line.act == Act.CHANGE_PROPOSED:
            return awaits_approval_notice()
        return str(_("La réponse est publiée, juste après le récit."))

    return perform_act(
        desk_case, form, partial(_reply_page, "publish_reply", Act.REPLIED, reply_id), act, done
    )


@desk.route("/reponses/<int:reply_id>/refuser", methods=["GET", "POST"])
def refuse_reply(reply_id: int) -> ResponseReturnValue:
    """Refusal of a received reply, with the reason for its author."""
    desk_case, form = open_case_of_reply(reply_id), RefuseReplyForm()

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        refusal = form.refusal.data
        return acts.refuse_reply(tx, reply_id, by=by, refusal=refusal, seen=form.seen)

    def done(_line: JournalEntry) -> str:
        return str(_("La réponse est refusée. Envoyez le motif à son auteur."))

    page = partial(_reply_page, "refuse_reply", Act.REPLY_REFUSED, reply_id)
    return perform_act(desk_case, form, page, act, done)


def _reply_page(
    template: str, act: Act, reply_id: int, desk_case: DeskCase, form: ActForm, error_text: str
) -> str:
    reply = desk_case.reply(reply_id)
    decided = "" if reply.state == "received" else str(_("Cette réponse a déjà été traitée."))
    return _act_page(template, act, desk_case, form, error_text, reply=reply, decided=decided)


@desk.route("/dossiers/<int:incident_id>/retirer", methods=["GET", "POST"])
@asks_password(lazy_gettext("retirer un dossier de la vue du public"))
def withdraw(incident_id: int) -> ResponseReturnValue:
    """Withdrawal of a public case; the page shows what the public will read instead."""
    desk_case, form = open_case(incident_id), WithdrawForm()
    form.set_restrictions(current_vocabulary())

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        motives = {"restriction": form.restriction.data, "reason": form.reason.data}
        return acts.withdraw(tx, desk_case.id, by=by, seen=form.seen, **motives)

    def done(_line: JournalEntry) -> str:
        return str(_("Le cas est retiré. À son adresse, le public lit un avis daté."))

    return perform_act(desk_case, form, partial(_act_page, "withdraw", Act.WITHDRAWN), act, done)


@desk.route("/dossiers/<int:incident_id>/reunir", methods=["GET", "POST"])
@asks_password(lazy_gettext("réunir deux dossiers"))
def merge(incident_id: int) -> ResponseReturnValue:
    """Merge of a case into a public one, after a comparison of both on the page."""
    desk_case, form = open_case(incident_id), MergeForm()
    kind = Act.MERGED if desk_case.number else Act.DRAFT_MERGED

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        arguments = {"into": form.into.data, "reason": form.reason.data}
        return acts.merge(tx, desk_case.id, by=by, seen=form.seen, **arguments)

    def done(_line: JournalEntry) -> str:
        return str(_("Le dossier est réuni au cas nº %(number)s.", number=form.into.data))

    return perform_act(desk_case, form, partial(_merge_page, kind), act, done)


def _merge_page(act: Act, desk_case: DeskCase, form: MergeForm, error_text: str) -> str:
    number_text = request.args.get("avec", "") if request.method == "GET" else form.into._value()
    other = None
    if number_text.isascii() and number_text.isdigit() and len(number_text) <= 9:
        number = int(number_text)
        other = queries.load_case_summaries(db.session(), [number]).get(number)
    # A case cannot be merged into itself.
    if other and other.number == desk_case.number:
        other = None
    return _act_page(
        "merge", act, desk_case, form, error_text, number_text=number_text, other=other
    )


@desk.route("/dossiers/<int:incident_id>/effacer", methods=["GET", "POST"])
@asks_password(lazy_gettext("effacer pour toujours les textes d’un dossier"))
def erase(incident_id: int) -> ResponseReturnValue:
    """Erasure of a case's texts, by an administrator and a second person."""
    desk_case, form = open_case(incident_id), EraseForm()
    form.set_restrictions(current_vocabulary())
    single = settings().single_moderator

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        code = form.restriction.data
        return acts.erase(tx, desk_case.id, by=by, restriction=code, single=single, seen=form.seen)

    def done(_line: JournalEntry) -> str:
        return str(_("Les textes de ce dossier sont détruits."))

    seconds = sorted(desk_case.second_persons.get("erase", ()))
    page = partial(_act_page, "erase", Act.ERASED, single=single, seconds=seconds)
    return perform_act(desk_case, form, page, act, done)


@desk.route("/dossiers/<int:incident_id>/abandonner", methods=["GET", "POST"])
def discard(incident_id: int) -> ResponseReturnValue:
    """Discard of a draft and destruction of its texts."""
    desk_case, form = open_case(incident_id), DiscardForm()

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        return acts.discard(tx, desk_case.id, by=by, seen=form.seen)

    def done(_line: JournalEntry) -> str:
        return str(_("Le brouillon est abandonné, et ses textes détruits."))

    return perform_act(desk_case, form, partial(_act_page, "discard", Act.DISCARDED), act, done)
