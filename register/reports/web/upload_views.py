"""Files sent in parts by the script of the form, each part sealed as one blob.

A part that is sent again replaces itself, so a lost connection costs one part. The script holds the
token of its upload in memory; neither the device nor the server stores what to resume.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from register.concurrency_limit import Bulkhead
from register.db import db, now
from register.errors import Invalid, RegisterError, Unavailable
from register.evidence import file_kinds
from register.evidence.models import EvidenceFile
from register.evidence.sealed_files import BLOB_BYTES, new_file
from register.reports.web import follow_up_page, public_forms, upload_tokens
from register.reports.web.file_field import file_words
from register.reports.web.public_forms import DESK_FORM, FORM_NAME, OUTAGE_ERRORS, REPLY_FORM_NAME
from register.reports.web.upload_tokens import ARRIVED, UNDER_WAY, ReceivedFile
from register.web import messages, rate_limits
from register.web.blueprints import submit
from register.web.error_messages import error_sentence
from register.web.errors import RETRY_AFTER, status_of
from register.web.request_context import current_mode, sealed_files

ADDRESS = "/signaler/fichiers"
# Threads that seal parts, and that read whole files; further requests wait, then come again.
_part_turns = Bulkhead(6, 14, 5.0)
_reading_turns = Bulkhead(2, 4, 20.0)
# The tokens of the public forms that have files.
_FORM_PURPOSES = (FORM_NAME, REPLY_FORM_NAME, follow_up_page.PURPOSE)

UploadView = Callable[[], ResponseReturnValue]


def _answers_json(view: UploadView) -> UploadView:
    """Decorate a view whose errors are a sentence for the script: 503 means to come again."""

    @wraps(view)
    def wrapped() -> ResponseReturnValue:
        try:
            return view()
        except (RegisterError, *OUTAGE_ERRORS) as error:
            cause = upload_tokens.upload_error(error)
            status = 503 if isinstance(cause, Unavailable) else status_of(cause)
            if cause.key == "evidence_full":
                status = 507  # not worth a second try
            headers = {"Retry-After": str(RETRY_AFTER)} if status == 503 else {}
            return jsonify(erreur=error_sentence(cause)), status, headers

    return wrapped


@submit.post(f"{ADDRESS}/commencer", endpoint="upload_begin")
@_answers_json
def begin() -> ResponseReturnValue:
    """The token of a new upload, for a file of a declared name and size."""
    form_token = request.form.get("jeton", "")
    is_member = public_forms.read_token(DESK_FORM, form_token) is not None
    if not is_member and not any(
        public_forms.read_token(purpose, form_token) for purpose in _FORM_PURPOSES
    ):
        raise Invalid("evidence_form")
    # The script waits, and begins once the register is open again.
    current_mode().require_open()
    seconds = 0 if is_member else rate_limits.wait("upload")
    if seconds:
        pattern = str(messages.evidence.upload_words["too_often"])
        return jsonify(erreur=pattern % {"time": rate_limits.wait_words(seconds)}), 429
    size = _number("taille")
    if not size:
        raise Invalid("evidence_empty")
    upload_tokens.require_room(size)
    name = upload_tokens.clean_name(request.form.get("nom"))
    upload = upload_tokens.seal_token(UNDER_WAY, replace(new_file(name), size=size), now())
    return jsonify(envoi=upload.token, octets=BLOB_BYTES)


@submit.post(f"{ADDRESS}/partie", endpoint="upload_part")
@_answers_json
def part() -> Response:
    """Seal a part of a file; the first one is refused when its kind is."""
    upload, index = _upload(), _number("rang")
    manifest = upload.manifest
    file = request.files.get("partie")
    chunk = file.stream.read() if file else b""
    if not chunk or len(chunk) != min(BLOB_BYTES, manifest.size - index * BLOB_BYTES):
        raise Invalid("evidence_length")
    if not index:
        file_kinds.recognise(chunk[: file_kinds.HEAD_BYTES], manifest.size)
    upload_tokens.require_room(len(chunk))
    with _part_turns.turn():
        sealed_files().write_blob(manifest, index, chunk)
    return jsonify(rang=index)


@submit.post(f"{ADDRESS}/finir", endpoint="upload_finish")
@_answers_json
def finish() -> Response:
    """The token of a whole file, which is read once more for its digest."""
    upload, files = _upload(), sealed_files()
    if not files.is_whole(upload.manifest):
        raise Invalid("evidence_length")
    digest, head = hashlib.sha256(), b""
    with _reading_turns.turn():
        for chunk in files.parts(upload.manifest):
            head = head or chunk[: file_kinds.HEAD_BYTES]
            digest.update(chunk)
    mime = file_kinds.recognise(head, upload.manifest.size)
    manifest = replace(upload.manifest, mime=mime, sha256=digest.hexdigest())
    arrived = upload_tokens.seal_token(ARRIVED, manifest, upload.begun_at)
    return jsonify(fichier=arrived.token, nom=manifest.name, mots=file_words(manifest))


@submit.post(f"{ADDRESS}/annuler", endpoint="upload_cancel")
@_answers_json
def cancel() -> Response:
    """Delete what arrived of a file, unless a report has it."""
    upload = _upload()
    if db.session.get(EvidenceFile, upload.manifest.file_id) is None:
        sealed_files().delete(upload.manifest.file_id)
    return jsonify()


def _upload() -> ReceivedFile:
    """The upload of the request's token.

    :raises Invalid: ``evidence_again`` for a forged and for an old one.
    """
    upload = upload_tokens.read_token(UNDER_WAY, request.form.get("envoi", ""))
    if upload is None or upload.is_old:
        raise Invalid("evidence_again")
    return upload


def _number(field: str) -> int:
    digits = request.form.get(field, "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 12):
        raise Invalid("evidence_length")
    return int(digits)
