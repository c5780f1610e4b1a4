"""Search engine of the embedded installation: Whoosh in a folder, through its public interface.

Each commit has a folder of its own, which shares unchanged files with the former one as hard
links; the symbolic link ``current`` names the folder in use, and replacing it is the commit. A
manifest in the folder holds the position in the public ledger and each file with its SHA-256. A
killed process leaves the former index or the new one, and leftovers that the next look removes.
Nothing is synchronised to the disk: an index that a power failure damages is rebuilt.
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
from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy.orm import Session
from whoosh import fields, formats, versionstring
from whoosh.analysis import IDAnalyzer
from whoosh.codec.base import Segment
from whoosh.codec.whoosh3 import W3Codec
from whoosh.filedb.filestore import FileStorage
from whoosh.index import EmptyIndexError, FileIndex
from whoosh.reading import IndexReader, SegmentReader, TermNotFound
from whoosh.writing import IndexWriter

from register.search.engine_interface import (
    Cursor,
    Document,
    IndexMatches,
    IndexNotReady,
    Progress,
    QueryAlternative,
    QueryPart,
    SearchQuery,
    report_progress,
)

# An index of another layout is not read: a change of the fields or of the manifest changes it.
LAYOUT = f"2 whoosh-{versionstring()} {sys.byteorder}-endian"
SEGMENT_LIMIT = 5_000  # documents; an erasure rewrites the whole segment of the case
WRITER_MEGABYTES = 64  # postings in memory, before the writer sorts them on the disk
_CURRENT, _LOCK, _MANIFEST = "current", "lock", "manifest"
_COMMIT_FOLDER = re.compile(r"[0-9a-f]{16}")
_POSITION_BITS = 24  # of an occurrence; the document is above

Result = TypeVar("Result")
Documents = set[int]  # document numbers of a segment; those of cases are in its column
Postings = Generator[tuple[bytes, int, float | int, bytes], Any, None]


# --- fields -------------------------------------------------------------------------------------


def _encode(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")


class _Forms(fields.FieldType):
    """Field of ready-made terms."""

    def index(self, value: Iterable[str], **_options: Any) -> Postings:
        yield from ((_encode(form), 1, 1.0, b"") for form in value)


class _Words(fields.FieldType):
    """Field of token runs with positions; a gap after each run keeps phrases within one."""

    def index(self, value: Iterable[Sequence[str]], **_options: Any) -> Postings:
        positions: defaultdict[str, list[int]] = defaultdict(list)
        start = 0
        for run in value:
            for position, token in enumerate(run, start):
                positions[token].append(position)
            start += len(run) + 1
        for token, token_positions in positions.items():
            yield _encode(token), 1, 1.0, _POSITIONS.encode(token_positions)


_POSITIONS = formats.Positions()
SCHEMA = fields.Schema(
    number=fields.NUMERIC(bits=64, signed=False, shift_step=0, unique=True, sortable=True),
    strong=_Words(_POSITIONS, IDAnalyzer()),
    weak=_Words(_POSITIONS, IDAnalyzer()),
    strong_forms=_Forms(formats.Existence(), IDAnalyzer()),
    weak_forms=_Forms(formats.Existence(), IDAnalyzer()),
)


class Codec(W3Codec):
    """Whoosh's codec without field lengths, which only scores need."""

    length_stats = False


# --- search in a segment ------------------------------------------------------------------------


def _search(reader: IndexReader, query: SearchQuery) -> dict[int, int]:
    """Matching documents of a segment with their strength."""
    matching: Documents | None = None
    strong_documents = []
    for part in query.required_parts:
        everywhere, strong = _part_documents(reader, part)
        matching = everywhere if matching is None else matching & everywhere
        if not matching:
            return {}
        strong_documents.append(strong)
    if matching is None:
        matching = set(reader.all_doc_ids())
    for part in query.excluded_parts:
        matching = matching - _part_documents(reader, part)[0]
    strength = dict.fromkeys(matching, 0)
    for document in chain.from_iterable(strong & matching for strong in strong_documents):
        strength[document] += 1
    return strength


