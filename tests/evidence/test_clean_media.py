"""Copies of sounds and videos: cut, masked, muted, upright, and without any metadata."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from itertools import pairwise

import pytest
from evidence_samples import (
    H264,
    MARKER,
    PICTURE,
    SOUND,
    copied,
    decoded,
    mime_of,
    needs_ffmpeg,
    recording,
    video,
)
from PIL import Image

from register.errors import CopyError
from register.evidence.clean_copy import ffmpeg, media
from register.evidence.clean_copy.edits import Crop, Edits, Interval, Mask, MaskStyle, PageArea
from register.evidence.clean_copy.limits import MEDIA_LIMITS, CopyLimits
from register.evidence.file_kinds import KINDS, FileKind

pytestmark = needs_ffmpeg
ONE_PICTURE = ("-frames:v", "1", "-f", "image2", "-c:v", "png", "-")
NO_OUTPUT = ("-vn", "-f", "null", "-")


def streams(content: bytes) -> dict:
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", "-"],
        input=content,
        capture_output=True,
        check=True,
    )
    return json.loads(probe.stdout)


def frame(content: bytes, second: float, tmp_path) -> Image.Image:
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    output = subprocess.run(
        ["ffmpeg", "-v", "error", "-ss", str(second), "-i", str(path), *ONE_PICTURE],
        capture_output=True,
        check=True,
    )
    return decoded(output.stdout)


def loudness(content: bytes, start: float, end: float, tmp_path) -> float:
    """The loudest level in dB."""
    path = tmp_path / "sound"
    path.write_bytes(content)
    output = subprocess.run(
        ["ffmpeg", "-i", str(path), "-af", f"atrim={start}:{end},volumedetect", *NO_OUTPUT],
        capture_output=True,
        check=True,
    )
    return float(output.stderr.decode().split("max_volume: ")[1].split()[0])


def test_a_video_is_made_anew_without_any_metadata() -> None:
    source = video()
    assert source.count(MARKER.encode()) >= 4
    assert b"loci" in source  # the place, 3GPP TS 26.244, 8.9
    ((page, copy),) = copied(source)
    assert (page.mime, page.width, page.height) == ("video/mp4", 160, 90)
    assert page.duration == pytest.approx(3, abs=0.1)
    assert MARKER.encode() not in copy
    assert b"loci" not in copy
    # The table of contents comes first, so that a player starts before it has all.
    assert copy.index(b"moov") < copy.index(b"mdat")
    described = streams(copy)
    assert [stream["codec_name"] for stream in described["streams"]] == ["h264", "aac"]
    tags = [*described["streams"], described["format"]]
    assert {name for part in tags for name in part["tags"]} <= {
        *("language", "handler_name", "vendor_id", "encoder"),
        *("major_brand", "minor_version", "compatible_brands"),
    }


def test_ten_seconds_are_cut_from_picture_and_sound() -> None:
    edits = Edits(cuts=(Interval(0.5, 1.5), Interval(2.5, 60)))
    ((page, copy),) = copied(video(), edits)
    assert page.duration == pytest.approx(1.5, abs=0.1)
    lengths = [float(stream["duration"]) for stream in streams(copy)["streams"]]
    assert lengths == pytest.approx([1.5, 1.5], abs=0.15)


def test_areas_of_a_video_are_hidden_for_an_interval_and_for_all(tmp_path) -> None:
    source = recording(
        "-f", "lavfi", "-i", "color=white:s=160x90:r=10:d=2", *H264
    )  # fmt: skip
    edits = Edits(
        masks=(
            Mask(PageArea(0, 0, 0.25, 0.25), MaskStyle.BLACK),
            Mask(PageArea(0.75, 0.75, 1, 1), MaskStyle.BLACK, interval=Interval(1, 2)),
        ),
        crops=(Crop(PageArea(0, 0, 1, 0.9)),),
    )
    ((page, copy),) = copied(source, edits)
    assert (page.width, page.height) == (160, 82)
    corners = [
        [frame(copy, second, tmp_path).convert("L").getpixel(point) < 60 for second in (0.2, 1.5)]
        for point in ((10, 10), (150, 75), (80, 40))
    ]
    assert corners == [[True, True], [False, True], [False, False]]


def test_a_blurred_face_keeps_a_few_mean_colours(tmp_path) -> None:
    source = recording(*PICTURE, *H264, "-qp", "0")
    area = PageArea(0.25, 0.25, 0.75, 0.75)
    edits = Edits(masks=(Mask(area), Mask(area, interval=Interval(0, 1))))
    ((_page, copy),) = copied(source, edits)
    details = []
    for content in (source, copy):
        part = frame(content, 1.5, tmp_path).convert("L").crop((44, 28, 116, 62))
        row = [part.getpixel((x, 16)) for x in range(part.width)]
        details.append(max(abs(a - b) for a, b in pairwise(row)))
    assert details[0] > 60
    assert details[1] < 40


def test_sound_is_muted_for_an_interval(tmp_path) -> None:
    ((page, copy),) = copied(video(), Edits(mutes=(Interval(1, 2),)))
    assert page.duration == pytest.approx(3, abs=0.1)
    assert loudness(copy, 1.2, 1.8, tmp_path) < -60
    assert loudness(copy, 0.2, 0.8, tmp_path) > -30


def test_a_video_of_a_turned_phone_is_upright(tmp_path) -> None:
    path = tmp_path / "turned.mp4"
    path.write_bytes(video())
    turned = recording("-display_rotation", "90", "-i", str(path), "-c", "copy")
    ((page, _copy),) = copied(turned)
    assert (page.width, page.height) == (90, 160)


def test_only_the_first_picture_and_sound_are_copied(tmp_path) -> None:
    subtitles, path = tmp_path / "words.srt", tmp_path / "video.mp4"
    subtitles.write_text(f"1\n00:00:00,000 --> 00:00:02,000\n{MARKER}\n")
    chapters = tmp_path / "chapters.txt"
    chapters.write_text(f";FFMETADATA1\n[CHAPTER]\nSTART=0\nEND=1000000000\ntitle={MARKER}\n")
    path.write_bytes(video())
    inputs = [option for file in (path, subtitles, chapters) for option in ("-i", str(file))]
    source = recording(
        *inputs, "-map", "0", "-map", "0", "-map", "1", "-map_chapters", "2",
        "-attach", str(subtitles), "-metadata:s:t", "mimetype=text/plain", "-c", "copy",
        suffix="mkv",
    )  # fmt: skip
    assert source.count(MARKER.encode()) >= 3
    ((page, copy),) = copied(source)
    assert MARKER.encode() not in copy
    assert [stream["codec_type"] for stream in streams(copy)["streams"]] == ["video", "audio"]
    assert page.mime == "video/mp4"


def _slow(*names: str) -> list:
    return [pytest.param(name, marks=pytest.mark.prove) for name in names]


@pytest.mark.parametrize("suffix", ["mp3", *_slow("aac", "m4a", "opus", "wav", "flac")])
def test_sounds_become_m4a(suffix: str) -> None:
    source = recording(*SOUND, "-metadata", f"title={MARKER}", suffix=suffix)
    assert KINDS[mime_of(source)] is FileKind.AUDIO
    ((page, copy),) = copied(source)
    assert (page.mime, page.width) == ("audio/mp4", 0)
    assert page.duration == pytest.approx(3, abs=0.1)
    assert MARKER.encode() not in copy
    assert [stream["codec_name"] for stream in streams(copy)["streams"]] == ["aac"]


def test_a_cover_is_no_picture_of_a_sound(tmp_path) -> None:
    cover = recording("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", suffix="png")
    path = tmp_path / "cover.png"
    path.write_bytes(cover)
    source = recording(
        *SOUND, "-i", str(path), "-map", "0", "-map", "1", "-c:v", "copy",
        "-disposition:v", "attached_pic", suffix="m4a",
    )  # fmt: skip
    ((page, copy),) = copied(source)
    assert page.mime == "audio/mp4"
    assert b"\x89PNG" not in copy


@pytest.mark.parametrize("suffix", ["webm", *_slow("mov", "3gp", "mkv")])
def test_other_containers_of_video_become_mp4(suffix: str) -> None:
    codec = ("-c:v", "libvpx", "-deadline", "realtime") if suffix == "webm" else H264
    source = recording(*PICTURE, *codec, suffix=suffix)
    ((page, copy),) = copied(source)
    assert page.mime == "video/mp4"
    assert [stream["codec_name"] for stream in streams(copy)["streams"]] == ["h264"]


def test_a_voice_in_a_container_of_video_is_a_sound() -> None:
    source = recording(*SOUND, "-c:a", "aac")
    assert KINDS[mime_of(source)] is FileKind.VIDEO
    assert copied(source)[0][0].mime == "audio/mp4"


def test_without_an_encoder_of_h264_the_copy_is_webm(monkeypatch) -> None:
    monkeypatch.setattr(media, "encoders", lambda: " V....D libvpx  libvpx VP8 ")
    with _file_in_memory(video()) as source:
        (page,) = media.copy_media(source, "video/mp4", Edits(), CopyLimits())
    with page.content:
        page.content.seek(0)
        content = page.content.read()
    assert page.mime == mime_of(content) == "video/webm"
    assert MARKER.encode() not in content
    assert " libx264 " in media.encoders() or media.video_format(media.encoders()).mime


def _file_in_memory(content: bytes):
    file = os.fdopen(os.memfd_create("test"), "w+b")
    file.write(content)
    file.flush()
    return file


def test_a_playlist_is_followed_under_no_type(tmp_path) -> None:
    segment, path = tmp_path / "segment.ts", tmp_path / "playlist.m3u8"
    segment.write_bytes(recording(*PICTURE, *H264, suffix="ts"))
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{segment}\n#EXT-X-ENDLIST\n")
    # ffmpeg by itself would.
    followed = subprocess.run(
        ["ffprobe", "-v", "quiet", "-show_streams", path], capture_output=True
    )
    assert b"codec_name=h264" in followed.stdout
    with _file_in_memory(path.read_bytes()) as source:
        for mime in ffmpeg._DEMUXERS:
            with pytest.raises(CopyError, match="copy_broken"):
                ffmpeg.read_facts(source.fileno(), mime, CopyLimits())
    options = ffmpeg.input_options(9, "video/mp4")
    assert options[:4] == ["-protocol_whitelist", "file", "-f", "mov"]


def test_videos_are_bounded_in_size_rate_and_length() -> None:
    assert media.bounded_size(3840, 2160, 1280) == (1280, 720)
    assert media.bounded_size(1, 5000, 1280) == (2, 1280)
    fast = recording("-f", "lavfi", "-i", "testsrc=s=64x64:r=90:d=1", *H264)
    ((_page, copy),) = copied(fast)
    assert int(streams(copy)["streams"][0]["nb_frames"]) <= 31
    for limits, key in (
        (replace(MEDIA_LIMITS, video_pixels=1000), "copy_pixels"),
        (replace(MEDIA_LIMITS, duration=2), "copy_duration"),
        (replace(MEDIA_LIMITS, copy_bytes=1000), "copy_size"),
    ):
        with pytest.raises(CopyError, match=key):
            copied(video(), limits=limits)


def test_without_ffmpeg_there_is_a_reason(monkeypatch) -> None:
    source = video()
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(CopyError, match="copy_needs_ffmpeg"):
        copied(source)
    monkeypatch.undo()
    assert copied(source)


@pytest.mark.parametrize(
    ("status", "words", "key"),
    [
        (255, b"", "copy_time"),
        (-24, b"", "copy_time"),
        (-25, b"", "copy_size"),
        (1, b"av_interleaved_write_frame(): File too large", "copy_size"),
        (-9, b"", "copy_memory"),
        (1, b"Cannot allocate memory", "copy_memory"),
        (1, b"moov atom not found", "copy_broken"),
    ],
)
def test_the_end_of_ffmpeg_has_a_reason(status: int, words: bytes, key: str) -> None:
    with pytest.raises(CopyError, match=key):
        ffmpeg.require_success(status, words)


def test_facts_of_odd_answers_are_bounded() -> None:
    picture = {"codec_type": "video", "codec_name": "h264", "width": 100, "height": 50}
    sound = {"codec_type": "audio", "codec_name": "aac", "channels": 6}
    odd = {"sample_aspect_ratio": "1000:1", "avg_frame_rate": "1/0", "duration": "nan"}
    facts = ffmpeg.facts_of({"streams": [picture | odd, sound]}, with_picture=True)
    assert (facts.width, facts.height, facts.frame_rate, facts.duration) == (100, 50, 0, 0)
    wide = picture | {"sample_aspect_ratio": "2:1", "side_data_list": [{"rotation": -90}]}
    facts = ffmpeg.facts_of({"streams": [wide], "format": {}}, with_picture=True)
    assert (facts.width, facts.height) == (50, 200)
    unknown = [{"codec_type": "video"}, {"codec_type": "audio", "codec_name": "unknown"}]
    assert ffmpeg.facts_of({"streams": [picture, unknown[1]]}, with_picture=True) == (
        ffmpeg.MediaFacts(100, 50, 0, 0, 0, is_sound_missing=True)
    )
    facts = ffmpeg.facts_of({"streams": [unknown[0], sound]}, with_picture=True)
    assert (facts.is_picture_missing, facts.has_picture, facts.channels) == (True, False, 6)
    for streams_found in ([], unknown):
        with pytest.raises(CopyError, match="copy_broken"):
            ffmpeg.facts_of({"streams": streams_found}, with_picture=True)


def test_the_options_of_a_copy_hold_every_edit() -> None:
    facts = ffmpeg.MediaFacts(320, 180, 60, 6, 0)
    edits = Edits(
        masks=(Mask(PageArea(0, 0, 0.5, 0.5)), Mask(PageArea(0, 0, 1, 1), MaskStyle.BLACK)),
        crops=(Crop(PageArea(0, 0, 0.5, 1)),),
        cuts=(Interval(1, 2),),
        mutes=(Interval(3, 4),),
    )
    options = media.output_options(facts, edits, CopyLimits(), media._WEBM)
    graph = options[options.index("-filter_complex") + 1].split(";")
    assert graph == [
        "[0:V:0]fps=30,scale=320:180,setsar=1,format=yuv420p[masked0]",
        "[masked0]split[whole0][part0]",
        "[part0]crop=160:90:0:0,scale=4:4:flags=area,scale=160:90:flags=bicubic[blur0]",
        "[whole0][blur0]overlay=x=0:y=0:format=yuv420[masked1]",
        "[masked1]drawbox=x=0:y=0:w=320:h=180:color=black:t=fill[masked2]",
        "[masked2]crop=160:180:0:0[pictures]",
        "[pictures]split=2[vin0][vin1]",
        "[vin0]trim=0.000:1.000,setpts=PTS-STARTPTS[v0]",
        "[vin1]trim=2.000:14400.000,setpts=PTS-STARTPTS[v1]",
        "[v0][v1]concat=n=2:v=1:a=0[v]",
        "[0:a:0]aresample=48000,volume=0:enable='between(t,3.000,4.000)'[sounds]",
        "[sounds]asplit=2[ain0][ain1]",
        "[ain0]atrim=0.000:1.000,asetpts=PTS-STARTPTS[a0]",
        "[ain1]atrim=2.000:14400.000,asetpts=PTS-STARTPTS[a1]",
        "[a0][a1]concat=n=2:v=0:a=1[a]",
    ]
    # Four hours in 256 MiB leave less than the lowest rate of pictures.
    assert options[options.index("-maxrate") + 1] == str(media._LOWEST_RATE)
    assert options[options.index("-ac") + 1] == "2"


def test_the_programs_run_in_this_process_too() -> None:
    with _file_in_memory(video()) as source:
        assert ffmpeg.read_facts(source.fileno(), "video/mp4", CopyLimits()).height == 90
        for limits, key in (
            (CopyLimits(video_pixels=1000), "copy_pixels"),
            (CopyLimits(duration=2), "copy_duration"),
        ):
            with pytest.raises(CopyError, match=key):
                ffmpeg.read_facts(source.fileno(), "video/mp4", limits)
    with _file_in_memory(b"no video") as source:
        with pytest.raises(CopyError, match="copy_broken"):
            ffmpeg.read_facts(source.fileno(), "video/mp4", CopyLimits())
        with pytest.raises(CopyError, match="copy_broken"):
            ffmpeg.run_ffmpeg(
                [*ffmpeg.input_options(source.fileno(), "video/mp4"), "-f", "null", "-"],
                (source.fileno(),),
            )
