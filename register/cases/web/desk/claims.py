"""Claims, assignments, danger marks, terms and internal notes: forms, words and views."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import BooleanField, SelectField

from register.accounts import acts as accounts
from register.accounts.web import current_member
from register.accounts.web.current_member import run_act
from register.cases import acts
from register.cases.acts.claims import NOTE_LIMIT
from register.cases.member_view import DeskCase
from register.cases.urgency import LABEL_LIMIT, NO_END, Urgency
from register.cases.web.desk.act_forms import DayField, parse_id, today
from register.cases.web.desk.act_view import open_case, redirect_to_case
from register.db import db
from register.errors import Invalid, Refused
from register.journal import JournalEntry
from register.text.typography import first_upper
from register.web.blueprints import desk
from register.web.error_messages import error_sentence
from register.web.errors import status_of
from register.web.form_fields import BaseForm, line_field, text_field
from register.web.l10n import clock, day_words, typeset, with_label


class AssignForm(BaseForm):
    """Assignment to an active member, with an optional note for cases."""

    to = SelectField(  # type: ignore[call-arg]
        lazy_gettext("À qui"),
        coerce=lambda value: parse_id(str(value)),
        choices=lambda: [
            (member.id, member.display_name)
            for member in accounts.all_members(db.session())
            if member.is_active
        ],
        invalid_choice_message=lazy_gettext("Choisissez un membre actif."),
    )
    note = text_field(
        lazy_gettext("Un mot, si besoin"),
        limit=NOTE_LIMIT,
        description=lazy_gettext("Une note interne du dossier : où vous en êtes, ce qui reste."),
    )


class UrgencyForm(BaseForm):
    """Danger mark and term of a case or report."""

    danger = BooleanField(
        lazy_gettext("Quelqu’un peut être en danger"),
        description=lazy_gettext("Passe avant tout le reste dans la file."),
    )
    term_on = DayField(lazy_gettext("Échéance"))
    term_label = line_field(
        lazy_gettext("De quoi"),
        limit=LABEL_LIMIT,
        description=lazy_gettext("En quelques mots : offre de preuve, 10 jours."),
    )

    @property
    def urgency(self) -> Urgency:
        """The marks as the acts take them."""
        return Urgency(bool(self.danger.data), self.term_on.data, self.term_label.data)


class NoteForm(BaseForm):
    """An internal note."""

    text = text_field(lazy_gettext("Note interne"), required=True, limit=NOTE_LIMIT)


desk.add_app_template_global(lambda: AssignForm(formdata=None), "assign_form")


@desk.app_template_global("urgency_form")
def urgency_form(marked: Any, term_label: str) -> UrgencyForm:
    """The form with the present marks of a case or report."""
    return UrgencyForm(
        formdata=None,
        danger=marked.danger_on is not None,
        term_on=marked.term_on,
        term_label=term_label,
    )


@desk.app_template_global("is_assigned")
def is_assigned(until: datetime | None) -> bool:
    """Whether the end of a claim is that of an assignment, which does not expire."""
    return until == NO_END


@desk.app_template_global("holder_words")
def holder_words(by: int | None, until: datetime | None) -> str:
    """The member with a valid claim and its end; "libre" without one."""
    if by is None or until is None:
        return str(_("libre"))
    who = current_member.display_name(by)
    if by == current_member.member().id:
        return str(
            _("à vous") if is_assigned(until) else _("à vous jusqu’à %(hour)s", hour=clock(until))
        )
    if is_assigned(until):
        return str(_("à %(who)s", who=who))
    return str(_("à %(who)s jusqu’à %(hour)s", who=who, hour=clock(until)))


@desk.app_template_global("term_words")
def term_words(term_on: date, label: str = "", at: date | None = None) -> tuple[str, bool]:
    """A term with its label in words, and whether its day has come.

    :param at: the present day.
    """
    days_left = (term_on - (at or today())).days
    if days_left < 0:
        words = _("échéance passée depuis le %(day)s", day=day_words(term_on))
    elif days_left < 2:
        words = _("échéance demain") if days_left else _("échéance aujourd’hui")
    else:
        words = _("échéance le %(day)s", day=day_words(term_on))
    return typeset(with_label(words, label) if label else words), days_left <= 0


@desk.post("/dossiers/<int:incident_id>/prendre")
def claim(incident_id: int) -> ResponseReturnValue:
    """Claim a case; a second member gets the name of the first."""
    return run_small_act(incident_id, acts.claim, _("Vous avez ce dossier en main."))


@desk.post("/dossiers/<int:incident_id>/rendre")
def release(incident_id: int) -> ResponseReturnValue:
    """Release a case."""
    return run_small_act(
        incident_id, acts.release, _("Le dossier est rendu : chacun peut le prendre.")
    )


@desk.post("/dossiers/<int:incident_id>/confier")
def assign(incident_id: int) -> ResponseReturnValue:
    """Assign a case to a member, or hand it over."""
    form = AssignForm()
    name = current_member.display_name(form.to.data) if form.is_sent else ""
    notice = _("Le dossier est confié à %(name)s.", name=name)
    act = partial(acts.assign, to=form.to.data, note=form.note.data)
    return run_small_act(incident_id, act, notice, form)


@desk.post("/dossiers/<int:incident_id>/urgence")
def set_urgency(incident_id: int) -> ResponseReturnValue:
    """Set or take off the danger mark and the term of a case."""
    form = UrgencyForm()
    return run_small_act(
        incident_id,
        partial(acts.set_urgency, urgency=form.urgency),
        _("C’est noté : la file en tient compte."),
        form,
    )


@desk.post("/dossiers/<int:incident_id>/notes")
def note(incident_id: int) -> ResponseReturnValue:
    """Add an internal note; a refused one is shown again as typed."""
    form = NoteForm()
    return run_small_act(
        incident_id,
        partial(acts.note, text=form.text.data),
        _("La note est ajoutée."),
        form,
        "#notes",
    )


def run_small_act(
    incident_id: int,
    act: Callable[..., JournalEntry],
    notice: str,
    form: BaseForm | None = None,
    fragment: str = "",
) -> ResponseReturnValue:
    """Run an act of the page of a case; refused, its form is shown again as it was filled in.

    :param act: takes the transaction, the id of the case and the member.
    """
    desk_case = open_case(incident_id)
    if form is not None and not form.is_sent:
        return _refused_page(desk_case, form=form), 422
    try:
        run_act(lambda tx, by: act(tx, incident_id, by=by))
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
