"""Download of the file of a case for a lawyer, with the originals of its evidence."""

from __future__ import annotations

from contextlib import suppress

from flask import Response
from flask.typing import ResponseReturnValue

from register.cases.web.desk import act_view
from register.cases.web.desk.content_words import case_file_archive
from register.db import db
from register.errors import NotFound, SealError
from register.web.blueprints import desk
from register.web.request_context import key_store, sealed_files


@desk.get("/dossiers/<int:incident_id>/dossier-avocat.zip")
def case_file(incident_id: int) -> ResponseReturnValue:
    """The case file for a lawyer, as an archive."""
    number = act_view.open_case(incident_id).number
    if number is None:
        raise NotFound("no_such_number", number=0)
    act_view.note_retained_view(incident_id)
    store, files = None, None
    # Without the key, the case file has neither reports nor files.
    with suppress(SealError):
        store, files = key_store(), sealed_files()
    parts, _gathered = case_file_archive(number, store, files)
    db.session.rollback()
    headers = {"Content-Disposition": f'attachment; filename="dossier-{number}.zip"'}
    return Response(parts, mimetype="application/zip", headers=headers)
