"""Stored files in the case file for a lawyer: originals of evidence, and copies of sources.

Each kind has a list. A file that cannot be had any more stands there without a path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from register.cases import cited_sources
from register.cases.case_content import document_of
from register.cases.case_evidence import case_evidence
from register.cases.copies import file_copies
from register.cases.models import Incident
from register.errors import SealError
from register.evidence.sealed_files import FileManifest, SealedFiles
from register.exchange.archives import StreamedFile
from register.journal.models import canonical_json
from register.key_store import KeyStore

ORIGINALS_LIST = "originaux/liste.json"
SOURCES_LIST = "sources/sources.json"

# A file, its name in the archive, and what its list says of it.
_Entry = tuple[FileManifest | None, str, Mapping[str, Any]]


@dataclass(frozen=True)
class StoredFiles:
    """Lists by their path in the archive, and the files that they name, read as it is written."""

    lists: Mapping[str, bytes] = field(default_factory=dict)
    streamed: Sequence[StreamedFile] = ()


def load_stored_files(
    session: Session, store: KeyStore, files: SealedFiles, incident_id: int
) -> StoredFiles:
    """The stored files of a case; no list where there are none of a kind.

    Every file has the digest of its manifest, or its blobs would not decrypt.
    """
    lists: dict[str, bytes] = {}
    streamed: list[StreamedFile] = []
    for list_path, key, entries in (
        (ORIGINALS_LIST, "originals", _originals(session, store, incident_id)),
        (SOURCES_LIST, "copies", _source_copies(session, store, incident_id)),
    ):
        folder, listed = list_path.partition("/")[0], []
        for file, name, fields in entries:
            path = ""
            if file is not None and files.is_whole(file):
                path = f"{folder}/{name}"
                streamed.append((path, file.sha256, files.parts(file)))
            listed.append({**fields, "file": path})
        if listed:
            lists[list_path] = canonical_json({key: listed})
    return StoredFiles(lists, streamed)


def _originals(session: Session, store: KeyStore, incident_id: int) -> Iterator[_Entry]:
    rows = case_evidence(session, store, incident_id)
    copies = file_copies(session, store, incident_id) if rows else {}
    for rank, (row, file) in enumerate(rows, start=1):
        fields = {
            "name": file.name,
            "type": file.mime,
            "size": file.size,
            "sha256": file.sha256,
            "copies": [page.sha256 for copy in copies.get(row.key, ()) for page in copy.pages],
        }
        # The name is ours: that of the sender's device is in the list, and nowhere else.
        yield file, f"{rank:03d}-{file.sha256[:12]}", fields


def _source_copies(session: Session, store: KeyStore, incident_id: int) -> Iterator[_Entry]:
    addresses = cited_sources.addresses(document_of(session.get_one(Incident, incident_id)))
    for copy in cited_sources.list_copies(session, incident_id):
        fields = {
            "copy": copy.id,
            "address": addresses.get(copy.source, ""),
            "copied_on": copy.copied_on.isoformat(),
            "captured_on": copy.captured_on.isoformat() if copy.captured_on else "",
            "origin": copy.origin,
            "sha256": copy.sha256,
        }
        try:
            file = cited_sources.open_copy(store, copy)
        except SealError:
            yield None, "", fields
        else:
            yield file, cited_sources.file_name(copy, file), fields
