"""Claim and release of a case, internal notes."""

from __future__ import annotations

from typing import Protocol

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from register.accounts.web import current_member
from register.cases import acts
from register.cases.acts.draft_acts import NOTE_LIMIT
from register.cases.web.desk.act_view import case_address, open_case
from register.db import db
from register.errors import Invalid, Refused
from register.journal import JournalEntry, WriteTransaction, writing
from register.web.blueprints import desk
from register.web.error_messages import error_sentence
from register.web.errors import status_of
from register.web.form_fields import BaseForm, text_field
from register.web.l10n import typeset
from register.web.template_env import clock, first_upper


class ClaimAct(Protocol):
    """Signature of the acts that claim or release a case."""

    def __call__(self, tx: WriteTransaction, incident_id: int, *, by: int) -> JournalEntry: ...


class NoteForm(BaseForm):
    """Form of an internal note."""

    text = text_field(lazy_gettext("Note interne"), required=True, limit=NOTE_LIMIT)


@desk.post("/dossiers/<int:incident_id>/prendre")
def claim(incident_id: int) -> ResponseReturnValue:
    """Claim a case; a second member gets the name of the first."""
    open_case(incident_id)
    return _change_claim(incident_id, acts.claim, _("Vous avez ce dossier en main."))


@desk.post("/dossiers/<int:incident_id>/rendre")
def release(incident_id: int) -> ResponseReturnValue:
    """Release a case."""
    open_case(incident_id)
    return _change_claim(
        incident_id, acts.release, _("Le dossier est rendu : chacun peut le prendre.")
    )


@desk.post("/dossiers/<int:incident_id>/notes")
def note(incident_id: int) -> ResponseReturnValue:
    """Add an internal note; a refused one is shown again as typed."""
    open_case(incident_id)
    form = NoteForm()
    if not form.is_sent:
        return _refused_page(incident_id, form=form), 422
    by = current_member.member().id
    db.session.rollback()
    try:
        with writing() as tx:
            acts.note(tx, incident_id, form.text.data or "", by=by)
    except (Refused, Invalid) as error:
        return _refused_page(incident_id, error_text=error_sentence(error), form=form), status_of(
            error
        )
    flash(typeset(_("La note est ajoutée.")))
    return redirect(f"{case_address(incident_id)}#notes", 303)


def _change_claim(incident_id: int, act: ClaimAct, notice: str) -> ResponseReturnValue:
    by = current_member.member().id
    # The session's read transaction would show the case as it was before the lock.
    db.session.rollback()
    try:
        with writing() as tx:
            act(tx, incident_id, by=by)
    except Refused as error:
        return _refused_page(incident_id, error_text=_claim_refusal(incident_id, error)), 409
    flash(typeset(notice))
    return redirect(case_address(incident_id), 303)


def _claim_refusal(incident_id: int, error: Refused) -> str:
    """The refusal, with the name of the member who has claimed the case."""
    desk_case = open_case(incident_id)
    if error.key != "held" or desk_case.held_by is None or desk_case.held_until is None:
        return error_sentence(error)
    sentence = _(
        "%(who)s a ce dossier en main jusqu’à %(hour)s. Vous pouvez le lire et laisser une note.",
        who=current_member.display_name(desk_case.held_by),
        hour=clock(desk_case.held_until),
    )
    return typeset(first_upper(sentence))


def _refused_page(incident_id: int, error_text: str = "", form: NoteForm | None = None) -> str:
    return render_template(
        "cases/desk/claim_or_note_refused.html",
        file=open_case(incident_id),
        error_text=error_text,
        form=form,
    )
