"""Backup of a register that is being served: database, then evidence files, then keys.

The database comes first, so that every file and key that its rows name is in what follows; what was
destroyed meanwhile is on the replay list. The keys go to another place and stay a week. The set is
there once they are: a backup that ends between the two leaves the set before, and newer keys.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from register import encryption
from register.cases import verify as proofs
from register.cases.models import Incident
from register.config import Settings
from register.database_urls import is_inside
from register.db import create_sqlite_file
from register.evidence.blob_store import FolderStore, open_store
from register.evidence.sealed_files import BLOB_BYTES
from register.key_store import STORE_FILE, KeyStore, default_url
from register.operations import backup_blobs, backup_sets, database_copy, replay_list, schema, setup
from register.operations.backup_blobs import Progress
from register.operations.backup_sets import BackupError, Manifest

KEY_DAYS = 7  # after which copies of the keys are destroyed
KEPT_DAYS = 30  # after which sets are, unless the command says otherwise


@dataclass(frozen=True)
class Backup:
    """A finished backup.

    :param copied: number of evidence blobs that no earlier backup had.
    :param removed: names of the older sets that were destroyed.
    """

    folder: Path
    manifest: Manifest
    copied: int
    removed: list[str]


def back_up(
    settings: Settings,
    engine: sa.Engine,
    folder: Path,
    keys: Path,
    at: datetime,
    progress: Progress,
    *,
    same_device: bool = False,
    kept_days: int = KEPT_DAYS,
    recipients: Sequence[str] = (),
) -> Backup:
    """Make a backup, and remove those that are too old.

    :param keys: the other place, for the keys.
    :param same_device: both places may be on one device.
    :param recipients: public keys of age, for which the set is sealed as one file beside it.
    :raises BackupError: it is refused, or failed; the former backups stay.
    """
    age_keys = _age_keys(recipients)
    _require_places(settings, folder, keys, same_device=same_device)
    with (
        backup_sets.disk_errors(folder),
        backup_sets.locked(folder),
        backup_sets.locked(keys),
        Session(engine) as session,
        closing(setup.key_store(settings, session)) as store,
    ):
        for place in (folder, keys):
            backup_sets.require_clock(place, at)
        setup.require_seal(settings, session)
        replay_list.update(session, store)
        session.rollback()  # an open transaction would keep the log of SQLite
        _require_one_register(folder, store.instance_id)
        name = backup_sets.new_name(folder, at)
        # The set gets its name last: without its keys, the newest reports could not be read.
        with backup_sets.new_set(folder, name) as draft:
            manifest, copied = _fill_set(settings, engine, store, draft, name, at, progress)
            _copy_keys(settings, session, store, keys, name)
        removed = backup_sets.remove_old(keys, at - timedelta(days=KEY_DAYS))
        removed += backup_sets.remove_old(folder, at - timedelta(days=kept_days))
        backup_blobs.remove_blobs(folder)
        if age_keys:
            _seal_archive(folder, name, age_keys)
        details = {"at": at.isoformat(), "folder": str(folder), "keys": str(keys)}
        replay_list.note(store, replay_list.BACKUP, details)
    return Backup(folder / name, manifest, copied, removed)


def _require_places(settings: Settings, folder: Path, keys: Path, *, same_device: bool) -> None:
    """Require two places that are not each other's, nor the register's.

    :raises BackupError: ``backup_inside`` or ``backup_same_device``.
    """
    key_folder = settings.seal_dir or Path()
    for path, other in (
        (keys, folder),
        (folder, keys),
        (keys, settings.instance),
        *(((folder, key_folder), (keys, key_folder)) if settings.seal_dir else ()),
    ):
        if is_inside(path, other):
            raise BackupError("backup_inside", path=str(path), other=str(other))
    if not same_device and backup_sets.device(folder) == backup_sets.device(keys):
        raise BackupError("backup_same_device", path=str(folder), keys=str(keys))


def _require_one_register(folder: Path, instance_id: str) -> None:
    """:raises BackupError: ``backup_other``; a set that cannot be read stops no backup."""
    for path in backup_sets.sets(folder):
        try:
            manifest = backup_sets.read_manifest(path)
        except BackupError:
            continue
        if manifest.instance_id != instance_id:
            raise BackupError("backup_other", path=str(folder))


def _fill_set(
    settings: Settings,
    engine: sa.Engine,
    store: KeyStore,
    draft: Path,
    name: str,
    at: datetime,
    progress: Progress,
) -> tuple[Manifest, int]:
    folder, key = draft.parent, store.derived_key(backup_sets.MANIFEST_PURPOSE)
    source = open_store(settings.evidence_url, settings.instance)
    former = backup_blobs.former_blobs(folder, key)
    names = backup_blobs.blob_names(source)
    new_bytes = len(names.keys() - former.keys()) * (BLOB_BYTES + 64)
    backup_sets.require_room(folder, database_copy.database_bytes(engine) + new_bytes)
    with database_copy.copied(engine, settings.database_url, draft) as (file, session):
        rows = database_copy.row_counts(session)
        heads = {
            ledger.value: (seq, digest) for ledger, seq, digest in proofs.ledger_heads(session)
        }
        problems = sum(1 for _problem in database_copy.problems(session))
        number = session.scalar(sa.select(sa.func.max(Incident.number))) or 0
    # Again: what came while the database was copied is named by its rows.
    names |= backup_blobs.blob_names(source)
    target = FolderStore(folder / backup_sets.EVIDENCE_FOLDER)
    blobs = backup_blobs.copy_blobs(source, target, names, former, progress)
    text = "".join(f"{blob.line()}\n" for blob in blobs)
    with encryption.new_file(draft / backup_sets.EVIDENCE_LIST) as evidence_list:
        evidence_list.write(text.encode("ascii"))
    manifest = Manifest(
        name=name,
        instance_id=store.instance_id,
        made_at=at.isoformat(),
        program=version("webcitoyen"),
        schema=schema.EXPECTED_REVISION,
        engine=engine.dialect.name,
        heads=heads,
        rows=rows,
        files={
            path: backup_sets.file_digest(draft / path)
            for path in (file.name, backup_sets.EVIDENCE_LIST)
        },
        problems=problems,
        blobs=len(blobs),
        case_number=number,
    ).sealed(key)
    manifest.write(draft)
    return manifest, len({blob.name for blob in blobs} - former.keys())


def _age_keys(recipients: Sequence[str]) -> list[Any]:
    if not recipients:
        return []
    from register.operations import age_archive  # loads pyrage, which few need

    return [age_archive.parse_recipient(recipient) for recipient in recipients]


def _seal_archive(folder: Path, name: str, recipients: Sequence[Any]) -> None:
    """Seal a set and its evidence as one file, and remove that of the backup before."""
    from register.operations import age_archive

    blobs = FolderStore(folder / backup_sets.EVIDENCE_FOLDER)
    files = [(f"{name}/{path.name}", path) for path in sorted((folder / name).iterdir())]
    for blob in backup_blobs.read_blobs(folder / name):
        path = blobs.settled_path(blob)
        files.append((str(path.relative_to(folder)), path))
    backup_sets.require_room(folder, sum(path.stat().st_size for _name, path in files))
    draft = folder / f"{backup_sets.UNFINISHED}{name}{age_archive.SUFFIX}"
    age_archive.seal_files(draft, files, recipients)
    draft.rename(folder / f"{name}{age_archive.SUFFIX}")
    for former in folder.glob(f"*{age_archive.SUFFIX}"):
        if former.stem != name:
            former.unlink()
    encryption.sync_path(folder)


def _copy_keys(
    settings: Settings, session: Session, store: KeyStore, keys: Path, name: str
) -> None:
    """Copy the seal key and the key store, with the replay list, to a set of keys.

    :raises SealError: as :meth:`KeyStore.copy_to`.
    """
    key_folder = encryption.key_folder(settings.seal_dir, store.instance_id)
    with encryption.lock_folder(key_folder) as has_lock:
        if not has_lock:
            raise BackupError("seal_busy")
        if (keys / name).exists():
            shutil.rmtree(keys / name)
        with backup_sets.new_set(keys, name) as draft:
            for key_file in (encryption.KEY_FILE, encryption.PENDING_KEY_FILE):
                if (key_folder / key_file).exists():
                    backup_sets.copy_file(key_folder / key_file, draft / key_file)
            url = default_url(draft)
            create_sqlite_file(sa.create_engine(url))
            store.copy_to(url)
            # After the keys: what destroyed one that the copy lacks is then on its list.
            replay_list.update(session, store)
            session.rollback()
            with closing(setup.key_store_in(key_folder, store.instance_id, url)) as copy:
                replay_list.copy(replay_list.entries(store), copy)
                copy.empty_log()
            backup_sets.sync_file(draft / STORE_FILE)