def _part_documents(reader: IndexReader, part: QueryPart) -> tuple[Documents, Documents]:
    """Documents that match a part, and those that match it in strong fields."""
    everywhere: Documents = set()
    strong: Documents = set()
    for alternative in part.alternatives:
        in_strong, in_weak = (
            _alternative_documents(reader, alternative, field) for field in ("strong", "weak")
        )
        strong |= in_strong
        everywhere |= in_strong | in_weak
        if len(alternative.tokens) > 1 and not alternative.is_phrase:
            # Some of the tokens may be in strong fields, and the others in weak ones.
            everywhere |= set.intersection(
                *(
                    _term_documents(reader, "strong", token)
                    | _term_documents(reader, "weak", token)
                    for token in map(_encode, alternative.tokens)
                )
            )
    return everywhere, strong


def _alternative_documents(
    reader: IndexReader, alternative: QueryAlternative, field: str
) -> Documents:
    tokens = [_encode(token) for token in alternative.tokens]
    if alternative.prefix:
        forms_field = f"{field}_forms"
        forms = list(reader.expand_prefix(forms_field, tokens[0]))
        return set().union(*(_term_documents(reader, forms_field, form) for form in forms))
    if alternative.is_phrase and len(tokens) > 1:
        return _phrase_documents(reader, field, tokens)
    return set.intersection(*(_term_documents(reader, field, token) for token in tokens))


def _term_documents(reader: IndexReader, field: str, term: bytes) -> Documents:
    try:
        return set(reader.postings(field, term).all_ids())
    except TermNotFound:
        return set()


def _phrase_documents(reader: IndexReader, field: str, tokens: Sequence[bytes]) -> Documents:
    """Documents in which the tokens are adjacent, read from the rarest token on.

    Each occurrence is moved to where the last token would be; a phrase is where all meet.
    """
    if any((field, token) not in reader for token in tokens):
        return set()
    ends: set[int] = set()
    documents: Documents | None = None
    for place, token in sorted(
        enumerate(tokens), key=lambda pair: reader.doc_frequency(field, pair[1])
    ):
        remaining = len(tokens) - 1 - place
        occurrences = {
            (document << _POSITION_BITS) + position + remaining
            for document, value in reader.postings(field, token).all_items()
            if documents is None or document in documents
            for position in _POSITIONS.decode_positions(value)
        }
        ends = occurrences if documents is None else ends & occurrences
        documents = {end >> _POSITION_BITS for end in ends}
        if not documents:
            break
    return documents or set()


# --- commits ------------------------------------------------------------------------------------


@dataclass
class _MergePolicy:
    """Segments that a commit rewrites: small ones, hollow ones, and those of scrubbed cases.

    Small ones have no more documents than the new segment so far, so that a document is rewritten
    only when its segment has doubled. What exceeds the limit remains for another commit.
    """

    scrubbed: Collection[int]
    is_complete: bool = False

    def __call__(self, writer: Any, segments: Sequence[Segment]) -> list[Segment]:
        size, unchanged = writer.doc_count(), []
        self.is_complete = True
        for segment in sorted(segments, key=lambda segment: int(segment.doc_count())):
            count, is_stale = segment.doc_count(), self._is_stale(writer, segment)
            if not (is_stale or count <= size) or (size and size + count > SEGMENT_LIMIT):
                unchanged.append(segment)
                self.is_complete &= not is_stale
            elif count:
                with closing(SegmentReader(writer.storage, SCHEMA, segment)) as reader:
                    writer.add_reader(reader)
                size += count
        return unchanged

    def _is_stale(self, writer: Any, segment: Segment) -> bool:
        if not self.scrubbed or not segment.has_deletions():
            return bool(segment.deleted_count() > segment.doc_count())
        numbers = map(SCHEMA["number"].to_bytes, self.scrubbed)
        with closing(SegmentReader(writer.storage, SCHEMA, segment)) as reader:
            return any(("number", number) in reader for number in numbers)


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
            status = (self.folder / name).stat()
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
    """Verified commit; the case numbers of its documents by segment; readers that no search uses.

    A reader serves one search at a time, because its files have a position.
    """

    commit: _Commit
    index: FileIndex
    case_numbers: Mapping[str, Sequence[int]]
    readers: list[IndexReader]
    forms: list[str] | None = None

    def close(self) -> None:
        """Close the files and forget the forms: of a former commit, they may have been erased."""
        self.forms = None
        while self.readers:
            self.readers.pop().close()

    def __del__(self) -> None:
        self.close()


