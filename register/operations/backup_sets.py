"""Folders of a backup: named sets that appear whole or not at all, and their manifests.

A set is written under a name that begins with a dot, synced, and renamed. What a killed backup left
is removed by the next one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import shutil
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from register import encryption
from register.db import is_disk_full
from register.errors import RegisterError
from register.journal.models import canonical_json

FORMAT = 1
MANIFEST_FILE = "manifest.json"
EVIDENCE_FOLDER = "evidence"
EVIDENCE_LIST = "evidence.txt"
MANIFEST_PURPOSE = "backup manifest"
_NAME = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
UNFINISHED = ".unfinished-"
REHEARSAL = ".rehearsal-"
_CHUNK = 1 << 20
_MARGIN = 16 << 20  # bytes that a disk must have left besides


class BackupError(RegisterError):
    """A backup or a restore that is refused or failed, for the reason that the key names."""


@dataclass(frozen=True)
class Manifest:
    """What a set holds, with what was seen on the copy itself.

    :param heads: last line of each ledger: number and digest.
    :param rows: number of rows by table.
    :param files: SHA-256 by name of the files of the set.
    :param problems: number of those that ``verify`` found.
    :param blobs: number of evidence blobs.
    """

    name: str
    instance_id: str
    made_at: str
    program: str
    schema: str
    engine: str
    heads: Mapping[str, tuple[int, str]]
    rows: Mapping[str, int]
    files: Mapping[str, str]
    problems: int
    blobs: int
    case_number: int = 0
    form: int = FORMAT
    seal: str = field(default="", compare=False)

    @property
    def at(self) -> datetime:
        """The time of the backup."""
        return datetime.fromisoformat(self.made_at)

    def sealed(self, key: bytes) -> Manifest:
        """The manifest with an HMAC by a key derived from the root key."""
        return replace(self, seal=self._digest(key))

    def is_sealed_by(self, key: bytes) -> bool:
        """Whether nothing was changed since it was sealed with the same key."""
        return hmac.compare_digest(self._digest(key), self.seal)

    def write(self, folder: Path) -> None:
        """Write it as JSON."""
        text = json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False)
        with encryption.new_file(folder / MANIFEST_FILE) as file:
            file.write(text.encode() + b"\n")

    def _digest(self, key: bytes) -> str:
        fields = asdict(self)
        del fields["seal"]
        return hmac.new(key, canonical_json(fields), hashlib.sha256).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a set.

    :raises BackupError: ``backup_manifest`` when it cannot be read.
    """
    try:
        fields = json.loads((folder / MANIFEST_FILE).read_bytes())
        heads = {
            ledger: (int(seq), str(digest)) for ledger, (seq, digest) in fields["heads"].items()
        }
        manifest = Manifest(**{**fields, "heads": heads})
        if manifest.form != FORMAT or not manifest.at.tzinfo:
            raise ValueError(manifest.form)
        # Read before the seal is checked: the id is part of a path, where the keys are looked for.
        uuid.UUID(manifest.instance_id)
        # An older set under another name would pass for the last one.
        if manifest.name != folder.name or not isinstance(manifest.schema, str):
            raise ValueError(manifest.name)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupError("backup_manifest", path=str(folder / MANIFEST_FILE)) from error
    return manifest


def sets(folder: Path) -> list[Path]:
    """The finished sets of a folder, the oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def set_time(path: Path) -> datetime:
    """The time of a set, from its name."""
    return datetime.strptime(path.name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def new_name(folder: Path, at: datetime) -> str:
    """A name for a set that no other has."""
    name = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    count = 1
    while (folder / name).exists():
        count += 1
        name = f"{name.partition('-')[0]}-{count}"
    return name


def require_clock(folder: Path, at: datetime) -> None:
    """Require every set to be of before now: the last one by name is what a restore takes.

    :raises BackupError: ``backup_clock``.
    """
    for path in sets(folder)[-1:]:
        if set_time(path) > at:
            raise BackupError("backup_clock", path=str(path))


@contextmanager
def new_set(folder: Path, name: str) -> Iterator[Path]:
    """A folder to write a set to; it gets its name at the end, or is removed after an error."""
    draft = folder / f"{UNFINISHED}{name}"
    draft.mkdir(mode=0o700)
    try:
        yield draft
        encryption.sync_path(draft)
        draft.rename(folder / name)
        encryption.sync_path(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder, made if it is missing, for one backup at a time, without the leftovers of others.

    :raises BackupError: ``backup_busy``, or ``backup_unwritable``.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with encryption.lock_folder(folder) as has_lock:
            if not has_lock:
                raise BackupError("backup_busy", path=str(folder))
            for pattern in (UNFINISHED, REHEARSAL):
                for leftover in folder.glob(f"{pattern}*"):
                    leftover.unlink() if leftover.is_file() else shutil.rmtree(leftover)
            yield
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise BackupError("backup_unwritable", path=str(folder)) from error


def remove_old(folder: Path, before: datetime) -> list[str]:
    """Destroy the sets of before a time, but never the last one; their names."""
    old = [path for path in sets(folder)[:-1] if set_time(path) < before]
    for path in old:
        # Renamed first: what an interruption leaves is removed by the next backup.
        shutil.rmtree(path.rename(folder / f"{UNFINISHED}{path.name}"))
    encryption.sync_path(folder)
    return [path.name for path in old]


def copy_file(source: Path, target: Path) -> None:
    """Copy to a new file, mode 600, synced."""
    with source.open("rb") as reader, encryption.new_file(target) as writer:
        shutil.copyfileobj(reader, writer, _CHUNK)


def sync_file(path: Path) -> None:
    """Sync a written file to disk, and restrict it to its owner."""
    path.chmod(0o600)
    encryption.sync_path(path)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def device(path: Path) -> int:
    """The device of a folder, or of the one that it will be made in."""
    present = next(each for each in (path, *path.resolve().parents) if each.exists())
    return present.stat().st_dev


def require_room(folder: Path, size: int) -> None:
    """Require a disk to have room for some bytes, and a little more.

    :raises BackupError: ``backup_no_room``.
    """
    place = next(each for each in (folder, *folder.resolve().parents) if each.exists())
    free = shutil.disk_usage(place).free
    if size + _MARGIN > free:
        raise BackupError(
            "backup_no_room", path=str(folder), needed=-(-size // 1_000_000), free=free // 1_000_000
        )


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn the errors of a disk into one that names it."""
    try:
        yield
    except (OSError, sqlite3.Error, sa.exc.DBAPIError) as error:
        code = getattr(error, "sqlite_errorcode", 0) or 0
        if is_disk_full(error) or code & 0xFF == sqlite3.SQLITE_FULL:
            raise BackupError("backup_disk_full", path=str(folder)) from error
        if isinstance(error, OSError):
            cause = error.strerror or type(error).__name__
            raise BackupError("backup_failed", path=str(folder), cause=cause) from error
        raise
