"""Files as sequences of sealed blobs of one size.

A seized disk shows equal blobs: neither name nor kind, and no file that two of them belong to.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import secrets
from collections.abc import Container, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import count, takewhile
from typing import Any

from register import encryption
from register.errors import Invalid, Unavailable
from register.evidence.blob_store import BlobStore
from register.journal.models import canonical_json

BLOB_BYTES = 1 << 20  # of a file; the last blob is padded
NAMES_PURPOSE = "names of evidence blobs"
_PURPOSE = "evidence"
# Bytes of the disk that files never fill, so that texts can always be received.
FREE_MARGIN = 1_000_000_000
NAME_LIMIT = 120  # characters of a name that are kept
_MANIFEST_PURPOSE = "evidence manifest"
# Every sealed manifest has this length, which the longest one fits in.
_MANIFEST_BYTES = 2048


@dataclass(frozen=True)
class FileManifest:
    """A stored file.

    :param key: its own key, 32 bytes.
    :param name: what the sender's device called it; never public.
    :param mime: its media type, recognised by content.
    :param size: bytes.
    :param sha256: of the whole file, 64 hexadecimal digits.
    """

    file_id: str
    key: bytes = field(repr=False)
    name: str = ""
    mime: str = ""
    size: int = 0
    sha256: str = ""

    def fields(self) -> dict[str, Any]:
        """The manifest for canonical JSON, to be encrypted."""
        return {**asdict(self), "key": self.key.hex()}

    @classmethod
    def parse(cls, fields: dict[str, Any]) -> FileManifest:
        """The inverse of :meth:`fields`."""
        return cls(**{**fields, "key": bytes.fromhex(fields["key"])})

    @property
    def blob_count(self) -> int:
        """Number of its blobs."""
        return -(-self.size // BLOB_BYTES)


def seal_manifest(key: bytes, file: FileManifest, owner: str) -> bytes:
    """An encrypted manifest; all have the same length.

    :param key: that of the report or of the case.
    :param owner: the key of the row that stores it.
    """
    plain = canonical_json(replace(file, name=file.name[:NAME_LIMIT]).fields())
    # Spaces end a JSON text without changing it.
    return encryption.encrypt(
        key, _MANIFEST_PURPOSE, plain.ljust(_MANIFEST_BYTES), owner.encode("ascii")
    )


def open_manifest(key: bytes, sealed: bytes, owner: str) -> FileManifest:
    """The inverse of :func:`seal_manifest`.

    :raises SealError: ``seal_opens_nothing``.
    """
    plain = encryption.decrypt(key, _MANIFEST_PURPOSE, sealed, owner.encode("ascii"))
    return FileManifest.parse(json.loads(plain))


class SealedFiles:
    """The files of a register.

    :param names_key: from which the names of blobs are derived (:data:`NAMES_PURPOSE`).
    """

    def __init__(self, store: BlobStore, names_key: bytes) -> None:
        self.store, self._names_key = store, names_key

    def has_room(self, size: int) -> bool:
        """Whether a file leaves room for the texts of reports."""
        free = self.store.free_bytes()
        return free is None or free >= FREE_MARGIN + size

    def write_blob(self, file: FileManifest, index: int, chunk: bytes) -> None:
        """Seal and store a part of a file: :data:`BLOB_BYTES` bytes, the last one fewer."""
        owner = _owner(file.file_id, index)
        sealed = encryption.encrypt(file.key, _PURPOSE, chunk.ljust(BLOB_BYTES, b"\0"), owner)
        self.store.put(self._name(file.file_id, index), sealed)

    def read_blob(self, file: FileManifest, index: int) -> bytes:
        """A part of a file, padded.

        :raises Unavailable: ``evidence_missing``.
        :raises SealError: ``seal_opens_nothing`` for another or a changed file.
        """
        blob = self.store.get(self._name(file.file_id, index))
        if blob is None:
            raise Unavailable("evidence_missing")
        return encryption.decrypt(file.key, _PURPOSE, blob, _owner(file.file_id, index))

    def write(self, file: FileManifest, chunks: Iterable[bytes], limit: int) -> FileManifest:
        """Store a whole file from chunks of any size; one blob at a time is in memory.

        :raises Invalid: ``evidence_too_large`` beyond a limit in bytes; nothing of it stays.
        """
        writer = SealedWriter(self, file, limit)
        try:
            for chunk in chunks:
                writer.write(chunk)
            return writer.finish()
        except BaseException:
            self.delete(file.file_id)
            raise

    def open(self, file: FileManifest) -> SealedReader:
        """A file to read."""
        return SealedReader(self, file)

    def parts(self, file: FileManifest) -> Iterator[bytes]:
        """A whole file, a blob at a time; opened when its first part is taken."""
        with self.open(file) as reader:
            while part := reader.read(BLOB_BYTES):
                yield part

    def is_whole(self, file: FileManifest, listed: Container[str] = ()) -> bool:
        """Whether all blobs of a file exist; their content is not read.

        :param listed: names of blobs for which the store need not be asked.
        """
        names = (self._name(file.file_id, index) for index in range(file.blob_count))
        return all(name in listed or self.store.has(name) for name in names)

    def blob_names(self, file_id: str, listed: Container[str] | None = None) -> Iterator[str]:
        """The names of the blobs that exist, without the key of the file.

        :param listed: those of the store, where it was listed before.
        """
        exists = self.store.has if listed is None else listed.__contains__
        return takewhile(exists, (self._name(file_id, index) for index in count()))

    def listed_names(self) -> set[str]:
        """The names of all blobs, by one listing of the store."""
        # The pending ones first: one that is settled meanwhile is then among the lasting ones.
        return {*(name for name, _day in self.store.pending()), *self.store.settled()}

    def settle(self, file_id: str) -> None:
        """Move a file's blobs to the lasting ones."""
        for name in self.blob_names(file_id):
            self.store.settle(name)

    def delete(self, file_id: str) -> None:
        """Delete a file's blobs, the last one first, so that an interruption loses none of them."""
        for name in reversed(list(self.blob_names(file_id))):
            self.store.delete(name)

    def _name(self, file_id: str, index: int) -> str:
        return hmac.digest(self._names_key, _owner(file_id, index), "sha256").hex()


