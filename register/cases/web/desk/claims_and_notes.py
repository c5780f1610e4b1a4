"""Claim, release, internal notes."""

from __future__ import annotations

from typing import Protocol

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from register.accounts.web import current_member
from register.cases import acts
from register.cases.acts.claims_and_notes import NOTE_LIMIT
from register.cases.web.desk.act_view import address, opened
from register.db import db
from register.errors import Invalid, Refused
from register.journal import Entry, Pen, writing
from register.web.error_messages import say
from register.web.errors import status_of
from register.web.form_fields import Form, text
from register.web.l10n import typeset
from register.web.template_env import clock, first_upper


class Keep(Protocol):
    """An act that changes who has a case in hand."""

    def __call__(self, pen: Pen, incident_id: int, *, by: int) -> Entry:
        """Do it."""


class NoteForm(Form):
    """An internal note."""

    text = text(lazy_gettext("Note interne"), needed=True, limit=NOTE_LIMIT)


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    for path, name, view in (
        ("prendre", "claim", claim),
        ("rendre", "release", release),
        ("notes", "note", note),
    ):
        blueprint.add_url_rule(f"/dossiers/<int:incident_id>/{path}", name, view, methods=["POST"])


def claim(incident_id: int) -> ResponseReturnValue:
    """Take a case in hand; whoever comes second is told who has it."""
    opened(incident_id)
    return _kept(incident_id, acts.claim, _("Vous avez ce dossier en main."))


def release(incident_id: int) -> ResponseReturnValue:
    """Give a case back."""
    opened(incident_id)
    return _kept(incident_id, acts.release, _("Le dossier est rendu : chacun peut le prendre."))


def note(incident_id: int) -> ResponseReturnValue:
    """Write an internal note; one that cannot be kept comes back as it was written."""
    opened(incident_id)
    form = NoteForm()
    if not form.is_sent:
        return _refused(incident_id, form=form), 422
    by = current_member.member().id
    db.session.rollback()
    try:
        with writing() as pen:
            acts.note(pen, incident_id, form.text.data or "", by=by)
    except (Refused, Invalid) as error:
        return _refused(incident_id, said=say(error), form=form), status_of(error)
    flash(typeset(_("La note est ajoutée.")))
    return redirect(f"{address(incident_id)}#notes", 303)


def _kept(incident_id: int, act: Keep, done: str) -> ResponseReturnValue:
    by = current_member.member().id
    # Whoever reads while another holds the pen would see the case as it was before.
    db.session.rollback()
    try:
        with writing() as pen:
            act(pen, incident_id, by=by)
    except Refused as error:
        return _refused(incident_id, said=_who_has_it(incident_id, error)), 409
    flash(typeset(done))
    return redirect(address(incident_id), 303)


def _who_has_it(incident_id: int, error: Refused) -> str:
    """The refusal, with the name of the member who was quicker."""
    file = opened(incident_id)
    if error.key != "held" or file.held_by is None or file.held_until is None:
        return say(error)
    told = _(
        "%(who)s a ce dossier en main jusqu’à %(hour)s. Vous pouvez le lire et laisser une note.",
        who=current_member.called(file.held_by),
        hour=clock(file.held_until),
    )
    return typeset(first_upper(told))


def _refused(incident_id: int, said: str = "", form: NoteForm | None = None) -> str:
    return render_template(
        "moderation/keeping.html", file=opened(incident_id), said=said, form=form
    )
