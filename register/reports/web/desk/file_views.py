"""Files of a report on the desk: their list, the download of an original, its destruction."""

from __future__ import annotations

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from register.db import db
from register.errors import NotFound
from register.evidence.file_kinds import extension
from register.reports import acts
from register.reports.report_files import FileDestruction, ReportFile, destroyed_files, report_files
from register.reports.web.desk import detail, report_list_query
from register.web.blueprints import asks_password, desk
from register.web.file_response import send_attachment
from register.web.request_context import key_store, sealed_files


@desk.app_template_global("report_files")
def files_of_report(key: str) -> list[ReportFile]:
    """The files of a report and of its messages."""
    return report_files(db.session(), key_store(), key)


@desk.app_template_global("destroyed_report_files")
def destroyed_files_of_report(key: str) -> list[FileDestruction]:
    """The files of a report that members had destroyed."""
    return destroyed_files(db.session(), key_store(), key)


_ADDRESS = f"/signalements/{report_list_query.KEY_RULE}/fichiers/<string(length=32):file_key>"


@desk.get(_ADDRESS)
def report_file(key: str, file_key: str) -> Response:
    """An original as a download, for members; the view of the report is recorded.

    :raises NotFound: ``no_sent_file``.
    """
    detail.open_report(key)
    files = [file for file in files_of_report(key) if file.key == file_key]
    if not files:
        raise NotFound("no_sent_file")
    manifest = files[0].manifest
    # A name that says nothing: the beginning of the digest, and the format.
    name = f"piece-{manifest.sha256[:12]}.{extension(manifest.mime)}"
    return send_attachment(sealed_files(), manifest, name)


@desk.post(f"{_ADDRESS}/detruire", endpoint="report_file_destroy")
@asks_password(_("détruire un fichier d’un signalement"))
def destroy_file(key: str, file_key: str) -> ResponseReturnValue:
    """Have a file destroyed for good; its author reads why."""
    store, reason = key_store(), request.form.get("motif", "")
    if not reason:
        error_text = str(_("Rien n’est détruit : choisissez un motif."))
        return detail.report_page(detail.open_report(key), error_text=error_text), 422
    return detail.run_report_act(
        key,
        lambda tx, by: acts.destroy_file(tx, store, key, file_key, reason, by=by),
        _("Le fichier est détruit. Son auteur lira pourquoi."),
        anchor="#fichiers",
    )
