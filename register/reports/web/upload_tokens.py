"""Tokens of uploaded files: what a form carries of a file until it is sent.

A token is encrypted: the page that carries it shows neither the key of the file nor when it came.
The server stores no list of uploads, and the device stores nothing.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from register import encryption
from register.db import is_disk_full, now
from register.errors import Invalid, ReadOnly, RegisterError, SealError, Unavailable
from register.evidence.sealed_files import NAME_LIMIT, FileManifest
from register.journal.models import canonical_json
from register.reports.report_content import SentFile
from register.reports.report_files import sent_file
from register.text.normalisation import one_line
from register.web import logs
from register.web.request_context import derived_key, sealed_files, settings

# The worker deletes what no report refers to, at the earliest 23 hours after it came: on the second
# day after it, one of which may have an hour less.
MAX_AGE = timedelta(hours=22)
_KEY_PURPOSE = "uploads of evidence"
# Purposes: a file under way, and one that arrived whole.
UNDER_WAY, ARRIVED = "upload under way", "upload that arrived"
_EXTENSION_LIMIT = 10


@dataclass(frozen=True)
class ReceivedFile:
    """A file that arrived whole, or is under way; ``begun_at``: when its first bytes came."""

    token: str
    manifest: FileManifest
    begun_at: datetime

    @property
    def is_old(self) -> bool:
        """Whether its bytes may be gone soon."""
        return not timedelta(0) <= now() - self.begun_at <= MAX_AGE

    @property
    def sent(self) -> SentFile:
        """What the content of a report says of it."""
        return sent_file(self.manifest)


def seal_token(purpose: str, manifest: FileManifest, begun_at: datetime) -> ReceivedFile:
    """A file with its token."""
    plain = canonical_json({"file": manifest.fields(), "at": begun_at.isoformat()})
    sealed = encryption.encrypt(derived_key(_KEY_PURPOSE), purpose, plain, b"")
    return ReceivedFile(base64.urlsafe_b64encode(sealed).decode("ascii"), manifest, begun_at)


def read_token(purpose: str, token: str) -> ReceivedFile | None:
    """The file of a token; None for a forged one, and for one of another purpose."""
    try:
        sealed = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        parsed = json.loads(encryption.decrypt(derived_key(_KEY_PURPOSE), purpose, sealed, b""))
    except (SealError, ValueError) as error:
        if isinstance(error, SealError) and error.key != "seal_opens_nothing":
            raise
        return None
    return ReceivedFile(
        token, FileManifest.parse(parsed["file"]), datetime.fromisoformat(parsed["at"])
    )


def clean_name(name: str | None) -> str:
    """A file's name as it may be shown: without folders and invisible characters, and short.

    Its end stays, by which people know what it is.
    """
    last = re.split(r"[/\\]", (name or "")[:4096])[-1]
    text = one_line(last)
    if len(text) > NAME_LIMIT:
        suffix = PurePosixPath(text).suffix[-_EXTENSION_LIMIT:]
        text = text[: NAME_LIMIT - len(suffix) - 1] + "…" + suffix
    return text


def upload_error(error: Exception) -> RegisterError:
    """Why a file is not taken; a failure that is not the file's own is logged."""
    if not isinstance(error, Invalid | ReadOnly):
        logs.log_outage(error)
    if isinstance(error, RegisterError):
        return error
    return Unavailable("evidence_full" if is_disk_full(error) else "busy")


def require_room(size: int) -> None:
    """Check that a file leaves room for texts.

    :raises Invalid: ``evidence_too_large``.
    :raises Unavailable: ``evidence_full``, ``evidence_away``.
    """
    if size > settings().evidence_file_bytes:
        raise Invalid("evidence_too_large", megabytes=settings().evidence_file_mb)
    if not sealed_files().has_room(size):
        raise Unavailable("evidence_full")
