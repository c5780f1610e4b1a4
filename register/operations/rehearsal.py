"""Rehearsal: the last backup is restored beside itself, verified, and removed."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from register.config import Settings
from register.db import sqlite_path
from register.operations import replay_list, setup
from register.operations.backup_blobs import Progress
from register.operations.backup_sets import REHEARSAL, BackupError, locked
from register.operations.restore import Restoration, restore


def rehearse(
    settings: Settings, engine: sa.Engine, at: datetime, progress: Progress
) -> Restoration:
    """Restore the last backup with the last copy of the keys, and note that it could be.

    :raises BackupError: ``rehearsal_none`` before the first backup, ``rehearsal_database`` when no
        database can be made for it, or as :func:`restore`.
    """
    with closing(setup.open_key_store(settings, engine)) as store:
        last = replay_list.read_note(store, replay_list.BACKUP)
        if last is None:
            raise BackupError("rehearsal_none")
        folder, keys = Path(last["folder"]), Path(last["keys"])
        name = f"{REHEARSAL}{secrets.token_hex(4)}"
        # Texts beside texts, keys beside keys: what is left of an interrupted one is removed by
        # the next backup.
        with locked(folder), locked(keys), _scratch_url(settings, folder / name) as url:
            place = replace(
                settings,
                instance=folder / name,
                database_url=url,
                replica_url="",
                evidence_url="",
                seal_dir=keys / name,
                key_store_url="",
            )
            try:
                restored = restore(place, folder, keys, progress)
            finally:
                for path in (place.instance, keys / name):
                    shutil.rmtree(path, ignore_errors=True)
        if restored.is_sound:
            replay_list.note(store, replay_list.REHEARSAL, {"at": at.isoformat()})
    return restored


@contextmanager
def _scratch_url(settings: Settings, folder: Path) -> Iterator[str]:
    """The address of an empty database: a file of the folder, or one beside the register's."""
    if sqlite_path(settings.database_url) is not None:
        yield f"sqlite:///{folder / 'register.sqlite3'}"
        return
    url = sa.make_url(settings.database_url)
    name = f"webcitoyen_rehearsal_{secrets.token_hex(4)}"
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except SQLAlchemyError as error:
        raise BackupError("rehearsal_database", user=url.username or "") from error
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