class Whoosh:
    """Index of public cases in a folder that no other account may write: it holds pickles."""

    name = "whoosh"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._snapshot: _Snapshot | None = None
        self._opening = Lock()

    def find(self, session: Session, search_query: SearchQuery) -> IndexMatches:
        """All matching cases; the session is not needed.

        :raises IndexNotReady: no usable index.
        """

        def search_segments() -> IndexMatches:
            strength: dict[int, int] = {}
            with self._open_reader() as (snapshot, reader):
                for leaf in _leaf_readers(reader):
                    case_numbers = snapshot.case_numbers[leaf.segment().segment_id()]
                    for document, value in _search(leaf, search_query).items():
                        strength[case_numbers[document]] = value
            return IndexMatches(snapshot.commit.cursor, strength)

        return _attempt(search_segments)

    def forms(self, session: Session) -> Sequence[str]:
        """All forms in the index, sorted.

        :raises IndexNotReady: no usable index.
        """

        def read_forms() -> list[str]:
            with self._open_reader() as (snapshot, reader):
                if snapshot.forms is None:
                    forms = {
                        form.decode("utf-8", "surrogatepass")
                        for leaf in _leaf_readers(reader)
                        for field in ("strong_forms", "weak_forms")
                        for form in _live_terms(leaf, field)
                    }
                    snapshot.forms = sorted(forms)
                return snapshot.forms

        return _attempt(read_forms)

    def stamp(self) -> str:
        """Name of the folder in use, whose files are not looked at; empty without an index."""
        try:
            return _attempt(self._current_folder).name
        except IndexNotReady:
            return ""

    def cursor(self) -> Cursor | None:
        """Cursor of the index; None if there is no usable index."""
        try:
            return _attempt(self._read_commit).cursor
        except IndexNotReady:
            return None

    def write(
        self, cursor: Cursor, documents: Iterable[Document], gone: Iterable[int], *, scrub: bool
    ) -> None:
        """Replace and remove documents and move the cursor, in one commit.

        :param scrub: leave no word of earlier documents of these cases in any file.
        :raises IndexNotReady: no usable index.
        :raises OSError: the folder cannot be written; the index is as before.
        """
        replacements = {document.number: document for document in documents}
        numbers = replacements.keys() | set(gone)
        former = _attempt(self._read_commit)
        merge_policy = _MergePolicy(numbers if scrub else ())
        with self._new_commit(cursor, former) as folder:
            index = FileIndex(_storage(folder), SCHEMA)
            with _writing(index, merge_policy) as writer:
                for number in numbers:
                    writer.delete_by_term("number", number)
                _add_documents(writer, replacements.values())
            while not merge_policy.is_complete:
                with _writing(index, merge_policy):
                    pass

    def rebuild(
        self, cursor: Cursor, documents: Iterable[Document], total: int, progress: Progress
    ) -> None:
        """Rebuild the index; the old one answers until the new one is complete.

        :raises OSError: the folder cannot be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        self._require_safe()
        with self._new_commit(cursor) as folder:
            index = FileIndex.create(_storage(folder), SCHEMA)
            remaining = report_progress(documents, total, progress)
            while first := next(remaining, None):
                with _writing(index, lambda _writer, segments: segments) as writer:
                    _add_documents(writer, chain([first], islice(remaining, SEGMENT_LIMIT - 1)))

    def intact(self, *, deep: bool) -> bool:
        """Whether the files are as their writer left them; ``deep`` reads every byte.

        Leftovers of a killed writer are removed: they may hold words that are erased.
        """

        def check() -> bool:
            commit = self._read_commit()
            if self._leftovers():
                with suppress(BlockingIOError), self._locked(fcntl.LOCK_NB):
                    self._remove_leftovers()
            if deep:
                _Commit.read(commit.folder).require_intact()
            return True

        try:
            return _attempt(check)
        except IndexNotReady:
            return False

    def close(self) -> None:
        """Close the files that no search is reading."""
        if self._snapshot is not None:
            self._snapshot.close()

    # --- reading --------------------------------------------------------------------------------

    def _require_safe(self) -> None:
        status = self._folder.stat()
        if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise IndexNotReady("unsafe")

    def _current_folder(self) -> Path:
        self._require_safe()
        folder, snapshot = self._folder / (self._folder / _CURRENT).readlink(), self._snapshot
        if snapshot is not None and snapshot.commit.folder != folder:
            snapshot.close()
        return folder

    def _read_commit(self) -> _Commit:
        folder, snapshot = self._current_folder(), self._snapshot
        is_current = snapshot is not None and snapshot.commit.folder == folder
        commit = snapshot.commit if snapshot and is_current else _Commit.read(folder)
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
            if former is not None and former.commit.folder == commit.folder:
                return former
            # What was read once is not read again: after a commit that is nearly all.
            commit.require_intact(
                {mark[2] for mark in former.commit.files.values()} if former else ()
            )
            index = FileIndex(_storage(commit.folder), SCHEMA)
            reader = index.reader()
            former_numbers = former.case_numbers if former else {}
            case_numbers = {
                segment: former_numbers.get(segment) or list(leaf.column_reader("number"))
                for leaf in _leaf_readers(reader)
                for segment in [leaf.segment().segment_id()]
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
    def _new_commit(self, cursor: Cursor, former: _Commit | None = None) -> Iterator[Path]:
        """Folder with the files of the former commit, to change and then to put in use."""
        with self._locked():
            self._remove_leftovers()
            folder = self._folder / secrets.token_hex(8)
            folder.mkdir(mode=0o700)
            former_files = former.files if former else {}
            for name in former_files:
                os.link(former.folder / name, folder / name)
            yield folder
            files = {}
            for path in folder.iterdir():
                if path.suffix in (".toc", ".seg"):
                    status = path.stat()
                    digest = (
                        former_files[path.name][2] if path.name in former_files else _sha256(path)
                    )
                    files[path.name] = [status.st_size, status.st_mtime_ns, digest]
                else:
                    path.unlink()  # Whoosh's lock
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
        return [
            path
            for path in self._folder.iterdir()
            if _COMMIT_FOLDER.fullmatch(path.name) and path.name != current
        ]

    def _remove_leftovers(self) -> None:
        for path in self._leftovers():
            shutil.rmtree(path)


def _attempt(action: Callable[[], Result]) -> Result:
    """Result of a reading; again if a commit removed the files that it opened.

    :raises IndexNotReady: for any error; without its message, which may quote words.
    """
    for _attempt_number in range(5):
        with suppress(FileNotFoundError, EmptyIndexError):
            try:
                return action()
            except (IndexNotReady, FileNotFoundError, EmptyIndexError):
                raise
            except Exception as error:
                raise IndexNotReady(type(error).__name__) from None
    raise IndexNotReady("absent")


def _leaf_readers(reader: IndexReader) -> list[IndexReader]:
    return [leaf for leaf, _offset in reader.leaf_readers() if leaf.doc_count_all()]


def _live_terms(reader: IndexReader, field: str) -> Iterator[bytes]:
    """Terms of the documents that are not deleted."""
    for term, term_info in reader.iter_field(field):
        if not reader.is_deleted(term_info.min_id()) or _term_documents(reader, field, term):
            yield term


def _storage(folder: Path) -> FileStorage:
    # A memory map would copy the whole index at each opening.
    return FileStorage(str(folder), supports_mmap=False)


@contextmanager
def _writing(
    index: FileIndex, merge_policy: Callable[[Any, Sequence[Segment]], Sequence[Segment]]
) -> Iterator[IndexWriter]:
    writer = index.writer(codec=Codec(), limitmb=WRITER_MEGABYTES)
    try:
        yield writer
    except BaseException:
        writer.cancel()
        raise
    writer.commit(mergetype=merge_policy)


def _add_documents(writer: IndexWriter, documents: Iterable[Document]) -> None:
    for document in documents:
        writer.add_document(
            number=document.number,
            strong=document.strong,
            weak=document.weak,
            strong_forms=document.strong_forms,
            weak_forms=document.forms - document.strong_forms,
        )
