"""Checklist, approval, invitation, publication, restoration."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.accounts.web import current_member
from register.cases import acts
from register.cases.member_view import Dossier
from register.cases.models import State
from register.cases.web.desk.act_forms import ApproveForm, InviteForm, PublishForm, RestoreForm
from register.cases.web.desk.act_view import opened, perform
from register.cases.web.desk.available_acts import why_not
from register.cases.web.desk.case import today
from register.cases.web.desk.checklist import checked
from register.journal import Act, Entry, Pen
from register.web.context import settings

_BOTH = ["GET", "POST"]


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    for name, view in (("publier", publish), ("retablir", restore), ("approuver", approve)):
        rule = f"/dossiers/<int:incident_id>/{name}"
        blueprint.add_url_rule(rule, view.__name__, view, methods=_BOTH)
    blueprint.add_url_rule("/dossiers/<int:incident_id>/inviter", "invite", invite, methods=_BOTH)


def publish(incident_id: int) -> ResponseReturnValue:
    """The checklist, what a moderator attests, and the publication of a draft."""
    file, form = opened(incident_id), PublishForm()

    def act(pen: Pen, by: int) -> Entry:
        return acts.publish(pen, file.id, by=by, **_told(form))

    return perform(file, form, partial(_publishing, Act.PUBLISHED), act, _published)


def restore(incident_id: int) -> ResponseReturnValue:
    """The same checklist, before a withdrawn case is shown again."""
    file, form = opened(incident_id), RestoreForm()

    def act(pen: Pen, by: int) -> Entry:
        note = form.public_note.data or ""
        return acts.restore(pen, file.id, by=by, public_note=note, **_told(form))

    return perform(file, form, partial(_publishing, Act.RESTORED), act, _restored)


def _told(form: PublishForm) -> dict[str, Any]:
    return {
        "reason": form.reason.data,
        "attested": form.attested,
        "flags_reason": form.flags_reason.data,
        "single": settings().single_moderator,
        "seen": form.seen,
    }


def _publishing(act: Act, file: Dossier, form: PublishForm, said: str) -> str:
    return render_template(
        "moderation/publish.html",
        act=act,
        file=file,
        form=form,
        said=said,
        checked=checked(file, form.attested, form.flags_reason.data or ""),
        sent=request.method == "POST",
        why=why_not(file, current_member.member(), act),
    )


def _published(line: Entry) -> str:
    number = line.case_number
    return str(_("Le cas est publié sous le nº %(number)s.", number=number))


def _restored(_line: Entry) -> str:
    return str(_("Le cas est rétabli : le public le lit à nouveau."))


def approve(incident_id: int) -> ResponseReturnValue:
    """A second member's yes to the version that the page shows, to publish or to erase it."""
    file, form = opened(incident_id), ApproveForm()
    erasing = request.values.get("pour") == "effacement"
    purpose = "erase" if erasing else "publish"

    def act(pen: Pen, by: int) -> Entry:
        return acts.approve(pen, file.id, by=by, purpose=purpose, seen=form.seen)

    return perform(file, form, partial(_approving, purpose), act, partial(_approved, purpose))


def _approving(purpose: str, file: Dossier, form: ApproveForm, said: str) -> str:
    member = current_member.member()
    erase = purpose == "erase"
    already = member.id in file.approvers("erase")
    why = (_("Vous avez déjà approuvé l’effacement.") if already else "") if erase else ""
    return render_template(
        "moderation/acts/approve.html",
        file=file,
        form=form,
        said=said,
        purpose=purpose,
        checked=checked(file),
        why=why if erase else why_not(file, member, Act.APPROVED) or _needless(file),
    )


def _needless(file: Dossier) -> str:
    waiting = file.state in (State.DRAFT, State.WITHDRAWN)
    return "" if waiting else str(_("Ce cas n’attend aucune approbation pour être publié."))


def _approved(purpose: str, _line: Entry) -> str:
    if purpose == "erase":
        return str(_("Vous avez approuvé l’effacement de ce cas."))
    return str(_("Vous avez approuvé cette version. Un autre membre peut maintenant publier."))


def invite(incident_id: int) -> ResponseReturnValue:
    """The text to send to the authority, and the note that it was sent, or why not."""
    file, form = opened(incident_id), InviteForm()
    if request.method == "GET":
        form.on.data = today()

    def act(pen: Pen, by: int) -> Entry:
        sent = form.on.data if form.how.data == "yes" else None
        return acts.invite(pen, file.id, form.text.data, by=by, on=sent, seen=form.seen)

    def noted(_line: Entry) -> str:
        return str(_("L’invitation est notée.") if form.how.data == "yes" else _("C’est noté."))

    return perform(file, form, _inviting, act, noted)


def _inviting(file: Dossier, form: InviteForm, said: str) -> str:
    why = why_not(file, current_member.member(), Act.INVITED)
    return render_template(
        "moderation/acts/invite.html", file=file, form=form, said=said, why=why, act=Act.INVITED
    )
