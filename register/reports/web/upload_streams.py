"""Files of a form sent by a browser without JavaScript: sealed as they arrive.

Nothing that goes wrong with a file loses what was typed: its bytes are then read and dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import IO, Any, cast

from flask import g, request

from register.concurrency_limit import Bulkhead
from register.db import now
from register.errors import Invalid, RegisterError, Unavailable
from register.evidence import file_kinds
from register.evidence.sealed_files import SealedFiles, SealedWriter, new_file
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


class SealingStream(SealedWriter):
    """A file of a form, sealed as it is written.

    ``error``: why it is not taken. Nothing of it is stored then.
    """

    def __init__(self, files: SealedFiles, name: str, recognise: Recogniser) -> None:
        super().__init__(files, new_file(name), settings().evidence_file_bytes)
        self._recognise, self.begun_at = recognise, now()
        self.error: RegisterError | None = None
        self.is_whole = False

    def write(self, chunk: bytes) -> None:
        """Take a chunk; never raises."""
        if self.error is None:
            with self._refusing():
                super().write(chunk)

    def write_blob(self, index: int, chunk: bytes) -> None:
        """Seal and store a part, once the kind of the file and the room for it are looked at."""
        if not index:
            mime = self._recognise(chunk[: file_kinds.HEAD_BYTES], self.file.size)
            self.file = replace(self.file, mime=mime)
        upload_tokens.require_room(len(chunk))
        super().write_blob(index, chunk)

    def seek(self, _offset: int) -> None:
        """The parser's sign that the file is whole."""
        if self.error is None:
            with self._refusing():
                self.file = self.finish()
                if not self.file.size:
                    raise Invalid("evidence_empty")
                self.is_whole = True

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Turn a failure into the reason why the file is not taken."""
        try:
            yield
        except (RegisterError, OSError) as error:
            self.error = upload_tokens.upload_error(error)
            self.discard()

    def discard(self) -> None:
        """Delete what is stored of it; the worker deletes what cannot be deleted now."""
        self.buffer.clear()
        try:
            self._files.delete(self.file.file_id)
        except (RegisterError, OSError) as error:
            logs.log_outage(error)


class _DroppedStream:
    """A file whose bytes are dropped."""

    def write(self, chunk: bytes) -> None:
        """Drop a chunk."""

    def seek(self, _offset: int) -> None:
        """Stay where nothing is."""


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
        name, limit = upload_tokens.clean_name(filename), settings().evidence_files
        # A file input without a file is sent as an empty file without a name.
        if filename and len(streams) >= limit:
            result.refusals.append((name, Invalid("evidence_too_many", limit=limit)))
        elif filename and files is not None:
            streams.append(SealingStream(files, name, recognise))
            return cast(IO[bytes], streams[-1])
        elif filename:
            result.refusals.append((name, Unavailable("evidence_busy")))
        return cast(IO[bytes], _DroppedStream())

    set_stream_factory(stream_factory)
    try:
        _ = request.form
    finally:
        for stream in streams:
            if stream.error is not None:
                result.refusals.append((stream.file.name, stream.error))
            elif stream.is_whole:
                result.files.append(upload_tokens.seal_token(ARRIVED, stream.file, stream.begun_at))
            else:
                stream.discard()
