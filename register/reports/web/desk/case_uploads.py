"""Files that a member adds to a case, and captures of its sources.

They are sealed as they arrive, as those of reporters are.
"""

from __future__ import annotations

from contextlib import suppress

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from register.accounts.web.current_member import run_act
from register.cases import acts
from register.cases.case_evidence import case_key
from register.cases.web.desk import act_view
from register.cases.web.desk.case_files import files_page
from register.cases.web.desk.revision_forms import parse_id
from register.cases.web.desk.sources import sources_page
from register.errors import Unavailable
from register.evidence.sealed_files import FileManifest
from register.journal import WriteTransaction
from register.reports.web import upload_streams
from register.web.blueprints import desk, reads_form_with
from register.web.error_messages import error_sentence
from register.web.l10n import typeset, with_label
from register.web.request_context import key_store, sealed_files


@desk.post("/pieces/avec-fichiers")
@reads_form_with(upload_streams.receive_form)
def add_files() -> ResponseReturnValue:
    """Add the files of the form to the case that it names; those that are refused are said.

    With the digest of a source, they are copies of its page.
    """
    incident_id = parse_id(request.form.get("dossier", ""))
    arrivals = upload_streams.arrivals()
    files = [file.manifest for file in arrivals.files]
    store = key_store()
    source = request.form.get("source", "")

    def add(tx: WriteTransaction, by: int) -> None:
        for file in files:
            if source:
                key = case_key(store, incident_id)
                acts.add_source_copy(tx, incident_id, source, file, key, by=by)
            else:
                acts.add_file(tx, store, incident_id, file, by=by)

    try:
        desk_case = act_view.open_case(incident_id)
        if files:
            run_act(add)
    except BaseException:
        _discard(files)
        raise
    if files:
        count = len(files)
        flash(
            typeset(
                ngettext(
                    "%(count)s fichier ajouté.", "%(count)s fichiers ajoutés.", count, count=count
                )
            )
        )
    reasons = [
        with_label(refusal.name, error_sentence(refusal.error)) for refusal in arrivals.refusals
    ]
    if not files and not reasons:
        reasons = [_("Choisissez au moins un fichier.")]
    if reasons:
        why = " ".join(reasons)
        return sources_page(desk_case, why) if source else files_page(incident_id, why), 422
    return redirect(act_view.case_address(incident_id, "sources" if source else "pieces"), 303)


def _discard(files: list[FileManifest]) -> None:
    # Those that cannot be deleted now are pending, and go after a day.
    with suppress(Unavailable, OSError):
        for file in files:
            sealed_files().delete(file.file_id)
