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

from register.cases.members_journal import Line
from register.errors import Invalid, Refused
from register.exchange.case_file import CaseFile, Version
from register.journal import Entry
from register.journal.canonical import canonical

FORM = 1
MANIFEST = "manifest.json"
PAGE, STYLE = "index.html", "style.css"
# The earliest moment that a ZIP archive can tell: a true one would differ each time.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PRIVATE = 0o600


def archive(found: CaseFile, page: bytes, style: bytes) -> bytes:
    """The whole archive.

    :param page: what a person reads, as HTML that names ``style.css`` beside it.
    """
    files = {PAGE: page, STYLE: style, **dict(_files(found))}
    manifest = {
        "form": FORM,
        "case": found.number,
        "dossier": found.dossier,
        "ledgers": dict(found.ledgers),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    return _zipped({MANIFEST: canonical(manifest), **files})


def _files(found: CaseFile) -> Iterator[tuple[str, bytes]]:
    members = {str(member): name for member, name in found.members.items()}
    around = {name: list(rows) for name, rows in found.around.items()}
    yield "dossier.json", canonical({"case": found.standing, "members": members, **around})
    for ledger, lines in found.segments.items():
        yield f"journal/{ledger.value}.jsonl", lines
    opened = [_opened(line, kept) for line, kept in zip(found.lines, found.kept, strict=True)]
    yield "journal/lines.json", canonical({"lines": opened})
    for version in found.versions:
        yield from _version(version)
    if found.reports:
        yield "signalements.json", canonical({"reports": [sent.told() for sent in found.reports]})


def _opened(line: Line, kept: Entry) -> dict[str, object]:
    """What opens the private part of a line."""
    return {
        "ledger": line.ledger,
        "seq": line.seq,
        "digest": line.digest,
        "salt": kept.private_salt.hex(),
        "private": line.private,
    }


def _version(version: Version) -> Iterator[tuple[str, bytes]]:
    yield f"{version.folder}version.json", canonical(version.told)
    if version.content is not None:
        # As they were hashed, byte for byte.
        yield f"{version.folder}text.json", version.content
        yield f"{version.folder}page.json", version.page or b""


def _zipped(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = _PRIVATE << 16
            made.writestr(entry, files[name])
    return data.getvalue()


def save(data: bytes, path: Path, *, replace: bool = False) -> None:
    """Write a file that its owner alone may read.

    :raises Refused: ``file_exists``, unless it may be replaced.
    :raises Invalid: ``file_unwritable``: what is left of the attempt is taken away.
    """
    # Written beside it first: whoever replaces a file must not lose it to a full disk.
    part = path.with_name(f".{path.name}.part") if replace else path
    try:
        if replace:
            part.unlink(missing_ok=True)
        # Never through a link, and never over what is there.
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except FileExistsError as error:
        raise Refused("file_exists", path=str(path)) from error
    except OSError as error:
        raise Invalid("file_unwritable", path=str(path), cause=error.strerror) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Invalid("file_unwritable", path=str(path), cause=error.strerror) from error
