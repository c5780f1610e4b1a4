"""ffmpeg and ffprobe as processes: how they open the source, what they say of it, how they end."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from register.errors import CopyError
from register.evidence.clean_copy.limits import CopyLimits
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


# --- facts of a recording -----------------------------------------------------------------------

_FIELDS = (
    "format=duration:stream=codec_type,codec_name,width,height,sample_aspect_ratio,avg_frame_rate,"
    "channels,duration:stream_disposition=attached_pic:stream_side_data=rotation"
)


@dataclass(frozen=True)
class MediaFacts:
    """The first picture and sound of a recording; sizes in pixels as it is to be shown."""

    width: int
    height: int
    frame_rate: float
    channels: int
    duration: float
    # Streams that this ffmpeg cannot decode.
    is_picture_missing: bool = False
    is_sound_missing: bool = False

    @property
    def has_picture(self) -> bool:
        return self.width > 0

    @property
    def has_sound(self) -> bool:
        return self.channels > 0


def read_facts(source: int, mime: str, limits: CopyLimits) -> MediaFacts:
    """:raises CopyError: ``copy_broken``, it has neither picture nor sound; ``copy_pixels``;
    ``copy_duration``.
    """
    command = ["ffprobe", "-v", "quiet", *input_options(source, mime)]
    probe = subprocess.run(
        [*command, "-show_entries", _FIELDS, "-of", "json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(source,),
        preexec_fn=end_with_parent,
        check=False,
    )
    try:
        fields = json.loads(probe.stdout)
    except ValueError as error:
        raise CopyError("copy_broken") from error
    facts = facts_of(fields, with_picture=not mime.startswith("audio/"))
    if facts.width * facts.height > limits.video_pixels:
        raise CopyError("copy_pixels", limit=limits.video_pixels // 1_000_000)
    if facts.duration > limits.duration:
        raise CopyError("copy_duration", limit=limits.duration // 3600)
    return facts


def facts_of(fields: dict[str, Any], *, with_picture: bool) -> MediaFacts:
    """Facts from the answer of ffprobe.

    :param with_picture: False for a sound, whose pictures are covers.
    """
    streams = fields.get("streams", [])
    pictures = [stream for stream in streams if _is_picture(stream)] if with_picture else []
    sounds = [stream for stream in streams if stream.get("codec_type") == "audio"]
    picture, sound = _first_decodable(pictures), _first_decodable(sounds)
    width, height = _display_size(picture)
    durations = [_number(part.get("duration")) for part in (fields.get("format", {}), *streams)]
    facts = MediaFacts(
        width=width,
        height=height,
        frame_rate=_ratio(picture.get("avg_frame_rate"), 0),
        channels=int(sound.get("channels", 0)),
        duration=max(durations),
        is_picture_missing=bool(pictures) and not width,
        is_sound_missing=bool(sounds) and not sound,
    )
    if not facts.has_picture and not facts.has_sound:
        raise CopyError("copy_broken")
    return facts


def _is_picture(stream: dict[str, Any]) -> bool:
    is_cover = stream.get("disposition", {}).get("attached_pic")
    return stream.get("codec_type") == "video" and not is_cover


def _first_decodable(streams: list[dict[str, Any]]) -> dict[str, Any]:
    """The first stream, which is the one that is copied, when its codec is known."""
    first = streams[0] if streams else {}
    return first if first.get("codec_name") not in (None, "unknown", "none") else {}


def _display_size(stream: dict[str, Any]) -> tuple[int, int]:
    """Width and height of the upright frame with square pixels."""
    width, height = int(stream.get("width", 0)), int(stream.get("height", 0))
    if width <= 0 or height <= 0:
        return 0, 0
    aspect = _ratio(str(stream.get("sample_aspect_ratio", "1:1")).replace(":", "/"), 1)
    # A pixel more than four times as wide as high, or the inverse, is a mistake or an attack.
    width = round(width * aspect) if 0.25 <= aspect <= 4 else width
    rotations = [data.get("rotation", 0) for data in stream.get("side_data_list", [])]
    is_turned = any(_number(rotation) % 180 == 90 for rotation in rotations)
    return (height, width) if is_turned else (width, height)


def _ratio(text: object, otherwise: float) -> float:
    try:
        ratio = float(Fraction(str(text)))
    except (ValueError, ZeroDivisionError, OverflowError):
        return otherwise
    return ratio or otherwise


def _number(text: object) -> float:
    try:
        number = float(str(text))
    except ValueError:
        return 0.0
    return abs(number) if math.isfinite(number) else 0.0
