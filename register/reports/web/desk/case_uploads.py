"""Files that a member adds to a case, and captures of its sources.

They are sealed as they arrive, as those of reporters are.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from functools import partial
from typing import BinaryIO, cast

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import HiddenField

from register.accounts.web.current_member import run_act
from register.cases import acts, cited_sources
from register.cases.case_evidence import case_evidence, case_key
from register.cases.web.desk import act_view
from register.cases.web.desk.act_forms import parse_id
from register.cases.web.desk.case_files import files_page
from register.cases.web.desk.sources import sources_page
from register.db import now
from register.errors import Invalid, Refused, Unavailable
from register.evidence.captures import WARC, archived_day, recognise_capture
from register.evidence.sealed_files import FileManifest
from register.journal import WriteTransaction
from register.reports.web import public_forms, upload_streams
from register.reports.web.file_field import files_field
from register.reports.web.public_forms import DESK_FORM, SessionlessForm
from register.text.dates import paris_day
from register.web.blueprints import desk, reads_form_with
from register.web.error_messages import error_sentence
from register.web.errors import status_of
from register.web.l10n import typeset, with_label
from register.web.request_context import key_store, sealed_files


class CaseFilesForm(SessionlessForm):
    """Files for a case. ``jeton`` lets the script send them in parts, as those of reporters."""

    jeton = HiddenField()
    fichiers = files_field()


@desk.app_template_global("case_files_form")
def empty_form() -> CaseFilesForm:
    """The form without files."""
    return CaseFilesForm(formdata=None, jeton=public_forms.new_token(DESK_FORM))


@desk.post("/pieces/avec-fichiers")
@reads_form_with(partial(upload_streams.receive_form, recognise_capture))
def add_files() -> ResponseReturnValue:
    """Add the files of the form to the case that it names; those that are refused are said.

    With the digest of a source, they are copies of its page. Sent again, they are there once.
    """
    incident_id, form = parse_id(request.form.get("dossier", "")), CaseFilesForm()
    source, store = request.form.get("source", ""), key_store()
    arrived = [file.manifest for file in upload_streams.arrivals().files]
    files: list[tuple[FileManifest, date | None]] = []
    reasons: list[str] = []

    def add(tx: WriteTransaction, by: int) -> int:
        if source:
            key = case_key(store, incident_id)
            for file, day in files:
                acts.add_source_copy(tx, incident_id, source, file, key, by=by, captured_on=day)
            return len(files)
        present = {file.sha256 for _row, file in case_evidence(tx.session, store, incident_id)}
        missing = [file for file, _day in files if file.sha256 not in present]
        for file in missing:
            acts.add_file(tx, store, incident_id, file, by=by)
        return len(missing)

    try:
        desk_case = act_view.open_case(incident_id)
        form.fichiers.require_whole()
        address = cited_sources.addresses(desk_case.snapshot.content).get(source, "")
        for file in form.fichiers.manifests:
            try:
                files.append((file, _capture_day(file, address)))
            except Invalid as error:
                reasons.append(with_label(file.name, error_sentence(error)))
                _discard([file])
        count = run_act(add) if files else 0
    except BaseException as error:
        _discard(arrived)
        if isinstance(error, Refused) and source:
            return sources_page(desk_case, typeset(error_sentence(error))), status_of(error)
        raise
    if count:
        flash(
            typeset(
                ngettext(
                    "%(count)s fichier ajouté.", "%(count)s fichiers ajoutés.", count, count=count
                )
            )
        )
    elif files:
        flash(typeset(_("Déjà dans le dossier : rien n’y est deux fois.")))
    reasons += [*form.fichiers.process_errors, *form.fichiers.errors]
    if not files and not reasons:
        reasons = [_("Choisissez au moins un fichier.")]
    if reasons:
        why = typeset(" ".join(dict.fromkeys(reasons)))
        return sources_page(desk_case, why) if source else files_page(incident_id, why), 422
    return redirect(act_view.case_address(incident_id, "sources" if source else "pieces"), 303)


def _capture_day(file: FileManifest, address: str) -> date | None:
    """The day that a web archive gives to the page of a source; None for another file.

    :raises Invalid: it is no capture of this page.
    """
    if file.mime != WARC:
        return None
    if not address:
        raise Invalid("evidence_kind")
    archive = cast(BinaryIO, sealed_files().open(file))
    return archived_day(archive, address, paris_day(now()))


def _discard(files: list[FileManifest]) -> None:
    # Those that cannot be deleted now are pending, and go after a day.
    with suppress(Unavailable, OSError):
        for file in files:
            sealed_files().delete(file.file_id)
