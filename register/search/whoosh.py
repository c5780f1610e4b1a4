"""Search engine of the embedded installation: Whoosh in a folder, through its public interface.

Each commit has a folder of its own, which shares unchanged files with the former one as hard
links; the symbolic link ``current`` names the folder in use, and replacing it is the commit. A
manifest holds the position in the public ledger and each file with its SHA-256. Nothing is
synchronised to the disk: an index that a power failure damages is rebuilt.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import sys
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from threading import Lock
from typing import Any, ParamSpec, TypeVar

from sqlalchemy.orm import Session
from whoosh import versionstring
from whoosh.index import EmptyIndexError, FileIndex
from whoosh.reading import IndexReader

from register.search.engine_interface import (
    Cursor,
    Document,
    IndexMatches,
    IndexNotReady,
    SearchQuery,
)
from register.search.whoosh_segment import (
    SCHEMA,
    MergePolicy,
    add_documents,
    close_readers,
    live_forms,
    open_storage,
    open_writer,
    search_segment,
    segment_readers,
    write_segments,
)

# An index of another layout is not read: a change of the fields or of the manifest changes it.
LAYOUT = f"2 whoosh-{versionstring()} {sys.byteorder}-endian"
_CURRENT, _LOCK, _MANIFEST = "current", "lock", "manifest"
_COMMIT_FOLDER = re.compile(r"[0-9a-f]{16}")

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def _retried(method: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Repeat a reading if a commit has removed the files that it opened.

    Any error becomes IndexNotReady, without its message, which may quote words.
    """

    @wraps(method)
    def retry(*args: Parameters.args, **options: Parameters.kwargs) -> Result:
        for _attempt in range(5):
            try:
                return method(*args, **options)
            except IndexNotReady:
                raise
            except (FileNotFoundError, EmptyIndexError):
                continue
            except Exception as error:
                raise IndexNotReady(type(error).__name__) from None
        raise IndexNotReady("absent")

    return retry


@dataclass(frozen=True)
class _Commit:
    """Manifest of a folder; a file has its size, its time in nanoseconds and its SHA-256."""

    folder: Path
    cursor: Cursor
    files: Mapping[str, Sequence[Any]]

    @classmethod
    def read(cls, folder: Path) -> _Commit:
        """Commit of a folder; any error means damage, or another layout."""
        body, digest = (folder / _MANIFEST).read_bytes().split(b"\n")
        manifest = json.loads(body)
        if hashlib.sha256(body).hexdigest().encode() != digest or manifest["layout"] != LAYOUT:
            raise IndexNotReady("layout")
        return cls(folder, Cursor(**manifest["cursor"]), manifest["files"])

    def write(self) -> None:
        body = {"layout": LAYOUT, "cursor": asdict(self.cursor), "files": self.files}
        encoded = json.dumps(body).encode()
        digest = hashlib.sha256(encoded).hexdigest().encode()
        (self.folder / _MANIFEST).write_bytes(encoded + b"\n" + digest)

    def require_untouched(self) -> None:
        """:raises IndexNotReady: the folder shows that a file was changed."""
        for name, mark in self.files.items():
            status = os.stat(f"{self.folder}/{name}")  # noqa: PTH116 # every search looks at all
            if [status.st_size, status.st_mtime_ns] != mark[:2]:
                raise IndexNotReady("touched")

    def require_intact(self, verified: Collection[str] = ()) -> None:
        """:raises IndexNotReady: the SHA-256 of a file is another, unless it was verified."""
        for name, (_size, _time, digest) in self.files.items():
            if digest not in verified and _sha256(self.folder / name) != digest:
                raise IndexNotReady("damaged")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass
class _Snapshot:
    """Verified commit, case numbers by segment, and readers, each for one search at a time."""

    commit: _Commit
    index: FileIndex
    case_numbers: Mapping[str, Sequence[int]]
    readers: list[IndexReader]
    forms: list[str] | None = None

    def __post_init__(self) -> None:
        weakref.finalize(self, close_readers, self.readers)

    def close(self) -> None:
        """Close the files and forget the forms: of a former commit, they may have been erased."""
        self.forms = None
        close_readers(self.readers)


