"""Views of the editor: new case, edit, correction, redaction, follow-up, preview."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from register.cases import acts, deadlines
from register.cases.acts.redaction import FIXED_NOTES
from register.cases.case_content import Content
from register.cases.member_view import DeskCase
from register.cases.web.desk.act_view import open_case
from register.cases.web.desk.case_form_mapping import content_after_follow_up, content_from_form
from register.cases.web.desk.case_forms import (
    CaseForm,
    CorrectForm,
    EditForm,
    EditorForm,
    FollowUpForm,
    NewForm,
    RedactForm,
)
from register.cases.web.desk.editor_flow import EditorMode, run_editor
from register.errors import TextError
from register.journal import Act, JournalEntry, WriteTransaction
from register.text import dates
from register.text.markup import render_markdown
from register.web.blueprints import desk
from register.web.error_messages import error_sentence
from register.web.form_fields import FieldGroupList
from register.web.view_permissions import asks_password


@desk.route("/dossiers/nouveau", methods=["GET", "POST"])
def new_case() -> ResponseReturnValue:
    """A new case from a source."""
    return run_editor(_NEW, None)


@desk.route("/dossiers/<int:incident_id>/modifier", methods=["GET", "POST"])
def edit(incident_id: int) -> ResponseReturnValue:
    """The edit of a draft, or of a withdrawn case before its restoration."""
    return run_editor(_EDIT, open_case(incident_id))


@desk.route("/dossiers/<int:incident_id>/corriger", methods=["GET", "POST"])
def correct(incident_id: int) -> ResponseReturnValue:
    """The correction of a published case, with a public note."""
    return run_editor(_CORRECT, open_case(incident_id))


@desk.route("/dossiers/<int:incident_id>/caviarder", methods=["GET", "POST"])
@asks_password(lazy_gettext("caviarder un dossier publié"))
def redact(incident_id: int) -> ResponseReturnValue:
    """The redaction of a passage from a case, its follow-ups, replies and notes."""
    return run_editor(_REDACT, open_case(incident_id))


@desk.route("/dossiers/<int:incident_id>/suite", methods=["GET", "POST"])
def follow_up(incident_id: int) -> ResponseReturnValue:
    """A follow-up: a dated text and the new state of the affair."""
    return run_editor(_FOLLOW_UP, open_case(incident_id))


@desk.post("/apercu")
def preview() -> ResponseReturnValue:
    """A Markdown text as HTML, as a fragment of a page."""
    try:
        html, error_text, status = render_markdown(request.form.get("texte", "")), "", 200
    except TextError as error:
        html, error_text, status = "", error_sentence(error), 422
    return render_template("web/markdown_preview.html", html=html, error_text=error_text), status


def _draft(tx: WriteTransaction, _id: int, content: Content, form: NewForm, by: int) -> int:
    return acts.draft(tx, content, by=by, reason=form.reason.data, note=form.note.data).id


def _act_arguments(form: EditorForm, by: int) -> dict[str, Any]:
    """The arguments common to all acts of the editor."""
    return {"by": by, "reason": form["reason"].data, "seen": form.seen}


def _edit(tx: WriteTransaction, incident_id: int, content: Content, form: EditForm, by: int) -> int:
    attested = bool(form.without_report.data)
    acts.edit(tx, incident_id, content, without_report=attested, **_act_arguments(form, by))
    return incident_id


def _correct(
    tx: WriteTransaction, incident_id: int, content: Content, form: CorrectForm, by: int
) -> JournalEntry:
    note = form.public_note.data
    return acts.correct(tx, incident_id, content, public_note=note, **_act_arguments(form, by))


def _redact(
    tx: WriteTransaction, incident_id: int, content: Content, form: RedactForm, by: int
) -> int:
    acts.redact(
        tx,
        incident_id,
        content,
        public_note=form.public_note.data,
        follow_ups={
            key: (row.title.data, row.text.data) for key, row in _rewritten_rows(form.follow_ups)
        },
        replies={key: row.text.data for key, row in _rewritten_rows(form.replies)},
        corrections={key: row.note.data for key, row in _rewritten_rows(form.corrections)},
        **_act_arguments(form, by),
    )
    return incident_id


def _follow_up(
    tx: WriteTransaction, incident_id: int, content: Content, form: FollowUpForm, by: int
) -> JournalEntry:
    return acts.follow_up(
        tx,
        incident_id,
        title=form.heading.data,
        text=form.text.data,
        happened_on=form.happened_on.edtf,
        source_url=form.source_url.data,
        content=content,
        **_act_arguments(form, by),
    )


def _rewritten_rows(rows: FieldGroupList) -> list[tuple[int, Any]]:
    """The rows whose texts differ from the stored ones, with the ids of what they rewrite."""
    changed = []
    for entry in rows.entries:
        stored = entry.object_data if isinstance(entry.object_data, Mapping) else {}
        submitted = {field.short_name: field.data for field in entry.form}
        key = str(submitted.pop("id"))
        if any(submitted[name] != stored.get(name) for name in submitted) and key.isdecimal():
            changed.append((int(key[:9]), entry.form))
    return changed


def _fragment_fields(desk_case: DeskCase) -> dict[str, Any]:
    """The follow-ups, replies and corrections for the redaction's rows, and the fixed note."""
    return {
        **({"public_note": FIXED_NOTES[0]} if desk_case.needs_second_person else {}),
        "follow_ups": [
            {"id": str(row.id), "title": row.title, "text": row.text}
            for row in desk_case.follow_ups
        ],
        "replies": [{"id": str(row.id), "text": row.text} for row in desk_case.replies],
        "corrections": [{"id": str(row.id), "note": row.note} for row in desk_case.corrections],
    }


