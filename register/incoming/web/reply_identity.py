"""What members alone read of a reply that was sent online: identity, contact, documents."""

from __future__ import annotations

from flask import Response, render_template

from register.accounts.web import current_member
from register.cases.web.desk.act_view import open_case_of_reply
from register.db import db
from register.errors import NotFound
from register.evidence.file_kinds import extension
from register.incoming import acts, queries
from register.web import messages
from register.web.blueprints import desk
from register.web.file_response import send_attachment
from register.web.request_context import key_store, sealed_files


@desk.app_template_global("online_replies")
def online_replies(incident_id: int) -> set[int]:
    """The ids of a case's replies that were sent online."""
    return queries.online_replies(db.session(), incident_id)


@desk.get("/reponses/<int:reply_id>/identite")
def reply_identity(reply_id: int) -> str:
    """The sealed part of a reply; its first reading is recorded, and its author learns the day."""
    desk_case = open_case_of_reply(reply_id)
    identity = queries.reply_identity(db.session(), key_store(), reply_id)
    if identity.read_on is None:
        current_member.run_act(lambda tx, by: acts.read(tx, identity.key, by=by))
    part = identity.part
    return render_template(
        "incoming/reply_identity.html",
        file=desk_case,
        reply=desk_case.reply(reply_id),
        identity=identity,
        role=messages.incoming.roles[part.role] if part else "",
    )


@desk.get("/reponses/<int:reply_id>/documents/<string(length=32):file_key>")
def reply_document(reply_id: int, file_key: str) -> Response:
    """A document that came with a reply, as a download.

    :raises NotFound: ``no_sent_file``.
    """
    open_case_of_reply(reply_id)
    files = dict(queries.reply_identity(db.session(), key_store(), reply_id).files)
    manifest = files.get(file_key)
    if manifest is None:
        raise NotFound("no_sent_file")
    name = f"document-{manifest.sha256[:12]}.{extension(manifest.mime)}"
    return send_attachment(sealed_files(), manifest, name)
