"""Clean copies for the register: starts the child process, and checks all that it sends."""

from __future__ import annotations

import fcntl
import json
import math
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from register.errors import CopyError, Invalid
from register.evidence.clean_copy.limits import MEBIBYTE, MEDIA_LIMITS, CopyLimits, is_media
from register.evidence.clean_copy.protocol import (
    CHUNK_BYTES,
    COPY_MIMES,
    COPY_NOTES,
    FrameSort,
    ProtocolError,
    read_frame,
)
from register.evidence.file_kinds import TEXT, recognise

# What the child may answer with; any other key is a broken file.
COPY_ERRORS = (
    *("copy_broken", "copy_encrypted", "copy_pages", "copy_pixels", "copy_duration", "copy_text"),
    *("copy_size", "copy_time", "copy_memory", "copy_nothing_left", "copy_edits"),
)
# Of a web archive: its records are its pages, their content is what the child may read.
ARCHIVE_LIMITS = CopyLimits(
    source_bytes=128 * MEBIBYTE,
    copy_bytes=1024 * MEBIBYTE,
    memory=512 * MEBIBYTE,
    cpu=20,
    wait=30,
    pages=20_000,
)
_MOST_OF_PAGE = {"index": 10**7, "width": 65_535, "height": 65_535, "length": sys.maxsize}
_END_SECONDS = 10


@dataclass(frozen=True)
class CopyPage:
    """One page of a clean copy: what it is, and its bytes, to be read before the next page.

    ``index`` is the page's in the source; ``width`` and ``height`` are pixels, 0 for sound and
    text; ``duration`` is seconds; ``notes`` are codes of ``messages.evidence.copy_notes``;
    ``length`` is that of all its bytes.
    """

    index: int
    mime: str
    width: int
    height: int
    duration: float
    notes: tuple[str, ...]
    length: int
    chunks: Iterator[bytes]


def make_copy(
    source: BinaryIO,
    mime: str,
    edits: Mapping[str, Any] | None = None,
    limits: CopyLimits | None = None,
) -> Iterator[CopyPage]:
    """The pages of a clean copy, as they come.

    The child ends with the iterator: exhausted, closed or failed. After an error the pages that
    came before it are no copy.

    :param source: seekable; it is read from its beginning, into memory.
    :param mime: its media type, as ``file_kinds.recognise`` gives it.
    :param edits: what a member took out, as ``Edits.from_json`` reads it.
    :raises CopyError: why there is no copy.
    """
    limits = limits or (MEDIA_LIMITS if is_media(mime) else CopyLimits())
    fields = {"task": "copy", "edits": edits or {}}
    with _child(source, mime, fields, limits) as child:
        remaining_bytes, last_index = limits.copy_bytes, -1
        sort, page_fields = child.frame()
        while sort is FrameSort.PAGE:
            page = _page(page_fields, last_index, child)
            if page.length > remaining_bytes:
                raise CopyError("copy_size")
            yield page
            for _unread in page.chunks:
                pass
            remaining_bytes, last_index = remaining_bytes - page.length, page.index
            sort, page_fields = child.frame()
        if sort is not FrameSort.END or last_index < 0:
            raise CopyError("copy_broken")


def missing_protections(secret_path: Path = Path("/etc/passwd")) -> list[str]:
    """What this system cannot keep the child from: ``network``, ``files``, or all is well.

    :param secret_path: a file that is there, and that a child must not be able to read.
    """
    fields = {"task": "check", "secret": str(secret_path)}
    try:
        with _child(None, TEXT, fields, CopyLimits()) as child:
            report = child.report()
    except CopyError:
        report = {}
    return [name for name in ("network", "files") if report.get(name) is not True]


def find_archived_page(source: BinaryIO, address: str) -> dict[str, Any]:
    """What :func:`register.evidence.clean_copy.archives.find_page` says of a web archive.

    :param source: seekable; it is read from its beginning, into memory.
    :raises CopyError: the archive is not whole, or beyond :data:`ARCHIVE_LIMITS`.
    """
    fields = {"task": "archive", "address": address}
    with _child(source, TEXT, fields, ARCHIVE_LIMITS) as child:
        return child.report()


