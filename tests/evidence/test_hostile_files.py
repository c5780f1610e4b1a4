"""Hostile files of more than a hundred kinds: each gets its answer and leaves nothing behind."""

from __future__ import annotations

import resource
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from io import BytesIO

import pytest
from evidence_samples import children, copied, mime_of, needs_ffmpeg, open_files, pdf
from hostile_pictures import MARK, PDFS, PICTURES, RED, REFUSED, TEXTS, bomb_page, jpeg, png, stream
from hostile_recordings import RECORDINGS
from PIL import Image

from register.errors import CopyError, Invalid
from register.evidence.clean_copy.limits import MEBIBYTE, MEDIA_LIMITS, CopyLimits

# Less than in the register, so that what is without end ends soon.
LIMITS = CopyLimits(cpu=20, wait=30)


def answer(content: bytes, limits: CopyLimits = LIMITS) -> str:
    """The type of the copy, or why there is none; whatever it is, nothing stays."""
    before = children(), open_files()
    try:
        pages = copied(content, limits=limits)
    except CopyError as error:
        return error.key
    except Invalid as error:
        return error.key
    finally:
        assert (children(), open_files()) == before
    assert all(MARK not in copy for _page, copy in pages)
    (mime,) = {page.mime for page, _copy in pages}
    return mime


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_of_no_kind_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="evidence_kind"):
        mime_of(REFUSED[name])


def each_answer_once(
    table: Mapping[str, tuple[bytes | Callable[[], bytes], str]],
) -> Iterator[object]:
    """The rows of a table: one of each format and answer, and those with a mark that must go.

    The others are left to ``make prove``.
    """
    seen = set()
    for name, (content, expected) in table.items():
        kind = name.split()[0], expected
        is_kept = kind not in seen or (isinstance(content, bytes) and MARK in content)
        seen.add(kind)
        marks = () if is_kept else pytest.mark.prove
        yield pytest.param(name, content, expected, id=name, marks=marks)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [row for table in (PICTURES, PDFS, TEXTS) for row in each_answer_once(table)],
)
def test_a_hostile_file_gets_its_answer(name: str, content: bytes, expected: str) -> None:
    began = time.monotonic()
    assert answer(content) == expected
    assert time.monotonic() - began < LIMITS.wait


@needs_ffmpeg
@pytest.mark.parametrize(("name", "made", "expected"), [*each_answer_once(RECORDINGS)])
def test_a_hostile_recording_gets_its_answer(
    name: str, made: Callable[[], bytes], expected: str
) -> None:
    assert answer(made(), replace(MEDIA_LIMITS, cpu=20, wait=30)) == expected


def test_there_are_more_than_sixty_kinds() -> None:
    assert sum(map(len, (REFUSED, PICTURES, PDFS, TEXTS, RECORDINGS))) >= 120


def test_no_hostile_file_took_more_memory_than_a_child_may() -> None:
    """All children of this test process until now, in kibibytes."""
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert largest * 1024 < MEDIA_LIMITS.memory


@pytest.mark.prove
@pytest.mark.parametrize(
    ("content", "answers"),
    [
        # As many points as the register takes, each decoded.
        (lambda: png(10_000, 10_000, rows=zlib.compress(bytes(100_010_000), 1)), {"image/png"}),
        (lambda: saved_large("RGBA", "PNG"), {"image/png"}),
        (lambda: saved_large("P", "GIF"), {"image/png"}),
        (lambda: bomb_page(1_000_000_000), {"copy_time", "copy_broken"}),
        (lambda: pdf("q 1 0 0 1 1 1 cm " * 2_000_000 + RED), {"copy_time", "image/png"}),
        (lambda: pdf(*[RED] * 200), {"image/png"}),
        (lambda: pdf(RED, objects=(stream("0 " * 10_000_000),)), {"image/png"}),
        (lambda: jpeg(*[(0xE5, MARK * 5_000)] * 1_000), {"image/jpeg"}),
    ],
    ids=[
        "100 million grey points",
        "90 million points with transparency",
        "60 million points with a palette",
        "PDF whose drawing is a gigabyte",
        "PDF of two million operators",
        "PDF of 200 pages",
        "PDF with an object of 20 MB",
        "JPEG with 60 MB of segments",
    ],
)
def test_a_heavy_file_is_bounded(content, answers: set[str]) -> None:
    limits = CopyLimits(cpu=60, wait=120)
    assert answer(content(), limits) in answers
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert largest * 1024 <= MEDIA_LIMITS.memory


def saved_large(mode: str, image_format: str) -> bytes:
    output = BytesIO()
    size = (9_500, 9_500) if mode == "RGBA" else (8_000, 7_500)
    Image.new(mode, size).save(output, image_format, compress_level=1)
    return output.getvalue()


@pytest.mark.prove
def test_a_copy_takes_no_more_memory_than_it_is_granted() -> None:
    content = saved_large("RGBA", "PNG")
    assert answer(content, CopyLimits(memory=400 * MEBIBYTE)) == "copy_memory"
