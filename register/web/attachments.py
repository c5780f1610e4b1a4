"""Evidence files as downloads: streamed, never shown by the browser as a page of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flask import Response

from register.errors import Unavailable
from register.evidence.file_kinds import FILE_TYPES
from register.evidence.sealed_files import BLOB_BYTES, FileManifest, SealedFiles

# By media type, for a name of our own: that of the sender may be anything.
_EXTENSIONS = {
    "image/jpeg": "jpg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
    "video/x-matroska": "mkv",
    "video/matroska": "mkv",
    "text/plain": "txt",
}
_KNOWN_TYPES = {file_type.mime for file_type in FILE_TYPES}


def attachment_name(file: FileManifest) -> str:
    """A name that says nothing: the beginning of the digest, and the format."""
    extension = _EXTENSIONS.get(file.mime) or Path(file.mime).name
    known = file.mime in _KNOWN_TYPES and extension.isalnum()
    return f"piece-{file.sha256[:12]}.{extension if known else 'bin'}"


def original_as_attachment(files: SealedFiles, file: FileManifest) -> Response:
    """An original as a download, one blob of it in memory.

    :raises Unavailable: ``evidence_missing`` when bytes of it are gone, ``evidence_away``.
    """
    if not files.is_whole(file):
        raise Unavailable("evidence_missing")

    def chunks() -> Iterator[bytes]:
        reader = files.open(file)
        while chunk := reader.read(BLOB_BYTES):
            yield chunk

    response = Response(chunks(), mimetype="application/octet-stream")
    response.content_length = file.size
    response.headers["Content-Disposition"] = f'attachment; filename="{attachment_name(file)}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "no-store"
    return response
