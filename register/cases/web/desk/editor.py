"""Writing a case: new, changed, corrected, redacted, followed up; and the preview of its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from register.cases import acts
from register.cases.acts.redaction import NOTES
from register.cases.case_content import Content
from register.cases.member_view import Dossier
from register.cases.web.desk.act_view import opened
from register.cases.web.desk.case_form_mapping import content_of, moved_on
from register.cases.web.desk.case_forms import (
    CaseForm,
    CorrectForm,
    EditForm,
    FollowUpForm,
    NewForm,
    RedactForm,
    Written,
)
from register.cases.web.desk.editor_flow import Mode, written
from register.cases.web.desk.request_deadlines import request_terms
from register.journal import Act, Entry, Pen
from register.text.errors import TextError
from register.text.markup import render
from register.web.desk_fields import Rows
from register.web.error_messages import say

_BOTH = ["GET", "POST"]


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    case = "/dossiers/<int:incident_id>"
    blueprint.add_url_rule("/dossiers/nouveau", view_func=new_case, methods=_BOTH)
    blueprint.add_url_rule(f"{case}/modifier", view_func=edit, methods=_BOTH)
    blueprint.add_url_rule(f"{case}/corriger", view_func=correct, methods=_BOTH)
    blueprint.add_url_rule(f"{case}/caviarder", view_func=redact, methods=_BOTH)
    blueprint.add_url_rule(f"{case}/suite", view_func=follow_up, methods=_BOTH)
    blueprint.add_url_rule("/apercu", view_func=preview, methods=["POST"])
    blueprint.add_app_template_global(request_terms)


def new_case() -> ResponseReturnValue:
    """A new case from a source."""
    return written(_NEW, None)


def edit(incident_id: int) -> ResponseReturnValue:
    """A draft, or a withdrawn case before its restoration."""
    return written(_EDIT, opened(incident_id))


def correct(incident_id: int) -> ResponseReturnValue:
    """A published text, with a note that readers see."""
    return written(_CORRECT, opened(incident_id))


def redact(incident_id: int) -> ResponseReturnValue:
    """A passage is taken out for good, from the case and from what was added to it."""
    return written(_REDACT, opened(incident_id))


def follow_up(incident_id: int) -> ResponseReturnValue:
    """A dated text is added, and the course of things with it."""
    return written(_FOLLOW_UP, opened(incident_id))


def preview() -> ResponseReturnValue:
    """A text in Markdown as readers will see it: a fragment of a page."""
    try:
        html, said, status = render(request.form.get("texte", "")), "", 200
    except TextError as error:
        html, said, status = "", say(error), 422
    return render_template("moderation/preview.html", html=html, said=said), status


# --- what each page ends in -------------------------------------------------------------------


def _draft(pen: Pen, _id: int, content: Content, form: NewForm, by: int) -> int:
    return acts.draft(pen, content, by=by, reason=form.reason.data, note=form.note.data).id


def _told(form: Written, by: int) -> dict[str, Any]:
    """What every act on a case is told of who writes it, why, and what they had before them."""
    return {"by": by, "reason": form["reason"].data, "seen": form.seen}


def _edit(pen: Pen, incident_id: int, content: Content, form: EditForm, by: int) -> int:
    attested = bool(form.without_report.data)
    acts.edit(pen, incident_id, content, without_report=attested, **_told(form, by))
    return incident_id


def _correct(pen: Pen, incident_id: int, content: Content, form: CorrectForm, by: int) -> Entry:
    note = form.public_note.data
    return acts.correct(pen, incident_id, content, public_note=note, **_told(form, by))


def _redact(pen: Pen, incident_id: int, content: Content, form: RedactForm, by: int) -> int:
    acts.redact(
        pen,
        incident_id,
        content,
        public_note=form.public_note.data,
        follow_ups={
            key: (row.title.data, row.text.data) for key, row in _rewritten(form.follow_ups)
        },
        replies={key: row.text.data for key, row in _rewritten(form.replies)},
        corrections={key: row.note.data for key, row in _rewritten(form.corrections)},
        **_told(form, by),
    )
    return incident_id


def _follow_up(pen: Pen, incident_id: int, content: Content, form: FollowUpForm, by: int) -> Entry:
    return acts.follow_up(
        pen,
        incident_id,
        title=form.heading.data,
        text=form.text.data,
        happened_on=form.happened_on.edtf,
        source_url=form.source_url.data,
        content=content,
        **_told(form, by),
    )


def _rewritten(rows: Rows) -> list[tuple[int, Any]]:
    """The rows whose words are no longer the stored ones, by the ids of what they rewrite."""
    changed = []
    for entry in rows.entries:
        stored = entry.object_data if isinstance(entry.object_data, Mapping) else {}
        told = {field.short_name: field.data for field in entry.form}
        key = str(told.pop("id"))
        if any(told[name] != stored.get(name) for name in told) and key.isdecimal():
            changed.append((int(key[:9]), entry.form))
    return changed


def _fragments(file: Dossier) -> dict[str, Any]:
    """What was added to a case, as the redaction's rows show it, and the note that is allowed."""
    return {
        **({"public_note": NOTES[0]} if file.needs_two else {}),
        "follow_ups": [
            {"id": str(row.id), "title": row.title, "text": row.text} for row in file.follow_ups
        ],
        "replies": [{"id": str(row.id), "text": row.text} for row in file.replies],
        "corrections": [{"id": str(row.id), "note": row.note} for row in file.corrections],
    }


def _whole(form: CaseForm, _stored: Content) -> Content:
    return content_of(form)


_NEW = Mode(
    "moderation/editor_new.html",
    Act.DRAFTED,
    NewForm,
    "narrative",
    _whole,
    _draft,
    _("Le brouillon est enregistré. Voici ce qui manque avant de le publier."),
)
_EDIT = Mode(
    "moderation/editor_edit.html",
    Act.EDITED,
    EditForm,
    "narrative",
    _whole,
    _edit,
    _("La nouvelle version est enregistrée."),
)
_CORRECT = Mode(
    "moderation/editor_correct.html",
    Act.CORRECTED,
    CorrectForm,
    "narrative",
    _whole,
    _correct,
    _("La correction est publiée, avec sa note."),
)
_REDACT = Mode(
    "moderation/editor_redact.html",
    Act.REDACTED,
    RedactForm,
    "narrative",
    _whole,
    _redact,
    _(
        "Le passage est retiré, et le public ne lit plus les versions d’avant. Elles seront "
        "détruites quand un autre membre l’aura confirmé, ou dans trente jours."
    ),
    more=_fragments,
)
_FOLLOW_UP = Mode(
    "moderation/editor_follow_up.html",
    Act.FOLLOWED_UP,
    FollowUpForm,
    "text",
    moved_on,
    _follow_up,
    _("La suite est publiée."),
)
