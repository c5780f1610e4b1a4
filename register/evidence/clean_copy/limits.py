"""Limits of a clean copy: what the child process may use, and what it may send back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from register.evidence.file_kinds import FileKind

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class CopyLimits:
    """Bounds of one copy. Sizes in bytes, times in seconds, memory as address space (RLIMIT_AS)."""

    # A source lies in memory while its copy is made (record 57); so does a copied sound or video.
    source_bytes: int = 512 * MEBIBYTE
    copy_bytes: int = 256 * MEBIBYTE
    memory: int = 1536 * MEBIBYTE
    # ffmpeg maps 250 MB of libraries before it reads a byte.
    media_memory: int = 3072 * MEBIBYTE
    # The processor's time of each process, and the time that the caller waits.
    cpu: int = 120
    wait: int = 180
    media_cpu: int = 3600
    media_wait: int = 2400
    # The camera of a good phone has 50 million pixels.
    pixels: int = 100_000_000
    image_side: int = 2560
    pages: int = 200
    page_width: int = 1600
    text_bytes: int = 2 * MEBIBYTE
    video_side: int = 1280
    video_pixels: int = 36_000_000
    duration: int = 4 * 3600

    def memory_of(self, kind: FileKind) -> int:
        """The address space of the processes that copy a file of this kind."""
        return self.media_memory if is_media(kind) else self.memory

    def cpu_of(self, kind: FileKind) -> int:
        """The processor's time of each process that copies a file of this kind."""
        return self.media_cpu if is_media(kind) else self.cpu

    def wait_of(self, kind: FileKind) -> int:
        """How long the caller waits in all for what comes from the child."""
        return self.media_wait if is_media(kind) else self.wait

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def is_media(kind: FileKind) -> bool:
    """Whether ffmpeg makes the copy."""
    return kind in (FileKind.AUDIO, FileKind.VIDEO)
