"""ffmpeg as a process: how it opens the source, and what its end means."""

from __future__ import annotations

import os
import signal
import subprocess

from register.errors import CopyError
from register.evidence.clean_copy.sandbox import end_with_parent

# One demuxer a type: a playlist, a script of files or a picture is never opened as one.
_DEMUXERS = {
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/mp4": "mov",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/amr": "amr",
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/3gpp": "mov",
    "video/ogg": "ogg",
    "video/webm": "matroska",
    "video/matroska": "matroska",
}
_STDERR_BYTES = 4096
_SIGNALLED = 255  # ffmpeg ended by itself after a signal, here that of the processor's time


def input_options(source: int, mime: str) -> list[str]:
    """Options that open the source by its descriptor, as one format and no other file."""
    drefs = ["-enable_drefs", "0"] if _DEMUXERS[mime] == "mov" else []
    return [
        *("-protocol_whitelist", "file", "-f", _DEMUXERS[mime]),
        *(*drefs, "-i", file_address(source)),
    ]


def file_address(descriptor: int) -> str:
    """The address of a file that has no name: it lies in memory."""
    return f"file:/proc/self/fd/{descriptor}"


def run_ffmpeg(arguments: list[str], descriptors: tuple[int, ...]) -> None:
    """Run ffmpeg to its end.

    :raises CopyError: ``copy_time``, ``copy_memory``, ``copy_size``, ``copy_broken``.
    """
    ffmpeg = subprocess.Popen(
        ["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-v", "error", "-y", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=descriptors,
        preexec_fn=end_with_parent,
    )
    with ffmpeg:
        assert ffmpeg.stderr is not None  # noqa: S101 – a pipe was asked for
        last_words = b""
        # A hostile file can make it write without end.
        while chunk := os.read(ffmpeg.stderr.fileno(), _STDERR_BYTES):
            last_words = (last_words + chunk)[-_STDERR_BYTES:]
    require_success(ffmpeg.returncode, last_words)


def require_success(status: int, last_words: bytes) -> None:
    """:param last_words: the end of what ffmpeg wrote to its standard error."""
    if status in (_SIGNALLED, -signal.SIGXCPU):
        raise CopyError("copy_time")
    if status == -signal.SIGXFSZ or b"File too large" in last_words:
        raise CopyError("copy_size")
    if status == -signal.SIGKILL or (status and b"Cannot allocate memory" in last_words):
        raise CopyError("copy_memory")
    if status:
        raise CopyError("copy_broken")
