"""Hostile sounds and videos, made by code and ffmpeg; each with the answer that it gets."""

from __future__ import annotations

import struct
from collections.abc import Callable

from evidence_samples import H264, MARKER, PICTURE, SOUND, recording, video

MARK = MARKER.encode()
PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"


def box(kind: bytes, content: bytes = b"") -> bytes:
    """ISO/IEC 14496-12, 4.2."""
    return struct.pack(">I", 8 + len(content)) + kind + content


FTYP = box(b"ftyp", b"isom\0\0\2\0isommp41")


def patched(content: bytes, kind: bytes, offset: int, value: bytes) -> bytes:
    """The content with a value written so many bytes after the name of its first such box."""
    start = content.index(kind) + 4 + offset
    return content[:start] + value + content[start + len(value) :]


def with_reference() -> bytes:
    """The data of the picture are said to be in another file (a data reference, 8.7.2)."""
    content = video()
    start = content.index(b"url \0\0\0\1")
    return content[: start + 7] + b"\0" + content[start + 8 :]


def tagged(suffix: str, *options: str) -> bytes:
    return recording(
        *SOUND, "-metadata", f"title={MARKER}", "-metadata", f"comment={MARKER}", *options,
        suffix=suffix,
    )  # fmt: skip


def wav(content: bytes, length: int) -> bytes:
    """A WAV that says this length, with words about its maker."""
    words = b"INFOIART" + struct.pack("<I", len(MARK)) + MARK
    return (
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0"
        + b"LIST" + struct.pack("<I", len(words)) + words + b"\0"
        + b"data" + struct.pack("<I", length) + content
    )  # fmt: skip


RECORDINGS: dict[str, tuple[Callable[[], bytes], str]] = {
    "video with title, place and names": (video, "video/mp4"),
    "video cut before its table": (lambda: video()[:9_000], "copy_broken"),
    "video of its type only": (lambda: FTYP, "copy_broken"),
    "video that is a playlist": (lambda: FTYP + PLAYLIST, "copy_broken"),
    "video with a playlist in its free space": (
        lambda: FTYP + box(b"free", PLAYLIST + MARK) + video()[32:],
        "copy_broken",
    ),
    "video followed by HTML": (lambda: video() + b"<script>" + MARK, "video/mp4"),
    "video with a box of 16 exabytes": (
        lambda: FTYP + struct.pack(">I4sQ", 1, b"moov", 2**64 - 1) + MARK,
        "copy_broken",
    ),
    "video with boxes in boxes": (
        lambda: FTYP + b"".join(struct.pack(">I4s", 0, b"moov") for _ in range(10_000)),
        "copy_broken",
    ),
    "video that says 4 thousand million samples": (
        lambda: patched(video(), b"stsz", 8, b"\xff\xff\xff\xff"),
        "copy_broken",
    ),
    "video that says it is 65,535 wide": (
        lambda: patched(video(), b"avc1", 24, b"\xff\xff\xff\xff"),
        "video/mp4",
    ),
    "video that says it lasts for centuries": (
        lambda: patched(
            patched(video(), b"mvhd", 16, b"\x7f\xff\xff\xff"), b"mvhd", 12, b"\0\0\0\1"
        ),
        "video/mp4",
    ),
    "video that names another file for its data": (with_reference, "video/mp4"),
    "Matroska that says other types": (
        lambda: b"\x1a\x45\xdf\xa3\x8a\x42\x82\x88matroska" + PLAYLIST,
        "copy_broken",
    ),
    "WebM cut in the middle": (
        lambda: recording(*PICTURE, "-c:v", "libvpx", suffix="webm")[:700],
        "copy_broken",
    ),
    "MP3 that is a playlist after its tags": (
        lambda: b"ID3\4\0\0\0\0\0\x0a" + bytes(10) + PLAYLIST,
        "copy_broken",
    ),
    "MP3 with words and HTML": (lambda: tagged("mp3", "-metadata", "lyrics=<script>"), "audio/mp4"),
    "MP3 with tags of 256 MB": (lambda: b"ID3\4\0\0\x7f\x7f\x7f\x7f" + MARK, "copy_broken"),
    "FLAC with words": (lambda: tagged("flac"), "audio/mp4"),
    "Opus with words": (lambda: tagged("opus"), "audio/mp4"),
    "WAV that says 4 GB": (lambda: wav(bytes(16_000), 0xFFFFFFFF), "audio/mp4"),
    "WAV without sound": (lambda: wav(b"", 0), "copy_broken"),
    "AMR of noise": (lambda: b"#!AMR\n" + b"\xff" * 100, "copy_broken"),
    "Ogg of one page": (
        lambda: b"OggS\0\2" + bytes(20) + b"\1\x13OpusHead\1\2" + bytes(9),
        "copy_broken",
    ),
    "picture as a video": (
        lambda: recording("-f", "lavfi", "-i", "color=s=64x64", "-frames:v", "1", *H264),
        "video/mp4",
    ),
}