class Whoosh:
    """Index of public cases in a folder that no other account may write: it holds pickles."""

    name = "whoosh"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._snapshot: _Snapshot | None = None
        self._opening = Lock()

    @_retried
    def find(self, session: Session, search_query: SearchQuery) -> IndexMatches:
        """All matching cases; the session is not needed."""
        strength: dict[int, int] = {}
        with self._open_reader() as (snapshot, reader):
            for segment, segment_reader in segment_readers(reader).items():
                case_numbers = snapshot.case_numbers[segment]
                for document, value in search_segment(segment_reader, search_query).items():
                    strength[case_numbers[document]] = value
        return IndexMatches(snapshot.commit.cursor, strength)

    @_retried
    def forms(self, session: Session) -> Sequence[str]:
        """All forms in the index, sorted."""
        with self._open_reader() as (snapshot, reader):
            if snapshot.forms is None:
                segments = segment_readers(reader).values()
                snapshot.forms = sorted(set[str]().union(*map(live_forms, segments)))
            return snapshot.forms

    def stamp(self) -> str:
        """Name of the folder in use, whose files are not looked at; empty without an index."""
        with suppress(IndexNotReady):
            return self._current_folder().name
        return ""

    def cursor(self) -> Cursor | None:
        """Cursor of the index; None if there is no usable index."""
        try:
            return self._read_commit().cursor
        except IndexNotReady:
            return None

    def write(
        self, cursor: Cursor, documents: Iterable[Document], gone: Iterable[int], *, scrub: bool
    ) -> None:
        """Replace and remove documents and move the cursor, in one commit.

        :param scrub: leave no word of earlier documents of these cases in any file.
        """
        replacements = {document.number: document for document in documents}
        numbers = replacements.keys() | set(gone)
        former = self._read_commit()
        merge_policy = MergePolicy(numbers if scrub else ())
        with self._new_commit(cursor, former) as folder:
            index = FileIndex(open_storage(folder), SCHEMA)
            with open_writer(index, merge_policy) as writer:
                for number in numbers:
                    writer.delete_by_term("number", number)
                add_documents(writer, replacements.values())
            while not merge_policy.is_complete:
                with open_writer(index, merge_policy):
                    pass

    def rebuild(self, cursor: Cursor, documents: Iterable[Document]) -> None:
        """Rebuild the index; the old one answers until the new one is complete."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        self._require_safe()
        with self._new_commit(cursor, _Commit(self._folder, cursor, {})) as folder:
            index = FileIndex.create(open_storage(folder), SCHEMA)
            write_segments(index, iter(documents))

    def intact(self, *, deep: bool) -> bool:
        """Whether the files are undamaged; leftovers of a killed writer go, with erased words."""
        try:
            self._require_intact(deep=deep)
        except IndexNotReady:
            return False
        return True

    def close(self) -> None:
        """Close the files that no search is reading."""
        if self._snapshot is not None:
            self._snapshot.close()

    @_retried
    def _require_intact(self, *, deep: bool) -> None:
        commit = self._read_commit()
        if self._leftovers():
            with suppress(BlockingIOError), self._locked(fcntl.LOCK_NB):
                self._remove_leftovers()
        if deep:
            _Commit.read(commit.folder).require_intact()

    # --- reading --------------------------------------------------------------------------------

    def _require_safe(self) -> None:
        status = self._folder.stat()
        if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise IndexNotReady("unsafe")

    @_retried
    def _current_folder(self) -> Path:
        self._require_safe()
        folder, snapshot = self._folder / (self._folder / _CURRENT).readlink(), self._snapshot
        if snapshot is not None and snapshot.commit.folder != folder:
            snapshot.close()
        return folder

    @_retried
    def _read_commit(self) -> _Commit:
        commit = _Commit.read(self._current_folder())
        commit.require_untouched()
        return commit

    @contextmanager
    def _open_reader(self) -> Iterator[tuple[_Snapshot, IndexReader]]:
        snapshot = self._open_snapshot()
        try:
            reader = snapshot.readers.pop()
        except IndexError:
            reader = snapshot.index.reader()
        try:
            yield snapshot, reader
        finally:
            if snapshot is self._snapshot:
                snapshot.readers.append(reader)
            else:
                reader.close()

    def _open_snapshot(self) -> _Snapshot:
        commit = self._read_commit()
        with self._opening:
            former = self._snapshot
            if former is not None and former.commit == commit:
                return former
            # No file is read twice. A segment's id is in the names of its files; ids may repeat.
            former_files = former.commit.files if former else {}
            commit.require_intact({mark[2] for mark in former_files.values()})
            shared = [name for name, mark in commit.files.items() if former_files.get(name) == mark]
            index = FileIndex(open_storage(commit.folder), SCHEMA)
            reader = index.reader()
            case_numbers = {
                segment: former.case_numbers[segment]
                if former and any(segment in name for name in shared)
                else list(segment_reader.column_reader("number"))
                for segment, segment_reader in segment_readers(reader).items()
            }
            self._snapshot = _Snapshot(commit, index, case_numbers, [reader])
            return self._snapshot

    # --- writing --------------------------------------------------------------------------------

    @contextmanager
    def _locked(self, operation: int = 0) -> Iterator[None]:
        """Lock of the one writer; the system releases that of a process that dies."""
        with (self._folder / _LOCK).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | operation)
            yield

    @contextmanager
    def _new_commit(self, cursor: Cursor, former: _Commit) -> Iterator[Path]:
        """Folder with the files of the former commit, to change and then to put in use."""
        with self._locked():
            self._remove_leftovers()
            folder = self._folder / secrets.token_hex(8)
            folder.mkdir(mode=0o700)
            for name in former.files:
                os.link(former.folder / name, folder / name)
            yield folder
            files = {}
            for path in folder.iterdir():
                if path.name in former.files:
                    files[path.name] = former.files[path.name]
                elif path.suffix in (".toc", ".seg"):
                    status = path.stat()
                    files[path.name] = [status.st_size, status.st_mtime_ns, _sha256(path)]
            # Rewritten segments must not pass damage on.
            former.require_intact({mark[2] for mark in files.values()})
            _Commit(folder, cursor, files).write()
            link = self._folder / f"{_CURRENT}.new"
            link.unlink(missing_ok=True)
            link.symlink_to(folder.name)
            shutil.rmtree(self._folder / _CURRENT, ignore_errors=True)  # only if it is a folder
            link.replace(self._folder / _CURRENT)
            self._remove_leftovers()

    def _leftovers(self) -> list[Path]:
        """Folders of former commits and of killed writers."""
        current = ""
        with suppress(OSError):
            current = (self._folder / _CURRENT).readlink().name
        folders = [path for path in self._folder.iterdir() if _COMMIT_FOLDER.fullmatch(path.name)]
        return [folder for folder in folders if folder.name != current]

    def _remove_leftovers(self) -> None:
        for path in self._leftovers():
            shutil.rmtree(path)
