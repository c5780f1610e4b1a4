"""ZIP archives with a manifest: the same content gives the same bytes, in bounded memory."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from register.journal.models import canonical_json

MANIFEST = "manifest.json"
# The earliest time of the ZIP format, so that the same content gives the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
PRIVATE_MODE = 0o600
PUBLIC_MODE = 0o644

# A member of an archive: its name, its digest, and its bytes in parts.
StreamedFile = tuple[str, str, Iterable[bytes]]


def file_digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each file, in hexadecimal."""
    return {name: hashlib.sha256(file_bytes).hexdigest() for name, file_bytes in files.items()}


def stream_archive(
    manifest: Mapping[str, Any],
    files: Mapping[str, bytes],
    streamed: Iterable[StreamedFile] = (),
    mode: int = PUBLIC_MODE,
) -> Iterator[bytes]:
    """The archive in parts: its manifest, small files, then large ones that are read as it goes.

    :param streamed: files that are compressed already. Each must have the digest that it is
        listed with, which the manifest names before any of it was read.
    """
    large = list(streamed)
    digests = {**file_digests(files), **{name: digest for name, digest, _parts in large}}
    sink = _Sink()
    # A target that cannot be searched: sizes follow each file (APPNOTE 4.4.4, bit 3).
    with zipfile.ZipFile(sink, "w") as zip_file:
        listed = {MANIFEST: canonical_json({**manifest, "files": digests}), **files}
        for name, file_bytes in listed.items():
            zip_file.writestr(_zip_info(name, zipfile.ZIP_DEFLATED, mode), file_bytes)
        yield sink.take()
        for name, _digest, parts in large:
            info = _zip_info(name, zipfile.ZIP_STORED, mode)
            with zip_file.open(info, "w", force_zip64=True) as member:
                for part in parts:
                    member.write(part)
                    yield sink.take()
    yield sink.take()


def _zip_info(name: str, compression: int, mode: int) -> zipfile.ZipInfo:
    zip_info = zipfile.ZipInfo(name, _EPOCH)
    zip_info.compress_type = compression
    zip_info.create_system = 3  # Unix, on every system
    zip_info.external_attr = mode << 16
    return zip_info


class _Sink(io.RawIOBase):
    """A file that is only written to, whose bytes are taken away as they come."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self._parts = b"".join(self._parts), []
        return taken