def _owner(file_id: str, index: int) -> bytes:
    return f"{file_id} {index}".encode()


def new_file(name: str = "", mime: str = "") -> FileManifest:
    """A new file with an id and a key of its own."""
    return FileManifest(secrets.token_hex(16), secrets.token_bytes(32), name, mime)


class SealedWriter:
    """A file sealed as it is written: one blob of it is in memory.

    :param limit: its greatest size in bytes.
    """

    def __init__(self, files: SealedFiles, file: FileManifest, limit: int) -> None:
        self._files, self.file, self._limit = files, file, limit
        self.buffer, self._digest, self._index = bytearray(), hashlib.sha256(), 0

    def write(self, chunk: bytes) -> None:
        """:raises Invalid: ``evidence_too_large``; the caller deletes what is stored of it."""
        self.file = replace(self.file, size=self.file.size + len(chunk))
        if self.file.size > self._limit:
            raise Invalid("evidence_too_large", megabytes=self._limit // 1_000_000)
        self._digest.update(chunk)
        self.buffer += chunk
        while len(self.buffer) >= BLOB_BYTES:
            self._seal_next()

    def finish(self) -> FileManifest:
        """Write what remains; the manifest of the whole file."""
        if self.buffer:
            self._seal_next()
        return replace(self.file, sha256=self._digest.hexdigest())

    def write_blob(self, index: int, chunk: bytes) -> None:
        """Seal and store a part of the file."""
        self._files.write_blob(self.file, index, chunk)

    def _seal_next(self) -> None:
        self.write_blob(self._index, bytes(self.buffer[:BLOB_BYTES]))
        del self.buffer[:BLOB_BYTES]
        self._index += 1


class SealedReader(io.RawIOBase):
    """A file decrypted as it is read: seekable, one blob in memory."""

    def __init__(self, files: SealedFiles, file: FileManifest) -> None:
        super().__init__()
        self._files, self._file = files, file
        self._position, self._index, self._blob = 0, -1, b""

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as any file does."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._file.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read at most to the end of a blob; raises as :meth:`SealedFiles.read_blob`."""
        index, start = divmod(self._position, BLOB_BYTES)
        left = self._file.size - self._position
        if left <= 0:
            return 0
        if index != self._index:
            self._blob, self._index = self._files.read_blob(self._file, index), index
        chunk = self._blob[start : start + min(len(buffer), left)]
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)
