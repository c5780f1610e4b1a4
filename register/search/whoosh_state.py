"""Which files are the index: one small file says it, and replacing that file is the commit.

``<index>/current`` names the folder in use, its generation, where the index stands in the public
ledger, and each file with size, time, inode and SHA-256. Whoosh writes beside what is in use and
removes nothing; then ``current`` is replaced, then what it does not name is swept away. A process
killed at any moment leaves the index as it was before or as it is after, and rubbish that the next
writer removes.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from register.search.engine_interface import Cursor, IndexNotReady
from register.search.whoosh_postings import LAYOUT

CURRENT, LOCK = "current", "lock"
MODE = 0o700
_PATIENCE = 10.0  # seconds for another writer to finish
_LONGEST = 1_000_000  # bytes of ``current``; a usual one has two thousand
_PLACE = re.compile(r"[0-9a-f]{16}")
_FILE = re.compile(r"[A-Za-z0-9_]+\.(?:toc|seg)")


class Busy(IndexNotReady):
    """Another writer is at work."""


@dataclass(frozen=True)
class Mark:
    """What a file looked like when its writer left it."""

    size: int
    moved: int  # nanoseconds since 1970
    inode: int
    digest: str

    def is_of(self, found: os.stat_result) -> bool:
        """Whether nothing has touched the file since, as far as its folder tells."""
        return (found.st_size, found.st_mtime_ns, found.st_ino) == (
            self.size,
            self.moved,
            self.inode,
        )


@dataclass(frozen=True)
class State:
    """An index as one commit left it. ``commit`` is another text after each."""

    place: str
    generation: int
    commit: str
    cursor: Cursor
    files: Mapping[str, Mark]

    def path(self, folder: Path) -> Path:
        """The folder of its files."""
        return folder / self.place


def prepare(folder: Path) -> None:
    """Make the folder of an index, or take back the one there is, so that nobody else can write.

    :raises PermissionError: it is somebody else's.
    """
    folder.mkdir(mode=MODE, parents=True, exist_ok=True)
    folder.chmod(MODE)
    if not is_safe(folder):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def new_place(folder: Path) -> str:
    """A folder for an index that is being made, readable by nobody else."""
    place = secrets.token_hex(8)
    (folder / place).mkdir(mode=MODE)
    return place


def is_safe(folder: Path) -> bool:
    """Whether nobody else can have written here: the index holds pickles, which can do anything."""
    found = folder.stat()
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def read(folder: Path) -> State:
    """The state in use.

    :raises Unready: there is none, or it is damaged, or of another layout.
    :raises OSError: it cannot be read.
    """
    with (folder / CURRENT).open("rb") as file:
        text = file.read(min(_LONGEST, os.fstat(file.fileno()).st_size))
    try:
        body, digest = text.split(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            raise IndexNotReady("damaged")
        told = json.loads(body)
        if told["layout"] != LAYOUT:
            raise IndexNotReady("layout")
        return _state(told)
    except (ValueError, KeyError, TypeError) as error:
        raise IndexNotReady("damaged") from error


def _state(told: dict[str, Any]) -> State:
    files = {name: Mark(*mark) for name, mark in told["files"].items()}
    if not (_PLACE.fullmatch(told["place"]) and all(map(_FILE.fullmatch, files))):
        raise IndexNotReady("damaged")
    cursor = Cursor(**told["cursor"])
    return State(told["place"], told["generation"], told["commit"], cursor, files)


def replace(folder: Path, state: State) -> None:
    """Put a state in use: from here on it is what readers open. Its files are on disk already."""
    told = {
        "layout": LAYOUT,
        "place": state.place,
        "generation": state.generation,
        "commit": state.commit,
        "cursor": asdict(state.cursor),
        "files": {
            name: [mark.size, mark.moved, mark.inode, mark.digest]
            for name, mark in state.files.items()
        },
    }
    body = json.dumps(told, sort_keys=True).encode()
    fresh = folder / f"{CURRENT}.new"
    with fresh.open("wb") as file:
        file.write(body + b"\n" + hashlib.sha256(body).hexdigest().encode())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / CURRENT)
    _sync(folder)


def settle(path: Path, names: Iterable[str], known: Mapping[str, Mark]) -> dict[str, Mark]:
    """Bring files to the disk and tell what they look like; those that are known stay as told."""
    marks = {}
    for name in names:
        if name not in known:
            _sync(path / name)
        marks[name] = known.get(name) or _mark(path / name)
    _sync(path)
    return marks


def _mark(path: Path) -> Mark:
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Mark(found.st_size, found.st_mtime_ns, found.st_ino, digest)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def are_untouched(folder: Path, state: State) -> bool:
    """Whether every file of a state is as it was left, by a look at the folder.

    :raises FileNotFoundError: one is gone; the state itself may be of the past.
    """
    top = str(state.path(folder))
    return all(mark.is_of(os.stat(f"{top}/{name}")) for name, mark in state.files.items())  # noqa: PTH116


def are_the_same(folder: Path, state: State, known: Container[Mark] = ()) -> bool:
    """Whether every byte of every file is the one that was written; not looked at where known."""
    path = state.path(folder)
    return all(
        _mark(path / name) == mark for name, mark in state.files.items() if mark not in known
    )


def leftovers(folder: Path, state: State) -> list[Path]:
    """What a writer that was killed, or is at work, has in the folder beside the state."""
    found = [path for path in _all(folder) if path.name not in (CURRENT, state.place)]
    inside = state.path(folder).iterdir()
    return found + [path for path in inside if path.name not in state.files]


def sweep(folder: Path, state: State | None) -> None:
    """Remove what the state does not name; only under :func:`writing`."""
    for path in leftovers(folder, state) if state else _all(folder):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _all(folder: Path) -> list[Path]:
    """What writers made; a system's "lost+found" is none of theirs, and cannot be removed."""
    ours = (CURRENT, f"{CURRENT}.new")
    return [one for one in folder.iterdir() if one.name in ours or _PLACE.fullmatch(one.name)]


@contextmanager
def writing(folder: Path, patience: float | None = None) -> Iterator[None]:
    """The one writer of a folder; the system takes the lock back from a process that dies.

    :param patience: seconds to wait for another one.
    :raises Busy: another writer did not finish in time.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, _PATIENCE if patience is None else patience)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, patience: float) -> None:
    until = time.monotonic() + patience
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() >= until:
            raise Busy("locked")
        time.sleep(0.05)
