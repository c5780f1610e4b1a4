"""Files of a report on the desk: the list beside its texts, and the download of an original."""

from __future__ import annotations

from flask import Response

from register.db import db
from register.errors import NotFound
from register.evidence.file_kinds import extension
from register.reports.report_files import ReportFile, report_files
from register.reports.web.desk import detail, report_list_query
from register.web.blueprints import desk
from register.web.file_response import send_attachment
from register.web.request_context import key_store, sealed_files


@desk.app_template_global("report_files")
def files_of_report(key: str) -> list[ReportFile]:
    """The files of a report and of its messages."""
    return report_files(db.session(), key_store(), key)


@desk.get(f"/signalements/{report_list_query.KEY_RULE}/fichiers/<string(length=32):file_key>")
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
