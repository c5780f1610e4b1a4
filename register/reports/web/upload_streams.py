"""Files of a form sent by a browser without JavaScript: sealed as they arrive.

Nothing that goes wrong with a file loses what was typed: its bytes are then read and dropped.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import IO, Any, cast

from flask import g, request

from register.concurrency_limit import Bulkhead
from register.db import is_disk_full, now
from register.errors import Invalid, RegisterError, Unavailable
from register.evidence import file_kinds
from register.evidence.sealed_files import FileManifest, SealedFiles, SealedWriter, new_file
from register.reports.web import upload_tokens
from register.reports.web.public_forms import OUTAGE_ERRORS
from register.reports.web.upload_tokens import ARRIVED, ReceivedFile
from register.web import logs
from register.web.form_streams import set_stream_factory
from register.web.request_context import sealed_files, settings
from register.web.request_validation import UPLOAD_PATHS

# Forms with files that are read at a time, each by a thread: those of phones take minutes. The
# files of further ones are dropped as they come, and their texts come back; more are refused.
_sealing_turns = Bulkhead(16, 0, 0.0)
_reading_turns = Bulkhead(24, 4, 2.0)


# The media type of a file by its first bytes and its length.
Recogniser = Callable[[bytes, int], str]


@dataclass
class Arrivals:
    """The files of a request, as they arrived; names of those that were not taken, and why."""

    files: list[ReceivedFile] = field(default_factory=list)
    refusals: list[tuple[str, RegisterError]] = field(default_factory=list)


class _CheckedWriter(SealedWriter):
    """A file whose kind and room are looked at before its blobs reach the disk."""

    def __init__(
        self, files: SealedFiles, file: FileManifest, limit: int, recognise: Recogniser
    ) -> None:
        super().__init__(files, file, limit)
        self._recognise = recognise

    def write_blob(self, index: int, chunk: bytes) -> None:
        if not index:
            mime = self._recognise(chunk[: file_kinds.HEAD_BYTES], self.file.size)
            self.file = replace(self.file, mime=mime)
        upload_tokens.require_room(len(chunk))
        super().write_blob(index, chunk)


class SealingStream(io.RawIOBase):
    """A file that is sealed as it is written.

    ``error``: why it is not taken. Nothing of it is stored then.
    """

    def __init__(
        self,
        files: SealedFiles,
        name: str,
        limit: int,
        recognise: Recogniser = file_kinds.recognise,
    ) -> None:
        super().__init__()
        self._files, self.begun_at, self.manifest = files, now(), new_file(name)
        self._writer = _CheckedWriter(files, self.manifest, limit, recognise)
        self.error: RegisterError | None = None
        self.is_whole = False

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, chunk: object) -> int:
        """Take a chunk; never raises."""
        data = cast(bytes, chunk)
        if self.error is None:
            with self._refusing():
                self._writer.write(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The parser's sign that the file is whole."""
        if self.error is None and not self.is_whole:
            with self._refusing():
                self.manifest = self._writer.finish()
                if not self.manifest.size:
                    raise Invalid("evidence_empty")
        self.is_whole = self.error is None
        return 0

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Turn a failure into the reason why the file is not taken."""
        try:
            yield
        except (RegisterError, OSError) as error:
            if isinstance(error, RegisterError):
                self.error = error
            else:
                self.error = Unavailable("evidence_full" if is_disk_full(error) else "busy")
            if not isinstance(error, Invalid):
                logs.log_outage(error)
            self.discard()

    def discard(self) -> None:
        """Delete what is stored of it; the worker deletes what cannot be deleted now."""
        self._writer.buffer.clear()
        try:
            self._files.delete(self.manifest.file_id)
        except (RegisterError, OSError) as error:
            logs.log_outage(error)


class _DroppedStream(io.RawIOBase):
    """A file whose bytes are dropped."""

    def writable(self) -> bool:
        return True

    def write(self, chunk: object) -> int:
        return len(cast(bytes, chunk))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return 0


def arrivals() -> Arrivals:
    """The files that came with the form of this request."""
    return cast(Arrivals, g.get("arrivals") or Arrivals())


def receive_form(recognise: Recogniser = file_kinds.recognise) -> None:
    """Read the form of this request, and seal its files; a form without files is read already.

    :raises Unavailable: ``busy``, when too many are being read.
    """
    if request.path not in UPLOAD_PATHS:
        return
    with _reading_turns.turn(), _sealing_turns.turn_if_free() as has_turn:
        _read_form(recognise, has_turn=has_turn)


def _read_form(recognise: Recogniser, *, has_turn: bool) -> None:
    streams: list[SealingStream] = []
    result = g.arrivals = Arrivals()
    files: SealedFiles | None = None
    if has_turn:
        # During an outage the form is still read, and says so itself.
        with suppress(*OUTAGE_ERRORS):
            files = sealed_files()

    def stream_factory(*_args: Any, filename: str | None = None, **_options: Any) -> IO[bytes]:
        name = upload_tokens.clean_name(filename)
        # A file input without a file is sent as an empty file without a name.
        if not filename or len(streams) >= settings().evidence_files:
            if filename:
                error = Invalid("evidence_too_many", limit=settings().evidence_files)
                result.refusals.append((name, error))
            return cast(IO[bytes], _DroppedStream())
        if files is None:
            result.refusals.append((name, Unavailable("evidence_busy")))
            return cast(IO[bytes], _DroppedStream())
        limit = settings().evidence_file_bytes
        streams.append(SealingStream(files, name, limit, recognise))
        return cast(IO[bytes], streams[-1])

    set_stream_factory(stream_factory)
    try:
        _ = request.form
    finally:
        for stream in streams:
            if stream.error is not None:
                result.refusals.append((stream.manifest.name, stream.error))
            elif stream.is_whole:
                result.files.append(
                    upload_tokens.seal_token(ARRIVED, stream.manifest, stream.begun_at)
                )
            else:
                stream.discard()
