"""Clean copies of sound and video by ffmpeg: decoded, edited, encoded anew without metadata."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from register.errors import CopyError
from register.evidence.clean_copy.edits import Edits, Interval, Mask, MaskStyle, PageArea, remaining
from register.evidence.clean_copy.ffmpeg import (
    MediaFacts,
    file_address,
    input_options,
    read_facts,
    run_ffmpeg,
)
from register.evidence.clean_copy.images import blur_cells
from register.evidence.clean_copy.limits import CopyLimits
from register.evidence.clean_copy.protocol import MadePage

_FRAME_RATE = 30
_AUDIO_RATE = 128_000
_BEST_RATE, _LOWEST_RATE = 3_000_000, 100_000
_SIZE_MARGIN = 0.85  # what the rate may fill of the largest size: the container, and bursts


@dataclass(frozen=True)
class MediaFormat:
    """How a copy is encoded."""

    mime: str
    muxer: tuple[str, ...]
    video: tuple[str, ...]
    audio: tuple[str, ...]


_AAC = ("-c:a", "aac", "-flags:a", "+bitexact")
_MP4_OPTIONS = ("-movflags", "+faststart", "-write_tmcd", "0")
_SOUND = MediaFormat("audio/mp4", ("-f", "ipod", *_MP4_OPTIONS), (), _AAC)
_MP4 = MediaFormat(
    "video/mp4",
    ("-f", "mp4", *_MP4_OPTIONS),
    (
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "25", "-profile:v", "high"),
        # Neither captions nor the encoder's own words (units of type 6, ITU-T H.264, annex D).
        *("-a53cc", "0", "-bsf:v", "filter_units=remove_types=6"),
    ),
    _AAC,
)
# Some systems ship ffmpeg without an encoder of H.264.
_WEBM = MediaFormat(
    "video/webm",
    ("-f", "webm"),
    ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-crf", "20"),
    ("-c:a", "libopus", "-flags:a", "+bitexact"),
)


def copy_media(source: BinaryIO, mime: str, edits: Edits, limits: CopyLimits) -> Iterator[MadePage]:
    """The one page of a recording: a video, or a sound where it has no picture."""
    facts = read_facts(source.fileno(), mime, limits)
    media_format = video_format(encoders()) if facts.has_picture else _SOUND
    # In memory: nothing that a file shows is written to a disk in clear.
    content = os.fdopen(os.memfd_create("copy"), "w+b")
    arguments = [
        *("-threads", "2", "-max_pixels", str(limits.video_pixels)),
        *input_options(source.fileno(), mime),
        *output_options(facts, edits, limits, media_format),
        file_address(content.fileno()),
    ]
    try:
        run_ffmpeg(arguments, (source.fileno(), content.fileno()))
        copy = read_facts(content.fileno(), media_format.mime, limits)
    except CopyError:
        content.close()
        raise
    notes = {"picture_missing": facts.is_picture_missing, "sound_missing": facts.is_sound_missing}
    yield MadePage(
        index=0,
        mime=media_format.mime,
        content=content,
        width=copy.width,
        height=copy.height,
        duration=copy.duration,
        notes=tuple(note for note, is_true in notes.items() if is_true),
    )


def encoders() -> str:
    """The encoders of this ffmpeg, in its own words."""
    listing = subprocess.run(
        ["ffmpeg", "-hide_banner", "-v", "quiet", "-encoders"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return listing.stdout


def video_format(encoder_list: str) -> MediaFormat:
    """H.264 in MP4, which every browser plays; VP8 in WebM without an encoder for it."""
    return _MP4 if " libx264 " in encoder_list else _WEBM


def output_options(
    facts: MediaFacts, edits: Edits, limits: CopyLimits, media_format: MediaFormat
) -> list[str]:
    """What is encoded, and how, without any metadata, chapter, caption or further stream."""
    duration = facts.duration or limits.duration
    intervals = remaining(edits.cuts, duration) if edits.cuts else []
    options = [
        *("-filter_threads", "1", "-filter_complex_threads", "1", "-t", str(limits.duration)),
        *("-filter_complex", ";".join(_graph(facts, edits, intervals, limits))),
        *("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1", "-sn", "-dn"),
    ]
    if facts.has_picture:
        rate = int(8 * _SIZE_MARGIN * limits.copy_bytes / duration) - _AUDIO_RATE
        rate = max(_LOWEST_RATE, min(_BEST_RATE, rate))
        options += ["-map", "[v]", *media_format.video, "-threads", "2", "-flags:v", "+bitexact"]
        options += ["-maxrate", str(rate), "-bufsize", str(2 * rate), "-g", str(4 * _FRAME_RATE)]
        if media_format is _WEBM:
            options += ["-b:v", str(rate)]
    if facts.has_sound:
        options += ["-map", "[a]", *media_format.audio, "-b:a", str(_AUDIO_RATE)]
        options += ["-ar", "48000", "-ac", str(min(2, facts.channels))]
    return [*options, "-fflags", "+bitexact", *media_format.muxer]


def _graph(
    facts: MediaFacts, edits: Edits, intervals: list[tuple[float, float]], limits: CopyLimits
) -> Iterator[str]:
    """The filters of both streams; their last ones are [v] and [a]."""
    if facts.has_picture:
        yield from _picture_filters(facts, edits, limits)
        yield from _cut_filters("pictures", "v", intervals)
    if facts.has_sound:
        filters = ["aresample=48000", *(f"volume=0:{_during(mute)}" for mute in edits.mutes)]
        yield f"[0:a:0]{','.join(filters)}[sounds]"
        yield from _cut_filters("sounds", "a", intervals)


def _picture_filters(facts: MediaFacts, edits: Edits, limits: CopyLimits) -> Iterator[str]:
    """Bounded in size and rate, masked, cropped. ffmpeg has turned the frames upright before."""
    width, height = bounded_size(facts.width, facts.height, limits.video_side)
    filters = [f"scale={width}:{height}", "setsar=1", "format=yuv420p"]
    if not 0 < facts.frame_rate <= _FRAME_RATE:
        filters.insert(0, f"fps={_FRAME_RATE}")
    yield f"[0:V:0]{','.join(filters)}[masked0]"
    masks = edits.masks_of(0)
    for number, mask in enumerate(masks):
        yield from _mask_filters(mask, number, width, height)
    x, y, w, h = _box(edits.crop_of(0) or PageArea(0, 0, 1, 1), width, height)
    yield f"[masked{len(masks)}]crop={w}:{h}:{x}:{y}[pictures]"


def _mask_filters(mask: Mask, number: int, width: int, height: int) -> Iterator[str]:
    x, y, w, h = _box(mask.area, width, height)
    before, after = f"[masked{number}]", f"[masked{number + 1}]"
    when = f":{_during(mask.interval)}" if mask.interval else ""
    if mask.style is MaskStyle.BLACK:
        yield f"{before}drawbox=x={x}:y={y}:w={w}:h={h}:color=black:t=fill{when}{after}"
        return
    columns, lines = blur_cells(w, h)
    yield f"{before}split[whole{number}][part{number}]"
    # Mean colours of a few cells, then what lies between them, as in a picture.
    yield (
        f"[part{number}]crop={w}:{h}:{x}:{y},scale={columns}:{lines}:flags=area,"
        f"scale={w}:{h}:flags=bicubic[blur{number}]"
    )
    yield f"[whole{number}][blur{number}]overlay=x={x}:y={y}:format=yuv420{when}{after}"


def _box(area: PageArea, width: int, height: int) -> tuple[int, int, int, int]:
    """Corner, width and height of an area of a frame."""
    # Colours are stored for squares of two pixels.
    x, y, right, bottom = area.pixels(width, height, step=2)
    return x, y, right - x, bottom - y


def _cut_filters(source: str, stream: str, intervals: list[tuple[float, float]]) -> Iterator[str]:
    """The intervals that remain, one after the other."""
    is_sound = stream == "a"
    prefix = "a" if is_sound else ""
    if not intervals:
        yield f"[{source}]{prefix}null[{stream}]"
        return
    parts = [f"[{stream}{i}]" for i in range(len(intervals))]
    inputs = [f"[{stream}in{i}]" for i in range(len(intervals))]
    yield f"[{source}]{prefix}split={len(intervals)}{''.join(inputs)}"
    for (start, end), before, after in zip(intervals, inputs, parts, strict=True):
        trim = f"{prefix}trim={start:.3f}:{end:.3f},{prefix}setpts=PTS-STARTPTS"
        yield f"{before}{trim}{after}"
    yield f"{''.join(parts)}concat=n={len(parts)}:v={int(not is_sound)}:a={int(is_sound)}[{stream}]"


def _during(interval: Interval) -> str:
    return f"enable='between(t,{interval.start:.3f},{interval.end:.3f})'"


def bounded_size(width: int, height: int, side: int) -> tuple[int, int]:
    """An even size in the same proportion, at most ``side`` wide and high."""
    scale = min(1.0, side / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
