"""Checklist, approval, invitation, publication, restoration."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from register.accounts.web import current_member
from register.cases import acts
from register.cases.member_view import DeskCase
from register.cases.models import CaseState
from register.cases.web.desk.act_forms import ApproveForm, InviteForm, PublishForm, RestoreForm
from register.cases.web.desk.act_view import open_case, perform_act
from register.cases.web.desk.available_acts import blocked_reason
from register.cases.web.desk.case import today
from register.cases.web.desk.checklist import case_checklist
from register.journal import Act, JournalEntry, WriteTransaction
from register.web.blueprints import desk
from register.web.context import settings
from register.web.permissions import asks_password_when_alone


def _lacks_second_person(incident_id: int) -> bool:
    desk_case = open_case(incident_id)
    return case_checklist(desk_case).needs_second and not desk_case.second_persons.get("publish")


@desk.route("/dossiers/<int:incident_id>/publier", methods=["GET", "POST"])
@asks_password_when_alone(
    lazy_gettext("publier seul un cas qui se relit à deux"), when=_lacks_second_person
)
def publish(incident_id: int) -> ResponseReturnValue:
    """The checklist, what a moderator attests, and the publication of a draft."""
    desk_case, form = open_case(incident_id), PublishForm()

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        return acts.publish(tx, desk_case.id, by=by, **_publish_arguments(form))

    return perform_act(
        desk_case, form, partial(_publish_page, Act.PUBLISHED), act, _published_notice
    )


@desk.route("/dossiers/<int:incident_id>/retablir", methods=["GET", "POST"])
@asks_password_when_alone(
    lazy_gettext("rétablir seul un cas qui se relit à deux"), when=_lacks_second_person
)
def restore(incident_id: int) -> ResponseReturnValue:
    """The same checklist, before a withdrawn case is shown again."""
    desk_case, form = open_case(incident_id), RestoreForm()

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        note = form.public_note.data or ""
        return acts.restore(tx, desk_case.id, by=by, public_note=note, **_publish_arguments(form))

    return perform_act(desk_case, form, partial(_publish_page, Act.RESTORED), act, _restored_notice)


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
        "moderation/publish.html",
        act=act,
        file=desk_case,
        form=form,
        error_text=error_text,
        checked=case_checklist(desk_case, form.attested, form.flags_reason.data or ""),
        sent=request.method == "POST",
        why=blocked_reason(desk_case, current_member.member(), act),
    )


def _published_notice(line: JournalEntry) -> str:
    number = line.case_number
    return str(_("Le cas est publié sous le nº %(number)s.", number=number))


def _restored_notice(_line: JournalEntry) -> str:
    return str(_("Le cas est rétabli : le public le lit à nouveau."))


@desk.route("/dossiers/<int:incident_id>/approuver", methods=["GET", "POST"])
def approve(incident_id: int) -> ResponseReturnValue:
    """A second member's yes to the version that the page shows, to publish or to erase it."""
    desk_case, form = open_case(incident_id), ApproveForm()
    erasing = request.values.get("pour") == "effacement"
    purpose = "erase" if erasing else "publish"

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        return acts.approve(tx, desk_case.id, by=by, purpose=purpose, seen=form.seen)

    return perform_act(
        desk_case, form, partial(_approve_page, purpose), act, partial(_approved_notice, purpose)
    )


def _approve_page(purpose: str, desk_case: DeskCase, form: ApproveForm, error_text: str) -> str:
    member = current_member.member()
    erase = purpose == "erase"
    has_approved = member.id in desk_case.approvers("erase")
    why = (_("Vous avez déjà approuvé l’effacement.") if has_approved else "") if erase else ""
    return render_template(
        "moderation/acts/approve.html",
        file=desk_case,
        form=form,
        error_text=error_text,
        purpose=purpose,
        checked=case_checklist(desk_case),
        why=why
        if erase
        else blocked_reason(desk_case, member, Act.APPROVED) or _not_needed_reason(desk_case),
    )


def _not_needed_reason(desk_case: DeskCase) -> str:
    waiting = desk_case.state in (CaseState.DRAFT, CaseState.WITHDRAWN)
    return "" if waiting else str(_("Ce cas n’attend aucune approbation pour être publié."))


def _approved_notice(purpose: str, _line: JournalEntry) -> str:
    if purpose == "erase":
        return str(_("Vous avez approuvé l’effacement de ce cas."))
    return str(_("Vous avez approuvé cette version. Un autre membre peut maintenant publier."))


@desk.route("/dossiers/<int:incident_id>/inviter", methods=["GET", "POST"])
def invite(incident_id: int) -> ResponseReturnValue:
    """The text to send to the authority, and the note that it was sent, or why not."""
    desk_case, form = open_case(incident_id), InviteForm()
    if request.method == "GET":
        form.on.data = today()

    def act(tx: WriteTransaction, by: int) -> JournalEntry:
        sent = form.on.data if form.how.data == "yes" else None
        return acts.invite(tx, desk_case.id, form.text.data, by=by, on=sent, seen=form.seen)

    def invited_notice(_line: JournalEntry) -> str:
        return str(_("L’invitation est notée.") if form.how.data == "yes" else _("C’est noté."))

    return perform_act(desk_case, form, _invite_page, act, invited_notice)


def _invite_page(desk_case: DeskCase, form: InviteForm, error_text: str) -> str:
    why = blocked_reason(desk_case, current_member.member(), Act.INVITED)
    return render_template(
        "moderation/acts/invite.html",
        file=desk_case,
        form=form,
        error_text=error_text,
        why=why,
        act=Act.INVITED,
    )
