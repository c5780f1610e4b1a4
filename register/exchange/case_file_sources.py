"""Copies of the sources of a case, for its case file."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.case_content import document_of
from register.cases.models import Incident
from register.cases.source_addresses import addresses, list_copies, open_copy
from register.errors import SealError, Unavailable
from register.evidence.sealed_files import SealedFiles
from register.journal.models import canonical_json
from register.key_store import KeyStore

LIST = "sources/sources.json"


def source_files(
    session: Session, number: int, store: KeyStore, files: SealedFiles
) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the copies of a case, and their list; nothing where there are none.

    A copy that cannot be read stands in the list without a file.
    """
    case = session.scalars(select(Incident).where(Incident.number == number)).first()
    copies = list_copies(session, case.id) if case is not None else []
    if case is None or not copies:
        return
    known = addresses(document_of(case))
    listed = []
    for copy in copies:
        entry = {
            "copy": copy.id,
            "address": known.get(copy.source, ""),
            "copied_on": copy.copied_on.isoformat(),
            "origin": copy.origin,
            "sha256": copy.sha256,
            "file": "",
        }
        listed.append(entry)
        try:
            manifest = open_copy(store, copy)
            content = files.open(manifest).read(manifest.size)
        except (SealError, Unavailable):
            continue
        entry["file"] = f"sources/{copy.id}-{_safe_name(manifest.name)}"
        yield str(entry["file"]), content
    yield LIST, canonical_json({"copies": listed})


def _safe_name(name: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)
    stem, _dash, ending = name.rpartition(".")
    return f"{kept[: len(stem)][-60:]}.{ending[-8:]}" if stem and ending.isalnum() else kept[-60:]
