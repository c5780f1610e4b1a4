"""Steps of each page of the editor: show the form, add or remove rows, preview, save.

A refused form is shown again with everything that was sent. After a conflict both versions are
shown side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from register.accounts.web import current_member
from register.cases import acts, revisions, rules, second_person
from register.cases.case_content import Content
from register.cases.member_view import DeskCase
from register.cases.models import CaseState
from register.cases.second_person import ProposedChange
from register.cases.validation import LIST_LIMIT
from register.cases.web.desk import content_words
from register.cases.web.desk.act_forms import parse_id
from register.cases.web.desk.act_view import case_address, open_case
from register.cases.web.desk.case_form_mapping import attach_faults, form_values
from register.cases.web.desk.case_forms import EditorForm
from register.cases.web.desk.content_words import FieldChange
from register.cases.web.desk.duplicates import SimilarCase, similar_cases
from register.db import db
from register.errors import Incomplete, Invalid, NotFound, Refused, RegisterError, TextError
from register.journal import Act, JournalEntry, WriteTransaction, writing
from register.reports.web.desk.report_summary import note_retained_view
from register.text.markup import render_markdown
from register.web.error_messages import error_sentence, fault_sentence
from register.web.errors import status_of
from register.web.l10n import typeset
from register.web.request_context import settings

SAVE, PREVIEW = "garder", "relire"
TAKE_STORED = "reprendre"
# The id of the member's own pending change that the form edits.
CHANGE_PARAMETER = "changement"
_AWAITS_APPROVAL = _(
    "Ce changement attend un autre membre : le public le lira quand il l’aura approuvé. "
    "Dites-le-lui."
)
_AWAITS_OWN_APPROVAL = _(
    "Ce changement attend votre accord, en un acte à part : le public le lira quand vous l’aurez "
    "approuvé."
)
# Field of the content → fields of the form, where the names differ.
_FORM_FIELDS = {
    "types": ("type_1", "type_2", "type_3"),
    "linked_communes": ("linked",),
    **dict.fromkeys(("commune", "departement", "region"), ("place", "departement", "region")),
}


@dataclass(frozen=True)
class EditorMode:
    """One page of the editor: its template, its form and its act.

    ``text_field``: the field in Markdown. ``content``: makes the content from the form and the
    stored content. ``save``: runs the act and returns the id of the case or the act's journal
    entry.
    """

    template: str
    act: Act
    form: Callable[..., EditorForm]
    text_field: str
    content: Callable[[Any, Content], Content]
    save: Callable[[WriteTransaction, int, Content, Any, int], int | JournalEntry]
    notice: Any
    extra_fields: Callable[[DeskCase], Mapping[str, Any]] = lambda _desk_case: {}


@dataclass(frozen=True)
class SaveConflict:
    """The differences between the stored content and the submitted one.

    ``untouched``: the fields that the member did not change.
    """

    by: int | None
    at: datetime | None
    fields: Sequence[FieldChange]
    untouched: frozenset[str]


@dataclass
class EditorPage:
    """The state of a page of the editor."""

    mode: EditorMode
    file: DeskCase | None
    form: Any
    error_text: str = ""
    both: SaveConflict | None = None
    preview: str = ""
    focus: str = ""
    likely: Sequence[SimilarCase] = ()

    def to_response(self, status: int = 200) -> ResponseReturnValue:
        """Render the page."""
        act = self.mode.act.value
        if self.file is not None:
            # The page shows the reports that the case retains.
            note_retained_view(self.file.id)
        resumed = resumed_change(self.file) if self.file is not None else None
        template_values = {**vars(self), "act": act, "resumed": resumed}
        body = render_template(self.mode.template, page=self, **template_values)
        return body, status


def run_editor(mode: EditorMode, desk_case: DeskCase | None) -> ResponseReturnValue:
    """Show the editor, or run the action of its button.

    :param desk_case: the present case; None for a new one.
    :raises Refused: the state of the case does not allow the act.
    """
    content = desk_case.content if desk_case else Content()
    initial_values = {**form_values(content), **(mode.extra_fields(desk_case) if desk_case else {})}
    if request.method != "POST":
        if desk_case:
            rules.rule_for(CaseState(desk_case.state), mode.act)
        revision = str((desk_case.revision_id if desk_case else 0) or 0)
        form = mode.form(
            data={**initial_values, "vu": revision, **_resumed_fields(mode, desk_case)}
        )
        return EditorPage(mode, desk_case, form).to_response()
    page = EditorPage(mode, desk_case, mode.form(data=initial_values))
    _restore_stored(page.form, request.form.getlist(TAKE_STORED), initial_values)
    button = request.form.get("faire", SAVE)
    if button[:1] in ("+", "-"):
        page.focus = _change_rows(page.form, button)
        return page.to_response()
    if button == PREVIEW:
        return _preview_page(page)
    return _save_form(page, content)


def resumed_change(desk_case: DeskCase) -> ProposedChange | None:
    """The member's own pending change with the id in the address or form, if it exists."""
    change_id = parse_id(request.values.get(CHANGE_PARAMETER, ""))
    if not change_id:
        return None
    member = current_member.member()
    for change in second_person.list_changes(db.session(), member, desk_case.id):
        if change.made_by == member.id and change.id == change_id:
            return change
    return None