class _Child:
    """The process and its pipe; it waits no longer in all than ``wait`` seconds."""

    def __init__(self, process: subprocess.Popen[bytes], wait: float) -> None:
        assert process.stdout is not None  # noqa: S101 – a pipe was asked for
        self._process = process
        self._pipe = process.stdout.fileno()
        # Not select(2), which knows no descriptor above 1,023.
        self._poll = select.poll()
        self._poll.register(self._pipe, select.POLLIN)
        self._remaining = wait

    def frame(self) -> tuple[FrameSort, dict[str, Any]]:
        """The next frame; an error is raised as the one that it tells of."""
        try:
            sort, fields = read_frame(self._read)
        except ProtocolError as error:
            raise self._ending() from error
        if sort is FrameSort.ERROR:
            raise _reported_error(fields)
        return sort, fields

    def report(self) -> dict[str, Any]:
        """The answer to a question."""
        sort, fields = self.frame()
        if sort is not FrameSort.REPORT:
            raise CopyError("copy_broken")
        return fields

    def chunks(self, length: int) -> Iterator[bytes]:
        """The bytes of a page."""
        while length:
            chunk = self._read(min(length, CHUNK_BYTES))
            if not chunk:
                raise self._ending()
            length -= len(chunk)
            yield chunk

    def _read(self, size: int) -> bytes:
        content = bytearray()
        while len(content) < size:
            began = time.monotonic()
            is_readable = self._poll.poll(max(0.0, self._remaining) * 1000)
            self._remaining -= time.monotonic() - began
            if not is_readable:
                raise CopyError("copy_time")
            chunk = os.read(self._pipe, min(size - len(content), CHUNK_BYTES))
            if not chunk:
                break
            content += chunk
        return bytes(content)

    def _ending(self) -> CopyError:
        """Why the child ended without a word."""
        try:
            status = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            return CopyError("copy_broken")
        if status == -signal.SIGXCPU:
            return CopyError("copy_time")
        # The kernel ends whoever takes the last memory of a machine.
        return CopyError("copy_memory" if status == -signal.SIGKILL else "copy_broken")


def has_ffmpeg() -> bool:
    """Whether sounds and videos can be copied on this machine."""
    return bool(shutil.which("ffmpeg") and shutil.which("ffprobe"))


@contextmanager
def _child(
    source: BinaryIO | None, mime: str, fields: dict[str, Any], limits: CopyLimits
) -> Iterator[_Child]:
    """A child at work, which has ended when the block ends."""
    if is_media(mime) and not has_ffmpeg():
        raise CopyError("copy_needs_ffmpeg")
    memory = _in_memory(source, limits)
    try:
        process = subprocess.Popen(
            # Neither the current folder nor a user's own packages are imported from.
            [sys.executable, "-P", "-s", "-B", "-m", __package__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_environment(),
            pass_fds=(memory,),
            start_new_session=True,
        )
    finally:
        os.close(memory)
    try:
        job = {**fields, "source": memory, "mime": mime, "limits": asdict(limits)}
        assert process.stdin is not None  # noqa: S101 – a pipe was asked for
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(json.dumps(job).encode())
        yield _Child(process, limits.wait)
    finally:
        # ffmpeg is of the same session.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None  # noqa: S101 – a pipe was asked for
        process.stdout.close()


def _environment() -> dict[str, str]:
    """The child's environment: no setting, and so no password, of the register."""
    passed = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {**passed, "LANG": "C.UTF-8", "HOME": "/nonexistent", "MALLOC_ARENA_MAX": "2"}


def _in_memory(source: BinaryIO | None, limits: CopyLimits) -> int:
    """A file in memory with the source in it, which nobody can change any more.

    :raises CopyError: ``copy_source``, it is too large.
    """
    memory = os.memfd_create("source", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        if source is not None:
            source.seek(0)
            with os.fdopen(memory, "wb", closefd=False) as file:
                while chunk := source.read(CHUNK_BYTES):
                    if file.tell() + len(chunk) > limits.source_bytes:
                        raise CopyError("copy_source", limit=limits.source_bytes // MEBIBYTE)
                    file.write(chunk)
        os.lseek(memory, 0, os.SEEK_SET)
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(memory)
        raise
    return memory


def _page(fields: dict[str, Any], last_index: int, child: _Child) -> CopyPage:
    index, width, height, length = (
        _whole(fields.get(name), most) for name, most in _MOST_OF_PAGE.items()
    )
    mime, notes = fields.get("mime"), fields.get("notes")
    if index <= last_index or mime not in COPY_MIMES or not isinstance(notes, list):
        raise CopyError("copy_broken")
    chunks = child.chunks(length)
    head = next(chunks, b"")
    _require_mime(mime, head, length)
    return CopyPage(
        index,
        mime,
        width,
        height,
        duration=_seconds(fields.get("duration")),
        notes=tuple(note for note in notes if note in COPY_NOTES),
        length=length,
        chunks=chain((head,), chunks),
    )


def _require_mime(mime: str, head: bytes, length: int) -> None:
    """A page is what its type says, whatever took hold of the child."""
    with suppress(Invalid):
        # A text is shown as text, whatever it says.
        if mime == TEXT or recognise(head, length) == mime:
            return
    raise CopyError("copy_broken")


def _reported_error(fields: dict[str, Any]) -> CopyError:
    key, values = fields.get("key"), fields.get("values")
    if key not in COPY_ERRORS or not isinstance(values, dict):
        return CopyError("copy_broken")
    numbers = {name: n for name, n in values.items() if isinstance(n, int)}
    return CopyError(str(key), **numbers)


def _whole(number: object, most: int) -> int:
    if not isinstance(number, int) or not 0 <= number <= most:
        raise CopyError("copy_broken")
    return number


def _seconds(number: object) -> float:
    if not isinstance(number, int | float) or not 0 <= number < math.inf:
        raise CopyError("copy_broken")
    return float(number)
