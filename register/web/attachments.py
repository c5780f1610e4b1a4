"""Evidence files as downloads: streamed, never shown by the browser as a page of ours."""

from __future__ import annotations

from pathlib import Path

from flask import Response

from register.errors import Unavailable
from register.evidence.file_kinds import KINDS
from register.evidence.sealed_files import FileManifest, SealedFiles

# By media type, for a name of our own: that of the sender may be anything.
_EXTENSIONS = {
    "image/jpeg": "jpg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
    "video/matroska": "mkv",
    "text/plain": "txt",
}


def attachment_name(file: FileManifest) -> str:
    """A name that says nothing: the beginning of the digest, and the format."""
    known = file.mime in KINDS
    extension = _EXTENSIONS.get(file.mime, Path(file.mime).name) if known else "bin"
    return f"piece-{file.sha256[:12]}.{extension}"


def original_as_attachment(files: SealedFiles, file: FileManifest) -> Response:
    """An original as a download, one blob of it in memory.

    :raises Unavailable: ``evidence_missing`` when bytes of it are gone, ``evidence_away``.
    """
    if not files.is_whole(file):
        raise Unavailable("evidence_missing")

    response = Response(files.chunks(file), mimetype="application/octet-stream")
    response.content_length = file.size
    response.headers["Content-Disposition"] = f'attachment; filename="{attachment_name(file)}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "no-store"
    return response
