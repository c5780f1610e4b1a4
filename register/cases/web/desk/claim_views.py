"""Views of claims, assignments, danger marks, terms and internal notes of a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.accounts.web import current_member
from register.accounts.web.current_member import run_act
from register.cases import acts
from register.cases.member_view import DeskCase
from register.cases.web.desk import act_forms
from register.cases.web.desk.act_view import open_case, redirect_to_case
from register.cases.web.desk.claims import AssignForm, UrgencyForm, is_assigned
from register.errors import Invalid, Refused
from register.journal import JournalEntry, WriteTransaction
from register.text.typography import first_upper
from register.web.blueprints import desk
from register.web.error_messages import error_sentence
from register.web.errors import status_of
from register.web.form_fields import BaseForm
from register.web.l10n import clock, typeset


@desk.post("/dossiers/<int:incident_id>/prendre")
def claim(incident_id: int) -> ResponseReturnValue:
    """Claim a case; a second member gets the name of the first."""
    return _change_claim(incident_id, acts.claim, _("Vous avez ce dossier en main."))


@desk.post("/dossiers/<int:incident_id>/rendre")
def release(incident_id: int) -> ResponseReturnValue:
    """Release a case."""
    return _change_claim(
        incident_id, acts.release, _("Le dossier est rendu : chacun peut le prendre.")
    )


def _change_claim(
    incident_id: int, act: Callable[..., JournalEntry], notice: str
) -> ResponseReturnValue:
    return run_small_act(incident_id, lambda tx, by: act(tx, incident_id, by=by), notice)


@desk.post("/dossiers/<int:incident_id>/confier")
def assign(incident_id: int) -> ResponseReturnValue:
    """Assign a case to a member, or hand it over."""
    form = AssignForm()

    def run(tx: WriteTransaction, by: int) -> JournalEntry:
        return acts.assign(tx, incident_id, to=form.to.data, by=by, note=form.note.data)

    name = current_member.display_name(form.to.data) if form.is_sent else ""
    notice = _("Le dossier est confié à %(name)s.", name=name)
    return run_small_act(incident_id, run, notice, form)


@desk.post("/dossiers/<int:incident_id>/urgence")
def set_urgency(incident_id: int) -> ResponseReturnValue:
    """Set or take off the danger mark and the term of a case."""
    form = UrgencyForm()
    return run_small_act(
        incident_id,
        lambda tx, by: acts.set_urgency(tx, incident_id, form.urgency, by=by),
        _("C’est noté : la file en tient compte."),
        form,
    )


@desk.post("/dossiers/<int:incident_id>/notes")
def note(incident_id: int) -> ResponseReturnValue:
    """Add an internal note; a refused one is shown again as typed."""
    form = act_forms.NoteForm()
    return run_small_act(
        incident_id,
        lambda tx, by: acts.note(tx, incident_id, form.text.data or "", by=by),
        _("La note est ajoutée."),
        form,
        "#notes",
    )


def run_small_act(
    incident_id: int,
    act: Callable[[WriteTransaction, int], JournalEntry],
    notice: str,
    form: BaseForm | None = None,
    fragment: str = "",
) -> ResponseReturnValue:
    """Run an act of the page of a case; refused, its form is shown again as it was filled in."""
    desk_case = open_case(incident_id)
    if form is not None and not form.is_sent:
        return _refused_page(desk_case, form=form), 422
    try:
        run_act(act)
    except (Refused, Invalid) as error:
        desk_case = open_case(incident_id)
        error_text = error_sentence(error)
        if error.key == "held" and desk_case.held_by and desk_case.held_until:
            error_text = _held_sentence(desk_case.held_by, desk_case.held_until)
        return _refused_page(desk_case, error_text, form), status_of(error)
    return redirect_to_case(incident_id, notice, fragment)


def _held_sentence(by: int, until: datetime) -> str:
    who = current_member.display_name(by)
    if is_assigned(until):
        sentence = _(
            "Ce dossier est confié à %(who)s. Vous pouvez le lire et laisser une note.", who=who
        )
    else:
        sentence = _(
            "%(who)s a ce dossier en main jusqu’à %(hour)s. Vous pouvez le lire et laisser une "
            "note.",
            who=who,
            hour=clock(until),
        )
    return typeset(first_upper(sentence))


def _refused_page(desk_case: DeskCase, error_text: str = "", form: Any = None) -> str:
    return render_template(
        "cases/desk/small_act_refused.html",
        file=desk_case,
        error_text=error_text,
        form=form,
        act=str(request.path).rpartition("/")[2],
    )
