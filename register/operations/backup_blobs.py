"""Evidence blobs of a backup: each is copied once, and every set lists those that it needs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from register.evidence.blob_store import BlobStore, FolderStore
from register.operations import backup_sets
from register.operations.backup_sets import BackupError

Progress = Callable[[int, int], None]
_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Blob:
    """A line of the list of evidence blobs; ``is_settled``: the register refers to it."""

    sha256: str
    size: int
    is_settled: bool
    name: str

    def line(self) -> str:
        """The line."""
        return f"{self.sha256} {self.size} {'sealed' if self.is_settled else 'pending'} {self.name}"

    @classmethod
    def parse(cls, line: str) -> Blob:
        """:raises ValueError: it is none."""
        sha256, size, area, name = line.split()
        bytes.fromhex(f"{sha256}{name}")
        return cls(sha256, int(size), area == "sealed", name)


def read_blobs(folder: Path) -> dict[str, Blob]:
    """The evidence blobs of a set by name.

    :raises BackupError: ``backup_manifest`` when the list cannot be read.
    """
    path = folder / backup_sets.EVIDENCE_LIST
    try:
        blobs = [Blob.parse(line) for line in path.read_text("ascii").splitlines()]
    except (OSError, ValueError) as error:
        raise BackupError("backup_manifest", path=str(path)) from error
    return {blob.name: blob for blob in blobs}


def former_blobs(folder: Path, key: bytes) -> dict[str, Blob]:
    """The blobs of the last sound backup, which are not read again: blobs never change."""
    for path in reversed(backup_sets.sets(folder)):
        try:
            manifest, blobs = backup_sets.read_manifest(path), read_blobs(path)
        except BackupError:
            continue
        digest = backup_sets.file_digest(path / backup_sets.EVIDENCE_LIST)
        if manifest.is_sealed_by(key) and manifest.files.get(backup_sets.EVIDENCE_LIST) == digest:
            return blobs
    return {}


def blob_names(source: BlobStore) -> dict[str, bool]:
    """The names of all blobs, and whether they are among the lasting ones."""
    names = {name: False for name, _day in source.pending()}
    names |= dict.fromkeys(source.settled(), True)
    # Without drafts, and what is none of the register's: a file of an editor or of NFS.
    return {name: settled for name, settled in names.items() if _NAME.fullmatch(name)}


def copy_blobs(
    source: BlobStore,
    target: FolderStore,
    names: Mapping[str, bool],
    former: Mapping[str, Blob],
    progress: Progress,
) -> list[Blob]:
    """Copy those that no earlier backup has; the lines of the list."""
    # A killed backup left them; they are copied again.
    for name, _day in list(target.pending()):
        target.delete(name)
    blobs = []
    # By name: in any other order, the list could tell which blobs came together.
    for done, name in enumerate(sorted(names)):
        blob = former.get(name)
        if blob is None or not _has_whole(target, blob):
            content = source.get(name)
            if content is None:
                continue  # destroyed meanwhile
            digest = hashlib.sha256(content).hexdigest()
            blob = Blob(digest, len(content), names[name], name)
            target.put(name, content)
            target.settle(name)
        blobs.append(Blob(blob.sha256, blob.size, names[name], name))
        progress(done + 1, len(names))
    return blobs


def _has_whole(target: FolderStore, blob: Blob) -> bool:
    """Whether a former copy has its size; one that was cut is copied again."""
    path = target.settled_path(blob.name)
    return path.is_file() and path.stat().st_size == blob.size


def remove_blobs(folder: Path) -> None:
    """Delete the blobs that no set names any more; none while a list cannot be read."""
    listed: set[str] = set()
    for path in backup_sets.sets(folder):
        try:
            listed |= read_blobs(path).keys()
        except BackupError:
            return
    target = FolderStore(folder / backup_sets.EVIDENCE_FOLDER)
    for name in list(target.settled()):
        if name not in listed:
            target.delete(name)
