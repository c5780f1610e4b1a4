"""Originals of a case's evidence in its file for a lawyer: byte for byte, read blob by blob."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.case_evidence import case_evidence
from register.cases.copies import file_copies
from register.cases.models import Incident
from register.evidence.sealed_files import BLOB_BYTES, FileManifest, SealedFiles
from register.exchange.case_file import MANIFEST
from register.journal.models import canonical_json
from register.key_store import KeyStore

FOLDER = "originaux"
LIST = f"{FOLDER}/liste.json"


@dataclass(frozen=True)
class CaseOriginal:
    """An original: its path in the archive, empty if bytes of it are lost, and its copies."""

    path: str
    file: FileManifest
    copies: Sequence[str]


def load_originals(
    session: Session, store: KeyStore | None, files: SealedFiles | None, number: int
) -> list[CaseOriginal]:
    """The originals of a case in their order; none without the key store."""
    incident_id = session.scalar(select(Incident.id).where(Incident.number == number))
    if store is None or files is None or incident_id is None:
        return []
    rows = case_evidence(session, store, incident_id)
    copies = file_copies(session, store, incident_id) if rows else {}
    originals = []
    for rank, (row, file) in enumerate(rows, start=1):
        pages = [page.sha256 for copy in copies.get(row.key, ()) for page in copy.pages]
        # The name is ours: that of the sender's device is in the list, and nowhere else.
        path = f"{FOLDER}/{rank:03d}-{file.sha256[:12]}" if files.is_whole(file) else ""
        originals.append(CaseOriginal(path, file, pages))
    return originals


def add_originals(
    archive: bytes, originals: Sequence[CaseOriginal], files: SealedFiles | None
) -> Iterable[bytes]:
    """An archive in parts, with the originals after its files and in its manifest.

    Every original has the digest of its manifest, or its blobs would not decrypt.
    """
    if not originals or files is None:
        return [archive]
    return _rewritten(archive, originals, files)


def _rewritten(
    archive: bytes, originals: Sequence[CaseOriginal], files: SealedFiles
) -> Iterator[bytes]:
    listed = canonical_json({"originals": [_entry(original) for original in originals]})
    digests = {original.path: original.file.sha256 for original in originals if original.path}
    digests[LIST] = sha256(listed).hexdigest()
    sink = _Sink()
    with zipfile.ZipFile(io.BytesIO(archive)) as before, zipfile.ZipFile(sink, "w") as after:
        for info in before.infolist():
            content = before.read(info)
            if info.filename == MANIFEST:
                manifest: dict[str, Any] = json.loads(content)
                content = canonical_json(manifest | {"files": manifest["files"] | digests})
            after.writestr(_like(info, info.filename), content)
        template = before.getinfo(MANIFEST)
        after.writestr(_like(template, LIST), listed)
        yield sink.take()
        for original in originals:
            if original.path:
                entry = _like(template, original.path)
                # Pictures and films are compressed already.
                entry.compress_type = zipfile.ZIP_STORED
                with (
                    after.open(entry, "w", force_zip64=True) as member,
                    files.open(original.file) as file,
                ):
                    while chunk := file.read(BLOB_BYTES):
                        member.write(chunk)
                        yield sink.take()
    yield sink.take()


def _entry(original: CaseOriginal) -> dict[str, Any]:
    file = original.file
    return {
        "file": original.path,
        "name": file.name,
        "type": file.mime,
        "size": file.size,
        "sha256": file.sha256,
        "copies": list(original.copies),
    }


def _like(info: zipfile.ZipInfo, name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, info.date_time)
    made.compress_type, made.create_system = info.compress_type, info.create_system
    made.external_attr = info.external_attr
    return made


class _Sink(io.RawIOBase):
    """A file that is only written to; what came since the last time is taken away."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """Keep some bytes until they are taken."""
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def take(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
