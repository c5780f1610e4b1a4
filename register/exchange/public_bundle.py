"""Public bundle of a case: what anybody may keep of it, to be verified without the register.

It has the page of a version, its proof, the lines of the case in the public ledger and the files
that the version shows. Each line comes with the digest of the line before it, from which its own
digest follows; the lines of other cases are not included, so that the bundle stays small however
long the ledger gets. That a line is in the ledger shows by its digest, in a copy of the ledger or
in an anchor that somebody kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from register.cases import pieces, public_journal
from register.exchange import archives
from register.journal import JournalEntry, Ledger
from register.journal.models import GENESIS, canonical_json

FORMAT_VERSION = 1
PAGE, PROOF, LINES = "index.html", "preuve.json", "lignes.json"
FILES_FOLDER = "pieces"
# Opens files of a case, by the digests of their clean copies.
FileReaders = Mapping[str, Callable[[], Iterable[bytes]]]


@dataclass(frozen=True)
class BundledFile:
    """A file that a version shows: its path in the bundle, its page and its piece."""

    path: str
    page: Mapping[str, Any]
    piece: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """The SHA-256 of the clean copy."""
        return str(self.page["copy"])


@dataclass(frozen=True)
class PublicBundle:
    """A version of a case and its lines: what the archive is made of, but for the page.

    ``lines``: number, digest, digest before and bytes of each, oldest first.
    """

    number: int
    version: int
    proof: bytes
    lines: tuple[tuple[int, str, str, bytes], ...]
    files: tuple[BundledFile, ...]


def gather(session: Session, number: int, version: int | None = None) -> PublicBundle:
    """The bundle of a public case, in the version asked for or the present one.

    :raises RegisterError: as :func:`public_journal.proof`.
    """
    proof = public_journal.proof(session, number, version)
    opening = json.loads(proof)
    return PublicBundle(
        number=number,
        version=opening["version"],
        proof=proof,
        lines=tuple(_case_lines(session, number)),
        files=tuple(_files(opening["content"])),
    )


def stream(bundle: PublicBundle, page: bytes, readers: FileReaders) -> Iterator[bytes]:
    """The archive of a bundle in parts.

    :param page: HTML page for people, which needs no other file of the site.
    :param readers: a file without one is left out; the page and the proof still name it.
    """
    manifest = {"bundle": FORMAT_VERSION, "case": bundle.number, "version": bundle.version}
    lines = [
        {"seq": seq, "digest": digest, "before": before, "line": line.decode("utf-8")}
        for seq, digest, before, line in bundle.lines
    ]
    files = {PAGE: page, PROOF: bundle.proof, LINES: canonical_json({"lines": lines})}
    streamed = [
        (file.path, file.digest, readers[file.digest]())
        for file in bundle.files
        if file.digest in readers
    ]
    return archives.stream_archive(manifest, files, streamed)


def _case_lines(session: Session, number: int) -> Iterator[tuple[int, str, str, bytes]]:
    """The lines of a case in the public ledger, each after the digest of the line before it."""
    before = aliased(JournalEntry)
    stmt = (
        select(JournalEntry.seq, JournalEntry.digest, before.digest, JournalEntry.public_json)
        .outerjoin(
            before, (before.ledger == JournalEntry.ledger) & (before.seq == JournalEntry.seq - 1)
        )
        .where(JournalEntry.ledger == Ledger.PUBLIC.value, JournalEntry.case_number == number)
        .order_by(JournalEntry.seq)
    )
    for seq, digest, digest_before, line in session.execute(stmt):
        yield seq, digest.hex(), (digest_before or GENESIS).hex(), line


def _files(document: Mapping[str, Any]) -> Iterator[BundledFile]:
    """The files of the pieces of a document, in their order."""
    owners = [piece for piece in document.get("pieces", ()) for _page in piece["pages"]]
    for (name, page), piece in zip(pieces.named_pages(document), owners, strict=True):
        yield BundledFile(f"{FILES_FOLDER}/{name}", page, piece)
