"""A set and its evidence files as one file for another place, encrypted by age as it is written.

The format is age (https://age-encryption.org/v1) around a tar archive: the programs ``age`` and
``tar`` open it too. Nothing of it is in memory but a part, and nothing is written in clear.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pyrage  # type: ignore[import-untyped]

from register import encryption
from register.operations.backup_sets import BackupError

SUFFIX = ".age"
_CHUNK = 1 << 20


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
        # As "tar | age > target" does. pyrage loses the number of an error of the file, by which a
        # full disk is told: it writes to a pipe.
        _pipe(
            partial(_write_tar, files),
            lambda archive: _pipe(
                lambda sealed: pyrage.encrypt_io(archive, sealed, list(recipients)),
                lambda sealed: shutil.copyfileobj(sealed, file, _CHUNK),
            ),
        )


def open_files(archive: Path, folder: Path, identities: Sequence[Any]) -> None:
    """Extract an encrypted archive to a folder.

    :raises BackupError: ``age_closed`` for other keys, or an archive that was changed or cut.
    """
    try:
        with archive.open("rb") as sealed:
            _pipe(
                lambda opened: pyrage.decrypt_io(sealed, opened, list(identities)),
                partial(_extract_tar, folder),
            )
    except (OSError, pyrage.DecryptError, tarfile.TarError) as error:
        # A full disk, which has a number, has a sentence of its own.
        if getattr(error, "errno", None):
            raise
        raise BackupError("age_closed", path=str(archive)) from error


def _write_tar(files: Sequence[tuple[str, Path]], target: BinaryIO) -> None:
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name, path in files:
            with path.open("rb") as file:
                info = tarfile.TarInfo(name)
                info.size, info.mode = os.fstat(file.fileno()).st_size, 0o600
                tar.addfile(info, file)


def _extract_tar(folder: Path, source: BinaryIO) -> None:
    with tarfile.open(fileobj=source, mode="r|") as tar:
        tar.extractall(folder, filter="data")
    # To the last byte, so that the end of the archive is authenticated.
    while source.read(_CHUNK):
        pass


def _pipe(write: Callable[[BinaryIO], object], read: Callable[[BinaryIO], object]) -> None:
    """Have one function read, in a thread, what another one writes; raises their first error."""
    read_end, write_end = os.pipe()

    def read_to_end() -> None:
        with os.fdopen(read_end, "rb") as reader:
            read(reader)

    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(read_to_end)
        try:
            with os.fdopen(write_end, "wb") as writer:
                write(writer)
        except Exception as error:
            # Nobody may read any more: a disk is full, or what was sealed is no archive.
            if isinstance(error, BrokenPipeError) or getattr(reading.exception(), "errno", None):
                reading.result()
            raise
        reading.result()
