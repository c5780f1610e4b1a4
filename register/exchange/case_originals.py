"""Originals of a case's evidence in its file for a lawyer: byte for byte, read blob by blob."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.case_evidence import case_evidence
from register.cases.copies import file_copies
from register.cases.models import Incident
from register.evidence.sealed_files import FileManifest, SealedFiles
from register.exchange import archives
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
    with zipfile.ZipFile(io.BytesIO(archive)) as before:
        contents = {name: before.read(name) for name in before.namelist()}
    manifest: dict[str, Any] = json.loads(contents.pop(archives.MANIFEST))
    contents[LIST] = canonical_json({"originals": [_entry(original) for original in originals]})
    streamed = [
        (original.path, original.file.sha256, files.chunks(original.file))
        for original in originals
        if original.path
    ]
    return archives.stream_archive(manifest, contents, streamed, archives.PRIVATE_MODE)


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
