"""A set and its evidence files as one file for another place, encrypted by age as it is written.

The format is age (https://age-encryption.org/v1) around a tar archive: the programs ``age`` and
``tar`` open it too. Nothing of it is in memory but a part, and nothing is written in clear.
"""

from __future__ import annotations

import io
import os
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pyrage  # type: ignore[import-untyped]

from register import encryption
from register.operations.backup_sets import BackupError

SUFFIX = ".age"
_CHUNK = 1 << 20
Result = TypeVar("Result")


def parse_recipient(text: str) -> Any:
    """A public key as ``age-keygen`` prints it; raises ``age_recipient``."""
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except (pyrage.RecipientError, ValueError) as error:
        raise BackupError("age_recipient", value=text[:80]) from error


def read_identities(path: Path) -> list[Any]:
    """The secret keys of a file of ``age-keygen``; raises ``age_identity``."""
    try:
        lines = [line.strip() for line in path.read_text("ascii").splitlines()]
        keys = [line for line in lines if line and not line.startswith("#")]
        identities = [pyrage.x25519.Identity.from_str(key) for key in keys]
    except (OSError, ValueError, pyrage.IdentityError) as error:
        raise BackupError("age_identity", path=str(path)) from error
    if not identities:
        raise BackupError("age_identity", path=str(path))
    return identities


def seal_files(target: Path, files: Sequence[tuple[str, Path]], recipients: Sequence[Any]) -> None:
    """Write an encrypted archive of some files, each with its name in it; synced, mode 600."""
    with encryption.new_file(target) as file:
        source = _Stream(_PartsReader(_tar_parts(files)).read, file.write)
        source.run(lambda: pyrage.encrypt_io(source, source, list(recipients)))


def open_files(archive: Path, folder: Path, identities: Sequence[Any]) -> None:
    """Extract an encrypted archive to a folder.

    :raises BackupError: ``age_closed`` for other keys, or an archive that was changed or cut.
    """
    read_end, write_end = os.pipe()
    failures: list[BaseException] = []

    def extract() -> None:
        # The last bytes are read too, so that the end of the archive is authenticated.
        with os.fdopen(read_end, "rb") as reader:
            try:
                with tarfile.open(fileobj=reader, mode="r|") as tar:
                    tar.extractall(folder, filter="data")
                while reader.read(_CHUNK):
                    pass
            except (OSError, tarfile.TarError) as error:
                failures.append(error)

    extraction = threading.Thread(target=extract)
    extraction.start()
    try:
        with archive.open("rb") as source, os.fdopen(write_end, "wb") as writer:
            pyrage.decrypt_io(source, writer, list(identities))
    except (OSError, pyrage.DecryptError) as error:
        failures.append(error)
    finally:
        extraction.join()
    for failure in failures:
        # A full disk has a sentence of its own.
        if getattr(failure, "errno", None):
            raise failure
    if failures:
        raise BackupError("age_closed", path=str(archive)) from failures[0]


def _tar_parts(files: Sequence[tuple[str, Path]]) -> Iterator[bytes]:
    for name, path in files:
        with path.open("rb") as file:
            info = tarfile.TarInfo(name)
            info.size, info.mode = os.fstat(file.fileno()).st_size, 0o600
            yield info.tobuf(tarfile.PAX_FORMAT)
            while part := file.read(_CHUNK):
                yield part
            yield bytes(-info.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


class _PartsReader(io.RawIOBase):
    """Parts of bytes as a file."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._unread = parts, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._unread:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._unread = memoryview(part)
        count = min(len(buffer), len(self._unread))
        buffer[:count], self._unread = self._unread[:count], self._unread[count:]
        return count


class _Stream:
    """Reads and writes for pyrage, which loses the number of an error: it is raised again."""

    def __init__(self, read: Callable[[int], bytes | None], write: Callable[[bytes], int]) -> None:
        self._read, self._write = read, write
        self._error: OSError | None = None

    def run(self, work: Callable[[], object]) -> None:
        """Do some work with this stream."""
        with suppress(pyrage.EncryptError):
            work()
            return
        raise self._error or OSError("age")

    def read(self, size: int = -1) -> bytes:
        """Bytes, empty at the end."""
        return self._guarded(lambda: self._read(size) or b"")

    def write(self, data: bytes) -> int:
        """The number of bytes that were written."""
        return self._guarded(lambda: self._write(data))

    def flush(self) -> None:
        """The file is flushed when it is closed."""

    def _guarded(self, call: Callable[[], Result]) -> Result:
        try:
            return call()
        except OSError as error:
            self._error = error
            raise
