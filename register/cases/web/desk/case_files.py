"""Files of a case: the list, their clean copies and their editor, and all of them for a lawyer."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.accounts.web import current_member
from register.accounts.web.current_member import run_act
from register.cases import acts
from register.cases.act_permissions import POSSIBLE_ACTS
from register.cases.case_evidence import case_evidence
from register.cases.copies import FileCopy, file_copies
from register.cases.copy_storage import CopyState
from register.cases.member_view import DeskCase
from register.cases.models import CaseState
from register.cases.web.desk import act_view, copy_edit_form
from register.cases.web.desk.content_words import case_file_archive
from register.cases.web.public.piece_view import find_copy
from register.db import db
from register.errors import CopyError, Invalid, NotFound, Refused
from register.evidence.file_kinds import KINDS, FileKind
from register.evidence.sealed_files import FileManifest
from register.journal import Act
from register.web import messages
from register.web.blueprints import desk
from register.web.error_messages import error_sentence
from register.web.errors import status_of
from register.web.file_response import send_file
from register.web.request_context import key_store, sealed_files

# Bytes of a text that the editor shows.
_TEXT_BYTES = 2_000_000


@dataclass(frozen=True)
class FileSummary:
    """A file of a case with its copies, the last one first."""

    key: str
    file: FileManifest
    copies: Sequence[FileCopy] = ()

    @property
    def kind(self) -> FileKind:
        """What it is to a reader."""
        return KINDS[self.file.mime]

    @property
    def copy(self) -> FileCopy | None:
        """The last copy, in any state."""
        return self.copies[0] if self.copies else None

    @property
    def base(self) -> FileCopy | None:
        """The last copy without edits, on which a member marks what to take out."""
        ready = (copy for copy in self.copies if copy.state is CopyState.READY)
        return next((copy for copy in ready if not copy.is_edited), None)

    @property
    def shown(self) -> FileCopy | None:
        """The last copy that is ready."""
        return next((copy for copy in self.copies if copy.state is CopyState.READY), None)

    @property
    def why(self) -> str:
        """Why there is no copy; empty unless the last one failed."""
        if self.copy is None or self.copy.state is not CopyState.FAILED:
            return ""
        return error_sentence(CopyError(self.copy.reason, **self.copy.order.values))

    @property
    def looked_by(self) -> list[int]:
        """The members who looked at the pages of the last ready copy."""
        pages = self.shown.pages if self.shown else ()
        return list(dict.fromkeys(page.looked_by for page in pages if page.looked_by is not None))


def load_files(incident_id: int) -> list[FileSummary]:
    """The files of a case in their order."""
    session, store = db.session(), key_store()
    files = case_evidence(session, store, incident_id)
    copies = file_copies(session, store, incident_id) if files else {}
    return [FileSummary(row.key, file, copies.get(row.key, ())) for row, file in files]


def load_file(incident_id: int, key: str) -> FileSummary:
    """One file of a case.

    :raises NotFound: ``no_such_case_file``.
    """
    for summary in load_files(incident_id):
        if summary.key == key:
            return summary
    raise NotFound("no_such_case_file")


@desk.get("/dossiers/<int:incident_id>/pieces/<digest>")
def desk_piece_file(incident_id: int, digest: str) -> Response:
    """A copy of the case in any version, before and after it is public."""
    manifest = find_copy(act_view.open_case(incident_id).id, digest)
    name = f"dossier-{incident_id}-{digest[:12]}"
    return send_file(manifest, name=name, cache_control="no-store")


@desk.get("/dossiers/<int:incident_id>/dossier-avocat.zip")
def case_file(incident_id: int) -> ResponseReturnValue:
    """The case file for a lawyer, as an archive."""
    number = act_view.open_case(incident_id).number
    if number is None:
        raise NotFound("no_such_number", number=0)
    act_view.note_retained_view(incident_id)
    parts, _gathered = case_file_archive(number)
    headers = {"Content-Disposition": f'attachment; filename="dossier-{number}.zip"'}
    return Response(parts, mimetype="application/zip", headers=headers)


@desk.get("/dossiers/<int:incident_id>/pieces", endpoint="case_files")
def files_page(incident_id: int, error_text: str = "") -> str:
    """The files of a case and the state of their clean copies, with why something was not done."""
    desk_case = act_view.open_case(incident_id)
    act_view.note_retained_view(incident_id)
    return render_template(
        "cases/desk/files.html",
        file=desk_case,
        files=load_files(incident_id),
        error_text=error_text,
        **_page_values(desk_case),
    )


@desk.post("/dossiers/<int:incident_id>/pieces/<key>/copier")
def copy_file(incident_id: int, key: str) -> ResponseReturnValue:
    """Ask for the copy of a file without edits."""
    return _request_copy(incident_id, key, {})


@desk.route("/dossiers/<int:incident_id>/pieces/<key>/copie", methods=["GET", "POST"])
def edit_copy(incident_id: int, key: str) -> ResponseReturnValue:
    """The editor of a copy: its pages, and what is taken out of them."""
    summary = load_file(incident_id, key)
    if request.method != "POST":
        act_view.note_retained_view(incident_id)
        return _editor_page(incident_id, summary)
    fields = copy_edit_form.sent_fields(request.form)
    edits = fields.edits(_text(summary))
    if fields.faults:
        return _editor_page(incident_id, summary, fields=fields), 422
    return _request_copy(incident_id, key, edits)


@desk.post("/dossiers/<int:incident_id>/pieces/<key>/regarder")
def review_copy(incident_id: int, key: str) -> ResponseReturnValue:
    """Note which pages of a copy the member looked at."""
    summary = load_file(incident_id, key)
    pages = {page.key: page for page in (summary.shown.pages if summary.shown else ())}
    page_keys = list(dict.fromkeys(request.form.getlist("page")))
    if set(page_keys) - set(pages):
        raise NotFound("no_such_copy_page")
    page_keys = [page_key for page_key in page_keys if not pages[page_key].is_looked]
    if not page_keys:
        why = _("Cochez les pages que vous avez regardées.")
        return _editor_page(incident_id, summary, why), 422
    store = key_store()

    def run(tx: Any, by: int) -> None:
        for page_key in page_keys:
            acts.review_page(tx, store, incident_id, page_key, by=by)

    try:
        run_act(run)
    except Refused as error:
        return _editor_page(incident_id, load_file(incident_id, key), error_sentence(error)), 409
    notice = _("C’est noté : vous avez regardé ce qui est coché.")
    return act_view.redirect_to_case(incident_id, notice, page=f"pieces/{key}/copie")


@desk.post("/dossiers/<int:incident_id>/pieces/<key>/retirer")
def remove_file(incident_id: int, key: str) -> ResponseReturnValue:
    """Remove the copies of a file, or the file with its copies."""
    store, reason = key_store(), request.form.get("motif", "")
    is_whole = request.form.get("quoi") == "fichier"
    remove = partial(acts.remove_file, only_copies=not is_whole)
    try:
        run_act(lambda tx, by: remove(tx, store, incident_id, key, reason, by=by))
    except (Refused, Invalid) as error:
        sentence = error_sentence(error)
        if isinstance(error, Invalid):
            sentence = _("Choisissez un motif.")
        summary = load_file(incident_id, key)
        return _editor_page(incident_id, summary, sentence), status_of(error)
    notice = (
        _("Le fichier est retiré, avec ses copies.") if is_whole else _("Les copies sont retirées.")
    )
    return act_view.redirect_to_case(incident_id, notice, page="pieces")


def _request_copy(incident_id: int, key: str, edits: Any) -> ResponseReturnValue:
    store = key_store()
    try:
        run_act(lambda tx, by: acts.request_copy(tx, store, incident_id, key, edits, by=by))
    except Refused as error:
        return files_page(incident_id, error_sentence(error)), status_of(error)
    return redirect(act_view.case_address(incident_id, f"pieces/{key}/copie"), 303)


def _editor_page(
    incident_id: int,
    summary: FileSummary,
    error_text: str = "",
    *,
    fields: copy_edit_form.EditFields | None = None,
) -> str:
    """The editor with what was typed, or with the edits of the last copy."""
    desk_case, text = act_view.open_case(incident_id), _text(summary)
    return render_template(
        "cases/desk/copy.html",
        file=desk_case,
        summary=summary,
        fields=fields or copy_edit_form.stored_fields(summary.copy, text),
        text=text,
        shown_text=_page_text(summary.shown),
        error_text=error_text,
        **_page_values(desk_case),
    )


def _page_values(desk_case: DeskCase) -> dict[str, Any]:
    state = CaseState(desk_case.state)
    is_public = state is CaseState.PUBLISHED
    return {
        "may_change": Act.COPY_REQUESTED in POSSIBLE_ACTS[state],
        "listed": lambda codes: ", ".join(
            str(messages.evidence.edit_words[code]) for code in codes
        ),
        "editor": act_view.case_address(
            desk_case.id, "corriger#pieces" if is_public else "modifier#pieces"
        ),
        "who_looked": lambda ids: ", ".join(map(current_member.display_name, ids)),
    }


def _text(summary: FileSummary) -> str:
    """The clean text of a text file, without edits."""
    return _page_text(summary.base) if summary.kind is FileKind.TEXT else ""


def _page_text(copy: FileCopy | None) -> str:
    if copy is None or copy.kind is not FileKind.TEXT:
        return ""
    with io.BufferedReader(sealed_files().open(copy.pages[0].file)) as file:
        return file.read(_TEXT_BYTES).decode("utf-8", "replace")
