"""Editor of a case: new case, edit, correction, redaction, follow-up, preview.

A refused form is shown again with everything that was sent. After a conflict both versions are
shown side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from register.accounts.web import current_member
from register.cases import act_permissions, acts, revisions, second_person
from register.cases.case_content import Content, parse_content
from register.cases.duplicates import PossibleDuplicate
from register.cases.member_view import DeskCase
from register.cases.models import CaseState
from register.cases.risk_flags import Flag, displayed_texts, risk_flags
from register.cases.second_person import PendingChange, Proposal
from register.cases.validation import LIST_LIMIT
from register.cases.web.desk import content_words, editor_forms
from register.cases.web.desk.act_forms import parse_id
from register.cases.web.desk.act_view import (
    awaits_approval_notice,
    note_retained_view,
    open_case,
    redirect_to_case,
)
from register.cases.web.desk.case_summaries import similar_cases
from register.cases.web.desk.content_words import FlagLine
from register.cases.web.desk.editor_forms import CaseForm, EditorForm
from register.cases.web.desk.redaction_form import RedactForm, RedactionReview
from register.cases.web.field_texts import field_texts
from register.db import db
from register.errors import Incomplete, Invalid, NotFound, Refused, RegisterError, TextError
from register.journal import Act, WriteTransaction
from register.text.markup import render_markdown
from register.text.text_comparison import FieldChange, field_changes
from register.web.blueprints import asks_password, desk
from register.web.error_messages import error_sentence, fault_sentence
from register.web.errors import status_of
from register.web.l10n import typeset
from register.web.request_context import key_store

SAVE, PREVIEW = "garder", "relire"
TAKE_STORED = "reprendre"
# The id of the member's own pending change that the form edits.
CHANGE_PARAMETER = "changement"
# Before the digest of the original whose piece a button adds.
PIECE_PREFIX = "piece-"
# Arguments of the acts that are texts of their own.
_ADDED_TEXTS = ("title", "text", "no_source", "public_note")


@desk.route("/dossiers/nouveau", methods=["GET", "POST"])
def new_case() -> ResponseReturnValue:
    """A new case from a source."""
    return run_editor(
        None,
        editor_forms.NewForm,
        Act.DRAFTED,
        lambda tx, _incident_id, **arguments: acts.draft(tx, **arguments),
        _("Le brouillon est enregistré. Voici ce qui manque avant de le publier."),
    )


@desk.route("/dossiers/<int:incident_id>/modifier", methods=["GET", "POST"])
def edit(incident_id: int) -> ResponseReturnValue:
    """The edit of a draft, or of a withdrawn case before its restoration."""
    notice = _("La nouvelle version est enregistrée.")
    return run_editor(open_case(incident_id), editor_forms.EditForm, Act.EDITED, acts.edit, notice)


@desk.route("/dossiers/<int:incident_id>/corriger", methods=["GET", "POST"])
def correct(incident_id: int) -> ResponseReturnValue:
    """The correction of a published case, with a public note."""
    notice = _("La correction est publiée, avec sa note.")
    run = partial(acts.correct, store=key_store())
    return run_editor(open_case(incident_id), editor_forms.CorrectForm, Act.CORRECTED, run, notice)


@desk.route("/dossiers/<int:incident_id>/caviarder", methods=["GET", "POST"])
@asks_password(_("caviarder un dossier publié"))
def redact(incident_id: int) -> ResponseReturnValue:
    """The redaction of a passage from a case, its follow-ups, replies and notes."""
    notice = _(
        "Le passage est retiré : le public ne le lit plus dans aucune version. Il sera détruit "
        "quand un autre membre l’aura confirmé, ou dans trente jours."
    )
    return run_editor(open_case(incident_id), RedactForm, Act.REDACTED, acts.redact, notice)


@desk.route("/dossiers/<int:incident_id>/suite", methods=["GET", "POST"])
def follow_up(incident_id: int) -> ResponseReturnValue:
    """A follow-up: a dated text and the new state of the affair."""
    notice = _("La suite est publiée.")
    return run_editor(
        open_case(incident_id), editor_forms.FollowUpForm, Act.FOLLOWED_UP, acts.follow_up, notice
    )


@desk.post("/apercu")
def preview() -> ResponseReturnValue:
    """A Markdown text as HTML, as a fragment of a page."""
    try:
        html, error_text, status = render_markdown(request.form.get("texte", "")), "", 200
    except TextError as error:
        html, error_text, status = "", error_sentence(error), 422
    return render_template("web/markdown_preview.html", html=html, error_text=error_text), status


@dataclass
class EditorPage:
    """The state of a page of the editor; ``file`` is None for a new case.

    ``both``: after a conflict, the differences between the stored content and the submitted one;
    ``untouched``: the fields that the member did not change.
    """

    act: Act
    file: DeskCase | None
    form: Any
    error_text: str = ""
    both: Sequence[FieldChange] | None = None
    untouched: Collection[str] = ()
    preview: str = ""
    focus: str = ""
    likely: Sequence[PossibleDuplicate] = ()
    review: RedactionReview | None = None

    def to_response(self, status: int = 200) -> ResponseReturnValue:
        """Render the page."""
        if self.file is not None:
            # The page shows the reports that the case retains.
            note_retained_view(self.file.id)
        values = {
            **vars(self),
            "act": self.act.value,
            "resumed": resumed_change(self.file),
            "flags": self.flag_lines(),
        }
        # Each view has a template of its name.
        template = f"cases/desk/editor_{str(request.endpoint).rpartition('.')[2]}.html"
        return render_template(template, page=self, **values), status

    def flag_lines(self) -> Sequence[FlagLine]:
        """The flags that need a reason: of a public case, those of the words that are added."""
        document = self.file.snapshot.content if self.file else {}
        arguments = self.form.arguments()
        flags: Sequence[Flag]
        if self.act in (Act.DRAFTED, Act.EDITED):
            flags = risk_flags(self.form.content(Content()), displayed_texts(document))
        else:
            words = {name: arguments[name] for name in _ADDED_TEXTS if name in arguments}
            content = self.form.content(parse_content(document))
            flags = second_person.new_flags(document, Proposal(self.act, "", content, words))
        return content_words.flag_lines(flags, arguments["flag_reasons"])


def run_editor(
    desk_case: DeskCase | None,
    form_class: type[EditorForm],
    act: Act,
    run: Callable[..., Any],
    notice: Any,
) -> ResponseReturnValue:
    """Show the editor, or run the action of its button.

    :param desk_case: the present case; None for a new one.
    :param run: the act; takes the transaction, the id of the case, the content, the member and
        the arguments of the form.
    :raises Refused: the state of the case does not allow the act.
    """
    stored = (
        form_class.initial_values(desk_case) if desk_case else editor_forms.form_values(Content())
    )
    if request.method != "POST":
        if desk_case:
            act_permissions.require_possible(CaseState(desk_case.state), act)
            stored["vu"] = str(desk_case.revision_id or 0)
        resumed_values = _resumed_values(form_class, desk_case, act)
        form = form_class(data={"vu": "0", **stored, **resumed_values})
        form.load_pieces(desk_case, is_opened=True)
        return EditorPage(act, desk_case, form).to_response()
    page = EditorPage(act, desk_case, form_class(data=stored))
    page.form.load_pieces(desk_case, is_opened=False)
    page.form.restore(request.form.getlist(TAKE_STORED), stored)
    button = request.form.get("faire", SAVE)
    if button[:1] in ("+", "-"):
        page.focus = _change_rows(page.form, button)
        return page.to_response()
    if button == PREVIEW:
        return _preview_page(page)
    return _save_form(page, run, notice)


def resumed_change(desk_case: DeskCase | None) -> PendingChange | None:
    """The pending change with the id in the address or form, if the member may take it up."""
    change_id = parse_id(request.values.get(CHANGE_PARAMETER, ""))
    session, member = db.session(), current_member.member()
    rows = [row for row in (desk_case.changes if desk_case else ()) if row.id == change_id]
    return next((row for row in rows if second_person.may_take_up(session, row, member)), None)


def _resumed_values(
    form_class: type[EditorForm], desk_case: DeskCase | None, act: Act
) -> Mapping[str, Any]:
    """The values of the form's fields from the member's own change by the same act."""
    change = resumed_change(desk_case)
    if desk_case is None or change is None or change.proposal.act is not act:
        return {}
    proposal = change.proposal
    words = dict(proposal.words or {})
    if "title" in words:
        words["heading"] = words.pop("title")
    return {
        **(form_class.values_of(desk_case, proposal.content) if proposal.content else {}),
        **words,
        # The revision that it was based on: saving then shows later changes as a conflict.
        "vu": str(change.revision_id),
        "reason": proposal.reason,
        "flag_reasons": proposal.flag_reasons,
    }


def _change_rows(form: EditorForm, button: str) -> str:
    """Add or remove a row of a list, and return the id of the element to focus."""
    lists, name = form.lists(), button[1:]
    if button.startswith(f"+{PIECE_PREFIX}") and isinstance(form, CaseForm):
        return form.add_piece(name.removeprefix(PIECE_PREFIX))
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
        if name in page.form:
            page.form[name].errors = []
    field = page.form[page.form.markdown_field]
    try:
        page.preview = render_markdown(field.data)
    except TextError as error:
        field.errors = [*field.errors, error_sentence(error)]
    page.focus = "apercu" if page.preview else ""
    if page.file is None:
        # Show possible duplicates before a second draft of the same case is saved.
        page.likely = similar_cases(page.form.content(Content()))
    return page.to_response()


def _save_form(page: EditorPage, run: Callable[..., Any], notice: Any) -> ResponseReturnValue:
    if not page.form.validate():
        return page.to_response(422)
    if page.file is not None:
        page.review = page.form.review(page.file)
        if page.review is not None:
            page.focus = "revue"
            return page.to_response(422 if page.review.errors else 200)
    incident_id = page.file.id if page.file else 0
    resumed = resumed_change(page.file)
    resumed_id = resumed.id if resumed is not None else None
    content = page.form.content(page.file.content if page.file else Content())

    def save(tx: WriteTransaction, by: int) -> Any:
        saved = run(tx, incident_id, content=content, by=by, **page.form.arguments())
        if resumed_id is not None:
            acts.refuse_change(tx, resumed_id, by=by)
        return saved

    try:
        saved = current_member.run_act(save)
    except (Refused, Invalid, Incomplete) as error:
        return _refused_page(page, error)
    if page.file is None:
        return redirect_to_case(saved.id, notice)
    waits = saved.act == Act.CHANGE_PROPOSED
    return redirect_to_case(incident_id, awaits_approval_notice() if waits else notice)


def _refused_page(page: EditorPage, error: RegisterError) -> ResponseReturnValue:
    """Show the refused form, with the error at its field or at the top of the page."""
    if error.key == "changed_meanwhile" and page.file:
        _show_conflict(page, open_case(page.file.id))
    elif error.key == "checklist":
        page.error_text = page.form.attach_checks(error)
    elif error.key == "content":
        unplaced = page.form.attach_faults(error.values["faults"])
        page.error_text = " ".join(fault_sentence(fault) for fault in unplaced)
    else:
        default_name = page.form.markdown_field if isinstance(error, TextError) else ""
        name = str(error.values.get("field", default_name))
        field = page.form._fields.get({"title": "heading"}.get(name, name))
        sentence = typeset(error_sentence(error))
        if field is None or isinstance(field.errors, dict):
            page.error_text = sentence
        else:
            field.errors = [*field.errors, sentence]
    return page.to_response(status_of(error))


def _show_conflict(page: EditorPage, desk_case: DeskCase) -> None:
    """Show the stored content beside the submitted one, and let the form be saved over it."""
    seen_revision, page.file = page.form.seen, desk_case
    mine = field_texts(asdict(page.form.content(desk_case.content)))
    theirs = field_texts(asdict(desk_case.content))
    try:
        past = revisions.case_at_revision(
            db.session(), current_member.member(), desk_case.id, seen_revision
        )
        seen = field_texts(asdict(past.content))
    except NotFound:
        seen = {}
    page.both = field_changes(theirs, mine)
    page.untouched = [name for name, words in mine.items() if seen.get(name) == words]
    page.form.renew(desk_case)
    page.focus = "deux-versions"
