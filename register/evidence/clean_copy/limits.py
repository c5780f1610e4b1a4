"""Limits of a clean copy: what the child process may use, and what it may send back."""

from __future__ import annotations

from dataclasses import dataclass

from register.evidence.file_kinds import KINDS, FileKind

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class CopyLimits:
    """Bounds of one copy. Sizes in bytes, times in seconds, memory as address space (RLIMIT_AS)."""

    # A source lies in memory while its copy is made (record 57); so does a copied sound or video.
    source_bytes: int = 512 * MEBIBYTE
    copy_bytes: int = 256 * MEBIBYTE
    memory: int = 1536 * MEBIBYTE
    # The processor's time of each process, and the time that the caller waits.
    cpu: int = 120
    wait: int = 180
    # The camera of a good phone has 50 million pixels.
    pixels: int = 100_000_000
    image_side: int = 2560
    pages: int = 200
    page_width: int = 1600
    text_bytes: int = 2 * MEBIBYTE
    video_side: int = 1280
    video_pixels: int = 36_000_000
    duration: int = 4 * 3600


# Of what ffmpeg copies: it maps 250 MB of libraries before it reads a byte.
MEDIA_LIMITS = CopyLimits(memory=3072 * MEBIBYTE, cpu=3600, wait=2400)


def is_media(mime: str) -> bool:
    """Whether ffmpeg makes the copy."""
    return KINDS[mime] in (FileKind.AUDIO, FileKind.VIDEO)
