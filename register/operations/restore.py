"""Restore of a backup into an empty place, with what was destroyed and hidden since.

Everything is checked before anything is written. The database is unusable until all is done: a file
under another name, or tables without a revision.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from register import encryption
from register.accounts import sessions
from register.config import WHOOSH, Settings
from register.db import housekeeping, sqlite_path
from register.errors import SealError
from register.evidence.blob_store import BlobStore, FolderStore, open_store
from register.journal import Ledger
from register.key_store import STORE_FILE
from register.operations import backup_sets, database_copy, replay, replay_list, schema, setup
from register.operations.backup_blobs import Blob, Progress, read_blobs
from register.operations.backup_sets import BackupError, Manifest
from register.operations.missing_data import incomplete_files, lost_keys
from register.operations.replay import Replay


@dataclass(frozen=True)
class Restoration:
    """What was restored.

    :param replay: what was done again, and what remains to be done by hand.
    :param keyless: number of keys in use that do not exist any more.
    :param problems: number of those that ``verify`` finds at the end.
    :param public_seq: last public line that the lost register is known to have had.
    :param case_number: its highest case number.
    """

    manifest: Manifest
    replay: Replay
    keyless: int
    problems: int
    public_seq: int
    case_number: int

    @property
    def is_sound(self) -> bool:
        """Whether everything agrees, and every text opens."""
        return not self.problems and not self.keyless


@dataclass(frozen=True)
class _Source:
    """A checked set with the keys that open it."""

    folder: Path
    top: Path
    manifest: Manifest
    blobs: Mapping[str, Blob]
    keys: Path | None  # of a set of keys; None when the register's own are there

    @property
    def database(self) -> Path:
        """The file of the database."""
        names = (database_copy.SQLITE_FILE, database_copy.DUMP_FILE)
        return self.folder / next(name for name in names if name in self.manifest.files)


def restore(
    settings: Settings,
    folder: Path,
    keys: Path,
    progress: Progress,
    *,
    name: str = "",
    identity: Path | None = None,
) -> Restoration:
    """Restore the last backup of a folder, or the one that is named.

    Keys and replay list are the register's own where they are still there, else those of the newest
    set of ``keys``: they never go back to the time of the backup.

    :param folder: the folder of a backup, or with ``identity`` a file sealed for that key.
    :raises BackupError: it is refused; nothing has changed.
    """
    if identity is not None:
        with _extracted(settings, folder, identity) as extracted:
            return restore(settings, extracted, keys, progress)
    source = _checked_source(settings, folder, keys, name)
    if source.keys is not None:
        _install_keys(settings, source, source.keys)
    with _unfinished_database(settings, source) as engine:
        blobs = open_store(settings.evidence_url, settings.instance)
        _copy_blobs(source, blobs, progress)
        present_version = schema.EXPECTED_REVISION, version("webcitoyen")
        if (source.manifest.schema, source.manifest.program) != present_version:
            schema.migrate(engine)
            setup.refresh(engine)
        with Session(engine) as session, closing(setup.key_store(settings, session)) as store:
            lost = replay_list.entries(store)
            session.rollback()
            done = replay.replay(engine, store, lost)
            with housekeeping(engine) as writer:
                sessions.delete_all(writer)  # some were ended since
            replay_list.update(session, store)
            session.rollback()
            keyless = lost_keys(session, store)
            files = setup.sealed_files(settings, store)
            days, case_ids = incomplete_files(session, store, files)
            problems = len(days) + len(case_ids) + len(list(database_copy.problems(session)))
    if settings.search == WHOOSH:
        shutil.rmtree(settings.instance / "index", ignore_errors=True)
    return Restoration(
        source.manifest, done, keyless, problems, *_last_known(source.manifest, lost)
    )


@contextmanager
def _extracted(settings: Settings, archive: Path, identity: Path) -> Iterator[Path]:
    """A sealed archive, extracted for the time of the block to the data folder."""
    from register.operations import age_archive  # loads pyrage, which few need

    identities = age_archive.read_identities(identity)
    if not archive.is_file():
        raise BackupError("restore_none", path=str(archive))
    _require_empty(settings)
    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = settings.instance / schema.UNFINISHED_FILE
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        age_archive.open_files(archive, folder, identities)
        yield folder
    finally:
        shutil.rmtree(folder)


def _checked_source(settings: Settings, folder: Path, keys: Path, name: str) -> _Source:
    """Check everything, and write nothing."""
    candidates = [path for path in backup_sets.sets(folder) if name in ("", path.name)]
    if not candidates:
        raise BackupError("restore_none", path=str(folder))
    set_folder = candidates[-1]
    manifest = backup_sets.read_manifest(set_folder)
    if manifest.schema > schema.EXPECTED_REVISION:
        raise BackupError(
            "restore_newer", present=manifest.schema, expected=schema.EXPECTED_REVISION
        )
    is_sqlite = sqlite_path(settings.database_url) is not None
    if (manifest.engine == "sqlite") != is_sqlite:
        raise BackupError("restore_engine", engine=manifest.engine)
    _require_empty(settings)
    key_set = _require_keys(settings, keys, manifest)
    for file, digest in manifest.files.items():
        path = set_folder / file
        if not path.is_file() or backup_sets.file_digest(path) != digest:
            raise BackupError("restore_changed", path=str(path))
    source = _Source(set_folder, folder, manifest, read_blobs(set_folder), key_set)
    for _blob in _blob_contents(source):
        pass
    _require_room(settings, source)
    return source


def _require_empty(settings: Settings) -> None:
    """:raises BackupError: ``restore_not_empty``, with what is there."""
    path, present = sqlite_path(settings.database_url), ""
    with database_copy.closing_engine(settings.database_url) as engine:
        # An interrupted restore may have left tables and evidence files.
        is_begun = schema.is_unfinished(engine)
        if path is None and not is_begun and sa.inspect(engine).get_table_names():
            present = engine.url.render_as_string(hide_password=True)
    if path is not None:
        # A log that outlived its database would be played into the restored one.
        files = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]
        present = next((str(each) for each in files if each.exists()), "")
    blobs = open_store(settings.evidence_url, settings.instance)
    if not present and not is_begun:
        names = [*blobs.settled(), *(name for name, _day in blobs.pending())]
        present = settings.evidence_url or str(settings.instance / "evidence") if names else ""
    if present:
        raise BackupError("restore_not_empty", path=present)


def _require_keys(settings: Settings, keys: Path, manifest: Manifest) -> Path | None:
    """The set of keys to install, None when the register's own are there.

    :raises BackupError: ``restore_keys`` for keys of another register, ``restore_no_keys``, or
        ``restore_manifest`` when the manifest was changed.
    """
    key_folder = encryption.key_folder(settings.seal_dir, manifest.instance_id)
    present = (key_folder / encryption.KEY_FILE).exists()
    key_sets = backup_sets.sets(keys)
    if not present and not key_sets:
        raise BackupError("restore_no_keys", path=str(keys))
    key_set = None if present else key_sets[-1]
    place = key_folder if key_set is None else key_set
    url = settings.key_store_url if present else ""
    try:
        with closing(
            setup.key_store_in(place, manifest.instance_id, url, reads_only=True)
        ) as store:
            store.require()  # by either key of an interrupted rotation
            key = store.derived_key(backup_sets.MANIFEST_PURPOSE)
    except SealError as error:
        raise BackupError("restore_keys", path=str(place)) from error
    if not manifest.is_sealed_by(key):
        raise BackupError("restore_manifest")
    return key_set


def _blob_contents(source: _Source) -> Iterator[tuple[Blob, bytes]]:
    """The blobs of a set with their contents.

    :raises BackupError: ``restore_changed`` for one that is missing or was changed.
    """
    store = FolderStore(source.top / backup_sets.EVIDENCE_FOLDER)
    for blob in source.blobs.values():
        content = store.get(blob.name)
        if content is None or hashlib.sha256(content).hexdigest() != blob.sha256:
            raise BackupError("restore_changed", path=str(store.settled_path(blob.name)))
        yield blob, content


def _require_room(settings: Settings, source: _Source) -> None:
    needed = source.database.stat().st_size
    if not settings.evidence_url.startswith("s3:"):
        needed += sum(blob.size for blob in source.blobs.values())
    backup_sets.require_room(settings.instance, needed)


def _install_keys(settings: Settings, source: _Source, keys: Path) -> None:
    """Copy seal key and key store where the register looks for them; the seal key last."""
    key_folder = encryption.key_folder(settings.seal_dir, source.manifest.instance_id)
    key_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (STORE_FILE, encryption.PENDING_KEY_FILE):
        for leftover in key_folder.glob(f"{name}*"):
            leftover.unlink()  # its log too, which would be played into the copy
    if settings.key_store_url:
        instance_id, url = source.manifest.instance_id, settings.key_store_url
        with closing(setup.key_store_in(keys, instance_id, reads_only=True)) as store:
            store.copy_to(url)
            lost = replay_list.entries(store)
        with closing(setup.key_store_in(keys, instance_id, url)) as target:
            replay_list.copy(lost, target)
    else:
        backup_sets.copy_file(keys / STORE_FILE, key_folder / STORE_FILE)
    for path in (keys / encryption.PENDING_KEY_FILE, keys / encryption.KEY_FILE):
        if path.exists():
            backup_sets.copy_file(path, key_folder / path.name)
    encryption.sync_path(key_folder)


@contextmanager
def _unfinished_database(settings: Settings, source: _Source) -> Iterator[sa.Engine]:
    """The restored database, which nothing serves before the block has ended."""
    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = sqlite_path(settings.database_url)
    if path is None:
        with database_copy.closing_engine(settings.database_url) as engine:
            _restore_dump(settings.database_url, engine, source.database)
            yield engine
            with engine.begin() as connection:
                connection.exec_driver_sql(f"DROP TABLE {schema.UNFINISHED_TABLE}")
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(path.name + schema.UNFINISHED_FILE)
    for leftover in path.parent.glob(f"{draft.name}*"):
        leftover.unlink()
    backup_sets.copy_file(source.database, draft)
    with database_copy.closing_engine(f"sqlite:///{draft}") as engine:
        yield engine
    encryption.sync_path(path.parent)
    draft.rename(path)
    encryption.sync_path(path.parent)


def _restore_dump(url: str, engine: sa.Engine, dump: Path) -> None:
    """Restore a dump of PostgreSQL beside a table that marks it as unfinished."""
    with engine.begin() as connection:
        # Those of an interrupted restore.
        for table in sa.inspect(connection).get_table_names():
            connection.exec_driver_sql(f'DROP TABLE "{table}" CASCADE')
        connection.exec_driver_sql(f"CREATE TABLE {schema.UNFINISHED_TABLE} ()")
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    database_copy.run_program(url, database_copy.find_program("pg_restore"), *options, str(dump))
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def _copy_blobs(source: _Source, target: BlobStore, progress: Progress) -> None:
    for done, (blob, content) in enumerate(_blob_contents(source), start=1):
        target.put(blob.name, content)
        if blob.is_settled:
            target.settle(blob.name)
        progress(done, len(source.blobs))


def _last_known(manifest: Manifest, lost: list[replay_list.ReplayEntry]) -> tuple[int, int]:
    """The last public line and the highest case number that the lost register is known to have."""
    heads = [entry.details for entry in lost if entry.act == replay_list.HEAD]
    seq, _digest = manifest.heads[Ledger.PUBLIC.value]
    number = manifest.case_number
    return max([seq, *(head["seq"] for head in heads)]), max(
        [number, *(head["number"] for head in heads)]
    )
