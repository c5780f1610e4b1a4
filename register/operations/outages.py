"""Outages: the one cause that ``doctor`` names when a disk, the database or the keys are away.

Checks that need what is away would name its consequences, and advise what makes them worse.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from register import encryption
from register.config import Settings
from register.db import BUSY_TIMEOUT_MS, is_locked, sqlite_path
from register.errors import RegisterError, SealError
from register.operations import schema, setup

# Bytes of a disk below which nothing is taken any more, and below which doctor asks for room. A
# small disk, as of the keys alone, needs a share of itself.
_LEAST_FREE, _LOW = 64 << 20, 1 << 30
_FULL_SHARE, _LOW_SHARE = 20, 10
# Byte of the index of SQLite's write-ahead log that a writer locks (sqlite.org/walformat.html).
_WRITE_LOCK_BYTE = "120"
_LOOK_SECONDS = 0.05
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    :param detail: a number, path or error.
    :param error: what the check raised, which has a sentence of its own.
    :param is_outage: whether other checks need what is away.
    """

    code: str
    good: bool
    detail: str = ""
    error: RegisterError | None = None
    is_outage: bool = False


def vital_findings(settings: Settings, engine: Engine) -> Iterator[Finding]:
    """What other checks need. Each needs that the one before found no outage.

    Nothing is written, neither rows nor a file in place of a missing one.
    """
    yield _place_finding(settings)
    yield _disk_finding(settings)
    yield _database_finding(settings, engine)
    yield _required("schema", lambda: schema.require(engine))
    with Session(engine) as session:
        yield _required("seal", lambda: _require_seal_key(settings, session))
        yield _required("key_store", lambda: setup.require_seal(settings, session, reads_only=True))


def outage(code: str, detail: object = "", error: RegisterError | None = None) -> Finding:
    """The finding of what is away."""
    return Finding(code, False, str(detail), error, is_outage=True)


def written_folders(settings: Settings) -> list[Path]:
    """Folders that the register writes to; an evidence folder only where it is one."""
    database = sqlite_path(settings.database_url)
    keys = sqlite_path(settings.key_store_url) if settings.key_store_url else None
    evidence = Path(settings.evidence_url) if settings.evidence_url.startswith("/") else None
    folders = (
        settings.instance,
        settings.seal_dir,
        database and database.parent,
        keys and keys.parent,
        evidence,
    )
    return [folder for folder in folders if folder]


def _place_finding(settings: Settings) -> Finding:
    """Whether this account may read the register's folders and database."""
    database = sqlite_path(settings.database_url)
    places = [*written_folders(settings), *([database] if database else [])]
    for place in places:
        try:
            place.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue  # which another check says
        except PermissionError:
            return outage("denied", place)
        except OSError as error:
            return outage("disk_away", f"{place} : {error.strerror}")
        if not os.access(place, os.R_OK):
            return outage("denied", place)
    return Finding("account", True)


def _disk_finding(settings: Settings) -> Finding:
    """Whether each disk that the register writes to has room."""
    low = []
    for folder in written_folders(settings):
        place = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        usage = disk_usage(place)
        detail = f"{place} : {usage.free // _MEGABYTE} Mo"
        if is_full(place):
            return outage("disk_full", detail)
        if usage.free < min(_LOW, usage.total // _LOW_SHARE) and detail not in low:
            low.append(detail)
    return Finding("disk", not low, ", ".join(low))


def is_full(place: Path) -> bool:
    """Whether the disk of a folder has no room for what is sent, or for another file."""
    usage, files = disk_usage(place), os.statvfs(place)
    has_no_inode = files.f_files > 0 and files.f_favail == 0
    return has_no_inode or usage.free < min(_LEAST_FREE, usage.total // _FULL_SHARE)


def _database_finding(settings: Settings, engine: Engine) -> Finding:
    """Whether the database answers; an SQLite file is read whole."""
    path = sqlite_path(settings.database_url)
    if path is not None:
        if not path.exists():
            if schema.is_unfinished(engine):
                return outage("schema", error=schema.SchemaError("restore_unfinished"))
            return outage("database_missing", path)
        if writer := _lasting_writer(path):
            return outage("database_held", writer)
    try:
        with engine.connect() as connection:
            stmt = "PRAGMA quick_check(1)" if path is not None else "SELECT 'ok'"
            if connection.scalar(text(stmt)) != "ok":
                return outage("database_damaged", path)
    except SQLAlchemyError as error:
        return outage(_fault(error), path or _first_line(error))
    return Finding("database", True)


def _fault(error: SQLAlchemyError) -> str:
    """The code of a database that does not answer."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.Error):
        # "FATAL" comes from the server itself: a password, a database that does not exist.
        return "database_refuses" if "FATAL" in str(cause) else "database_away"
    if is_locked(error):
        return "database_locked"
    is_damaged = cause.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return "database_damaged" if is_damaged else "database_unreadable"


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", error)).strip().partition("\n")[0]


def _lasting_writer(path: Path) -> int:
    """The process that has kept SQLite's write lock as long as others wait for it; else 0."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while (writer := _writer(path)) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    return writer


def _writer(path: Path) -> int:
    """The process that has SQLite's write lock; 0 for none, and where no system says so."""
    try:
        inode = Path(f"{path.resolve()}-shm").stat().st_ino
        lines = Path("/proc/locks").read_text("ascii").splitlines()
    except OSError:
        return 0
    for line in lines:
        # As in "1: POSIX ADVISORY WRITE 4242 fe:01:131090 120 120".
        _number, kind, _mode, access, process, file, start, *_end = [*line.split(), "", ""]
        is_writer = (kind, access, start) == ("POSIX", "WRITE", _WRITE_LOCK_BYTE)
        if is_writer and file.rpartition(":")[2] == str(inode):
            return int(process)
    return 0


def _require_seal_key(settings: Settings, session: Session) -> None:
    folder = encryption.key_folder(settings.seal_dir, setup.identity(session).instance_id)
    if not folder.is_dir():
        raise SealError("seal_folder", path=str(folder))
    encryption.load_key(folder)


def _required(code: str, require: Callable[[], None]) -> Finding:
    """The finding of something without which nothing else can be checked."""
    try:
        require()
    except RegisterError as error:
        return outage(code, error=error)
    return Finding(code, True)