def _whole_content(form: CaseForm, _stored: Content) -> Content:
    return content_from_form(form)


_NEW = EditorMode(
    "cases/desk/editor_new.html",
    Act.DRAFTED,
    NewForm,
    "narrative",
    _whole_content,
    _draft,
    lazy_gettext("Le brouillon est enregistré. Voici ce qui manque avant de le publier."),
)
_EDIT = EditorMode(
    "cases/desk/editor_edit.html",
    Act.EDITED,
    EditForm,
    "narrative",
    _whole_content,
    _edit,
    lazy_gettext("La nouvelle version est enregistrée."),
)
_CORRECT = EditorMode(
    "cases/desk/editor_correct.html",
    Act.CORRECTED,
    CorrectForm,
    "narrative",
    _whole_content,
    _correct,
    lazy_gettext("La correction est publiée, avec sa note."),
)
_REDACT = EditorMode(
    "cases/desk/editor_redact.html",
    Act.REDACTED,
    RedactForm,
    "narrative",
    _whole_content,
    _redact,
    lazy_gettext(
        "Le passage est retiré, et le public ne lit plus les versions d’avant. Elles seront "
        "détruites quand un autre membre l’aura confirmé, ou dans trente jours."
    ),
    extra_fields=_fragment_fields,
)
_FOLLOW_UP = EditorMode(
    "cases/desk/editor_follow_up.html",
    Act.FOLLOWED_UP,
    FollowUpForm,
    "text",
    content_after_follow_up,
    _follow_up,
    lazy_gettext("La suite est publiée."),
)


@desk.app_template_global("request_terms")
def request_terms(row: Any) -> list[tuple[str, date]]:
    """The legal terms of a request with known days (CRPA R311-12 s., CJA R421-1).

    :param row: the editor's fields of the request.
    """
    clock = deadlines.request_terms(
        _exact_day(row.asked_on.edtf),
        _exact_day(row.refused_on.edtf),
        _exact_day(row.cada_registered_on.edtf),
    )
    terms = (
        (_("Un mois de silence vaut refus : le"), clock.silence_refuses),
        (_("Deux mois pour saisir la CADA : jusqu’au"), clock.refer_to_cada_by),
        (_("La CADA a un mois pour rendre son avis : jusqu’au"), clock.cada_answers_by),
        (_("Deux mois après la saisine, le refus est confirmé : le"), clock.refusal_confirmed),
        (_("Deux mois pour saisir le tribunal administratif : jusqu’au"), clock.court_by),
    )
    return [(label, day) for label, day in terms if day is not None]


def _exact_day(edtf: str) -> date | None:
    """An exact day, else None: no term runs from a month, a year or an uncertain day."""
    if not edtf:
        return None
    partial_date = dates.parse(edtf)
    return partial_date.first if partial_date.day and not partial_date.mark else None