def _resumed_fields(mode: EditorMode, desk_case: DeskCase | None) -> Mapping[str, Any]:
    """The values of the form's fields from the member's own pending change."""
    change = resumed_change(desk_case) if desk_case else None
    if change is None or change.proposal.act is not mode.act:
        return {}
    proposal = change.proposal
    extra_values = dict(proposal.words or {})
    if "title" in extra_values:
        extra_values["heading"] = extra_values.pop("title")
    # With the revision that it was based on: saving then shows later changes as a conflict.
    reading = {"vu": str(change.revision), "reason": proposal.reason}
    return {
        **(form_values(proposal.content) if proposal.content else {}),
        **extra_values,
        **reading,
    }


def _restore_stored(form: EditorForm, names: Iterable[str], stored: Mapping[str, Any]) -> None:
    """Reset the named fields to the stored values."""
    for name in names:
        for field_name in _FORM_FIELDS.get(name, (name,)):
            if field_name in form._fields and field_name in stored:
                form._fields[field_name].process(None, stored[field_name])


def _change_rows(form: EditorForm, button: str) -> str:
    """Add or remove a row of a list, and return the id of the element to focus."""
    lists, name = form.lists(), button[1:]
    if button[0] == "+":
        rows = lists.get(name)
        if rows is not None and len(rows.entries) < LIST_LIMIT:
            return str(rows.append_entry().id)
        return name if rows is not None else ""
    for rows in lists.values():
        for index, entry in enumerate(rows.entries):
            if entry.name == name:
                rows.pop_entry(index)  # type: ignore[call-arg]
                return str(rows.id)
    return ""


def _preview_page(page: EditorPage) -> ResponseReturnValue:
    """Show the parsed values, the faults and the rendered text."""
    page.form.validate()
    # Required for saving only.
    for name in ("reason", "public_note"):
        if name in page.form._fields:
            page.form._fields[name].errors = []
    field = page.form._fields[page.mode.text_field]
    try:
        page.preview = render_markdown(field.data)
    except TextError as error:
        field.errors = [*field.errors, error_sentence(error)]
    page.focus = "apercu" if page.preview else ""
    if page.file is None:
        # Show possible duplicates before a second draft of the same case is saved.
        page.likely = similar_cases(page.mode.content(page.form, Content()))
    return page.to_response()


def _save_form(page: EditorPage, stored: Content) -> ResponseReturnValue:
    if not page.form.validate():
        return page.to_response(422)
    incident_id = page.file.id if page.file else 0
    by = current_member.member().id
    content = page.mode.content(page.form, stored)
    # An open read transaction would keep destroyed texts in the write-ahead log.
    db.session.rollback()
    resumed = resumed_change(page.file) if page.file else None
    db.session.rollback()
    try:
        with writing() as tx:
            saved = page.mode.save(tx, incident_id, content, page.form, by)
            if resumed is not None:
                acts.refuse_change(tx, resumed.id, by=by)
    except (Refused, Invalid, Incomplete, TextError) as error:
        return _refused_page(page, error)
    waits = isinstance(saved, JournalEntry) and saved.act == Act.CHANGE_PROPOSED
    flash(typeset(awaits_approval_notice() if waits else str(page.mode.notice)))
    return redirect(case_address(saved if isinstance(saved, int) else incident_id), 303)


def awaits_approval_notice() -> str:
    """The confirmation of a change that waits; a single moderator approves their own."""
    alone = settings().single_moderator
    return str(_AWAITS_OWN_APPROVAL if alone else _AWAITS_APPROVAL)


def _refused_page(page: EditorPage, error: RegisterError | TextError) -> ResponseReturnValue:
    if error.key == "changed_meanwhile" and page.file:
        _show_conflict(page, open_case(page.file.id))
    elif error.key == "content":
        unplaced = attach_faults(page.form, error.values["faults"])  # type: ignore[arg-type]
        page.error_text = " ".join(fault_sentence(fault) for fault in unplaced)
    else:
        _place_error(page, error)
    return page.to_response(status_of(error) if isinstance(error, RegisterError) else 422)


def _place_error(page: EditorPage, error: RegisterError | TextError) -> None:
    """Add an error to its field, or to the top of the page when it belongs to no field."""
    name = str(
        error.values.get("field", page.mode.text_field if isinstance(error, TextError) else "")
    )
    field = page.form._fields.get({"title": "heading"}.get(name, name))
    if field is None or not hasattr(field, "errors") or isinstance(field.errors, dict):
        page.error_text = typeset(error_sentence(error))
    else:
        field.errors = [*field.errors, typeset(error_sentence(error))]


def _show_conflict(page: EditorPage, desk_case: DeskCase) -> None:
    """Show the stored content beside the submitted one, and let the form be saved over it."""
    seen_revision, page.file = page.form.seen, desk_case
    mine = content_words.field_texts(asdict(page.mode.content(page.form, desk_case.content)))
    theirs = content_words.field_texts(asdict(desk_case.content))
    page.both = SaveConflict(
        by=desk_case.revision_by,
        at=desk_case.revision_at,
        fields=content_words.field_changes(theirs, mine),
        untouched=_untouched_fields(desk_case.id, seen_revision, mine),
    )
    page.form.vu.data = str(desk_case.revision_id or 0)
    page.focus = "deux-versions"


def _untouched_fields(
    incident_id: int, seen_revision: int, mine: content_words.FieldTexts
) -> frozenset[str]:
    """The fields with the same text as in the revision that the member has seen."""
    try:
        past = revisions.case_at_revision(
            db.session(), current_member.member(), incident_id, seen_revision
        )
    except NotFound:
        return frozenset()
    seen = content_words.field_texts(asdict(past.content))
    return frozenset(name for name, words in mine.items() if seen[name] == words)
