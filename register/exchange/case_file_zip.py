"""A case file as one ZIP archive, which ``docs/verifier.py`` checks without the register.

What it holds, and what can be proved from it, is told in ``docs/moderation.md``. The same state
of the register gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from register.cases.members_journal import MembersJournalLine
from register.errors import Invalid, Refused
from register.exchange.case_file import CaseFile, CaseVersion
from register.journal import JournalEntry
from register.journal.canonical import canonical_json

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
PAGE, STYLE = "index.html", "style.css"
# The earliest moment that a ZIP archive can tell: a true one would differ each time.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PRIVATE = 0o600


def build_archive(case_file: CaseFile, page: bytes, style: bytes) -> bytes:
    """The whole archive.

    :param page: what a person reads, as HTML that names ``style.css`` beside it.
    """
    files = {PAGE: page, STYLE: style, **dict(_files(case_file))}
    manifest = {
        "form": FORMAT_VERSION,
        "case": case_file.number,
        "dossier": case_file.dossier,
        "ledgers": dict(case_file.ledgers),
        "files": {
            name: hashlib.sha256(file_bytes).hexdigest() for name, file_bytes in files.items()
        },
    }
    return _zip_bytes({MANIFEST: canonical_json(manifest), **files})


def _files(case_file: CaseFile) -> Iterator[tuple[str, bytes]]:
    members = {str(member): name for member, name in case_file.members.items()}
    related = {name: list(rows) for name, rows in case_file.related_rows.items()}
    yield (
        "dossier.json",
        canonical_json({"case": case_file.state_fields, "members": members, **related}),
    )
    for ledger, lines in case_file.segments.items():
        yield f"journal/{ledger.value}.jsonl", lines
    opened_lines = [
        _line_opening(line, journal_entry)
        for line, journal_entry in zip(case_file.lines, case_file.journal_entries, strict=True)
    ]
    yield "journal/lines.json", canonical_json({"lines": opened_lines})
    for version in case_file.versions:
        yield from _version_files(version)
    if case_file.reports:
        yield (
            "signalements.json",
            canonical_json({"reports": [sent.public_fields() for sent in case_file.reports]}),
        )


def _line_opening(line: MembersJournalLine, journal_entry: JournalEntry) -> dict[str, object]:
    """What opens the private part of a line."""
    return {
        "ledger": line.ledger,
        "seq": line.seq,
        "digest": line.digest,
        "salt": journal_entry.private_salt.hex(),
        "private": line.private,
    }


def _version_files(version: CaseVersion) -> Iterator[tuple[str, bytes]]:
    yield f"{version.folder}version.json", canonical_json(version.metadata)
    if version.content is not None:
        # As they were hashed, byte for byte.
        yield f"{version.folder}text.json", version.content
        yield f"{version.folder}page.json", version.page or b""


def _zip_bytes(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zip_file:
        for name in sorted(files):
            zip_info = zipfile.ZipInfo(name, _EPOCH)
            zip_info.compress_type = zipfile.ZIP_DEFLATED
            zip_info.create_system = 3  # Unix, wherever it is made
            zip_info.external_attr = _PRIVATE << 16
            zip_file.writestr(zip_info, files[name])
    return buffer.getvalue()


def save(archive_bytes: bytes, path: Path, *, replace: bool = False) -> None:
    """Write a file that its owner alone may read.

    :raises Refused: ``file_exists``, unless it may be replaced.
    :raises Invalid: ``file_unwritable``: what is left of the attempt is taken away.
    """
    # Written beside it first: whoever replaces a file must not lose it to a full disk.
    temporary = path.with_name(f".{path.name}.part") if replace else path
    try:
        if replace:
            temporary.unlink(missing_ok=True)
        # Never through a link, and never over what is there.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except FileExistsError as error:
        raise Refused("file_exists", path=str(path)) from error
    except OSError as error:
        raise Invalid("file_unwritable", path=str(path), cause=error.strerror) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(archive_bytes)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise Invalid("file_unwritable", path=str(path), cause=error.strerror) from error
