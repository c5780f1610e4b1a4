"""Files that only the service's own account may read, and copies of them that were left over."""

from __future__ import annotations

import os
import pwd
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from register import encryption
from register.config import Settings, variable_names
from register.db import sqlite_path
from register.key_store import STORE_FILE
from register.operations.backup_sets import REHEARSAL, UNFINISHED
from register.operations.schema import UNFINISHED_FILE

# Where the guide has the settings written; systemd reads them, and does not tell the program.
SETTINGS_FILE = Path("/etc/webcitoyen/environment")
# A container or systemd puts secrets here, with modes of its own.
_RUNTIME = Path("/run")
_DAY_SECONDS = 86_400
_ROOT = 0


def open_modes(settings: Settings, key_folder: Path, backups: Iterable[Path]) -> Iterator[str]:
    """Secrets that other accounts may read or write, with their modes.

    :param backups: folders of backups and of the copies of keys.
    """
    for path, status in _present(
        [*_own_files(settings, key_folder), *_setting_files(), *backups, SETTINGS_FILE]
    ):
        mode = stat.S_IMODE(status.st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield f"{path} {mode:o}"


def other_owners(settings: Settings, key_folder: Path, backups: Iterable[Path]) -> Iterator[str]:
    """Secrets that are not the service's, which owns the data folder, with their owners."""
    service = settings.instance.stat().st_uid
    for allowed, paths in (
        ({service}, [*_own_files(settings, key_folder), *backups]),
        # systemd reads the settings as root.
        ({service, _ROOT}, [*_setting_files(), SETTINGS_FILE]),
    ):
        for path, status in _present(paths):
            if status.st_uid not in allowed:
                yield f"{path} {_account(status.st_uid)}"


def left_copies(settings: Settings, backups: Iterable[Path]) -> Iterator[str]:
    """Copies that an interrupted upgrade, restore, backup or rehearsal has left."""
    database = sqlite_path(settings.database_url)
    copies = [settings.instance / UNFINISHED_FILE]
    if database is not None:
        copies += database.parent.glob(f"{database.name}.*.copy")
        copies += database.parent.glob(f"{database.name}{UNFINISHED_FILE}*")
    yield from (str(path) for path, _status in _present(copies))
    for folder in backups:
        for pattern in (UNFINISHED, REHEARSAL):
            for path, status in _present(folder.glob(f"{pattern}*")):
                # Younger ones may be at work.
                if status.st_mtime < time.time() - _DAY_SECONDS:
                    yield str(path)


def _own_files(settings: Settings, key_folder: Path) -> Iterator[Path]:
    yield settings.instance
    database = sqlite_path(settings.database_url)
    if database is not None:
        yield from database.parent.glob(f"{database.name}*")
    yield key_folder
    for name in (encryption.KEY_FILE, STORE_FILE):
        yield from key_folder.glob(f"{name}*")


def _setting_files() -> Iterator[Path]:
    """Files that hold a setting, as the password of the mail server."""
    for name in variable_names():
        path = Path(os.environ.get(f"{name}_FILE", ""))
        if path.is_absolute() and not path.is_relative_to(_RUNTIME):
            yield path


def _present(paths: Iterable[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    for path in paths:
        try:
            yield path, path.stat()
        except OSError:
            continue  # missing, as a log may be, or in a folder that is closed to this account


def _account(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
